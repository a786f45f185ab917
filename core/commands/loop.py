"""Size, study and correct a plant until every stage passes; without a file, for the sample requirement."""

from __future__ import annotations

import argparse

from core.commands import Answer
from core.commands.design import add_requirement, add_requirement_costs
from core.commands.project_loop import answer as project_answer
from core.commands.project_loop import in_words, started
from core.design.loop import ROUNDS, STUDIES, findings_of, run_loop
from core.design.requirement_costs import requirement_costs
from core.design.sensitivity import SizedPlant
from core.errors import BadInput

#: What only the loop of a project knows.
OF_PROJECT = (
    "step",
    "resume",
    "status",
    "background",
    "restart",
    "uploaded",
    "upload",
    "choose",
    "reject",
    "export",
    "catalogue",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_requirement(parser)
    parser.add_argument("--rounds", metavar="N", type=int, help=f"rounds at most (default {ROUNDS})")
    starts = ["usual", "weak", "ledger"]
    text = "weak: a start that must fail; ledger: with what the project's ledger has accepted"
    parser.add_argument("--start", choices=starts, default="usual", help=text)
    add_requirement_costs(parser)
    kept = parser.add_argument_group("a loop that is kept in a project and can be stopped and resumed")
    kept.add_argument("--project", metavar="NAME", help="id or name of the project; a new name makes one")
    kept.add_argument("--step", action="store_true", help="one round, its updates left open for you to decide")
    kept.add_argument("--resume", action="store_true", help="go on with what was stopped, killed, or waited")
    kept.add_argument("--status", action="store_true", help="only say how the loop stands")
    kept.add_argument("--background", action="store_true", help="turn in the workspace's worker")
    kept.add_argument("--restart", action="store_true", help="begin anew although a loop has not ended")
    text = f"studies of outside tools, for which the loop waits: {', '.join(STUDIES)}"
    kept.add_argument("--uploaded", metavar="STUDY", nargs="+", default=[], help=text)
    kept.add_argument("--upload", metavar="FILE", nargs="+", default=[], help="results for the round that waits")
    text = "take the N-th alternative of an open update (0: the update itself)"
    kept.add_argument("--choose", metavar="UPDATE=N", nargs="+", default=[], help=text)
    kept.add_argument("--reject", metavar="UPDATE=REASON", nargs="+", default=[], help="refuse an open update")
    kept.add_argument("--catalogue", metavar="FILE", help="technologies (CSV or JSON) that the project keeps")
    kept.add_argument("--export", metavar="DIR", help="write the last round's files for the outside tools")


def run(arguments: argparse.Namespace) -> Answer:
    """Read the requirement, run the loop, and return the document."""
    if arguments.rounds is not None and arguments.rounds < 1:
        raise BadInput("--rounds is a number of rounds above 0")
    if arguments.project is not None:
        return project_answer(arguments)
    alone = [name for name in OF_PROJECT if getattr(arguments, name)] + ["start"] * (arguments.start == "ledger")
    if alone:
        raise BadInput(f"--{alone[0]} needs a loop that is kept", hint="name its project with --project")
    reading = started(arguments)
    result = run_loop(reading.value, rounds=arguments.rounds or ROUNDS)
    findings = [*reading.findings, *findings_of(result)]
    document = result.as_dict() | {"findings": [finding.as_dict() for finding in findings]}
    text = in_words(document)
    last = result.rounds[-1]
    if arguments.requirement_costs and last.plant:
        costs = requirement_costs(result.requirement, SizedPlant(result.requirement, last.design, last.plant))
        document["requirement_costs"] = costs
        text = "\n".join([text, *(row["text"] for row in costs)])
    return Answer(document, text, fails=not result.converged)
