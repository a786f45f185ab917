"""Judge study results of ETAP, PSS/E and Windchill RAM; say what passed, what failed and what must change."""

from __future__ import annotations

import argparse
from dataclasses import replace

from core.commands import Answer
from core.commands.criteria import chosen_criteria, criteria_argument
from core.commands.files import read_bytes
from core.commands.plant import chosen_plant
from core.criteria import State
from core.criteria.criterion import urgency
from core.formats.kinds import kinds
from core.formats.recognise import read_result
from core.results.plausibility import MtbfMeaning
from core.results.study_result import StudyResult
from core.validation import Validation, validate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="results as CSV, text or workbook, or ETAP reports")
    parser.add_argument("--plant", metavar="FILE", help="the plant (default: the sample plant)")
    text = "set every uploaded value against the hub's own study; a contradicted stage fails"
    parser.add_argument("--reconcile", action="store_true", help=text)
    criteria_argument(parser)
    studies = [name for name, kind in kinds().items() if kind.study]
    parser.add_argument("--kind", choices=studies, help="what the files are, where the content does not tell")
    means = [each.value.replace(" ", "-") for each in MtbfMeaning]
    text = "what MTBF counts in a RAM result (default: what its heading says, else the cycle with the repair)"
    parser.add_argument("--mtbf-means", choices=means, help=text)


def run(arguments: argparse.Namespace) -> Answer:
    """Read the plant and the results, judge them, advise."""
    criteria = chosen_criteria(arguments.criteria)
    plant, findings = chosen_plant(arguments.plant)
    means = arguments.mtbf_means and MtbfMeaning(arguments.mtbf_means.replace("-", " "))
    results: list[StudyResult] = []
    for path in arguments.files:
        data, name = read_bytes(path)
        for reading in read_result(data, name, kind=arguments.kind, mtbf_means=means or None):
            findings += reading.findings
            results.append(replace(reading.value, findings=[]))
    validation = validate(plant, results, criteria, reconciled=arguments.reconcile)
    validation.findings[:0] = findings
    return Answer(validation.as_dict(), text=_text(validation), fails=validation.overall is State.FAIL)


def _text(validation: Validation) -> str:
    lines = [f"Overall: {validation.overall}"]
    lines += [f"  {stage.id:<3} {stage.name:<20} {stage.verdict:<12} {stage.note}" for stage in validation.stages]
    failed = [verdict for verdict in validation.verdicts if verdict.verdict in {State.FAIL, State.WARN}]
    for verdict in sorted(failed, key=lambda verdict: urgency(verdict.verdict, verdict.margin)):
        lines.append(f"  {verdict.verdict:<5} {verdict.criterion} {verdict.element}: {verdict.text} {verdict.where}")
    if validation.constraint_updates:
        lines.append("Constraint updates:")
    for update in validation.constraint_updates:
        lines.append(f"  {update.name} {update.element}: {update.old} -> {update.new} {update.unit}; {update.reason}")
    lines += [
        f"  {finding.severity}: {finding.where} {finding.text} ({finding.hint})" for finding in validation.findings
    ]
    return "\n".join(lines)
