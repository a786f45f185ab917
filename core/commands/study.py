"""Run a study on a plant or a network and judge it: load flow, contingencies, short circuit, arc flash, frequency."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

import pandas as pd

from core.commands import Answer
from core.commands.criteria import chosen_criteria, criteria_argument
from core.commands.files import read_bytes
from core.commands.network import chosen_limits, q_limits_argument
from core.commands.plant import chosen_plant
from core.constraints import ConstraintUpdate, advise
from core.criteria import State, Verdict, judge
from core.criteria.criterion import urgency
from core.criteria.studied import as_document, verdict_of, with_currents
from core.errors import BadInput
from core.findings import Finding, Severity
from core.formats.blocking import refuse_blocked
from core.formats.networks import read_network
from core.plant import Plant, check_plant, plant_network
from core.results.study_result import StudyResult
from core.studies.registry import STUDIES, Question, run_study

if TYPE_CHECKING:
    from core.studies.contingency import Statements

#: Rows of the text answer; ``--json`` has all.
SHOWN = 40
#: Options that only some studies take.
OPTIONS = {
    "q_limits": ("load_flow", "contingency"),
    "order": ("contingency",),
    "case": ("short_circuit",),
    "delay": ("short_circuit",),
    "peak_method": ("short_circuit",),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare ``study NAME [--plant FILE | --network FILE] …``."""
    parser.add_argument("study", choices=list(STUDIES), help="which study")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--plant", metavar="FILE", help="the plant (default: the sample plant)")
    source.add_argument("--network", metavar="FILE", help="a network: PSS/E RAW or RAWX, MATPOWER .m, PowerModels JSON")
    parser.add_argument(
        "--scenario", metavar="ID", action="append", default=[], help="scenario of the plant; may repeat"
    )
    parser.add_argument("--engine", metavar="NAME", help="newton, pandapower or lightsim2grid")
    q_limits_argument(parser)
    criteria_argument(parser)
    parser.add_argument("--order", type=int, choices=(1, 2), help="contingencies: N-1 (default) or N-2")
    parser.add_argument("--contingencies", metavar="FILE", help="contingencies: those of a PSS/E .con file")
    parser.add_argument("--subsystems", metavar="FILE", help="the .sub file that the contingencies refer to")
    parser.add_argument("--monitor", metavar="FILE", help="the .mon file that says what is watched")
    parser.add_argument("--case", choices=("max", "min"), help="short circuit: maximum (default) or minimum")
    text = "short circuit: time to contact parting (default: 0.05)"
    parser.add_argument("--delay", metavar="S", type=_seconds, help=text)
    text = "short circuit: the peak by uniform ratio (A), ratio at the fault (B) or equivalent frequency (C, default)"
    parser.add_argument("--peak-method", choices=("A", "B", "C"), help=text)


def run(arguments: Namespace) -> Answer:
    """Answer "fails" when a criterion fails or the study has no solution."""
    plant, network, findings = None, None, []
    criteria = chosen_criteria(arguments.criteria)
    if arguments.network:
        if arguments.scenario:
            raise BadInput("a network file has no scenarios", hint="--scenario goes with --plant")
        reading = read_network(*read_bytes(arguments.network))
        refuse_blocked(reading)
        network, findings = reading.value, reading.findings
    else:
        plant, findings = chosen_plant(arguments.plant)
        findings = [*findings, *(f for f in check_plant(plant) if f.severity is Severity.ERROR)]
        _refuse_without_network(plant, findings)
    question = Question(
        plant,
        network,
        tuple(arguments.scenario),
        arguments.engine,
        arguments.order or 1,
        arguments.case or "max",
        arguments.delay or 0.05,
        arguments.peak_method or "C",
        limits=chosen_limits(arguments.q_limits),
        statements=_statements(arguments, findings),
    )
    result = run_study(arguments.study, question)
    verdicts, remarks = judge(with_currents(result), criteria, plant)
    findings = [*_unused(arguments), *findings]
    result.findings = [*findings, *(finding for finding in result.findings if finding not in findings), *remarks]
    state = verdict_of(result, verdicts)
    name = network.name if network is not None else plant.name if plant else ""
    updates = advise(verdicts, plant, [result]) if plant is not None and arguments.study == "frequency" else []
    of = {"kind": "network" if network else "plant", "name": name}
    document = as_document(result, verdicts) | {"of": of, "overrides": criteria.overrides}
    if arguments.study == "frequency":
        document["constraint_updates"] = updates
    return Answer(document, _words(result, verdicts, state, updates), fails=state is State.FAIL)


