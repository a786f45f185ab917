"""A threshold gate works while enough of its members work: series, parallel and k-of-n."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GateValue:
    """Probability that a gate works, that it doesn't (each summed from positive terms), and dA/da of every member."""

    availability: float
    unavailability: float
    slope: Floats


def threshold(up: Floats, down: Floats, need: int) -> GateValue:
    """Return the value of a gate of independent members.

    Parameters
    ----------
    up, down
        Probabilities that each member works and doesn't; both, because 1 − up loses the digits of small values.
    need
        The gate works while at least so many members work.

    Notes
    -----
    With ``f_i(j)`` the probability that j of the first i members work (capped at the need),
    ``f_i(j) = down_i f_{i-1}(j) + up_i f_{i-1}(j - 1)``: exact for unlike members in O(n · need). The slopes come
    from the same recursion run backwards. Counting what is lost instead of what works is the same gate turned
    around; the shorter count is taken.
    """
    total = len(up)
    if need <= 0 or need > total:
        works = float(need <= 0)
        return GateValue(works, 1.0 - works, np.zeros(len(up)))
    if need > total - need + 1:
        turned = threshold(down, up, total - need + 1)
        return GateValue(turned.unavailability, turned.availability, turned.slope)
    if need == 1:
        return _any_works(up, down)
    return _by_counting(up, down, need)


def _any_works(up: Floats, down: Floats) -> GateValue:
    """Return the parallel gate in closed form."""
    before = np.concatenate(([1.0], np.cumprod(down[:-1])))
    after = np.concatenate((np.cumprod(down[:0:-1])[::-1], [1.0]))
    with np.errstate(divide="ignore"):
        works = -math.expm1(float(np.log1p(-np.minimum(up, 1.0)).sum()))
    return GateValue(works, float(np.prod(down)), before * after)


def _by_counting(up: Floats, down: Floats, need: int) -> GateValue:
    """Run the recursion forwards, keeping one state in √n, then backwards for the slopes."""
    stride = max(1, math.isqrt(len(up)))
    state = np.zeros(need + 1)
    state[0] = 1.0
    kept = []
    for i in range(len(up)):
        if i % stride == 0:
            kept.append(state)
        state = _forward(state, up[i], down[i])
    value = np.zeros(need + 1)
    value[need] = 1.0
    slope = np.empty(len(up))
    for start in reversed(range(0, len(up), stride)):
        states = [kept[start // stride]]
        stop = min(start + stride, len(up))
        for i in range(start, stop - 1):
            states.append(_forward(states[-1], up[i], down[i]))
        for i in reversed(range(start, stop)):
            lifted = _lift(value)
            slope[i] = states[i - start] @ (lifted - value)
            value = down[i] * value + up[i] * lifted
    works, lost = float(state[need]), float(state[:need].sum())
    if works > lost:  # the smaller of the two is a sum of small terms and keeps its digits
        return GateValue(1.0 - lost, lost, slope)
    return GateValue(works, 1.0 - works, slope)


def _forward(state: Floats, up: float, down: float) -> Floats:
    after = down * state
    after[1:] += up * state[:-1]
    after[-1] += up * state[-1]
    return after


def _lift(value: Floats) -> Floats:
    """Return, for every count of working members, the value once this member is added."""
    return np.append(value[1:], value[-1])
