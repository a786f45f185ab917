"""A study of the hub's own engines with its verdicts: one document, one verdict for the whole."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from core.criteria.criterion import State, Verdict, worst_state
from core.findings import Severity
from core.results.study_result import Status, StudyResult

#: Statuses of scenarios and outages that are failures, not results to live with.
UNSOLVED = ("diverged", "unsolvable")
#: A load flow's own case and a sweep's base case have to reach everything; what an outage cuts off is a result.
UNSOLVED_CASE = (*UNSOLVED, "islanded")


def as_document(result: StudyResult, verdicts: list[Verdict]) -> dict[str, object]:
    """Return a judged study as its JSON document."""
    counts = {str(state): sum(verdict.verdict is state for verdict in verdicts) for state in State}
    remarkable = [verdict.as_dict() for verdict in verdicts if verdict.verdict is not State.PASS]
    place = ["file", "sheet", "row"]
    tables = {name: table.drop(columns=place, errors="ignore") for name, table in result.tables.items()}
    return {
        "study": result.study,
        "engine": result.provenance.tool,
        "options": dict(result.provenance.options),
        "status": str(result.status),
        "verdict": str(verdict_of(result, verdicts)),
        "counts": counts,
        "verdicts": remarkable,
        "tables": tables,
        "findings": result.findings,
    }


def with_currents(result: StudyResult) -> StudyResult:
    """Return the result without earth faults that draw no current: an isolated neutral has nothing to judge."""
    if result.study != "short_circuit":
        return result
    faults = result.tables["faults"]
    return replace(
        result, tables={**result.tables, "faults": faults[(faults["fault_type"] != "1ph") | (faults["ik_ka"] > 0)]}
    )


def verdict_of(result: StudyResult, verdicts: list[Verdict]) -> State:
    """Return the study's verdict: FAIL where it has no solution or leaves load cut off, else the worst of its verdicts.

    What is calculated from data with errors is at best NOT CHECKED.
    """
    unsolved = result.status in (Status.NOT_CONVERGED, Status.FAILED, Status.INFEASIBLE)
    failed = (table["status"].isin(UNSOLVED).any() for table in result.tables.values() if "status" in table)
    own = [result.tables[name] for name in ("cases", "outages") if name in result.tables]
    if unsolved or any(failed) or any(_own_status(table).isin(UNSOLVED_CASE).any() for table in own):
        return State.FAIL
    wrong = any(finding.severity is Severity.ERROR for finding in result.findings)
    return worst_state([*(verdict.verdict for verdict in verdicts), *[State.NOT_CHECKED] * wrong])


def _own_status(table: pd.DataFrame) -> pd.Series:
    """Return the status of the cases without an outage."""
    base: pd.Series = table.loc[table["outage"] == "base", "status"] if "outage" in table else table["status"]
    return base
