"""Size, study and correct a plant until every stage passes; without a file, for the sample requirement."""

from __future__ import annotations

import argparse

from core.commands import Answer
from core.commands.design import add_requirement, requirement_of
from core.design.loop import ROUNDS, LoopResult, findings_of, run_loop, weak_start
from core.errors import BadInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_requirement(parser)
    parser.add_argument("--rounds", metavar="N", type=int, default=ROUNDS, help=f"rounds at most (default {ROUNDS})")
    parser.add_argument("--start", choices=["usual", "weak"], default="usual", help="weak: a start that must fail")


def run(arguments: argparse.Namespace) -> Answer:
    """Read the requirement, run the loop, and return the document."""
    if arguments.rounds < 1:
        raise BadInput("--rounds is a number of rounds above 0")
    reading = requirement_of(arguments.requirement)
    requirement = weak_start(reading.value) if arguments.start == "weak" else reading.value
    result = run_loop(requirement, rounds=arguments.rounds)
    findings = [*reading.findings, *findings_of(result)]
    document = result.as_dict() | {"findings": [finding.as_dict() for finding in findings]}
    return Answer(document, _text(result), fails=not result.converged)


def _text(result: LoopResult) -> str:
    """Return the rounds in words."""
    lines = [f"{result.ended}: {result.reason}"]
    for turn in result.rounds:
        units = ", ".join(f"{row['count'] or row['mw']} × {row['technology']}" for row in turn.design.units())
        lines.append(f"round {turn.number}: {units or 'no design'}; {turn.design.cost_usd_per_year:,.0f} USD a year")
        stages = turn.validation.stages if turn.validation else []
        lines.append("  " + ", ".join(f"{stage.id} {stage.verdict}" for stage in stages))
        lines += [f"  {u.change['name']} of {u.change['element']}: {u.change['reason']}" for u in turn.updates]
    return "\n".join(lines)
