"""ETAP's report databases: SQLite files (.LF1S, .SA1S, .SA2S, .SA4S, .SI1S, .SI4S), read without writing to them.

Table and column names are those that ETAP 19 to 22 writes, see ``report_tables.csv``. A capability of 0 or NULL means
that the device has no rating: the duty is missing then, never zero.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where

MAX_ROWS = 1_048_576


@cache
def _layouts() -> list[tuple[str, pd.DataFrame]]:
    """Return each report table with a layout, one a fault type: our column, its source and factor (text: none)."""
    rows = pd.read_csv(Path(__file__).with_name("report_tables.csv"), keep_default_na=False)
    groups = rows.groupby(["table", "fault_type"], sort=False)
    return [(str(layout["table"].iloc[0]), layout) for _, layout in groups]


def read_report(data: bytes, name: str) -> tuple[dict[str, dict[str, pd.DataFrame]], list[Finding]]:
    """Return study → result table → rows of a report database, and remarks on them.

    Raises
    ------
    BadInput
        If the database is damaged or holds none of the report tables.
    """
    where = Where(file=name)
    findings: list[Finding] = []
    studies: dict[str, list[pd.DataFrame]] = {}
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(_without_wal(data))
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        for table, layout in _layouts():
            rows = _rows(connection, table, layout, name, findings) if table in names else None
            if rows is not None:
                studies.setdefault(str(layout["study"].iloc[0]), []).append(rows)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise BadInput("the report database is damaged", hint="run the study again", where=where) from error
    finally:
        connection.close()
    if not studies:
        hint = "use a load-flow (.LF1S) or short-circuit (.SA1S, .SA2S, .SI1S) report"
        raise BadInput("this database is no ETAP load-flow or short-circuit report", hint=hint, where=where)
    tables: dict[str, dict[str, pd.DataFrame]] = {}
    for study, parts in studies.items():
        rows = pd.concat(parts, ignore_index=True)
        tables[study] = _load_flow(rows) if study == "load_flow" else {"faults": _faults(rows, findings, where)}
    return tables, findings


def _without_wal(data: bytes) -> bytes:
    """Return the database marked as one without a write-ahead log, so that it opens in memory."""
    return data[:18] + b"\x01\x01" + data[20:]


def _rows(
    connection: sqlite3.Connection, table: str, layout: pd.DataFrame, file: str, findings: list[Finding]
) -> pd.DataFrame | None:
    """Return a report table's rows under our column names, in our units, with their place; ``None`` without numbers."""
    where = Where(file, sheet=table)
    present = {str(row[1]).casefold(): str(row[1]) for row in connection.execute(f'PRAGMA table_info("{table}")')}
    sources = dict(zip(layout["column"], layout["source"], strict=True))
    factors = dict(zip(layout["column"], layout["factor"], strict=True))
    select = {column: present[source.casefold()] for column, source in sources.items() if source.casefold() in present}
    if "bus" not in select and "device" not in select:
        raise BadInput(f"the table {table} has no column of ids", hint="run the study again", where=where)
    if not {"v_pu", "ik_ka"} & select.keys():
        return None
    lacking = [source for column, source in sources.items() if column not in select]
    if lacking:
        text = f"the report has no {', '.join(lacking)}; what follows from them is missing"
        findings.append(Finding("etap.report.column", Severity.INFO, text, where=where))
    columns = ", ".join(f'"{source}"' for source in select.values())
    content = connection.execute(f'SELECT {columns} FROM "{table}" LIMIT {MAX_ROWS + 1}').fetchall()
    if len(content) > MAX_ROWS:
        raise BadInput(f"more than {MAX_ROWS:,} rows", hint="split the study", where=where)
    rows = pd.DataFrame(content, columns=list(select))
    for column in select:
        if factors[column] == "":
            rows[column] = rows[column].map(lambda value: "" if value is None else str(value).strip())
        else:
            rows[column] = pd.to_numeric(rows[column], errors="coerce") * float(factors[column])
    number = np.arange(1, len(rows) + 1)
    return rows.assign(fault_type=layout["fault_type"].iloc[0], file=file, sheet=table, row=number)


def _load_flow(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split the load-flow report: rows with a type and a voltage are buses, the others branches of the bus above."""
    kind = pd.to_numeric(rows.get("type", pd.Series(1, index=rows.index)), errors="coerce").fillna(0)
    is_bus = (kind != 0) & (rows["base_kv"].fillna(0) != 0)
    buses = rows[is_bus].copy()
    for power, generated, load in (("p_mw", "gen_mw", "load_mw"), ("q_mvar", "gen_mvar", "load_mvar")):
        both = generated in rows and load in rows
        buses[power] = buses[generated].fillna(0) - buses[load].fillna(0) if both else np.nan
    branches = rows[~is_bus & (rows.get("to_bus", "") != "")].rename(columns={"bus": "from_bus"})
    branches = branches.assign(branch=branches["from_bus"] + " - " + branches.get("to_bus", ""))
    keep = ["bus", "base_kv", "v_pu", "angle_deg", "p_mw", "q_mvar", "file", "sheet", "row"]
    kept = ["branch", "from_bus", "to_bus", "p_mw", "q_mvar", "i_a", "file", "sheet", "row"]
    return {
        "buses": buses.reindex(columns=keep).reset_index(drop=True),
        "branches": branches.reindex(columns=kept).reset_index(drop=True),
    }


def _faults(rows: pd.DataFrame, findings: list[Finding], where: Where) -> pd.DataFrame:
    """Return one row a device and duty: the worse of symmetrical and asymmetrical current against its capability."""
    duties = []
    for current, capability in (("ik_ka", "rating_ka"), ("ik_asym_ka", "rating_asym_ka")):
        if current in rows and capability in rows:
            rows[capability] = rows[capability].where(rows[capability] > 0)
            duties.append(100 * rows[current] / rows[capability])
    if duties:
        rows["duty_calc_pct"] = pd.concat(duties, axis=1).max(axis=1)
        unrated = int(rows["duty_calc_pct"].isna().sum())
        text = "the report states no duty; it was calculated from the currents and the device's capability"
        findings.append(Finding("duty.calculated", Severity.INFO, text, where=where))
        if unrated:
            text = f"{unrated} devices have no capability in ETAP: their duty is not checked"
            findings.append(Finding("etap.report.unrated", Severity.WARNING, text, "enter their ratings", where))
    if "i_real_ka" in rows and "i_imag_ka" in rows:
        rows["x_r"] = (rows["i_imag_ka"] / rows["i_real_ka"].where(rows["i_real_ka"] != 0)).abs()
    return rows.drop(columns=["ik_asym_ka", "rating_asym_ka", "i_real_ka", "i_imag_ka"], errors="ignore")
