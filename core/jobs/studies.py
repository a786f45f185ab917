"""Studies of a plant as runs: load flows some scenarios a unit, contingencies some outages; tables as Parquet files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd

from core.criteria import CriteriaSet, State, judge
from core.criteria.criterion import worst_state
from core.criteria.studied import as_document, with_currents
from core.documents import digest, plain
from core.jobs.kinds import FAILED, RunKind
from core.plant import Plant, plant_network
from core.store.files import write_whole
from core.studies.registry import Question, run_study

#: Scenarios that one unit of a load flow takes.
SCENARIOS_PER_UNIT = 6
#: Outages that one unit of a contingency study takes at least, and units at most.
OUTAGES_PER_UNIT, MOST_UNITS = 50, 200


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the units: ``inputs`` has ``study``, ``plant``, and if wanted ``scenarios`` and ``order``."""
    names = list(inputs.get("scenarios") or [])
    if inputs["study"] == "contingency":
        return [{"scenarios": names, "part": part} for part in _outage_blocks(inputs, names)]
    if inputs["study"] != "load_flow":
        return [{"scenarios": names}]
    names = names or list(Plant.from_document(inputs["plant"])["scenario"]["id"])
    starts = range(0, max(len(names), 1), SCENARIOS_PER_UNIT)
    return [{"scenarios": names[start : start + SCENARIOS_PER_UNIT]} for start in starts]


def _outage_blocks(inputs: dict[str, Any], names: list[str]) -> list[list[int]]:
    """Return first and end of each block of outages."""
    from core.studies.contingency import outage_count

    network, _ = plant_network(Plant.from_document(inputs["plant"]), names[0] if names else None)
    count = outage_count(network, order=int(inputs.get("order", 1)))
    size = max(OUTAGES_PER_UNIT, -(-count // MOST_UNITS))
    return [[start, start + size] for start in range(0, count, size)]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run and judge one unit; its tables go to the folder."""
    plant = Plant.from_document(inputs["plant"])
    question = Question(
        plant,
        scenarios=tuple(unit["scenarios"]),
        order=int(inputs.get("order", 1)),
        part=tuple(unit.get("part", (0, None))),
    )
    result = run_study(inputs["study"], question)
    verdicts, remarks = judge(with_currents(result), CriteriaSet.default(), plant)
    result.findings += remarks
    document = as_document(result, verdicts)
    tables: dict[str, pd.DataFrame] = document.pop("tables")  # type: ignore[assignment]
    name = digest(unit)[:12]
    for table, rows in tables.items():
        _write(folder / f"{name}.{table}.parquet", rows)
    summary: dict[str, Any] = plain(document | {"unit": name, "tables": list(tables)})
    return summary


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Join the units' tables and verdicts; a unit that failed makes the study's verdict at best NOT CHECKED."""
    done = [summary for summary in summaries if FAILED not in summary]
    failed = [str(summary[FAILED]) for summary in summaries if FAILED in summary]
    tables: dict[str, str] = {}
    for table in dict.fromkeys(table for summary in done for table in summary["tables"]):
        files = [folder / f"{summary['unit']}.{table}.parquet" for summary in done if table in summary["tables"]]
        parts = [rows for rows in map(pd.read_parquet, files) if len(rows)]
        tables[table] = f"{table}.parquet"
        _write(folder / tables[table], pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())
    if inputs["study"] == "contingency" and "worst" in tables:
        _write(folder / tables["worst"], _worst_of_all(folder / tables["outages"]))
    states = [State(summary["verdict"]) for summary in done] + [State.NOT_CHECKED for _ in failed]
    return {
        "study": inputs["study"],
        "verdict": str(worst_state(states)),
        "counts": {str(state): sum(summary["counts"][str(state)] for summary in done) for state in State},
        "verdicts": [verdict for summary in done for verdict in summary["verdicts"]],
        "findings": [finding for summary in done for finding in summary["findings"]],
        "failed": failed,
        "tables": tables,
    }


def _worst_of_all(outages: Path) -> pd.DataFrame:
    from core.studies.contingency import worst_cases

    return worst_cases(pd.read_parquet(outages))


def _write(path: Path, rows: pd.DataFrame) -> None:
    buffer = io.BytesIO()
    rows.to_parquet(buffer, index=False)
    write_whole(path, buffer.getvalue())


STUDY = RunKind("study", plan, unit, finish)
