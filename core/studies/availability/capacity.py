"""Availability of megawatts: what the units that are up can carry, against what the load requires.

References
----------
.. [1] R. Billinton, R. N. Allan, "Reliability Evaluation of Power Systems", 2nd ed., Plenum 1996, ch. 2 (capacity
   outage probability table, LOLE, LOEE).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.studies.availability.structure import Floats
from core.studies.availability.threshold import threshold

RESOLUTION_MW = 0.001
GRID_LIMIT = 200_000  # steps of the MW grid; a finer one is made coarser, rounding units down


@dataclass(frozen=True, slots=True)
class CapacityValue:
    """Whether the required MW are there: probability, its complement, how often an hour they go, slope by each unit."""

    availability: float
    unavailability: float
    frequency_per_h: float
    slope: Floats
    installed_mw: float


@dataclass(frozen=True, slots=True)
class Adequacy:
    """Loss of load against a series of loads."""

    lolp: Floats  # probability of a shortage in every step
    eue_mwh: Floats  # expected unserved energy of every step [MWh]
    lole_h: float  # expected hours with a shortage
    loee_mwh: float  # expected unserved energy [MWh]


def required_capacity(
    capacity_mw: npt.ArrayLike,
    unavailability: npt.ArrayLike,
    required_mw: float,
    *,
    frequency_per_h: npt.ArrayLike | None = None,
    firm_mw: float = 0.0,
) -> CapacityValue:
    """Return the probability that independent two-state units carry the required MW.

    Parameters
    ----------
    capacity_mw, unavailability, frequency_per_h
        One value a unit; without frequencies the result's frequency is NaN.
    required_mw
        What must be available.
    firm_mw
        What is always there: a battery for as long as it lasts, or a firm grid supply.
    """
    mw, down = np.asarray(capacity_mw, dtype=np.float64), np.asarray(unavailability, dtype=np.float64)
    step = grid_step_mw(mw)
    weights = np.floor(mw / step + 1e-6).astype(np.int64)
    need = int(np.ceil((required_mw - firm_mw) / step - 1e-6))
    value = threshold(1 - down, down, need, weights)
    often = np.full(len(mw), np.nan) if frequency_per_h is None else np.asarray(frequency_per_h, dtype=np.float64)
    return CapacityValue(
        value.availability, value.unavailability, float(value.slope @ often), value.slope, float(mw.sum()) + firm_mw
    )


def grid_step_mw(capacity_mw: Floats) -> float:
    """Return the step of a MW grid that all capacities lie on, at least 1 kW and with at most ``GRID_LIMIT`` steps."""
    steps = np.rint(np.asarray(capacity_mw) / RESOLUTION_MW).astype(np.int64)
    shared = int(np.gcd.reduce(steps[steps > 0])) if (steps > 0).any() else 1
    return float(max(shared, int(np.ceil(steps.sum() / GRID_LIMIT)))) * RESOLUTION_MW


def outage_table(capacity_mw: npt.ArrayLike, unavailability: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the available MW in steps and the probability of each, by convolution [1]_."""
    mw, down = np.asarray(capacity_mw, dtype=np.float64), np.asarray(unavailability, dtype=np.float64)
    step = grid_step_mw(mw)
    weights = np.floor(mw / step + 1e-6).astype(np.int64)
    chance = np.zeros(int(weights.sum()) + 1)
    chance[0], filled = 1.0, 0
    for weight, q in zip(weights.tolist(), down.tolist(), strict=True):
        before = chance[: filled + 1].copy()
        chance[: filled + 1] *= q
        chance[weight : weight + filled + 1] += (1 - q) * before
        filled += weight
    return np.arange(len(chance), dtype=np.float64) * step, chance


def adequacy(
    capacity_mw: npt.ArrayLike, unavailability: npt.ArrayLike, load_mw: npt.ArrayLike, *, step_h: float = 1.0
) -> Adequacy:
    """Return LOLE and LOEE of units against a load series (what firm sources give taken off the load before) [1]_."""
    levels, chance = outage_table(capacity_mw, unavailability)
    load = np.asarray(load_mw, dtype=np.float64)
    below = np.searchsorted(levels, load - 1e-9)  # states that carry less than the load
    lolp = np.concatenate(([0.0], np.cumsum(chance)))[below]
    carried = np.concatenate(([0.0], np.cumsum(chance * levels)))[below]
    eue = (load * lolp - carried) * step_h
    return Adequacy(lolp, eue, float(lolp.sum() * step_h), float(eue.sum()))


def outage_survival(
    load_mw: npt.ArrayLike,
    *,
    units: int,
    unit_mw: float,
    hourly_survival: float,
    battery_mw: float,
    battery_mwh: float,
    stored_mwh: float,
) -> float:
    """Return the probability that like units and a battery carry the load through every hour of a grid outage.

    Units that fail stay down. Each hour first loses units, then serves its load: a surplus charges the battery, a
    shortage discharges it. The state is (units up, energy stored); energies that occur are few and kept as they are.
    """
    state: dict[tuple[int, float], float] = {(units, min(stored_mwh, battery_mwh)): 1.0}
    for load in np.asarray(load_mw, dtype=np.float64).tolist():
        after: dict[tuple[int, float], float] = {}
        for (up, stored), chance in state.items():
            for left, odds in enumerate(_survivors(up, hourly_survival)):
                surplus = left * unit_mw - load
                energy = stored + min(max(surplus, -battery_mw), battery_mw)
                if surplus < -battery_mw - 1e-9 or energy < -1e-9:
                    continue
                key = (left, round(min(max(energy, 0.0), battery_mwh), 6))
                after[key] = after.get(key, 0.0) + chance * odds
        state = after
    return sum(state.values())


def _survivors(units: int, survival: float) -> list[float]:
    """Return the probabilities that 0 … n units are left."""
    chance = [1.0]
    for _ in range(units):
        chance = [a * (1 - survival) + b * survival for a, b in zip([*chance, 0.0], [0.0, *chance], strict=True)]
    return chance
