"""Markov chains: repair crews that are fewer than the units, cold standby, switching that may fail.

References
----------
.. [1] R. Billinton, R. N. Allan, "Reliability Evaluation of Engineering Systems", 2nd ed., Plenum 1992, ch. 9 and 10.
.. [2] W. K. Grassmann, M. I. Taksar, D. P. Heyman, "Regenerative analysis and steady state distributions for Markov
   chains", Operations Research 33 (1985) 1107–1116.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.studies.availability.structure import Floats

MOST_STATES = 400  # of a chain of unlike units

#: The units in repair, by number, and those that wait for a crew, by their turn.
_Queue = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class GroupValue:
    """Steady state of a group of units, and the mean time to its first failure from all units up [h]."""

    availability: float
    unavailability: float
    frequency_per_h: float
    mttff_h: float


@dataclass(frozen=True, slots=True)
class Group:
    """Like units of which ``need`` must work."""

    units: int
    need: int
    failure_rate_per_h: float
    repair_rate_per_h: float  # 0: no repair
    crews: int | None = None  # repairs at the same time; ``None``: one crew a unit
    standby: bool = False  # units beyond the need wait cold and can't fail
    switch_failure: float = 0.0  # probability that a waiting unit doesn't start


def solve_group(group: Group) -> GroupValue:
    """Return the group's steady state from the chain of its number of failed units [1]_."""
    rates = group_rates(group)
    spare = group.units - group.need
    up, down = np.arange(spare + 1), np.arange(spare + 1, group.units + 1)
    first = mean_first_passage_h(rates, up)
    if group.repair_rate_per_h == 0:
        return GroupValue(0.0, 1.0, 0.0, first)
    share = steady_state(rates)
    leaving = rates[np.ix_(up, down)].sum(axis=1)
    return GroupValue(float(share[up].sum()), float(share[down].sum()), float(share[up] @ leaving), first)


def group_rates(group: Group) -> Floats:
    """Return the rates [1/h] between the states 0 … n failed units.

    Active units fail at (n − j) λ, units in cold standby don't: min(k, n − j) λ. Crews repair at min(j, c) μ. A unit
    that is asked to start and doesn't (probability s) is a failed unit too, and the next one is asked.
    """
    n, crews = group.units, group.crews or group.units
    rates = np.zeros((n + 1, n + 1))
    for failed in range(n + 1):
        working = n - failed
        running = min(group.need, working) if group.standby else working
        waiting = working - running
        chance = 1.0
        for refusing in range(waiting if group.switch_failure else 0):
            rates[failed, failed + 1 + refusing] = (
                running * group.failure_rate_per_h * chance * (1 - group.switch_failure)
            )
            chance *= group.switch_failure
        if working:
            last = failed + 1 + (waiting if group.switch_failure else 0)
            rates[failed, last] += running * group.failure_rate_per_h * chance
        if failed:
            rates[failed, failed - 1] = min(failed, crews) * group.repair_rate_per_h
    return rates


def steady_state(rates: Floats) -> Floats:
    """Return the stationary distribution of a chain by the method of Grassmann, Taksar and Heyman [2]_.

    States are eliminated from the last to the first without a subtraction, so that small probabilities keep their
    digits.
    """
    work = rates.astype(np.float64, copy=True)
    np.fill_diagonal(work, 0.0)
    size = len(work)
    for last in range(size - 1, 0, -1):
        work[:last, last] /= work[last, :last].sum()
        work[:last, :last] += np.outer(work[:last, last], work[last, :last])
    share = np.zeros(size)
    share[0] = 1.0
    for state in range(1, size):
        share[state] = share[:state] @ work[:state, state]
    return np.asarray(share / share.sum())


def mean_first_passage_h(rates: Floats, inside: np.ndarray) -> float:
    """Return the mean time from state 0 until the chain leaves the states inside [h]."""
    generator = rates - np.diag(rates.sum(axis=1))
    times = np.linalg.solve(-generator[np.ix_(inside, inside)], np.ones(len(inside)))
    return float(times[0])


def solve_unlike_group(
    need: int,
    failure_rates_per_h: Sequence[float],
    repair_rates_per_h: Sequence[float],
    *,
    crews: int | None = None,
    standby: bool = False,
) -> GroupValue | None:
    """Return the steady state of unlike units; ``None`` when the chain has more states than are solved.

    A state is the units in repair and the order in which the others wait for a crew: the first that failed is repaired
    first. In standby the units named first run, as many as are needed.
    """
    n = len(failure_rates_per_h)
    crews = crews or n
    all_up: _Queue = ((), ())
    number = {all_up: 0}
    moves: list[tuple[int, int, float]] = []
    open_states = [all_up]
    for state in open_states:  # grows as new states are met
        for after, rate in _moves(state, need if standby else n, crews, failure_rates_per_h, repair_rates_per_h):
            if after not in number:
                number[after] = len(number)
                open_states.append(after)
            moves.append((number[state], number[after], rate))
        if len(number) > MOST_STATES:
            return None
    rates = np.zeros((len(number), len(number)))
    for old, new, rate in moves:
        rates[old, new] += rate
    up = np.array([n - len(repaired) - len(waiting) >= need for repaired, waiting in number])
    share = steady_state(rates)
    leaving = rates[np.ix_(up, ~up)].sum(axis=1)
    first = mean_first_passage_h(rates, np.flatnonzero(up))
    return GroupValue(float(share[up].sum()), float(share[~up].sum()), float(share[up] @ leaving), first)


def _moves(
    state: _Queue, running: int, crews: int, failure_rates: Sequence[float], repair_rates: Sequence[float]
) -> Iterator[tuple[_Queue, float]]:
    """Yield every state that follows, with its rate [1/h]."""
    repaired, waiting = state
    working = [unit for unit in range(len(failure_rates)) if unit not in repaired and unit not in waiting]
    for unit in working[:running]:
        free = len(repaired) < crews
        after = (tuple(sorted((*repaired, unit))), waiting) if free else (repaired, (*waiting, unit))
        yield after, failure_rates[unit]
    for unit in repaired:
        others = {*repaired, *waiting[:1]} - {unit}
        yield (tuple(sorted(others)), waiting[1:]), repair_rates[unit]
