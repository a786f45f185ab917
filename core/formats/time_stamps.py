"""Time stamps of tables over time: ISO 8601, or dates that leave no doubt; all of them with a zone or none."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where

STAMP = "%Y-%m-%dT%H:%M:%S"
HINT = "write time stamps as 2025-01-31T13:00:00"
#: A date with its year last, as in 1/31/2025 or 31.01.2025, and what follows it.
YEAR_LAST = r"^(?P<first>\d{1,2})[./-](?P<second>\d{1,2})[./-](?P<year>\d{4})(?P<time>\D.*)?$"
#: How the time is written behind such a date.
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def read_stamps(values: pd.Series, where: Where, reader: str) -> tuple[pd.Series, list[Finding]]:
    """Return a column of time stamps as such, in UTC where they name a zone, and what is said of them.

    ``reader`` begins the codes of the findings.

    Raises
    ------
    BadInput
        One is missing or can't be read, a date leaves open which number is the day, or some have a zone and others
        don't.
    """
    where = replace(where, column=str(values.name))
    if values.isna().any():
        row = int(values.isna().to_numpy().argmax()) + 2
        raise BadInput("there is no time stamp", hint=HINT, where=replace(where, row=row))
    dates = values.astype(str).str.strip().str.extract(YEAR_LAST)
    if dates["year"].notna().all():
        stamps, findings = _year_last(values, dates, where, f"{reader}.date_order")
    else:
        stamps = _iso(values, where)
        findings = _of_zone(stamps, f"{reader}.zone", where)
    bad = stamps.isna().to_numpy()
    if bad.any():
        text = f"{str(values.iloc[bad.argmax()])!r} can't be read as a time stamp"
        raise BadInput(text, hint=HINT, where=replace(where, row=int(bad.argmax()) + 2))
    return stamps, findings


def written(stamps: pd.Series) -> pd.Series:
    """Return time stamps as text in one form, with parts of seconds where one has them."""
    texts: pd.Series = stamps.dt.strftime(STAMP if (stamps.dt.microsecond == 0).all() else STAMP + ".%f")
    return texts


def _iso(values: pd.Series, where: Where) -> pd.Series:
    """Return ISO time stamps, none where a value is something else."""
    if pd.api.types.is_numeric_dtype(values):
        return pd.Series(pd.NaT, index=values.index)
    zoned = values.astype(str).str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True)
    if zoned.any() and not zoned.all():
        raise BadInput("some time stamps have a zone, others don't", hint="give all a zone, or none", where=where)
    form = None if values.dtype.kind == "M" else "ISO8601"
    return pd.to_datetime(values, utc=bool(zoned.any()), format=form, errors="coerce")


def _year_last(values: pd.Series, dates: pd.DataFrame, where: Where, code: str) -> tuple[pd.Series, list[Finding]]:
    """Return the time stamps of dates with their year last: a number above 12 says which one is the day."""
    days = dates[["first", "second"]].astype(int) > 12
    is_first = bool(days["first"].any())
    if is_first == bool(days["second"].any()):
        text = f"{values.iloc[0]!r} can't be read as a time stamp: which number is the day?"
        raise BadInput(text, hint=HINT, where=replace(where, row=2))
    parts, first = (["year", "second", "first"], "day") if is_first else (["year", "first", "second"], "month")
    texts = dates[parts].agg("-".join, axis=1) + dates["time"].fillna("").str.upper()
    tried = (pd.to_datetime(texts, format=f"%Y-%m-%d{time}", errors="coerce") for time in TIMES)
    stamps = min(tried, key=lambda stamps: stamps.isna().sum())
    shows = values[days.any(axis=1)].iloc[0]
    text = f"the time stamps are read with the {first} first, as {shows} shows"
    return stamps, [Finding(code, Severity.INFO, text, HINT, where)]


def _of_zone(stamps: pd.Series, code: str, where: Where) -> list[Finding]:
    """Say when time stamps with a zone have become UTC."""
    return [] if stamps.dt.tz is None else [Finding(code, Severity.INFO, "time stamps are kept in UTC", "", where)]
