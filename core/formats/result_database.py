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
from core.formats import wec_grid
from core.results.database.software import SOFTWARE, columns, components, software_key

MAGIC = b"SQLite format 3\x00"
#: What a simulation's row may call a thing, the specification's name first.
NAMES = {
    "timestamp_start": ("timestamp_start", "sim_start_time"),
    "timestamp_end": ("timestamp_end", "sim_end_time"),
    "notes": ("simulation_notes", "notes", "sim_name"),
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

    def steps(self) -> int:
        """Return at how many time stamps it has results."""
        return len({stamp for of in self.results.values() for frame in of.values() for stamp in frame["timestamp"]})


def read_result_database(path: Path) -> tuple[list[StoredSimulation], list[Finding]]:
    """Read all simulations of a database file; the file is not changed."""
    where = Where(file=path.name)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            file = _File(connection, where)
            read = [file.simulation(row) for row in file.rows()]
    except (sqlite3.Error, pd.errors.DatabaseError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"the database can't be read: {error}", hint="is it whole?", where=where) from error
    return read, file.findings


class _File:
    """An open database file and what is to be said about it."""

    def __init__(self, connection: sqlite3.Connection, where: Where) -> None:
        self.connection, self.where = connection, where
        self.findings: list[Finding] = []
        self.tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "grid_simulations" not in self.tables:
            raise BadInput("the database has no table grid_simulations", where=where)

    def rows(self) -> list[dict[str, Any]]:
        """Return the simulations' rows; what is null is ``None``."""
        cursor = self.connection.execute("SELECT * FROM grid_simulations ORDER BY grid_sim_id")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def simulation(self, row: dict[str, Any]) -> StoredSimulation:
        """Return the simulation of a row."""
        results: dict[str, dict[str, pd.DataFrame]] = {}
        for software in SOFTWARE:
            for component in components(software):
                frame = self._results(row["grid_sim_id"], software, component)
                if len(frame):
                    results.setdefault(software, {})[component] = frame
        value = {key: next((row[name] for name in names if row.get(name)), None) for key, names in NAMES.items()}
        case, start = str(row["case_name"]), str(value["timestamp_start"])
        if not results:
            self._say("results.empty", f"the simulation of {case} from {start} has no results")
        return StoredSimulation(
            case,
            _software(row, results, self.where),
            _base(row["sbase_mva"]),
            start,
            value["timestamp_end"],
            value["notes"],
            results,
            self._farms(row, results),
        )

    def _results(self, number: int, software: str, component: str) -> pd.DataFrame:
        """Return a simulation's rows of one table, in the columns that ours has."""
        name = f"{software}_{component}_results"
        if name not in self.tables:
            return pd.DataFrame()
        query = f"SELECT * FROM {name} WHERE grid_sim_id = ?"
        frame = pd.read_sql_query(query, self.connection, params=(number,))
        declared = {"timestamp", *(column.name for column in columns(software, component))}
        others = [str(column) for column in frame.columns if column not in declared | {"id", "grid_sim_id"}]
        if others and len(frame):
            self._say("results.not_imported", f"{name}: {', '.join(others)} not imported")
        return frame[[column for column in frame.columns if column in declared]]

    def _farms(self, row: dict[str, Any], results: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
        """Return a simulation's farms: rows of the specified ``wec_simulations``, or made of WEC-Grid's own tables."""
        if self.tables >= wec_grid.TABLES:
            stamps = {str(stamp) for of in results.values() for frame in of.values() for stamp in frame["timestamp"]}
            farms, said = wec_grid.farm_powers(self.connection, row, sorted(stamps), self.where)
            self.findings += said
            return farms
        known = {column[1] for column in self.connection.execute("PRAGMA table_info(wec_simulations)")}
        if not {"grid_sim_id", *wec_grid.FARM} <= known:
            return pd.DataFrame(columns=wec_grid.FARM)
        query = f"SELECT {', '.join(wec_grid.FARM)} FROM wec_simulations WHERE grid_sim_id = ?"
        return pd.read_sql_query(query, self.connection, params=(row["grid_sim_id"],))

    def _say(self, code: str, text: str) -> None:
        self.findings.append(Finding(code, Severity.WARNING, text, "", self.where))


def _base(value: Any) -> float:
    if not 0 < (mva := float(value)) < float("inf"):
        raise ValueError(f"a system base of {mva:g} MVA is none")
    return mva


def _software(row: dict[str, Any], results: dict[str, Any], where: Where) -> str:
    if row.get("software"):
        return software_key(str(row["software"]))
    flagged = [name for name in ("psse", "pypsa") if str(row.get(name)).casefold() in ("1", "1.0", "true")]
    found = flagged or list(results)
    if not found:
        raise BadInput(f"simulation {row['grid_sim_id']} names no software and has no results", where=where)
    return found[0]
