"""Read a requirement from JSON: every key is optional, unknown ones are refused, nothing is repaired in silence."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from core.design.catalogue_file import technologies_of
from core.design.load_column import value_column
from core.design.requirement import BOUNDS, HOURS, LEAP_DAY, Requirement
from core.documents import dump, plain
from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where

#: Other words for the keys of a requirement.
ALIASES = {"load": "load_mw", "peak_mw": "load_mw", "pf": "power_factor", "availability": "availability_target"}
TABLES = (
    *("bounds", "minimum_counts", "equipment", "fuel_usd_per_gj", "fuel_co2_t_per_gj"),
    *("equipment_prices", "electrical_parts", "growth"),
)
SERIES = ("load_mw", "pv_yield", "wind_yield")
HOURS_OF_52_WEEKS = 52 * 7 * 24
PLANNED_YEARS = frozenset(map(str, range(2000, 2151)))


def read_requirement(data: bytes, name: str, folder: Path | None = None) -> Reading[Requirement]:
    """Read a requirement.

    Parameters
    ----------
    data, name
        The JSON text and the file's name.
    folder
        Where the CSV files that it names lie; without it none can be named.
    """
    where = Where(file=name)
    document = _document(data, where)
    findings: list[Finding] = []
    values: dict[str, Any] = {}
    kinds = {f.name: str(f.type) for f in fields(Requirement)}
    bounds = dict(Requirement().bounds)
    for key, value in document.items():
        field = ALIASES.get(key, key)
        if field in BOUNDS:
            bounds[field] = _number(value, key, where)
        elif field == "technologies":
            values[field] = technologies_of(value, where)
        elif field == "load_mw" and isinstance(value, Mapping) and "csv" not in value:
            values["growth"] = _growth(value.get("growth", value), key, where)
        elif field in SERIES:
            values[field], remarks = _series(value, field, where, folder)
            findings += remarks
        elif field == "bounds":
            bounds |= _numbers(value, key, where)
        elif field == "equipment":
            values[field] = {str(item): _numbers(row, key, where) for item, row in _mapping(value, key, where).items()}
        elif field in TABLES:
            values[field] = {**getattr(Requirement(), field), **_numbers(value, key, where)}
        elif field in kinds:
            values[field] = _scalar(value, key, kinds[field], where)
        else:
            raise BadInput(f"a requirement has no {key!r}", hint=f"it has {', '.join([*kinds, *BOUNDS])}", where=where)
    if values.get("growth"):
        values["load_mw"], remark = _highest_year(values["growth"], where)
        findings.append(remark)
    requirement = replace(Requirement(), **values, bounds=bounds)
    return Reading(requirement, findings, Source(name, sha256(data).hexdigest(), "gridproof.requirement"))


def requirement_document(requirement: Requirement) -> dict[str, Any]:
    """Return the requirement as the JSON document that :func:`read_requirement` reads back."""
    document: dict[str, Any] = plain(requirement)
    return {key: value for key, value in document.items() if key not in SERIES or value}


def restored_requirement(document: Mapping[str, Any]) -> Requirement:
    """Return the requirement of a kept document."""
    return read_requirement(dump(document).encode("utf-8"), "requirement").value


def _document(data: bytes, where: Where) -> Mapping[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"), object_pairs_hook=partial(_once, where))
    except UnicodeDecodeError:
        raise BadInput("the file is no text", hint="a requirement is a JSON object in UTF-8", where=where) from None
    except (json.JSONDecodeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        place = Where(file=where.file, line=line)
        raise BadInput("the file is no JSON", hint='for example {"load_mw": 200}', where=place) from None
    return _mapping(document, "the requirement", where)


def _once(where: Where, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object of its pairs; of two values of one key none would be the meant one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        double = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        raise BadInput(f"{double} is there twice", hint="leave one of them", where=where)
    return found


def _mapping(value: Any, key: str, where: Where) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadInput(f"{key} is no JSON object", hint="names with values in braces", where=where)
    return value


def _number(value: Any, key: str, where: Where) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadInput(f"{key} is {value!r}", hint="enter a number", where=where)
    return float(value)


def _numbers(value: Any, key: str, where: Where) -> dict[str, float]:
    return {str(name): _number(one, f"{key}.{name}", where) for name, one in _mapping(value, key, where).items()}


def _scalar(value: Any, key: str, kind: str, where: Where) -> Any:
    if kind == "str":
        return str(value)
    if kind == "bool":
        if not isinstance(value, bool):
            raise BadInput(f"{key} is {value!r}", hint="true or false", where=where)
        return value
    number = _number(value, key, where)
    if kind != "int":
        return number
    if not number.is_integer():
        raise BadInput(f"{key} is {value!r}", hint="enter a whole number", where=where)
    return int(number)


def _series(value: Any, key: str, where: Where, folder: Path | None) -> tuple[tuple[float, ...], list[Finding]]:
    """Return a number or the hours of a year: given as such or in a CSV file."""
    if isinstance(value, str):
        value = {"csv": value}
    if isinstance(value, Mapping) and "csv" in value:
        file = str(value["csv"])
        reading = read_hours(_content(file, key, where, folder), file, key)
        return reading.value, reading.findings
    if isinstance(value, list):
        hours = [_number(one, f"{key} in hour {hour}", where) for hour, one in enumerate(value, start=1)]
        return _year(hours, key, where)
    return (_number(value, key, where),), []


def _growth(value: Any, key: str, where: Where) -> dict[str, float]:
    """Return the load of each year of a growth path [MW]."""
    path = _numbers(value, key, where)
    if not path or not all(year.isdigit() for year in path):
        hint = 'a number, 8760 numbers, {"csv": "file.csv"} or {"growth": {"2027": 120, "2030": 200}}'
        raise BadInput(f"{key} is no load", hint=hint, where=where)
    for year, load in path.items():
        if year not in PLANNED_YEARS:
            text = f"{key} has the year {year}, for which nothing is planned"
            raise BadInput(text, hint="years from 2000 to 2150, in four digits", where=where)
        if not math.isfinite(load) or load < 0:
            raise BadInput(f"{key} is {load} MW in {year}", hint="zero or more MW", where=where)
    return path


def _highest_year(path: Mapping[str, float], where: Where) -> tuple[tuple[float, ...], Finding]:
    year = max(path, key=lambda each: (path[each], -int(each)))
    text = f"of the growth path the plant is sized for {path[year]:g} MW of {year}, the highest year"
    return (path[year],), Finding("design.load.growth", Severity.INFO, text, "", where)


def _year(hours: Sequence[float], key: str, where: Where) -> tuple[tuple[float, ...], list[Finding]]:
    """Return 8,760 hours; of a leap year the 29th of February is left out and said."""
    if len(hours) == HOURS + 24:
        text = f"{key} is of a leap year: the 24 hours of 29 February are left out"
        kept = tuple(hours[: LEAP_DAY.start]) + tuple(hours[LEAP_DAY.stop :])
        return kept, [Finding("design.load.leap", Severity.INFO, text, f"give {HOURS} hours to choose", where)]
    if len(hours) not in (1, HOURS):
        lacks = HOURS - len(hours)
        change = "; is the hour of a change to daylight saving time missing?" if lacks == 1 else ""
        text = f"{key} has {len(hours)} hours, a year has {HOURS}{change}"
        raise BadInput(text, hint="give every hour of the year in standard time", where=where)
    return tuple(hours), []


def _content(file: str, key: str, where: Where, folder: Path | None) -> bytes:
    if folder is None:
        raise BadInput(f"the file {file} can't be reached from here", hint="give the numbers themselves", where=where)
    try:
        return (folder / file).read_bytes()
    except (OSError, ValueError):
        text = f"{key} in {where.file} is {file!r}, which is no number and no file that can be read"
        raise BadInput(text, hint=f"enter a number, or name a CSV file; tried: {folder / file}", where=where) from None


def read_hours(data: bytes, name: str, key: str, *, or_52_weeks: bool = False) -> Reading[tuple[float, ...]]:
    """Read the hours of a year from a CSV file's column; where it has times, every hour must be there once.

    Parameters
    ----------
    data, name
        The file's content and name.
    key
        What the hours are: ``load_mw``, ``pv_yield`` or ``wind_yield``.
    or_52_weeks
        Whether the 8,736 hours of 52 weeks are a year too.
    """
    place = Where(file=name)
    try:
        lines = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        rows = [(number, row) for number, row in enumerate(lines, start=1) if any(row)]
    except (UnicodeDecodeError, csv.Error):
        raise BadInput("the file is no text", hint="a CSV file of hours in UTF-8", where=place) from None
    header = rows.pop(0)[1] if rows and not _is_number(rows[0][1][-1]) else []
    chosen, factor, findings = value_column(header, len(rows[0][1]) if rows else 1, key, place)
    for number, row in rows:
        shown = row[chosen] if len(row) > chosen else ""
        if not _is_number(shown) or not math.isfinite(float(shown)):
            hint = "numbers with a decimal point, columns parted by commas"
            raise BadInput(f"{shown!r} is no number", hint=hint, where=Where(name, row=number))
        if float(shown) < 0:
            raise BadInput(f"{key} is {shown}", hint="zero or more in every hour", where=Where(name, row=number))
    if chosen:
        findings += _check_times(rows, name)
    hours = tuple(float(row[chosen]) * factor for _, row in rows)
    if or_52_weeks and len(hours) == HOURS_OF_52_WEEKS:
        text = f"{key} has the {len(hours)} hours of 52 weeks, which count as the year"
        remarks = [Finding("design.load.weeks", Severity.INFO, text, f"give {HOURS} hours for a calendar year", place)]
    else:
        hours, remarks = _year(hours, key, place)
    return Reading(hours, [*findings, *remarks], Source(name, sha256(data).hexdigest(), "gridproof.hours"))


def _check_times(rows: Sequence[tuple[int, list[str]]], file: str) -> list[Finding]:
    """Refuse times that are no times, or that leave out or repeat an hour; say when they are of no calendar year."""
    times = pd.to_datetime(pd.Series([row[0] for _, row in rows]), errors="coerce", format="mixed", utc=True)
    leap = len(rows) == HOURS + 24 and not times.isna().any()
    if leap and (times.iloc[LEAP_DAY.start].month, times.iloc[LEAP_DAY.start].day) != (2, 29):
        text = f"there are {len(rows)} hours, and hour {LEAP_DAY.start + 1} is no 29 February"
        raise _wrong_time(file, rows, LEAP_DAY.start, text)
    step = times.diff().iloc[1:] != pd.Timedelta(hours=1)
    if times.isna().any():
        raise _wrong_time(file, rows, int(times.isna().to_numpy().argmax()), "this is no time")
    if step.any():
        index = int(step.to_numpy().argmax()) + 1
        before, after = rows[index - 1][1][0], rows[index][1][0]
        text = f"{after} does not follow {before} by one hour (daylight saving time?)"
        raise _wrong_time(file, rows, index, text)
    return _off_calendar(rows, file) if len(rows) == HOURS else []


def _off_calendar(rows: Sequence[tuple[int, list[str]]], file: str) -> list[Finding]:
    """Return the remark on hours that don't run from 1 January to 31 December, which sun and wind are taken to do."""
    first, last = (pd.Timestamp(rows[place][1][0]) for place in (0, -1))
    begins, ends = (first.month, first.day) == (1, 1), (last.month, last.day) in ((12, 31), (1, 1))
    if begins and ends:
        return []
    text = f"the hours run from {first:%d %B} to {last:%d %B} and are taken as those of a year from 1 January"
    hint = "begin on 1 January; of a leap year give all 8,784 hours"
    return [Finding("design.load.calendar", Severity.WARNING, text, hint, Where(file, row=rows[0][0]))]


def _wrong_time(file: str, rows: Sequence[tuple[int, list[str]]], index: int, text: str) -> BadInput:
    return BadInput(text, hint="every hour of the year once, in standard time", where=Where(file, row=rows[index][0]))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
