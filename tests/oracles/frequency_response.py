"""Closed form of the system-frequency-response model with one lag, without limits.

M·dw/dt = p − ΔP − D·w and T·dp/dt = −K·w − p with M = 2·ΣH·S give, from rest,

    w(s) = −ΔP·(1 + T·s)/(s·(M·T·s² + (M + D·T)·s + D + K)),

a second-order system with ω_n² = (D + K)/(M·T) and 2ζω_n = 1/T + D/M. Its lowest value is where dw/dt = 0 for the
first time: the derivation of P. M. Anderson, M. Mirheydar, "A low-order system frequency response model", IEEE
Transactions on Power Systems 5(3), 1990, for one lag in place of the reheat turbine.
"""

from __future__ import annotations

import math


def nadir_pu(loss_mw: float, m: float, damping_mw: float, gain_mw: float, lag_s: float) -> tuple[float, float]:
    """Return the lowest deviation [pu] and when it comes [s]; the system must be underdamped."""
    natural = math.sqrt((damping_mw + gain_mw) / (m * lag_s))
    decay = (1 / lag_s + damping_mw / m) / 2
    turn = math.sqrt(natural**2 - decay**2)
    end = -loss_mw / (damping_mw + gain_mw)
    slope = -loss_mw / m  # dw/dt at the start
    # w = end + e^(−decay·t)·(a·cos turn·t + b·sin turn·t) with w(0) = 0 and w'(0) = slope
    a = -end
    b = (slope + decay * a) / turn
    # w' = 0: tan(turn·t) = (b·turn − a·decay)/(a·turn + b·decay)
    angle = math.atan2(b * turn - a * decay, a * turn + b * decay)
    when = (angle % math.pi) / turn
    return end + math.exp(-decay * when) * (a * math.cos(turn * when) + b * math.sin(turn * when)), when
