"""Rows in the order of their time stamps: gaps, doubles, and the hours that daylight saving takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from core.errors import BadInput

HOUR = pd.Timedelta(hours=1)
#: Fewer stamps say nothing of their step.
FEW = 3
HINT = "One row a step, stamps in ISO 8601 with their offset, such as 2026-03-29T03:00+02:00"


class Note(Protocol):
    """Reports what a person should know: code, text, hint."""

    def __call__(self, code: str, text: str, hint: str = ...) -> None: ...


def in_order(table: pd.DataFrame, columns: Sequence[str], note: Note) -> tuple[pd.DataFrame, float | None]:
    """Return the table with a row for every step, and the length of a step [min] where stamps say it.

    Stamps with an offset count in universal time. Without one, an hour that is missing in spring and double in autumn
    is daylight saving: the rows follow each other in time as they are. Otherwise rows that are missing are put in
    without values, and of rows with the same stamp the first counts.
    """
    stamps = next((found for column in columns if (found := stamps_of(table[column])) is not None), None)
    if stamps is None:
        counted = any(pd.api.types.is_numeric_dtype(table[column]) for column in columns)
        if columns and not counted and len(table) >= FEW:
            text = f"Column {columns[0]} holds no time stamp for each row: the rows count as steps, one after the other"
            note("no_stamps", text, HINT)
        return table, None
    steps = stamps.diff().iloc[1:]
    step = pd.Timedelta(steps[steps != pd.Timedelta(0)].abs().median())
    minutes = step / pd.Timedelta(minutes=1)
    forward, back = int((steps == step + HOUR).sum()), int((steps == step - HOUR).sum())
    regular = int((steps == step).sum())
    if regular == len(steps):
        return table, minutes
    if forward == back and regular + forward + back == len(steps):
        text = f"{forward} hours are missing and as many double, as with daylight saving: the rows count as they follow"
        note("daylight_saving", text, "Stamps with their offset leave no doubt")
        return table, minutes
    return _regular(table, stamps, step, note), minutes


def stamps_of(column: pd.Series) -> pd.Series | None:
    """Return a column's stamps in one clock, nothing when it holds none or several rows share each."""
    if pd.api.types.is_numeric_dtype(column) or len(column) < FEW:
        return None
    texts = column.astype(str).str.strip()
    zoned = isinstance(column.dtype, pd.DatetimeTZDtype) or texts.str.contains(r":\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$").all()
    day_first = bool(texts.str.match(r"(?:1[3-9]|2\d|3[01])[./-]").any())
    try:
        stamps = pd.to_datetime(texts, utc=bool(zoned), errors="coerce", dayfirst=day_first, format="mixed")
    except (ValueError, TypeError):
        return None
    if stamps.notna().mean() < 0.5 or stamps.nunique() * 2 < len(stamps):
        return None
    if stamps.isna().any():
        row = int(np.flatnonzero(stamps.isna())[0]) + 2
        raise BadInput(f"Line {row} of the profiles has no time stamp: {texts.iloc[row - 2]!r}", hint=HINT)
    return stamps


def _regular(table: pd.DataFrame, stamps: pd.Series, step: pd.Timedelta, note: Note) -> pd.DataFrame:
    """Return the table on the regular steps from its first stamp to its last."""
    index = pd.Index(stamps)
    steps = pd.date_range(index.min(), index.max(), freq=step)
    apart = ~index.isin(steps)
    if apart.any() or len(steps) > 2 * len(index):
        first = stamps[apart].iloc[0] if apart.any() else steps.difference(index)[0]
        raise BadInput(
            f"The time stamps of the profiles are not {step / pd.Timedelta(minutes=1):g} minutes apart, see {first}",
            hint=HINT,
        )
    if not index.is_monotonic_increasing:
        note("order", "The time stamps are not in order: the rows are sorted by them")
    again = index.duplicated()
    if again.any():
        note(
            "double", f"{again.sum()} time stamps come again, the first {index[again][0]}: their first row counts", HINT
        )
    missing = steps.difference(index)
    if len(missing):
        note("missing_steps", f"{len(missing)} steps have no row, the first {missing[0]}: values before are kept", HINT)
    whole: pd.DataFrame = table[~again].set_axis(index[~again]).reindex(steps).reset_index(drop=True)
    return whole
