"""Breakers against fault currents: breaking, asymmetrical breaking, DC component and making.

References
----------
.. [1] IEC 62271-100: rated short-circuit breaking current, DC component (time constant 45 ms), making current.
.. [2] IEC 60059: standard current ratings (R10 series).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Standard short-circuit breaking currents [kA].
STANDARD_RATINGS_KA = (6.3, 8.0, 10.0, 12.5, 16.0, 20.0, 25.0, 31.5, 40.0, 50.0, 63.0, 80.0, 100.0)

#: Standard time constant of the DC component [s]: X/R = 17 at 60 Hz, 14.1 at 50 Hz.
STANDARD_TIME_CONSTANT_S = 0.045

#: Rated making current as a multiple of the rated breaking current at the standard time constant.
MAKING_FACTOR = {50.0: 2.5, 60.0: 2.6}

DUTIES = ("duty_pct", "duty_breaking_pct", "duty_asymmetrical_pct", "duty_dc_pct", "duty_making_pct")


def next_standard_rating(ka: float) -> float | None:
    """Return the smallest standard breaking current that covers the current [kA], ``None`` above the largest."""
    return next((rating for rating in STANDARD_RATINGS_KA if rating >= ka - 1e-9), None)


def rated_dc_pct(opening_s: Any) -> NDArray[np.float64]:
    """Return the DC component that a standard breaker is rated for when its contacts part [%]."""
    return np.asarray(100 * np.exp(-np.asarray(opening_s, dtype=float) / STANDARD_TIME_CONSTANT_S), dtype=float)


def breaker_duties(breakers: pd.DataFrame, faults: pd.DataFrame, frequency_hz: float) -> pd.DataFrame:
    """Return each breaker's duties in per cent of its ratings.

    Parameters
    ----------
    breakers
        ``id, bus, breaking_ka, making_ka, dc_pct, opening_s`` as the plant's table; missing making current and DC
        component are those of the standard.
    faults
        Currents at each breaker's opening time, one row a breaker and fault type, with ``device`` and the columns of
        :class:`~core.studies.short_circuit.currents.ShortCircuits`.
    frequency_hz
        System frequency, which the standard making current depends on.
    """
    rows = faults.merge(breakers, left_on="device", right_on="id", suffixes=("", "_breaker"))
    breaking = rows["breaking_ka"].where(rows["breaking_ka"] > 0)  # unrated is not checked, never a pass
    making = rows["making_ka"].fillna(breaking * MAKING_FACTOR.get(frequency_hz, 2.5))
    dc_rated = rows["dc_pct"].fillna(pd.Series(rated_dc_pct(rows["opening_s"]), index=rows.index)) / 100
    duties = {
        "rating_ka": breaking,
        "making_ka": making,
        "dc_rated_pct": 100 * dc_rated,
        "duty_pct": 100 * rows["ik_ka"] / breaking,
        "duty_breaking_pct": 100 * rows["ib_ka"] / breaking,
        "duty_asymmetrical_pct": 100 * rows["ib_asym_ka"] / (breaking * np.sqrt(1 + 2 * dc_rated**2)),
        "duty_dc_pct": 100 * rows["i_dc_ka"] / (np.sqrt(2) * breaking * dc_rated),
        "duty_making_pct": 100 * rows["ip_ka"] / making,
    }
    return rows[faults.columns.to_list()].assign(**duties, next_rating_ka=rows["ik_ka"].map(next_standard_rating))
