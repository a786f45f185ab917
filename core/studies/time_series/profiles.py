"""Profiles over the year: a table with a column a profile and a row a step, as CSV or Parquet.

Values multiply the rated power of the loads and generating units that follow the profile; a column whose heading ends
in ``_kw``, ``[kW]``, ``_mw`` or ``[MW]`` holds the power itself and is divided by the rated power of what follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import BadInput
from core.feeder import Feeder
from core.findings import Finding, Reading, Severity, Source, Where
from core.studies.time_series.stamps import Note, in_order, stamps_of

POWER = re.compile(r"(?:[\s_]*[\[(]\s*([kM]?W)\s*[\])]|[\s_]+([kM]W)|(kW))$", re.IGNORECASE)
#: Kilowatts in the unit of a heading.
KILOWATTS = {"w": 1e-3, "kw": 1.0, "mw": 1e3}
TIME = re.compile(r"^(time|hour|date|datetime|timestamp|step|index|unnamed.*|)$", re.IGNORECASE)
#: Multipliers beyond this are most likely kilowatts.
LARGEST_MULTIPLIER = 10.0
#: Columns that everything without a profile of its own follows, by table.
EVERYTHING = {"loads": ("load", "loads", "default", "all"), "der": ("pv", "solar", "der", "generation")}


@dataclass(slots=True)
class Profiles:
    """Multipliers by profile; ``power`` names those that hold kilowatts."""

    values: dict[str, NDArray[np.float64]]
    power: set[str]
    step_minutes: float | None = None  # as the time stamps say

    @property
    def steps(self) -> int:
        """Return the number of steps."""
        return min((len(values) for values in self.values.values()), default=0)


def read_profiles(path: Path) -> Reading[Profiles]:
    """Read a table of profiles; a column of time stamps puts the rows in their place.

    Raises
    ------
    BadInput
        The file is no table, has no column of numbers, or time stamps without a constant step.
    """
    read = _table(path)
    findings: list[Finding] = []

    def note(code: str, text: str, hint: str = "", column: str | None = None) -> None:
        where = Where(file=path.name, column=column)
        findings.append(Finding(f"profiles.{code}", Severity.WARNING, text, hint, where))

    times = [str(column) for column in read.columns if _is_time(str(column), read[column])]
    table, step_minutes = in_order(read, times, note)
    profiles = Profiles({}, set(), step_minutes)
    for column in (str(column) for column in table.columns if str(column) not in times):
        name = POWER.sub("", column).strip()
        if name in profiles.values:
            name = column.strip()
        values = _values(table[column]) * _kilowatts(column)
        if np.isnan(values).all():
            note("no_numbers", f"Column {column} holds no numbers: left out", "", column)
            continue
        profiles.values[name] = _judged(name, values, partial(note, column=column))
        if name != column.strip():
            profiles.power.add(name)
        elif np.abs(profiles.values[name]).max() > LARGEST_MULTIPLIER:
            text = f"Profile {name} multiplies the rated power by up to {np.abs(profiles.values[name]).max():g}"
            note("large", text, "If it holds power, let its heading end in its unit, such as [kW]", column)
    if not profiles.values:
        hint = "A heading row with a column a profile"
        raise BadInput("No profiles in the file", hint=hint, where=Where(file=path.name))
    return Reading(profiles, findings, Source(path.name, sha256(path.read_bytes()).hexdigest(), "profiles"))


def _is_time(name: str, column: pd.Series) -> bool:
    """Say whether a column holds times: by its name, or text that is stamps whatever its name."""
    if TIME.match(name.strip()):
        return True
    return column.dtype == object and bool(np.isnan(_values(column)).all()) and stamps_of(column) is not None


def _kilowatts(heading: str) -> float:
    """Return what a column is multiplied by: kilowatts in the unit of its heading, 1 without."""
    found = POWER.search(heading)
    return KILOWATTS[next(filter(None, found.groups())).lower()] if found else 1.0


def _values(column: pd.Series) -> NDArray[np.float64]:
    """Return the numbers of a column, decimal commas too; what is none, or endless, isn't there."""
    if column.dtype == object:
        column = column.astype(str).str.replace(",", ".", regex=False)
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    return np.where(np.isfinite(values), values, np.nan)


