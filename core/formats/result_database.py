"""SQLite databases of grid simulations: WEC-Grid's own layout (flags ``psse`` and ``pypsa``), and the specified one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.results.database.software import SOFTWARE, columns, components, software_key

MAGIC = b"SQLite format 3\x00"
#: What a simulation's row may call a thing, the specification's name first.
NAMES = {
    "timestamp_start": ("timestamp_start", "sim_start_time"),
    "timestamp_end": ("timestamp_end", "sim_end_time"),
    "notes": ("simulation_notes", "notes"),
}


@dataclass(frozen=True, slots=True)
class StoredSimulation:
    """A simulation of another database: its row, and its results by software and component."""

    case_name: str
    software: str
    sbase_mva: float
    timestamp_start: str
    timestamp_end: str | None
    notes: str | None
    results: dict[str, dict[str, pd.DataFrame]]
    farms: pd.DataFrame  # in the columns of wec_simulations


def read_result_database(path: Path) -> tuple[list[StoredSimulation], list[Finding]]:
    """Read all simulations of a database file; the file is not changed."""
    where = Where(file=path.name)
    findings: list[Finding] = []
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "grid_simulations" not in tables:
                raise BadInput("the database has no table grid_simulations", where=where)
            read = [_simulation(connection, row, tables, findings, where) for row in _rows(connection)]
    except (sqlite3.Error, pd.errors.DatabaseError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"the database can't be read: {error}", hint="is it whole?", where=where) from error
    for table in sorted(tables & {"wec_integrations", "wec_power_results"}):
        text = f"{table} is not imported: the powers of devices by seconds are not those of farms at the grid's steps"
        findings.append(Finding("results.not_imported", Severity.WARNING, text, "", where))
    for one in read:
        if not one.results:
            text = f"the simulation of {one.case_name} from {one.timestamp_start} has no results"
            findings.append(Finding("results.empty", Severity.WARNING, text, "", where))
    return read, findings


def _rows(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return the simulations' rows; what is null is ``None``."""
    cursor = connection.execute("SELECT * FROM grid_simulations ORDER BY grid_sim_id")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _simulation(
    connection: sqlite3.Connection, row: dict[str, Any], tables: set[str], findings: list[Finding], where: Where
) -> StoredSimulation:
    results: dict[str, dict[str, pd.DataFrame]] = {}
    for software in SOFTWARE:
        for component in components(software):
            name = f"{software}_{component}_results"
            if name in tables:
                query = f"SELECT * FROM {name} WHERE grid_sim_id = ?"
                frame = pd.read_sql_query(query, connection, params=(row["grid_sim_id"],))
                if len(frame):
                    results.setdefault(software, {})[component] = _known(frame, software, component, findings, where)
    value = {key: next((row[name] for name in names if row.get(name)), None) for key, names in NAMES.items()}
    return StoredSimulation(
        str(row["case_name"]),
        _software(row, results, where),
        float(row["sbase_mva"]),
        str(value["timestamp_start"]),
        value["timestamp_end"],
        value["notes"],
        results,
        _farms(connection, row["grid_sim_id"]),
    )


def _farms(connection: sqlite3.Connection, number: int) -> pd.DataFrame:
    """Return a simulation's rows of ``wec_simulations``; WEC-Grid's own table of that name has none of ours."""
    wanted = ["wec_farm_name", "wecsim_case", "power_output_mw", "timestamp"]
    known = {row[1] for row in connection.execute("PRAGMA table_info(wec_simulations)")}
    if not {"grid_sim_id", *wanted} <= known:
        return pd.DataFrame(columns=wanted)
    query = f"SELECT {', '.join(wanted)} FROM wec_simulations WHERE grid_sim_id = ?"
    return pd.read_sql_query(query, connection, params=(number,))


def _software(row: dict[str, Any], results: dict[str, Any], where: Where) -> str:
    if row.get("software"):
        return software_key(str(row["software"]))
    flagged = [name for name in ("psse", "pypsa") if str(row.get(name)).casefold() in ("1", "1.0", "true")]
    found = flagged or list(results)
    if not found:
        raise BadInput(f"simulation {row['grid_sim_id']} names no software and has no results", where=where)
    return found[0]


def _known(frame: pd.DataFrame, software: str, component: str, findings: list[Finding], where: Where) -> pd.DataFrame:
    declared = {"timestamp", *(column.name for column in columns(software, component))}
    others = [str(name) for name in frame.columns if name not in declared | {"id", "grid_sim_id"}]
    if others:
        text = f"{software}_{component}_results: {', '.join(others)} not imported"
        findings.append(Finding("results.not_imported", Severity.WARNING, text, "", where))
    return frame[[name for name in frame.columns if name in declared]]
