"""Prices of transformers, breakers, banks and reactors, and the standard step-ups and halls that they are counted by.

``equipment_prices.csv`` has the prices that ship, each with its year and public source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.constraints import next_standard
from core.design.defaults import shipped_rows
from core.design.parts import transformer_z_pct
from core.design.technology import Technology

HALL_MW = 50.0
UNIT_KV = 13.8
TARGET = 0.8  # transformers and the tie stay under the warning band with one of two out
BANK_MVAR_PER_MW = 0.1  # what the step-ups and hall transformers take, by the sample plant's load flows

#: Main voltage by the load that it carries: (up to MW, kV).
MAIN_KV = ((300.0, 34.5), (1500.0, 138.0), (math.inf, 230.0))

#: Price of a breaker by its rated voltage: (up to kV, id).
BREAKERS = ((38.0, "BREAKER_38"), (145.0, "BREAKER_145"), (math.inf, "BREAKER_245"))


def shipped_prices() -> dict[str, float]:
    """Return the prices that ship [USD for each, MVA or Mvar]."""
    return {row["id"]: float(row["usd"]) for row in shipped_rows("equipment_prices")}


def main_kv(load_mw: float) -> float:
    """Return the voltage of the main sections [kV]."""
    return next(kv for most, kv in MAIN_KV if load_mw <= most)


def halls(load_mw: float) -> int:
    """Return into how many halls the load is cut."""
    return max(1, math.ceil(load_mw / HALL_MW - 1e-9))


def hall_mva(load_mw: float, power_factor: float, parts: Mapping[str, float]) -> float:
    """Return what one transformer of a hall takes [MVA] when it carries it alone, with its own reactive power."""
    mw = load_mw / halls(load_mw)
    mva = mw / power_factor
    own_mvar = transformer_z_pct(parts, transformer_mva(mva / TARGET)) / 100 * TARGET * mva
    mvar = mw * math.tan(math.acos(power_factor)) + own_mvar
    return math.hypot(mw, mvar)


def transformer_mva(least_mva: float) -> float:
    """Return the standard rating that is not under the least one; this itself above the largest standard."""
    return next_standard("transformer_mva", least_mva) or least_mva


def breaker(kv: float) -> str:
    """Return the price of a breaker at a voltage [kV], by its id."""
    return next(name for most, name in BREAKERS if kv <= most)


def step_up_usd(t: Technology, load_mw: float, prices: Mapping[str, float]) -> float:
    """Return the price of one unit's step-up transformer with its two breakers [USD]."""
    mva = transformer_mva(t.unit_mw / t.power_factor / TARGET)
    low_kv = UNIT_KV if t.kind == "GRID" else t.rated_kv
    return mva * prices["TRANSFORMER"] + prices[breaker(low_kv)] + prices[breaker(main_kv(load_mw))]


def distribution_usd(
    load_mw: float, power_factor: float, prices: Mapping[str, float], parts: Mapping[str, float]
) -> float:
    """Return the price of what any plant of a load has: transformers and a bank for each hall, and the tie [USD]."""
    count, high = halls(load_mw), prices[breaker(main_kv(load_mw))]
    mva = transformer_mva(hall_mva(load_mw, power_factor, parts) / TARGET)
    each = 2 * (mva * prices["TRANSFORMER"] + high + prices[breaker(UNIT_KV)])
    bank_mvar = round(BANK_MVAR_PER_MW * load_mw / count, 1)
    return count * (each + bank_mvar * prices["CAPACITOR_BANK"]) + high