def _refuse_without_network(plant: Plant, findings: list[Finding]) -> None:
    """Refuse a plant that gives no network at all, to every study alike, with all that is wrong in it."""
    try:
        plant_network(plant)
    except BadInput as error:
        raise BadInput(error.message, hint=error.hint, where=error.where, findings=findings) from error


def _unused(arguments: Namespace) -> list[Finding]:
    """Say which of the options that were given mean nothing to the study."""
    given = [name for name, studies in OPTIONS.items() if getattr(arguments, name) and arguments.study not in studies]
    text, hint = "{} takes no --{}: it changes nothing", "Leave it out."
    texts = [text.format(arguments.study, name.replace("_", "-")) for name in given]
    return [Finding("study.option.unused", Severity.WARNING, text, hint) for text in texts]


def _statements(arguments: Namespace, findings: list[Finding]) -> Statements | None:
    """Return what the contingency files state; what is not understood joins the findings."""
    if arguments.contingencies is None:
        if arguments.subsystems or arguments.monitor:
            raise BadInput("--subsystems and --monitor go with --contingencies", hint="name the .con file too")
        return None
    if arguments.study != "contingency":
        raise BadInput(f"{arguments.study} takes no contingencies", hint="study contingency does")
    from core.studies.contingency import read_statements

    sub, mon = (read_bytes(path) if path else None for path in (arguments.subsystems, arguments.monitor))
    statements, remarks = read_statements(read_bytes(arguments.contingencies), sub, mon)
    findings += remarks
    return statements


def _words(result: StudyResult, verdicts: list[Verdict], state: State, updates: list[ConstraintUpdate]) -> str:
    lines = [f"{result.study}: {result.status} by {result.provenance.tool or 'no engine'}, verdict {state}"]
    for name in ("cases", "worst", "outside_range", "interfaces", "faults", "buses", "trips"):
        table = result.tables.get(name, pd.DataFrame())
        if len(table) and (name != "buses" or result.study == "arc_flash"):
            shown = table.drop(columns=["file", "sheet", "row", "name", "severity"], errors="ignore").dropna(
                axis=1, how="all"
            )
            lines += ["", shown.head(SHOWN).to_string(index=False, float_format=lambda v: f"{v:.4g}")]
            lines += [f"… {len(table) - SHOWN} more; --json has all"] if len(table) > SHOWN else []
    bad = [verdict for verdict in verdicts if verdict.verdict in (State.FAIL, State.WARN)]
    for verdict in sorted(bad, key=lambda verdict: urgency(verdict.verdict, verdict.margin))[:SHOWN]:
        place = f" in {verdict.scenario}" if verdict.scenario else ""
        lines.append(f"{verdict.verdict:<5}{verdict.criterion} {verdict.element}{place}: {verdict.text}")
    lines += [f"→ {u.name} {u.element}: {u.old} to {u.new} {u.unit}: {u.reason}" for u in updates]
    return "\n".join(lines + [_line(finding) for finding in result.findings])


def _line(finding: Finding) -> str:
    place = f"{finding.where}: " if str(finding.where) else ""
    return f"{finding.severity}: {place}{finding.text}" + (f" ({finding.hint})" if finding.hint else "")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds") from error
    if not 0 < value <= 10:
        raise ArgumentTypeError(f"{text} s is not between 0 and 10 s")
    return value
