"""SQLite databases of grid simulations: WEC-Grid's own layout (flags ``psse`` and ``pypsa``), and the specified one."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from core.documents import plain
from core.errors import BadInput
from core.findings import Finding, Severity, Where, counted
from core.formats import wec_grid
from core.formats.result_rows import checked_farms, checked_rows
from core.results.database.software import SOFTWARE, components, software_key

MAGIC = b"SQLite format 3\x00"
#: What a simulation's row may call a thing, the specification's name first.
NAMES = {
    "timestamp_start": ("timestamp_start", "sim_start_time"),
    "timestamp_end": ("timestamp_end", "sim_end_time"),
    "notes": ("simulation_notes", "notes", "sim_name"),
}


#: Names of tables of results.
RESULTS = re.compile(r".+_(bus|generator|load|line|link|storage|transformer)_results", re.IGNORECASE)


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
    row: dict[str, Any]  # as it stands there, with the rows of wec_integrations

    def steps(self) -> int:
        """Return at how many time stamps it has results."""
        return len(_stamps(self.results))


def is_result_database(data: bytes, path: Path) -> bool:
    """Say whether a file's bytes, or the write-ahead log beside it, are a database with simulations."""
    log = path.with_name(f"{path.name}-wal")
    written = [data, *([log.read_bytes()] if log.is_file() else [])]
    return data.startswith(MAGIC) and any(b"grid_simulations" in part for part in written)


