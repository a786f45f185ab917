"""Studies of plants and networks as runs: load flows some scenarios a unit, contingencies some outages.

A network and contingency files are kept in the store; the inputs name them by SHA-256. Tables are Parquet files.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from core.criteria import CriteriaSet, State, judge
from core.criteria.criterion import worst_state
from core.criteria.studied import as_document, with_currents
from core.documents import digest, plain
from core.findings import Finding
from core.formats.blocking import refuse_blocked
from core.formats.isolated import isolated
from core.formats.networks import read_network
from core.jobs import queue
from core.jobs.kinds import FAILED, RunKind
from core.jobs.simulation import store_of
from core.network import Network
from core.plant import Plant, plant_network
from core.store import Store
from core.store.files import write_whole
from core.studies.registry import Question, run_study

#: A file's content and name.
File = tuple[bytes, str]

#: Scenarios that one unit of a load flow takes.
SCENARIOS_PER_UNIT = 6
#: Outages that one unit of a contingency study takes at least, and units at most; a network is read again in each.
OUTAGES_PER_UNIT, MOST_UNITS = 50, 200
NETWORK_OUTAGES_PER_UNIT, MOST_NETWORK_UNITS = 500, 40


def start(
    store: Store,
    study: str,
    files: Mapping[str, File],
    options: Mapping[str, Any],
    *,
    project: str | None = None,
    title: str = "",
) -> str:
    """Have a network studied in the background and return the run's id.

    Parameters
    ----------
    store
        The workspace's.
    study
        Of those that networks have.
    files
        Content and name of ``network`` and, if wanted, of the contingency files ``con``, ``sub`` and ``mon``.
    options
        Such as ``order``, ``case``, ``engine`` and ``limits``.
    project, title
        What the run belongs to and is called.
    """
    reading = isolated(read_network, *files["network"])
    refuse_blocked(reading)
    kept = {sort: {"sha256": store.keep(*file), "name": file[1]} for sort, file in files.items()}
    inputs = {"study": study, "files": kept, **options}
    if study == "contingency":
        inputs["outages"] = _network_outages(reading.value, files, inputs)
    return queue.submit(store, "study", inputs, project=project, title=title)


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the units of a study.

    ``inputs`` has ``study``, ``plant`` or ``files``, if wanted ``scenarios``, ``overrides`` and the study's options.
    """
    names = list(inputs.get("scenarios") or [])
    if inputs["study"] == "contingency":
        return [{"scenarios": names, "part": part} for part in _outage_blocks(inputs, names)]
    if inputs["study"] != "load_flow" or "files" in inputs:
        return [{"scenarios": names}]
    names = names or list(Plant.from_document(inputs["plant"])["scenario"]["id"])
    starts = range(0, max(len(names), 1), SCENARIOS_PER_UNIT)
    return [{"scenarios": names[start : start + SCENARIOS_PER_UNIT]} for start in starts]


