"""The frequency after a loss of generation: one rotating mass, governors as limited first-order lags, load damping.

With w the deviation of the frequency per unit of its rated value, p_i the response of unit i [MW] and ΔP the loss [MW]:

    2·ΣH·S·dw/dt = Σ p_i − ΔP − D·w
    T_i·dp_i/dt = clip(−K_i·w, down_i, up_i) − p_i

This is the system-frequency-response model [1]_ with one lag a unit and with the units' headroom.

References
----------
.. [1] P. M. Anderson, M. Mirheydar, "A low-order system frequency response model", IEEE Transactions on Power
   Systems 5(3), 1990, pp. 720-729.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

#: RoCoF limits are written for the average over this long [s] (EN 50549-1 and -2: 2 Hz/s over 500 ms).
WINDOW_S = 0.5

#: How long a trip is followed at least and at most [s].
HORIZON_S, LONGEST_S = 20.0, 60.0

#: A curve is drawn by these times [s]: closely while the frequency falls, coarsely while it settles.
CURVE_S = np.concatenate([np.arange(0.0, 2.0, 0.02), np.arange(2.0, HORIZON_S + 0.01, 0.2)])

#: Longest step [s], and steps in the model's fastest time constant.
STEP_S, STEPS_PER_LAG = 0.01, 4.0

#: Followed until nothing moves any more: deviation from where it settles [pu] and slope [pu/s].
CALM = 1e-6

#: A swing faster than this [rad/s] is no plant's: the inertia left is as good as none.
FASTEST_RAD_S = 100.0


@dataclass(frozen=True, slots=True)
class Swing:
    """Cases to follow side by side: arrays by case, or by case and unit."""

    loss_mw: np.ndarray
    inertia_mva_s: np.ndarray  # ΣH·S of the machines that remain
    damping_mw: np.ndarray  # D: what the load falls by per unit of frequency
    gain_mw: np.ndarray  # K: by case and unit, the response per unit of frequency; 0 for what has tripped
    up_mw: np.ndarray  # by case and unit, headroom
    down_mw: np.ndarray  # by case and unit, ≤ 0
    lag_s: np.ndarray  # T, by unit

    def __getitem__(self, cases: Any) -> Swing:
        by_case = ("loss_mw", "inertia_mva_s", "damping_mw", "gain_mw", "up_mw", "down_mw")
        return replace(self, **{name: getattr(self, name)[cases] for name in by_case})

    def times(self, count: int) -> Swing:
        """Return the only case as many times, to vary it."""
        return self[np.zeros(count, dtype=int)]


@dataclass(frozen=True, slots=True)
class Response:
    """What became of each case, per unit of the rated frequency; ``nan`` where too little inertia is left."""

    rocof_pu_per_s: np.ndarray  # at the first instant
    window_rocof_pu_per_s: np.ndarray  # average over the first WINDOW_S
    nadir_pu: np.ndarray  # lowest deviation, ≤ 0
    nadir_s: np.ndarray  # when; nan where the frequency sinks until it settles
    settling_pu: np.ndarray  # deviation in the end


def rocof(swing: Swing) -> np.ndarray:
    """Return the initial rate of change [pu/s], ΔP/(2·ΣH·S); ``inf`` where no machine is left."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = swing.loss_mw / (2 * swing.inertia_mva_s)
    return np.where(swing.loss_mw == 0, 0.0, rate)


def settling(swing: Swing) -> np.ndarray:
    """Return the deviation [pu] at which responses and damping carry the loss: −ΔP/(ΣK + D) while no unit is limited.

    The responses are limited, so the balance is found by bisection; −1 (standstill) where nothing carries the loss.
    """
    low, high = np.full(len(swing.loss_mw), -1.0), np.zeros(len(swing.loss_mw))
    for _ in range(60):
        middle = (low + high) / 2
        short = _answered(swing, middle) - swing.damping_mw * middle < swing.loss_mw
        low, high = np.where(short, low, middle), np.where(short, middle, high)
    return np.where(swing.loss_mw == 0, 0.0, low)


def respond(swing: Swing) -> Response:
    """Follow every case by Runge-Kutta steps of fourth order and return its extremes."""
    alive = solvable(swing)
    calm = swing.loss_mw == 0
    window, nadir, when = np.where(calm, 0.0, np.full((3, len(calm)), np.nan))
    rate = np.where(calm | (swing.inertia_mva_s > 0), rocof(swing), np.nan)
    end = np.where(alive | calm, settling(swing), np.nan)
    if alive.any():
        window[alive], nadir[alive], when[alive] = _followed(swing[alive])
    sinking = end < nadir
    return Response(rate, window, np.where(sinking, end, nadir), np.where(sinking, np.nan, when), end)


