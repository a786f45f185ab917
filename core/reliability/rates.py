"""From MTBF, MTTR, failure rate, Weibull scale or printed availability to each component's steady state."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd


class MtbfMeaning(StrEnum):
    """What the MTBF column counts: reports differ."""

    UP_TIME = "up"  # A = MTBF / (MTBF + MTTR)
    CYCLE_TIME = "cycle"  # A = 1 - MTTR / MTBF: the time between failures includes the repair


def weibull_mean_h(eta_h: npt.ArrayLike, beta: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the mean of Weibull laws, η Γ(1 + 1/β) [h]."""
    from scipy.special import gamma

    return np.asarray(np.asarray(eta_h) * gamma(1 + 1 / np.asarray(beta)), dtype=np.float64)


def stated_mtbf_h(components: pd.DataFrame) -> pd.Series:
    """Return the MTBF column, filled from the failure rate and then from the Weibull scale where it is empty."""
    rate = components["failure_rate_per_h"]
    beta = components["weibull_beta"].where(components["weibull_beta"] > 0)
    mean = pd.Series(weibull_mean_h(components["weibull_eta_h"], beta), index=components.index)
    return components["mtbf_h"].fillna(1 / rate.where(rate > 0)).fillna(mean)


def rates(components: pd.DataFrame, mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME) -> pd.DataFrame:
    """Return each component's steady state, one row a component.

    Columns are ``up_h`` (mean up time), ``mttr_h``, ``availability``, ``unavailability`` (calculated apart, so that
    small values keep their digits) and ``frequency_per_h`` (failures an hour of calendar time). The printed
    availability counts only where MTBF and MTTR don't settle it; what can't be known is NaN.
    """
    mtbf, mttr = stated_mtbf_h(components), components["mttr_h"]
    up = mtbf - mttr if mtbf_means == MtbfMeaning.CYCLE_TIME else mtbf
    printed = components["availability"].where(components["availability"].between(0, 1))
    odds = ((1 - printed) / printed).where(printed > 0)
    mttr = mttr.fillna(up * odds)
    up = up.fillna(mttr / odds.where(odds > 0))
    cycle = (up + mttr).where(up + mttr > 0)
    return pd.DataFrame(
        {
            "id": components["id"],
            "up_h": up,
            "mttr_h": mttr,
            "availability": (up / cycle).fillna(printed),
            "unavailability": (mttr / cycle).fillna(1 - printed),
            "frequency_per_h": 1 / cycle,
        }
    )
