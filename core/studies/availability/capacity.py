"""Availability of megawatts: what the units that are up can carry, against what the load requires.

References
----------
.. [1] R. Billinton, R. N. Allan, "Reliability Evaluation of Power Systems", 2nd ed., Plenum 1996, ch. 2 (capacity
   outage probability table, LOLE, LOEE).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from core.studies.availability.structure import Floats

TOLERANCE_MW = 1e-9  # MW that lie no further apart are the same
MOST_LEVELS = 20_000  # different sums of MW; units that make more are rounded down to a grid of as many steps
_AT_ONCE = 4_000_000  # sums that are formed together: bounds the memory


@dataclass(frozen=True, slots=True)
class Levels:
    """The MW that can be there, ascending, and the probability of each."""

    mw: Floats
    chance: Floats

    def plus(self, other: Levels) -> Levels:
        """Return the levels of both together [1]_."""
        few, many = sorted((self, other), key=lambda levels: len(levels.mw))
        size = max(1, _AT_ONCE // len(many.mw))
        parts = [
            _merged(
                np.add.outer(few.mw[start : start + size], many.mw).ravel(),
                np.multiply.outer(few.chance[start : start + size], many.chance).ravel(),
            )
            for start in range(0, len(few.mw), size)
        ]
        if len(parts) == 1:
            return parts[0]
        return _merged(np.concatenate([part.mw for part in parts]), np.concatenate([part.chance for part in parts]))

    def split(self, required_mw: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return the probabilities of at least, and of less than, the required MW: each a sum of positive terms."""
        place = np.searchsorted(self.mw, np.asarray(required_mw) - TOLERANCE_MW)
        below = np.concatenate(([0.0], np.cumsum(self.chance)))
        above = np.concatenate((np.cumsum(self.chance[::-1])[::-1], [0.0]))
        return above[place], below[place]


NOTHING = Levels(np.zeros(1), np.ones(1))


def _merged(mw: Floats, chance: Floats) -> Levels:
    """Return the levels in order, those that are the same as one."""
    order = np.argsort(mw, kind="stable")  # two ascending rows are merged
    mw, chance = mw[order], chance[order]
    first = np.flatnonzero(np.diff(np.round(mw / TOLERANCE_MW), prepend=-1.0))
    return Levels(mw[first], np.add.reduceat(chance, first))


def unit_levels(mw: Floats, unavailability: Floats) -> list[Levels]:
    """Return the two levels of every unit."""
    return [
        _merged(np.array([0.0, power]), np.array([down, 1 - down]))
        for power, down in zip(mw.tolist(), unavailability.tolist(), strict=True)
    ]


def with_few_sums(capacity_mw: Floats) -> tuple[Floats, float]:
    """Return the capacities with at most about ``MOST_LEVELS`` different sums, and the MW they lost by rounding down.

    They are left as they are where few sizes repeat, or where all lie on a grid of whole kW that is coarse enough.
    """
    mw = np.asarray(capacity_mw, dtype=np.float64)
    _, counts = np.unique(np.round(mw / TOLERANCE_MW), return_counts=True)
    kw = np.rint(mw * 1000)
    shared = int(np.gcd.reduce(kw.astype(np.int64))) if len(kw) else 0
    on_grid = bool((np.abs(mw * 1000 - kw) < TOLERANCE_MW * 1000).all()) and kw.sum() <= shared * MOST_LEVELS
    if on_grid or np.log(counts + 1).sum() <= np.log(MOST_LEVELS):
        return mw, 0.0
    step = float(mw.sum()) / MOST_LEVELS
    rounded = np.floor(mw / step + TOLERANCE_MW) * step
    return rounded, float((mw - rounded).sum())


@dataclass(frozen=True, slots=True)
class CapacityValue:
    """Whether the required MW are there: probability, its complement, how often an hour they go, slope by each unit."""

    availability: float
    unavailability: float
    frequency_per_h: float
    slope: Floats
    installed_mw: float
    rounded_mw: float  # what rounding took off the units' MW: above 0 the availability is a lower bound


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
    installed, down = np.asarray(capacity_mw, dtype=np.float64), np.asarray(unavailability, dtype=np.float64)
    mw, rounded_mw = with_few_sums(installed)
    units = unit_levels(mw, down)
    before = list(accumulate(units, Levels.plus, initial=NOTHING))
    after = list(accumulate(reversed(units), Levels.plus, initial=NOTHING))[::-1]
    need = required_mw - firm_mw
    up, short = (float(part) for part in before[-1].split(need))
    slope = np.array([_decides(before[i], after[i + 1], need, power) for i, power in enumerate(mw.tolist())])
    often = np.full(len(mw), np.nan) if frequency_per_h is None else np.asarray(frequency_per_h, dtype=np.float64)
    installed_mw = float(installed.sum()) + firm_mw
    return CapacityValue(up, short, float(slope @ often), slope, installed_mw, rounded_mw)


def _decides(before: Levels, after: Levels, need_mw: float, unit_mw: float) -> float:
    """Return the probability that a unit between the others decides whether the need is met."""
    missing = need_mw - before.mw
    return float(before.chance @ (after.split(missing - unit_mw)[0] - after.split(missing)[0]))


def outage_table(capacity_mw: npt.ArrayLike, unavailability: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the MW that can be available, ascending, and the probability of each, by convolution [1]_."""
    mw, _ = with_few_sums(np.asarray(capacity_mw, dtype=np.float64))
    table = reduce(Levels.plus, unit_levels(mw, np.asarray(unavailability, dtype=np.float64)), NOTHING)
    return table.mw, table.chance


def adequacy(
    capacity_mw: npt.ArrayLike, unavailability: npt.ArrayLike, load_mw: npt.ArrayLike, *, step_h: float = 1.0
) -> Adequacy:
    """Return LOLE and LOEE of units against a load series (what firm sources give taken off the load before) [1]_."""
    levels, chance = outage_table(capacity_mw, unavailability)
    load = np.asarray(load_mw, dtype=np.float64)
    below = np.searchsorted(levels, load - TOLERANCE_MW)  # states that carry less than the load
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