def solvable(swing: Swing) -> np.ndarray:
    """Return which cases keep enough inertia to have a frequency at all."""
    return (swing.inertia_mva_s > 0) & (_fastest(swing) < FASTEST_RAD_S)


def _fastest(swing: Swing) -> np.ndarray:
    """Return the undamped natural frequency of each case [rad/s] or its damping rate, whichever is faster."""
    with np.errstate(divide="ignore", invalid="ignore"):
        stiffness = (swing.gain_mw / swing.lag_s).sum(axis=1) / (2 * swing.inertia_mva_s)
        return np.asarray(np.maximum(np.sqrt(stiffness), swing.damping_mw / (2 * swing.inertia_mva_s)))


def _answered(swing: Swing, deviation: np.ndarray) -> np.ndarray:
    asked = np.clip(-swing.gain_mw * deviation[:, None], swing.down_mw, swing.up_mw)
    return np.asarray(asked.sum(axis=1))


def curves(swing: Swing) -> np.ndarray:
    """Return the deviation [pu] by case at the times :data:`CURVE_S`; ``nan`` where too little inertia is left."""
    alive, drawn = solvable(swing) & (swing.loss_mw != 0), np.full((len(swing.loss_mw), len(CURVE_S)), np.nan)
    drawn[swing.loss_mw == 0] = 0.0
    if alive.any():
        step = _step(swing[alive])
        followed = np.array([deviation for deviation, _ in _path(swing[alive], step, HORIZON_S)])
        times = np.arange(len(followed)) * step
        drawn[alive] = [np.interp(CURVE_S, times, case) for case in followed.T]
    return drawn


def _followed(swing: Swing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the average RoCoF over the window, the lowest deviation and when it comes."""
    step = _step(swing)
    lasts = min(max(HORIZON_S, 10 * swing.lag_s.max(initial=0.0)), LONGEST_S)
    window, lowest, when = np.zeros((3, len(swing.loss_mw)))
    for count, (early, late) in enumerate(pairwise(_path(swing, step, lasts)), start=1):
        (before, slope_before), (deviation, slope) = early, late
        turns = (slope_before < 0) & (slope >= 0)  # between the steps the slope is a straight line
        inside = np.where(turns, slope_before / np.where(turns, slope_before - slope, 1.0), 1.0)
        bottom = np.where(turns, before + slope_before * inside * step / 2, deviation)
        lower = bottom < lowest
        lowest, when = np.where(lower, bottom, lowest), np.where(lower, (count - 1 + inside) * step, when)
        if count == round(WINDOW_S / step):
            window = np.abs(deviation) / WINDOW_S
    return window, lowest, when


def _path(swing: Swing, step: float, lasts_s: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield every case's deviation and its slope, step by step from the trip on until all are calm."""
    deviation, power = np.zeros(len(swing.loss_mw)), np.zeros_like(swing.gain_mw)
    slope, end = _slope(swing, deviation, power), settling(swing)
    yield deviation, slope
    for count in range(math.ceil(lasts_s / step)):
        deviation, power = _stepped(swing, deviation, power, step)
        slope = _slope(swing, deviation, power)
        yield deviation, slope
        if count * step > WINDOW_S and np.all(np.abs(deviation - end) + np.abs(slope) < CALM):
            return


def _step(swing: Swing) -> float:
    """Return a step [s] that divides the window and resolves every lag and swing."""
    shortest = min(float(swing.lag_s.min(initial=1.0)), 1.0 / max(float(_fastest(swing).max()), 1e-9))
    return float(WINDOW_S / np.ceil(WINDOW_S / min(STEP_S, shortest / STEPS_PER_LAG)))


def _stepped(swing: Swing, deviation: np.ndarray, power: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    def slopes(w: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked = np.clip(-swing.gain_mw * w[:, None], swing.down_mw, swing.up_mw)
        return _slope(swing, w, p), (asked - p) / swing.lag_s

    w1, p1 = slopes(deviation, power)
    w2, p2 = slopes(deviation + step / 2 * w1, power + step / 2 * p1)
    w3, p3 = slopes(deviation + step / 2 * w2, power + step / 2 * p2)
    w4, p4 = slopes(deviation + step * w3, power + step * p3)
    return deviation + step / 6 * (w1 + 2 * w2 + 2 * w3 + w4), power + step / 6 * (p1 + 2 * p2 + 2 * p3 + p4)


def _slope(swing: Swing, deviation: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Return dw/dt [pu/s]."""
    surplus = power.sum(axis=1) - swing.loss_mw - swing.damping_mw * deviation
    return np.asarray(surplus / (2 * swing.inertia_mva_s))