def read_result_database(path: Path) -> tuple[list[StoredSimulation], list[Finding]]:
    """Read all simulations of a database file; the file is not changed."""
    where = Where(file=path.name)
    try:
        with _opened(path) as connection:
            file = _File(connection, where)
            read = [file.simulation(row) for row in file.rows()]
            file.say_what_is_left()
    except (sqlite3.Error, pd.errors.DatabaseError, KeyError, TypeError, ValueError) as error:
        hint = "close the program that writes it" if "locked" in str(error) else "is it whole?"
        raise BadInput(f"the database can't be read: {error}", hint=hint, where=where) from error
    if not read:
        hint = "one that its program has open may have them in a -wal file beside it: close it, or give that too"
        raise BadInput("the database has no simulations", hint=hint, where=where)
    return read, file.findings


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database read-only; a copy, where SQLite would have to write beside it (a log, a broken-off change)."""
    with TemporaryDirectory(prefix="gridproof-") as folder:
        try:
            connection = _connected(path, "ro")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise
            for side in ("", "-wal", "-journal"):
                if (source := path.with_name(path.name + side)).exists():
                    shutil.copyfile(source, Path(folder) / source.name)
            connection = _connected(Path(folder) / path.name, "rw")
        with closing(connection):
            yield connection


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class _File:
    """An open database file and what is to be said about it."""

    def __init__(self, connection: sqlite3.Connection, where: Where) -> None:
        self.connection, self.where = connection, where
        self.findings: list[Finding] = []
        self.tables = {row[0].lower() for row in self.select("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "grid_simulations" not in self.tables:
            raise BadInput("the database has no table grid_simulations", where=where)

    def select(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query, values).fetchall()

    def rows(self) -> list[dict[str, Any]]:
        """Return the simulations' rows; what is null is ``None``."""
        cursor = self.connection.execute("SELECT * FROM grid_simulations ORDER BY grid_sim_id")
        names = [column[0].lower() for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def simulation(self, row: dict[str, Any]) -> StoredSimulation:
        """Return the simulation of a row."""
        number, where = row["grid_sim_id"], replace(self.where, section=f"simulation {row['grid_sim_id']}")
        results: dict[str, dict[str, pd.DataFrame]] = {}
        for software in SOFTWARE:
            for component in components(software):
                frame = self._results(number, software, component)
                if len(frame):
                    results.setdefault(software, {})[component] = frame
        value = {key: next((row[name] for name in names if row.get(name)), None) for key, names in NAMES.items()}
        if not value["timestamp_start"] or not row.get("case_name"):
            raise BadInput("the simulation has no start or no case", where=where)
        start, end = str(value["timestamp_start"]), value["timestamp_end"] and str(value["timestamp_end"])
        self._say_what_lacks(row, results, start, end)
        return StoredSimulation(
            str(row["case_name"]),
            _software(row, results, where),
            _base(row.get("sbase_mva"), where),
            start,
            end,
            value["notes"],
            results,
            self._farms(row, results),
            plain({**row, **self._integrations(number)}),
        )

    def _results(self, number: int, software: str, component: str) -> pd.DataFrame:
        """Return a simulation's rows of one table, in the columns that ours has."""
        name = f"{software}_{component}_results"
        if name not in self.tables:
            return pd.DataFrame()
        query = f"SELECT * FROM {name} WHERE grid_sim_id = ?"
        frame = pd.read_sql_query(query, self.connection, params=(number,))
        if frame.empty:
            return frame
        frame, others = checked_rows(frame, software, component, replace(self.where, section=name))
        if others:
            self._say("results.not_imported", f"{name}: {', '.join(others)} not imported")
        return frame

    def _farms(self, row: dict[str, Any], results: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
        """Return a simulation's farms: rows of the specified ``wec_simulations``, or made of WEC-Grid's own tables."""
        if wec_grid.INTEGRATIONS in self.tables:
            farms, said = wec_grid.farm_powers(self.connection, self.tables, row, sorted(_stamps(results)), self.where)
            self.findings += said
            return farms
        known = {column[1].lower() for column in self.select("PRAGMA table_info(wec_simulations)")}
        if not {"grid_sim_id", *wec_grid.FARM} <= known:
            return pd.DataFrame(columns=wec_grid.FARM)
        query = f"SELECT {', '.join(wec_grid.FARM)} FROM wec_simulations WHERE grid_sim_id = ?"
        farms = pd.read_sql_query(query, self.connection, params=(row["grid_sim_id"],))
        return checked_farms(farms, replace(self.where, section="wec_simulations"))

    def _integrations(self, number: int) -> dict[str, Any]:
        """Return which farms stand at which buses, which our tables have no columns for."""
        if wec_grid.INTEGRATIONS not in self.tables:
            return {}
        query = f"SELECT * FROM {wec_grid.INTEGRATIONS} WHERE grid_sim_id = ? ORDER BY integration_id"
        farms = pd.read_sql_query(query, self.connection, params=(number,))
        return {wec_grid.INTEGRATIONS: farms.to_dict("records")}

    def _say_what_lacks(
        self, row: dict[str, Any], results: dict[str, dict[str, pd.DataFrame]], start: str, end: str | None
    ) -> None:
        """Say what a simulation should have and hasn't: results at all, of a software, or at every step."""
        case = f"the simulation of {row['case_name']} from {start}"
        if not results:
            self._say("results.empty", f"{case} has no results")
            return
        for software in _flagged(row):
            if software not in results:
                self._say("results.empty", f"{case} has no results of {software}, which it names")
        stamps = sorted(_stamps(results))
        try:
            times = pd.to_datetime(pd.Series([start, end or start, *stamps]), format="ISO8601", utc=True)
            step = pd.to_timedelta(float(row.get("delta_time") or "nan"), unit="s")
        except (ValueError, TypeError, OverflowError):
            text = f"{case} has time stamps like {stamps[0]!r}: no ISO 8601, in the order of their letters"
            self._say("results.time_stamps", text)
            return
        if end and step > pd.Timedelta(0) and (steps := (times[1] - times[0]) // step + 1) > len(stamps):
            self._say("results.incomplete", f"{case} has {len(stamps)} of {counted(int(steps), 'step')} until its end")

    def say_what_is_left(self) -> None:
        """Say which tables have results that none of ours has, and which rows are of no simulation."""
        ours = {f"{software}_{component}_results" for software in SOFTWARE for component in components(software)}
        for name in sorted(self.tables):
            if name not in ours and not RESULTS.fullmatch(name):
                continue
            known = "grid_sim_id IN (SELECT grid_sim_id FROM grid_simulations)" if name in ours else "0"
            (count,) = self.select(f'SELECT count(*) FROM "{name}" WHERE NOT coalesce({known}, 0)')[0]
            if count:
                reason = "of no simulation" if name in ours else "of a kind that no table holds"
                self._say("results.not_imported", f"{name}: {counted(count, 'row')} {reason} not imported")

    def _say(self, code: str, text: str) -> None:
        self.findings.append(Finding(code, Severity.WARNING, text, "", self.where))


def _stamps(results: dict[str, dict[str, pd.DataFrame]]) -> set[str]:
    return {str(stamp) for of in results.values() for frame in of.values() for stamp in frame["timestamp"].unique()}


def _base(value: Any, where: Where) -> float:
    try:
        if 0 < (mva := float(value)) < float("inf"):
            return mva
    except (TypeError, ValueError):
        pass
    raise BadInput(f"a system base of {value!r} MVA is none", where=replace(where, column="sbase_mva"))


def _flagged(row: dict[str, Any]) -> list[str]:
    return [name for name in ("psse", "pypsa") if str(row.get(name)).casefold() in ("1", "1.0", "true")]


def _software(row: dict[str, Any], results: dict[str, Any], where: Where) -> str:
    """Return the software that a simulation names, of several flags the first one with results."""
    if row.get("software"):
        try:
            return software_key(str(row["software"]))
        except BadInput as error:
            raise BadInput(error.message, hint=error.hint, where=where) from error
    flagged = _flagged(row)
    found = [name for name in flagged if name in results] or list(results) or flagged
    if not found:
        raise BadInput("the simulation names no software and has no results", where=where)
    return found[0]
