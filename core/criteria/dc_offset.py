"""A high X/R is borne where the breakers there are rated for the DC component that it leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from core.criteria.criterion import State, Verdict
from core.plant import Plant

ROUNDING = 1e-9


def dc_component_pct(x_r: float, opening_s: float, frequency_hz: float) -> float:
    """Return the DC component [%] that is left when the contacts part: 100·exp(−2πf·t·R/X) (IEC 62271-100)."""
    return 100 * math.exp(-2 * math.pi * frequency_hz * opening_s / x_r) if x_r > 0 else 0.0


def with_rated_breakers(verdicts: Sequence[Verdict], plant: Plant) -> list[Verdict]:
    """Return the verdicts on X/R, PASS where the plant states a DC rating that bears it, with both as a note."""
    ratings = _ratings(plant)
    return [_relieved(verdict, ratings, plant.settings.frequency_hz) for verdict in verdicts]


def _relieved(verdict: Verdict, ratings: pd.DataFrame, frequency_hz: float) -> Verdict:
    name = verdict.element.strip().upper()
    if verdict.verdict not in (State.WARN, State.FAIL) or verdict.value is None or name not in ratings.index:
        return verdict
    rated, opening_s = (float(each) for each in ratings.loc[name].to_numpy())
    left = dc_component_pct(verdict.value, opening_s, frequency_hz)
    if rated * (1 + ROUNDING) < left:
        return verdict
    note = f"its breakers are rated for {rated:.0f} % of DC component, {left:.0f} % are left when they part"
    return replace(verdict, verdict=State.PASS, note=note)


def _ratings(plant: Plant) -> pd.DataFrame:
    """Return the least stated DC rating and opening time by every name of a breaker, or of a bus for all of its."""
    breakers = plant["breaker"].assign(dc_pct=plant["breaker"]["dc_pct"].fillna(0.0))[
        ["id", "bus", "dc_pct", "opening_s"]
    ]
    by_bus, buses = breakers.groupby("bus")[["dc_pct", "opening_s"]].min(), plant["bus"]
    named = [breakers.set_index("id")[["dc_pct", "opening_s"]]]
    named += [by_bus.reindex(buses["id"]).set_axis(buses[column].astype(str)) for column in ("id", "number", "name")]
    rows = pd.concat(named).dropna()
    rows.index = rows.index.str.strip().str.upper()
    return rows[~rows.index.duplicated()]
