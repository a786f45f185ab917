"""Time stamps of tables over time: ISO 8601, all of them with a zone or none."""

from __future__ import annotations

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where

STAMP = "%Y-%m-%dT%H:%M:%S"


def read_stamps(values: pd.Series, where: Where) -> pd.Series:
    """Return a column of time stamps as such, in UTC where they name a zone.

    Raises
    ------
    BadInput
        One is missing or not ISO 8601, or some have a zone and others don't.
    """
    zoned = values.astype(str).str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True)
    if zoned.any() and (values.notna() & ~zoned).any():
        raise BadInput("some time stamps have a zone, others don't", hint="give all a zone, or none", where=where)
    try:
        if pd.api.types.is_numeric_dtype(values):
            raise ValueError("numbers are not dates")
        stamps = pd.to_datetime(values, utc=bool(zoned.any()), format=None if values.dtype.kind == "M" else "ISO8601")
    except (ValueError, TypeError) as error:
        hint = "write them as 2025-01-31T13:00:00"
        reason = str(error).partition(". ")[0]
        raise BadInput(f"the time stamps can't be read: {reason}", hint=hint, where=where) from error
    if stamps.isna().any():
        raise BadInput(f"row {int(stamps.isna().to_numpy().argmax()) + 2} has no time stamp", where=where)
    return stamps


def written(stamps: pd.Series) -> pd.Series:
    """Return time stamps as text in one form, with parts of seconds where one has them."""
    texts: pd.Series = stamps.dt.strftime(STAMP if (stamps.dt.microsecond == 0).all() else STAMP + ".%f")
    return texts


def said_of_zone(stamps: pd.Series, code: str, where: Where) -> list[Finding]:
    """Say when time stamps with a zone have become UTC."""
    return [] if stamps.dt.tz is None else [Finding(code, Severity.INFO, "time stamps are kept in UTC", "", where)]
