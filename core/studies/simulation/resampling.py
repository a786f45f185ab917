"""Series at another step, and several as one: each value holds until the next time stamp, a new step has their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Where
from core.formats.time_stamps import STAMP
from core.studies.simulation.series import Series


def combined(parts: Sequence[tuple[Series, Where]], minutes: float | None = None) -> Series:
    """Return several series as one, at steps of ``minutes`` or of the first; all of the same time.

    Raises
    ------
    BadInput
        When one has another length or zone than the first, or a column that is there already.
    """
    whole, _ = parts[0]
    if minutes is not None:
        whole = resampled(whole, minutes, parts[0][1])
    for part, where in parts[1:]:
        again = sorted(set(whole.columns) & set(part.columns))
        if again:
            raise BadInput(f"{again[0]} is in another series already", hint="leave it out of one", where=where)
        if part.zoned != whole.zoned:
            hint = "give the time stamps of all series a zone, or of none"
            raise BadInput("one series has a zone, another one has none", hint=hint, where=where)
        if part.timestamps != whole.timestamps and len(whole.timestamps) > 1:
            part = resampled(part, _step(whole), where)
        if part.timestamps != whole.timestamps:
            text = f"the series goes on from {_span(part)}, the first one from {_span(whole)}"
            raise BadInput(text, hint="give all series the same begin and end", where=where)
        whole = Series(
            whole.timestamps,
            whole.load_scale * part.load_scale,  # one of both is all ones
            whole.generation_scale * part.generation_scale,
            [*whole.farm_names, *part.farm_names],
            np.append(whole.farm_rows, part.farm_rows),
            np.hstack([whole.farm_mw, part.farm_mw]),
            (*whole.columns, *part.columns),
            whole.zoned,
        )
    return whole


def _step(series: Series) -> float:
    first, second = pd.to_datetime(series.timestamps[:2], format="ISO8601")
    return float((second - first) / pd.Timedelta(minutes=1))


def _span(series: Series) -> str:
    return f"{series.timestamps[0]} to {series.timestamps[-1]}"


def resampled(series: Series, minutes: float, where: Where | None = None) -> Series:
    """Return the series at steps of ``minutes``; energy and time span stay the same.

    Raises
    ------
    BadInput
        When the series has gaps or uneven steps, or isn't a whole number of new steps long.
    """
    stamps = pd.DatetimeIndex(pd.to_datetime(series.timestamps, format="ISO8601"))
    passed = (stamps - stamps[0]) / pd.Timedelta(minutes=1)
    own = np.diff(passed.to_numpy())
    if not minutes > 0 or not np.isfinite(minutes):
        raise BadInput(f"a step of {minutes:g} minutes is none", hint="give a positive number of minutes")
    if not len(own) or np.ptp(own) > 1e-6:
        hint = "fill the gaps, or leave the steps as they are"
        raise BadInput("a series with one step, gaps or uneven steps can't be resampled", hint=hint, where=where)
    edges = np.append(passed, passed[-1] + own[0])
    count = round(edges[-1] / minutes)
    if count < 1 or abs(count * minutes - edges[-1]) > 1e-6:
        text = f"{edges[-1]:g} minutes of series are no whole number of steps of {minutes:g} minutes"
        raise BadInput(text, hint="choose a step that divides it", where=where)
    wanted = np.arange(count + 1) * minutes
    return replace(
        series,
        timestamps=list((stamps[0] + pd.to_timedelta(wanted[:-1], unit="min")).strftime(STAMP)),
        load_scale=_means(series.load_scale, edges, wanted),
        generation_scale=_means(series.generation_scale, edges, wanted),
        farm_mw=np.column_stack([np.zeros((count, 0)), *(_means(farm, edges, wanted) for farm in series.farm_mw.T)]),
    )


def _means(values: np.ndarray, edges: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the means between the ``wanted`` times of what has the ``values`` between the ``edges``."""
    integral = np.append(0.0, np.cumsum(values * np.diff(edges)))
    return np.asarray(np.diff(np.interp(wanted, edges, integral)) / np.diff(wanted))
