"""The report of a validation: its sections as tables, from which the PDF and the workbook are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.criteria import STAGES, CriteriaSet, State
from core.plant import Plant
from core.reports.drawing import Note

WORST_FIRST = (State.FAIL, State.WARN, State.NOT_CHECKED, State.PASS)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that the validation is based on."""

    file: str
    tool: str
    study: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Everything that a report prints.

    Attributes
    ----------
    document
        What ``validate`` answers: overall, stages, verdicts, constraint updates, discrepancies, findings.
    ledger
        The constraint ledger's entries as they are handed to an optimiser.
    versions
        Programs and their versions.
    made_at, made_by
        When (ISO 8601) and by whom; they are printed, and the same report makes the same bytes.
    """

    project: str
    plant: Plant
    document: Mapping[str, Any]
    criteria: CriteriaSet = field(default_factory=CriteriaSet.default)
    ledger: Sequence[Mapping[str, Any]] = ()
    inputs: Sequence[InputFile] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    revision: int | None = None
    round: int | None = None
    made_at: str = ""
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the report; ``state`` names the column of verdicts, if any."""

    name: str
    note: str
    table: pd.DataFrame
    state: str = ""


def sections(report: ValidationReport) -> list[Section]:
    """Return the report's tables in their order; an empty one says so by its note."""
    verdicts = _verdicts(report.document.get("verdicts", ()))
    attention = verdicts[verdicts["Verdict"] != State.PASS]
    updates = report.ledger or report.document.get("constraint_updates", ())
    return [
        Section("Stages", "An overall PASS needs every stage checked.", _stages(report), "Verdict"),
        Section(
            "Violations", _count(attention, "value needs attention", "values need attention"), attention, "Verdict"
        ),
        Section("Constraint updates", _count(updates, "update", "updates"), _updates(updates)),
        Section("Discrepancies", "Uploaded values that the hub's own studies contradict.", _discrepancies(report)),
        Section("Criteria", "Limits with their source; an override counts with its reason.", _criteria(report)),
        Section("Verdicts", _count(verdicts, "value was judged", "values were judged"), verdicts, "Verdict"),
        Section("Findings", "Remarks on the data.", _findings(report.document.get("findings", ()))),
        Section("Inputs", "Files by content; the plant by everything that it says.", _inputs(report)),
        Section("Versions", "Programs that calculated.", _table({"Program": "p", "Version": "v"}, _versions(report))),
    ]


def notes(report: ValidationReport) -> dict[str, Note]:
    """Return the worst verdict of each element with its value, for the drawings."""
    rows = _verdicts(report.document.get("verdicts", ()))
    alias = {
        str(number): bus for number, bus in zip(report.plant["bus"]["number"], report.plant["bus"]["id"], strict=True)
    }
    worst: dict[str, Note] = {}
    for element, value, unit, verdict in zip(
        rows["Element"], rows["Value"], rows["Unit"], rows["Verdict"], strict=True
    ):
        text = "" if pd.isna(value) else f"{value:.5g} {unit}".strip()
        worst.setdefault(alias.get(element, element), Note(text, State(verdict)))
    return worst


def overall(report: ValidationReport) -> State:
    """Return the verdict of the whole."""
    return State(report.document.get("overall", State.NOT_CHECKED))


def _count(rows: Sequence[Any] | pd.DataFrame, one: str, many: str) -> str:
    return f"{len(rows) or 'No'} {one if len(rows) == 1 else many}."