def _outage_blocks(inputs: dict[str, Any], names: list[str]) -> list[list[int]]:
    """Return first and end of each block of outages."""
    from core.studies.contingency import outage_count

    if "files" in inputs:
        count, least, most = int(inputs["outages"]), NETWORK_OUTAGES_PER_UNIT, MOST_NETWORK_UNITS
    else:
        network, _ = plant_network(Plant.from_document(inputs["plant"]), names[0] if names else None)
        count, least, most = outage_count(network, order=int(inputs.get("order", 1))), OUTAGES_PER_UNIT, MOST_UNITS
    size = max(least, -(-count // most))
    return [[start, start + size] for start in range(0, count, size)]


def _network_outages(network: Network, files: Mapping[str, File], inputs: Mapping[str, Any]) -> int:
    """Return how many outages a network's study has."""
    from core.studies.contingency import outage_count, read_statements, stated_count

    if "con" in files:
        return stated_count(network, read_statements(files["con"], files.get("sub"), files.get("mon"))[0])
    return outage_count(network, order=int(inputs.get("order", 1)))


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run and judge one unit; its tables go to the folder."""
    question, findings = _question(inputs, unit, folder)
    result = run_study(inputs["study"], question)
    criteria = CriteriaSet.overridden(inputs.get("overrides", []))
    verdicts, remarks = judge(with_currents(result), criteria, question.plant)
    result.findings = [*findings, *(finding for finding in result.findings if finding not in findings), *remarks]
    document = as_document(result, verdicts)
    tables: dict[str, pd.DataFrame] = document.pop("tables")  # type: ignore[assignment]
    name = digest(unit)[:12]
    for table, rows in tables.items():
        _write(folder / f"{name}.{table}.parquet", rows)
    summary: dict[str, Any] = plain(document | {"unit": name, "tables": list(tables)})
    return summary


def _question(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> tuple[Question, list[Finding]]:
    """Return what a unit asks; what its files are remarked for is found in the first one."""
    options = {name: inputs[name] for name in ("order", "case", "peak_method", "engine", "limits") if name in inputs}
    part: tuple[int, int | None] = tuple(unit.get("part", (0, None)))
    if "files" not in inputs:
        plant = Plant.from_document(inputs["plant"])
        return Question(plant, scenarios=tuple(unit["scenarios"]), part=part, **options), []
    from core.studies.contingency import read_statements

    with store_of(folder) as store:
        files = {sort: (store.content(file["sha256"]), file["name"]) for sort, file in inputs["files"].items()}
    reading = read_network(*files["network"])
    findings, statements = list(reading.findings), None
    if "con" in files:
        statements, remarks = read_statements(files["con"], files.get("sub"), files.get("mon"))
        findings += remarks
    question = Question(network=reading.value, part=part, statements=statements, **options)
    return question, findings if part[0] == 0 else []


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Join the units' tables and verdicts; a unit that failed makes the study's verdict at best NOT CHECKED."""
    done = [summary for summary in summaries if FAILED not in summary]
    failed = [str(summary[FAILED]) for summary in summaries if FAILED in summary]
    tables = _joined(done, folder)
    if inputs["study"] == "contingency" and "worst" in tables:
        _write(folder / tables["worst"], _worst_of_all(folder / tables["outages"]))
    states = [State(summary["verdict"]) for summary in done] + [State.NOT_CHECKED for _ in failed]
    findings = [finding for summary in done for finding in summary["findings"]]
    return {
        "study": inputs["study"],
        "engine": done[0]["engine"] if done else None,
        "options": done[0]["options"] if done else {},
        "overrides": inputs.get("overrides", []),
        "network_sha256": inputs["files"]["network"]["sha256"] if "files" in inputs else None,
        "verdict": str(worst_state(states)),
        "counts": {str(state): sum(summary["counts"][str(state)] for summary in done) for state in State},
        "verdicts": [verdict for summary in done for verdict in summary["verdicts"]],
        "findings": [finding for number, finding in enumerate(findings) if finding not in findings[:number]],
        "failed": failed,
        "tables": tables,
    }


def _joined(summaries: list[dict[str, Any]], folder: Path) -> dict[str, str]:
    """Join the units' files of each table into one; return the tables' files."""
    joined = {}
    for table in dict.fromkeys(table for summary in summaries for table in summary["tables"]):
        files = [folder / f"{summary['unit']}.{table}.parquet" for summary in summaries if table in summary["tables"]]
        parts = [rows for rows in map(pd.read_parquet, files) if len(rows)]
        joined[table] = f"{table}.parquet"
        _write(folder / joined[table], pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())
    return joined


def _worst_of_all(outages: Path) -> pd.DataFrame:
    from core.studies.contingency import worst_cases

    return worst_cases(pd.read_parquet(outages))


def _write(path: Path, rows: pd.DataFrame) -> None:
    buffer = io.BytesIO()
    rows.to_parquet(buffer, index=False)
    write_whole(path, buffer.getvalue())


STUDY = RunKind("study", plan, unit, finish)
