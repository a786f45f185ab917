"""Profiles over the year: a table with a column a profile and a row a step, as CSV or Parquet.

Values multiply the rated power of the loads and generating units that follow the profile; a column whose heading ends
in ``_kw`` or ``[kW]`` holds the power itself and is divided by the rated power of what follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import BadInput
from core.feeder import Feeder
from core.findings import Finding, Reading, Severity, Source, Where

POWER = re.compile(r"[\s_]*[\[(]?\s*kw\s*[\])]?$", re.IGNORECASE)
TIME = re.compile(r"^(time|hour|date|datetime|timestamp|step|index|unnamed.*|)$", re.IGNORECASE)
#: Multipliers beyond this are most likely kilowatts.
LARGEST_MULTIPLIER = 10.0
#: Columns that everything without a profile of its own follows, by table.
EVERYTHING = {"loads": ("load", "loads", "default", "all"), "der": ("pv", "solar", "der", "generation")}


@dataclass(slots=True)
class Profiles:
    """Multipliers by profile; ``power`` names those that hold kilowatts."""

    values: dict[str, NDArray[np.float64]]
    power: frozenset[str]

    @property
    def steps(self) -> int:
        """Return the number of steps."""
        return min((len(values) for values in self.values.values()), default=0)


def read_profiles(path: Path) -> Reading[Profiles]:
    """Read a table of profiles.

    Raises
    ------
    BadInput
        The file is no table, or has no column of numbers.
    """
    table = _table(path)
    findings: list[Finding] = []
    values: dict[str, NDArray[np.float64]] = {}
    power = set()
    for column in map(str, table.columns):
        if TIME.match(column.strip()):
            continue
        numbers = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
        missing = int(np.sum(~np.isfinite(numbers)))
        if missing == len(numbers):
            continue
        name = POWER.sub("", column).strip()
        if missing:
            text = f"{missing} steps of profile {name} have no value: the value before is kept"
            findings.append(Finding("profiles.gap", Severity.WARNING, text, "", Where(file=path.name, column=column)))
            numbers = pd.Series(np.where(np.isfinite(numbers), numbers, np.nan)).ffill().bfill().to_numpy()
        values[name] = numbers
        if name != column.strip():
            power.add(name)
        elif np.abs(numbers).max() > LARGEST_MULTIPLIER:
            text = f"Profile {name} multiplies the rated power by up to {np.abs(numbers).max():g}"
            hint = "If it holds kilowatts, let its heading end in _kw"
            findings.append(
                Finding("profiles.large", Severity.WARNING, text, hint, Where(file=path.name, column=column))
            )
    if not values:
        raise BadInput(
            "No profiles in the file", hint="A heading row with a column a profile", where=Where(file=path.name)
        )
    return Reading(
        Profiles(values, frozenset(power)),
        findings,
        Source(path.name, sha256(path.read_bytes()).hexdigest(), "profiles"),
    )


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise BadInput(f"There is no file {path}", hint="Check the path")
    try:
        if path.read_bytes()[:4] == b"PAR1":
            return pd.read_parquet(path)
        with path.open(encoding="utf-8-sig", errors="replace") as handle:
            separator = max(",;\t", key=handle.readline().count)
        return pd.read_csv(path, sep=separator, encoding="utf-8-sig", encoding_errors="replace")
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise BadInput(
            f"The profiles can't be read: {error}", hint="CSV or Parquet", where=Where(file=path.name)
        ) from error


def assign(feeder: Feeder, profiles: Profiles) -> tuple[dict[str, dict[str, str]], list[Finding]]:
    """Return the profile of every load and generating unit, by table and id.

    The first that is there counts: the profile that the model names, a column named like the unit, its device, its bus
    or its customer class, then the column for everything. Loads marked as fixed keep their power.
    """
    by_name = {name.casefold(): name for name in profiles.values}
    assigned: dict[str, dict[str, str]] = {}
    findings = []
    for table, general in EVERYTHING.items():
        rows = feeder[table]
        fixed = rows["fixed"] if "fixed" in rows else pd.Series(False, index=rows.index)
        rows = rows[rows["in_service"] & ~fixed]
        names = [rows[column] for column in ("profile", "id", "device", "bus", "customer_class") if column in rows]
        fallback = next((by_name[name] for name in general if name in by_name), None)
        if fallback is None and table == "loads" and len(profiles.values) == 1:
            fallback = next(iter(profiles.values))
        found = {}
        for name, *wanted in zip(rows["id"], *names, strict=True):
            profile = next(
                (by_name[text.casefold()] for text in wanted if text and text.casefold() in by_name), fallback
            )
            if profile is not None:
                found[name] = profile
        assigned[table] = found
        if len(found) < len(rows):
            text = f"{len(rows) - len(found)} of {len(rows)} {table} follow no profile: they keep their power"
            findings.append(Finding("profiles.without", Severity.WARNING, text, f"Add a column named {general[0]}"))
    return assigned, findings


def scaled(feeder: Feeder, profiles: Profiles, assigned: dict[str, dict[str, str]]) -> dict[str, NDArray[np.float64]]:
    """Return the profiles as multipliers: kilowatts are divided by the rated power of all that follow them."""
    made = dict(profiles.values)
    for profile in profiles.power:
        rated = sum(
            float(feeder[table].loc[feeder[table]["id"].map(found).eq(profile), "p_kw"].sum())
            for table, found in assigned.items()
        )
        made[profile] = profiles.values[profile] / rated if rated else np.zeros_like(profiles.values[profile])
    return made