def _judged(name: str, values: NDArray[np.float64], note: Note) -> NDArray[np.float64]:
    """Return a profile without gaps; say what a person would want to know about it."""
    missing, negative = int(np.isnan(values).sum()), int((values < 0).sum())
    if missing:
        note("gap", f"{missing} steps of profile {name} have no value: the value before is kept")
        values = np.asarray(pd.Series(values).ffill().bfill(), dtype=float)
    if negative:
        text = f"Profile {name} is negative in {negative} steps: loads that follow it feed in there, generation takes"
        note("negative", text, "Give generation its own column, such as pv, with positive numbers")
    if not values.any():
        note("zero", f"Profile {name} is zero in every step: what follows it is off all the time")
    return values


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise BadInput(f"There is no file {path}", hint="Check the path")
    try:
        if path.read_bytes()[:4] == b"PAR1":
            table = pd.read_parquet(path)
            return table.reset_index() if isinstance(table.index, pd.DatetimeIndex) else table
        with path.open(encoding="utf-8-sig", errors="replace") as handle:
            separator = max(",;\t", key=handle.readline().count)
        return pd.read_csv(path, sep=separator, encoding="utf-8-sig", encoding_errors="replace", index_col=False)
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise BadInput(
            f"The profiles can't be read: {error}", hint="CSV or Parquet", where=Where(file=path.name)
        ) from error


def assign(feeder: Feeder, profiles: Profiles) -> tuple[dict[str, dict[str, str]], list[Finding]]:
    """Return the profile of every load and generating unit, by table and id.

    The first that is there counts: the profile that the model names, a column named like the unit, its device, its bus
    or its customer class, then the column for everything; a file's only column is the one for all loads. Loads marked
    as fixed keep their power.
    """
    by_name = {name.casefold(): name for name in profiles.values}
    assigned: dict[str, dict[str, str]] = {}
    findings: list[Finding] = []

    def note(code: str, text: str, hint: str = "") -> None:
        findings.append(Finding(f"profiles.{code}", Severity.WARNING, text, hint))

    for table, general in EVERYTHING.items():
        rows = feeder[table]
        fixed = rows["fixed"] if "fixed" in rows else pd.Series(False, index=rows.index)
        rows = rows[rows["in_service"] & ~fixed]
        found = _followed(rows, by_name, next((by_name[name] for name in general if name in by_name), None))
        if not found and table == "loads" and len(rows) and len(profiles.values) == 1:
            only = next(iter(profiles.values))
            found = dict.fromkeys(rows["id"], only)
            text = (
                f"All {len(rows)} loads follow the only profile, {only}: it is named like no load, device, bus or class"
            )
            note("only", text, f"Name it {general[0]} if that is meant")
        assigned[table] = found
        if len(found) < len(rows):
            text = f"{len(rows) - len(found)} of {len(rows)} {table} follow no profile: they keep their power"
            note("without", text, f"Add a column named {general[0]}")
    used = {profile for found in assigned.values() for profile in found.values()}
    known = {name for names in EVERYTHING.values() for name in names}
    if unused := [name for name in profiles.values if name not in used and name.casefold() not in known]:
        some = ", ".join(unused[:5]) + (" …" if len(unused) > 5 else "")
        note("unused", f"Nothing follows {len(unused)} profiles: {some}", "Name them like loads, buses or classes")
    for profile in sorted(used & profiles.power):
        if not rated_kw(feeder, assigned, profile):
            note("no_rating", f"Profile {profile} holds kilowatts, but what follows it has no rated power: it is off")
    return assigned, findings


def _followed(rows: pd.DataFrame, by_name: dict[str, str], fallback: str | None) -> dict[str, str]:
    """Return the profile of each row that has one."""
    names = [rows[column] for column in ("profile", "id", "device", "bus", "customer_class") if column in rows]
    found = {}
    for name, *wanted in zip(rows["id"], *names, strict=True):
        own = next((by_name[text.casefold()] for text in wanted if text and text.casefold() in by_name), fallback)
        if own is not None:
            found[name] = own
    return found


def rated_kw(feeder: Feeder, assigned: dict[str, dict[str, str]], profile: str) -> float:
    """Return the rated power of all that follows a profile [kW]."""
    return sum(
        float(feeder[table].loc[feeder[table]["id"].map(found).eq(profile), "p_kw"].sum())
        for table, found in assigned.items()
    )


def scaled(feeder: Feeder, profiles: Profiles, assigned: dict[str, dict[str, str]]) -> dict[str, NDArray[np.float64]]:
    """Return the profiles as multipliers: kilowatts are divided by the rated power of all that follow them."""
    made = dict(profiles.values)
    for profile in profiles.power:
        rated = rated_kw(feeder, assigned, profile)
        made[profile] = profiles.values[profile] / rated if rated else np.zeros_like(profiles.values[profile])
    return made