def _table(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows under headings: heading → key; a dotted key leads into an inner object."""
    data = list(rows)
    cells = {heading: [_inner(row, key) for row in data] for heading, key in columns.items()}
    return pd.DataFrame(cells, columns=list(columns))


def _inner(row: Any, key: str) -> Any:
    for part in key.split("."):
        row = row.get(part) if isinstance(row, Mapping) else None
    return row


def _stages(report: ValidationReport) -> pd.DataFrame:
    said = {stage["id"]: stage for stage in report.document.get("stages", ())}
    nothing = {"verdict": str(State.NOT_CHECKED), "note": "not part of this validation"}
    rows = [
        {"id": s.id, "name": s.name, "tool": s.tool, **said.get(s.id, nothing)}
        for s in STAGES
        if s.always or s.id in said
    ]
    return _table({"Stage": "id", "Name": "name", "Tool": "tool", "Verdict": "verdict", "Why": "note"}, rows)


def _verdicts(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the verdicts, the worst first, then the smallest margin in per cent of the limit."""
    columns = {
        "Stage": "stage",
        "Criterion": "criterion",
        "Element": "element",
        "Scenario": "scenario",
        "Value": "value",
        "Unit": "unit",
        "Limit": "limit",
        "Margin": "margin",
        "Verdict": "verdict",
        "Evidence": "evidence",
        "Note": "note",
    }
    table = _table(columns, [{**row, "evidence": _evidence(row.get("where") or {})} for row in rows])
    rank = table["Verdict"].map({str(state): position for position, state in enumerate(WORST_FIRST)})
    numbers = table[["Margin", "Limit"]].apply(pd.to_numeric, errors="coerce")
    share = numbers["Margin"] / numbers["Limit"].abs().where(numbers["Limit"] != 0, 1)
    order = pd.DataFrame({"rank": rank, "share": share}).sort_values(["rank", "share"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _evidence(where: Mapping[str, Any]) -> str:
    """Return where a value is printed, or the run that calculated it."""
    if where.get("run"):
        return f"run {where['run']}"
    names = (("sheet", "sheet "), ("row", "row "), ("line", "line "))
    parts = [str(where["file"])] if where.get("file") else []
    return ", ".join(parts + [f"{word}{where[key]}" for key, word in names if where.get(key) is not None])


def _updates(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    columns = {
        "Round": "round",
        "Constraint": "name",
        "Element": "element",
        "Old": "old",
        "New": "new",
        "Unit": "unit",
        "Reason": "reason",
        "Decision": "decision",
        "Decided by": "decided_by",
        "Decided at": "decided_at",
        "Why": "decision_reason",
    }
    return _table(columns, [{"decision": "proposed", **row} for row in rows])


def _discrepancies(report: ValidationReport) -> pd.DataFrame:
    rows = list(report.document.get("discrepancies") or ())
    keys = dict.fromkeys(key for row in rows for key, value in row.items() if not isinstance(value, (Mapping, list)))
    named = {key.replace("_", " ").capitalize(): key for key in keys}
    return _table(named or {"Element": "element"}, rows)


def _criteria(report: ValidationReport) -> pd.DataFrame:
    stages = {stage.id: stage.name for stage in STAGES}
    rows = [
        {
            "stage": f"{criterion.stage} {stages[criterion.stage]}",
            "criterion": criterion.criterion,
            "label": criterion.label,
            "limits": _limits(criterion),
            "source": criterion.source,
            "override": criterion.override_reason,
        }
        for criterion in report.criteria.criteria
        if criterion.stage in stages
    ]
    columns = {
        "Stage": "stage",
        "Criterion": "criterion",
        "Quantity": "label",
        "Limits": "limits",
        "Source": "source",
        "Reason of override": "override",
    }
    return _table(columns, rows)


def _limits(criterion: Any) -> str:
    """Return a criterion's limits in words; some follow from the plant itself."""
    if criterion.low is None and criterion.high is None:
        return "from the plant"
    return str(criterion.limits_text())


def _findings(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    columns = {"Severity": "severity", "Where": "place", "Element": "element", "Remark": "text", "Hint": "hint"}
    order = {"error": 0, "warning": 1, "info": 2}
    placed = [{**row, "place": _evidence(row.get("where") or {})} for row in rows]
    return _table(columns, sorted(placed, key=lambda row: order.get(str(row.get("severity")), 3)))


def _inputs(report: ValidationReport) -> pd.DataFrame:
    plant = {
        "file": f"plant “{report.plant.name}”",
        "tool": "Gridproof",
        "study": "design",
        "sha": report.plant.digest(),
    }
    files = [{"file": i.file, "tool": i.tool, "study": i.study, "sha": i.sha256} for i in report.inputs]
    return _table({"File": "file", "Tool": "tool", "Study": "study", "SHA-256": "sha"}, [plant, *files])


def _versions(report: ValidationReport) -> list[dict[str, str]]:
    return [{"p": program, "v": version} for program, version in report.versions.items()]
