"""Sums of megawatts that may be there, by convolution; and units with a battery through an outage.

References
----------
.. [1] R. Billinton, R. N. Allan, "Reliability Evaluation of Power Systems", 2nd ed., Plenum 1996, ch. 2 (capacity
   outage probability table).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

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

    def at_least(self) -> Floats:
        """Return the probability of every level or more, a sum of positive terms."""
        return np.cumsum(self.chance[::-1])[::-1]


NOTHING = Levels(np.zeros(1), np.ones(1))


def total(parts: Sequence[Levels], step_mw: float) -> Levels:
    """Return the levels of all together; with a step, of which all MW are whole numbers, by shifting and adding."""
    if not step_mw:
        return reduce(Levels.plus, parts, NOTHING)
    chance = np.ones(1)
    for part in parts:
        places = np.rint(part.mw / step_mw).astype(np.int64).tolist()
        after = np.zeros(places[-1] + len(chance))
        for place, odds in zip(places, part.chance.tolist(), strict=True):
            after[place : place + len(chance)] += odds * chance
        chance = after
    return Levels(np.arange(len(chance), dtype=np.float64) * step_mw, chance)


def _merged(mw: Floats, chance: Floats) -> Levels:
    """Return the levels in order, those that are the same as one."""
    order = np.argsort(mw, kind="stable")  # two ascending rows are merged
    mw, chance = mw[order], chance[order]
    first = np.flatnonzero(np.diff(np.round(mw / TOLERANCE_MW), prepend=-1.0))
    return Levels(mw[first], np.add.reduceat(chance, first))


def with_few_sums(capacity_mw: Floats) -> tuple[Floats, float]:
    """Return the capacities with at most about ``MOST_LEVELS`` different sums, and the step they were rounded down to.

    The step is 0 and they are left as they are where few sizes repeat, or where all lie on a grid of whole kW that is
    coarse enough.
    """
    mw = np.asarray(capacity_mw, dtype=np.float64)
    _, counts = np.unique(np.round(mw / TOLERANCE_MW), return_counts=True)
    kw = np.rint(mw * 1000)
    shared = int(np.gcd.reduce(kw.astype(np.int64))) if len(kw) else 0
    on_grid = bool((np.abs(mw * 1000 - kw) < TOLERANCE_MW * 1000).all()) and kw.sum() <= shared * MOST_LEVELS
    if on_grid or np.log(counts + 1).sum() <= np.log(MOST_LEVELS):
        return mw, 0.0
    step = float(mw.sum()) / MOST_LEVELS
    return np.floor(mw / step + TOLERANCE_MW) * step, step


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
