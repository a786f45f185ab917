"""The factors of IEC 60909-0, one function each, in the standard's order, vectorised over numpy arrays.

Clause and equation numbers are those of the first edition (2001); the second (2016) keeps the formulas under new
numbers and adds c_min by voltage tolerance and converters as current sources (6.9).

References
----------
.. [1] IEC 60909-0:2001 and IEC 60909-0:2016, Short-circuit currents in three-phase a.c. systems –
   Part 0: Calculation of currents.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Nominal voltages below this are "low voltage" in Table 1 [kV].
LOW_VOLTAGE_KV = 1.0

#: Minimum time delays t_min for which μ and q are given, clause 4.5.2 [s].
DELAYS_S = np.array([0.02, 0.05, 0.10, 0.25])
_MU = np.array([[0.84, 0.26, 0.26], [0.71, 0.51, 0.30], [0.62, 0.72, 0.32], [0.56, 0.94, 0.38]])
_Q = np.array([[1.03, 0.12], [0.79, 0.12], [0.57, 0.12], [0.26, 0.10]])

#: Equivalent frequency for the peak current, method (c) of clause 4.3.1.2: 20 Hz at 50 Hz, 24 Hz at 60 Hz.
PEAK_FREQUENCY_RATIO = 0.4

#: Clause 4.4: upper bound of f·t → f_c/f for the aperiodic component.
_DC_CYCLES = np.array([1.0, 2.5, 5.0])
_DC_RATIO = np.array([0.27, 0.15, 0.092, 0.055])


def voltage_factor(v_kv: Any, case: str, *, tolerance_pct: float = 10.0) -> Array:
    """Return c of clause 2.3.1, Table 1: c_max or c_min for nominal voltages [kV].

    ``tolerance_pct`` is the voltage tolerance of low-voltage systems, 6 or 10 [%].
    """
    low = np.asarray(v_kv, dtype=float) < LOW_VOLTAGE_KV
    if case == "max":
        return np.where(low, 1.05 if tolerance_pct <= 6 else 1.10, 1.10)
    return np.where(low, 0.95 if tolerance_pct <= 6 else 0.90, 1.00)


def transformer_factor(x_pu: Any, c_max: Any) -> Array:
    """Return K_T of clause 3.3.3, equation (12a): x_T in per unit of the rating, c_max of the low-voltage side."""
    return np.asarray(0.95 * np.asarray(c_max) / (1 + 0.6 * np.asarray(x_pu)), dtype=float)


def generator_factor(v_kv: Any, v_rated_kv: Any, xdss_pu: Any, sin_phi: Any, c_max: Any, p_g: Any = 0.0) -> Array:
    """Return K_G of clause 3.6.1, equation (18); U_rG(1 + p_G) where the terminal voltage is kept off its rating."""
    rated = np.asarray(v_rated_kv) * (1 + np.asarray(p_g))
    return np.asarray(v_kv / rated * c_max / (1 + np.asarray(xdss_pu) * sin_phi), dtype=float)


def unit_factor_on_load(ratio_squared: Any, xdss_pu: Any, x_t_pu: Any, sin_phi: Any, c_max: Any) -> Array:
    """Return K_S of clause 3.7.1, equation (22): power station unit with on-load tap changer.

    ``ratio_squared`` is (U_nQ/U_rG)²·(U_rTLV/U_rTHV)².
    """
    return np.asarray(ratio_squared * c_max / (1 + np.abs(np.asarray(xdss_pu) - x_t_pu) * sin_phi), dtype=float)


def unit_factor_fixed(ratio: Any, xdss_pu: Any, sin_phi: Any, c_max: Any, p_t: Any = 0.0) -> Array:
    """Return K_SO of clause 3.7.2, equation (24): power station unit without on-load tap changer.

    ``ratio`` is U_nQ/(U_rG(1 + p_G))·U_rTLV/U_rTHV.
    """
    return np.asarray(ratio * (1 - np.asarray(p_t)) * c_max / (1 + np.asarray(xdss_pu) * sin_phi), dtype=float)


def fictitious_resistance(x_pu: Any, v_rated_kv: Any, s_mva: Any) -> Array:
    """Return R_Gf of clause 3.6.1, for the peak current only: 0.05, 0.07 or 0.15 of X″_d."""
    low, large = np.asarray(v_rated_kv) <= LOW_VOLTAGE_KV, np.asarray(s_mva) >= 100
    return np.asarray(np.asarray(x_pu) * np.where(low, 0.15, np.where(large, 0.05, 0.07)), dtype=float)


def motor_rx(v_kv: Any, p_per_pole_pair_mw: Any) -> Array:
    """Return R_M/X_M of clause 3.8.1 for motors without a stated value."""
    low, large = np.asarray(v_kv) < LOW_VOLTAGE_KV, np.asarray(p_per_pole_pair_mw) >= 1
    return np.where(low, 0.42, np.where(large, 0.10, 0.15))


def kappa(r_x: Any) -> Array:
    """Return κ of clause 4.3.1.1, equation (55), from R/X."""
    return np.asarray(1.02 + 0.98 * np.exp(-3 * np.asarray(r_x)), dtype=float)


def kappa_b(r_x: Any, v_kv: Any, *, resistive: bool) -> Array:
    """Return κ by method (b) of clause 4.3.1.2: 1.15·κ(R/X at the fault), at most 1.8 in low voltage and 2.0 above.

    ``resistive`` says whether some branch has R/X of 0.3 or more; otherwise the factor 1.15 is not needed.
    """
    limit = np.where(np.asarray(v_kv) < LOW_VOLTAGE_KV, 1.8, 2.0)
    return np.asarray(np.minimum((1.15 if resistive else 1.0) * kappa(r_x), limit), dtype=float)


def dc_frequency_ratio(cycles: float) -> float:
    """Return f_c/f of clause 4.4 for the aperiodic component after ``cycles`` = f·t."""
    return float(_DC_RATIO[int(np.searchsorted(_DC_CYCLES, cycles, side="left"))])


def dc_component(ik_ka: Any, r_x: Any, frequency_hz: float, time_s: float) -> Array:
    """Return i_d.c. of clause 4.4 [kA]: √2·I″_k·exp(−2πf·t·R/X)."""
    return np.asarray(np.sqrt(2) * ik_ka * np.exp(-2 * np.pi * frequency_hz * time_s * np.asarray(r_x)), dtype=float)


def mu(i_ratio: Any, delay_s: float) -> Array:
    """Return μ of clause 4.5.2.1, equation (70), from I″_kG/I_rG; between the curves it is interpolated in t_min."""
    ratio = np.asarray(i_ratio, dtype=float)
    curves = np.stack([np.minimum(a + b * np.exp(-d * ratio), 1.0) for a, b, d in _MU])
    return np.where(ratio <= 2, 1.0, _between(curves, delay_s))


def q(p_per_pole_pair_mw: Any, delay_s: float) -> Array:
    """Return q of clause 4.5.2.3 from the motor's rated power per pair of poles [MW]."""
    power = np.maximum(np.asarray(p_per_pole_pair_mw, dtype=float), 1e-9)
    return _between(np.stack([np.clip(a + b * np.log(power), 0.0, 1.0) for a, b in _Q]), delay_s)


def asymmetrical(ib_ka: Any, i_dc_ka: Any) -> Array:
    """Return the asymmetrical breaking current of clause 4.5.1 [kA]: √(I_b² + i_d.c.²)."""
    return np.asarray(np.hypot(ib_ka, i_dc_ka), dtype=float)


def _between(curves: Array, delay_s: float) -> Array:
    """Interpolate the four curves linearly in t_min, which the standard accepts; outside, the nearest curve."""
    right = int(np.clip(np.searchsorted(DELAYS_S, delay_s), 1, len(DELAYS_S) - 1))
    left = right - 1
    share = np.clip((delay_s - DELAYS_S[left]) / (DELAYS_S[right] - DELAYS_S[left]), 0.0, 1.0)
    return np.asarray(curves[left] * (1 - share) + curves[right] * share, dtype=float)
