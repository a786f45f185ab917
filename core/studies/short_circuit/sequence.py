"""Positive- and zero-sequence impedances of a fault network, in per unit of 100 MVA and the buses' nominal voltages.

Rated transformation ratios are kept (clause 3.3.1), so impedances are those of the standard, not of nominal ratios.

References
----------
.. [1] IEC 60909-0:2001, clauses 2.5 and 3.2 to 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.studies.short_circuit import factors
from core.studies.short_circuit.fault_network import FaultNetwork

Complex = NDArray[np.complex128]
Float = NDArray[np.float64]
Index = NDArray[np.int64]

BASE_MVA = 100.0
#: Copper and aluminium, clause 2.5, equation (3): R_L = (1 + 0.004(θ_e − 20 °C))·R_L20 [1/K].
TEMPERATURE_COEFFICIENT = 0.004


@dataclass(frozen=True, slots=True)
class Branches:
    """Series elements: ``z`` in per unit of the to side, ``ratio`` the off-nominal ratio at the from side."""

    from_bus: Index
    to_bus: Index
    z: Complex
    ratio: Float

    @classmethod
    def join(cls, parts: list[Branches]) -> Branches:
        """Return all the parts in one."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class Sources:
    """Voltage sources behind an impedance.

    ``z_peak`` has the fictitious resistances of the peak current, ``z_negative`` is Z_(2).
    """

    id: NDArray[np.object_]
    kind: NDArray[np.object_]
    bus: Index
    z: Complex
    z_peak: Complex
    z_negative: Complex
    rated_ka: Float
    p_per_pole_pair_mw: Float

    @classmethod
    def join(cls, parts: list[Sources]) -> Sources:
        """Return all the parts in one."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    def where(self, keep: NDArray[np.bool_]) -> Sources:
        """Return the kept sources."""
        return Sources(*(getattr(self, name)[keep] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class PositiveSequence:
    """Nodes (buses, then the star points of three-winding transformers), branches and voltage sources."""

    v_kv: Float
    branches: Branches
    sources: Sources


def node_voltages(network: FaultNetwork) -> Float:
    """Return the nominal voltage of every node; a star point has that of its high-voltage bus [kV]."""
    bus, star = network["bus"], network["star"]
    voltages = bus["v_kv"].to_numpy()
    return np.concatenate([voltages, voltages[positions(network, star["hv_bus"])]])


def positions(network: FaultNetwork, buses: pd.Series) -> Index:
    """Return the node number of each bus name."""
    return np.asarray(pd.Index(network["bus"]["id"]).get_indexer(buses), dtype=np.int64)


def positive_sequence(network: FaultNetwork, case: str, *, inside_unit: str = "") -> PositiveSequence:
    """Return the positive-sequence network of the ``max`` or ``min`` case.

    ``inside_unit`` names the machine at whose terminals the fault is: its generator takes K_G and its unit
    transformer no factor (clause 4.2.1.3) instead of K_S or K_SO. In the minimum case K_T is 1 (2016 edition);
    K_G and K_S stay, which errs to the low side.
    """
    v_kv = node_voltages(network)
    branches = [
        _lines(network, case, v_kv),
        _transformers(network, case, v_kv, inside_unit),
        _stars(network, case, v_kv),
    ]
    sources = [feeders(network, case), machines(network, v_kv, inside_unit)]
    if case == "max":  # clause 2.5: motors are neglected for the minimum currents
        sources.append(_motors(network, v_kv))
    return PositiveSequence(v_kv, Branches.join(branches), Sources.join(sources))


def impedance(uk_pct: pd.Series, ur_pct: pd.Series) -> Complex:
    """Return u_Rr + j·√(u_kr² − u_Rr²) in per unit of the rating (clauses 3.3.1 and 3.3.2).

    A negative u_kr is a negative reactance.
    """
    uk, ur = uk_pct.to_numpy() / 100, ur_pct.to_numpy() / 100
    return np.asarray(ur + 1j * np.sign(uk) * np.sqrt(np.maximum(uk**2 - ur**2, 0.0)), dtype=complex)


def _lines(network: FaultNetwork, case: str, v_kv: Float) -> Branches:
    line = network["line"]
    start, end = positions(network, line["from_bus"]), positions(network, line["to_bus"])
    hot = 1 + TEMPERATURE_COEFFICIENT * (line["end_temperature_c"].to_numpy() - 20) if case == "min" else 1.0
    ohm = line["r_ohm"].to_numpy() * hot + 1j * line["x_ohm"].to_numpy()
    return Branches(start, end, ohm * BASE_MVA / v_kv[end] ** 2, v_kv[end] / v_kv[start])


def unit_factors(network: FaultNetwork, v_kv: Float) -> pd.DataFrame:
    """Return K_S or K_SO and the parts it is made of for every power station unit, by machine."""
    machine, transformer = network["machine"], rated_transformers(network, v_kv)
    unit = machine.merge(transformer, left_on="unit_transformer", right_on="id", suffixes=("", "_t"))
    c_max = factors.voltage_factor(v_kv[positions(network, unit["bus"])], "max")
    v_q = v_kv[positions(network, unit["hv_bus"])]
    v_g = unit["v_kv"].fillna(pd.Series(v_kv[positions(network, unit["bus"])])).to_numpy()
    sin_phi = np.sqrt(1 - unit["cos_phi"].to_numpy() ** 2)
    xdss, x_t = unit["xdss_pu"].to_numpy(), impedance(unit["uk_pct"], unit["ur_pct"]).imag
    transfer = (unit["v_lv_kv"] / unit["v_hv_kv"]).to_numpy()
    on_load = factors.unit_factor_on_load((v_q / v_g * transfer) ** 2, xdss, x_t, sin_phi, c_max)
    fixed_ratio = v_q / (v_g * (1 + unit["p_g_pct"].to_numpy() / 100)) * transfer
    fixed = factors.unit_factor_fixed(fixed_ratio, xdss, sin_phi, c_max, unit["p_t_pct"].to_numpy() / 100)
    p_g = np.where(unit["on_load_taps"], 0.0, unit["p_g_pct"] / 100)
    return pd.DataFrame(
        {
            "machine": unit["id"],
            "transformer": unit["id_t"],
            "bus": unit["bus"],
            "k_s": np.where(unit["on_load_taps"], on_load, fixed),
            "k_g": factors.generator_factor(1.0, 1.0, xdss, sin_phi, c_max, p_g),
            "v_ratio": v_g / v_kv[positions(network, unit["bus"])],
        }
    )


def rated_transformers(network: FaultNetwork, v_kv: Float) -> pd.DataFrame:
    """Return the two-winding transformers with rated voltages filled from their buses."""
    rows = network["transformer"].reset_index(drop=True)
    for side in ("hv", "lv"):
        nominal = pd.Series(v_kv[positions(network, rows[f"{side}_bus"])], index=rows.index)
        rows[f"v_{side}_kv"] = rows[f"v_{side}_kv"].fillna(nominal)
    return rows


def transformer_corrections(network: FaultNetwork, case: str, v_kv: Float, inside_unit: str) -> Float:
    """Return the factor of every two-winding transformer: K_T, K_S, K_SO, or 1."""
    rows, units = rated_transformers(network, v_kv), unit_factors(network, v_kv)
    x_t = impedance(rows["uk_pct"], rows["ur_pct"]).imag
    c_max = factors.voltage_factor(v_kv[positions(network, rows["lv_bus"])], "max")
    plain = (
        np.where(rows["corrected"], factors.transformer_factor(x_t, c_max), 1.0)
        if case == "max"
        else np.ones(len(rows))
    )
    k_s = (
        units.assign(k_s=units["k_s"].where(units["machine"] != inside_unit, 1.0)).groupby("transformer")["k_s"].first()
    )
    return np.asarray(rows["id"].map(k_s).fillna(pd.Series(plain, index=rows.index)), dtype=float)


def _transformers(network: FaultNetwork, case: str, v_kv: Float, inside_unit: str) -> Branches:
    rows = rated_transformers(network, v_kv)
    hv, lv = positions(network, rows["hv_bus"]), positions(network, rows["lv_bus"])
    correction = transformer_corrections(network, case, v_kv, inside_unit)
    v_lv = rows["v_lv_kv"].to_numpy()
    z = impedance(rows["uk_pct"], rows["ur_pct"]) * correction * v_lv**2 / rows["s_mva"].to_numpy()
    ratio = rows["v_hv_kv"].to_numpy() / v_kv[hv] * v_kv[lv] / v_lv
    return Branches(hv, lv, z * BASE_MVA / v_kv[lv] ** 2, ratio)


def _stars(network: FaultNetwork, case: str, v_kv: Float) -> Branches:
    """Return three legs a three-winding transformer, from the star point; K_T on the pairs first (clause 3.3.3)."""
    rows = network["star"]
    legs = star_legs(network, case, v_kv)
    point = len(network["bus"]) + np.arange(len(rows), dtype=np.int64)
    v_hv = rows["v_hv_kv"].to_numpy()
    parts = []
    for side, z in zip(("hv", "mv", "lv"), legs, strict=True):
        bus, v_side = positions(network, rows[f"{side}_bus"]), rows[f"v_{side}_kv"].to_numpy()
        ratio = v_hv / v_kv[point] * v_kv[bus] / v_side
        parts.append(Branches(point, bus, z * v_side**2 / v_kv[bus] ** 2, ratio))
    return Branches.join(parts)


def star_legs(network: FaultNetwork, case: str, v_kv: Float, *, zero: bool = False) -> tuple[Complex, Complex, Complex]:
    """Return the legs to the high-, medium- and low-voltage winding in per unit of BASE_MVA and rated voltages."""
    rows = network["star"]
    pair = {}
    for name, (one, other) in {"hm": ("hv", "mv"), "ml": ("mv", "lv"), "hl": ("hv", "lv")}.items():
        rating = rows[[f"s_{one}_mva", f"s_{other}_mva"]].min(axis=1).to_numpy()
        uk, ur = rows[f"uk_{name}_pct"], rows[f"ur_{name}_pct"]
        c_max = factors.voltage_factor(v_kv[positions(network, rows[f"{other}_bus"])], "max")
        correction = factors.transformer_factor(impedance(uk, ur).imag, c_max) if case == "max" else 1.0
        if zero:
            uk, ur = rows[f"uk0_{name}_pct"].fillna(uk), rows[f"ur0_{name}_pct"].fillna(ur)
        pair[name] = impedance(uk, ur) * correction * BASE_MVA / rating
    return (
        (pair["hm"] + pair["hl"] - pair["ml"]) / 2,
        (pair["hm"] + pair["ml"] - pair["hl"]) / 2,
        (pair["hl"] + pair["ml"] - pair["hm"]) / 2,
    )


def feeders(network: FaultNetwork, case: str) -> Sources:
    """Return the network feeders, clause 3.2, equations (4) and (5): Z_Q = c·U_nQ²/S″_kQ, X_Q = Z_Q/√(1 + (R/X)²)."""
    rows = network["feeder"]
    bus = positions(network, rows["bus"])
    power = rows["sk_max_mva"] if case == "max" else rows["sk_min_mva"].fillna(rows["sk_max_mva"])
    c = factors.voltage_factor(network["bus"]["v_kv"].to_numpy()[bus], case)
    z = c * BASE_MVA / power.to_numpy()
    x = z / np.sqrt(1 + rows["r_x"].to_numpy() ** 2)
    z_q = rows["r_x"].to_numpy() * x + 1j * x
    none = np.full(len(rows), np.nan)
    return Sources(_names(rows), _kind(rows, "feeder"), bus, z_q, z_q, z_q, none, none)


def machines(network: FaultNetwork, v_kv: Float, inside_unit: str) -> Sources:
    """Return the synchronous machines with K_G (clause 3.6.1), or K_S or K_SO within a power station unit.

    The factors apply to the negative-sequence impedance too.
    """
    rows, units = network["machine"].reset_index(drop=True), unit_factors(network, v_kv).set_index("machine")
    bus = positions(network, rows["bus"])
    v_n, s = v_kv[bus], rows["s_mva"].to_numpy()
    v_g = rows["v_kv"].fillna(pd.Series(v_n, index=rows.index)).to_numpy()
    x, cos_phi = rows["xdss_pu"].to_numpy(), rows["cos_phi"].to_numpy()
    peak_r = factors.fictitious_resistance(x, v_g, s)
    r = rows["r_pu"].fillna(pd.Series(peak_r, index=rows.index)).to_numpy()
    c_max = factors.voltage_factor(v_n, "max")
    sin_phi = np.sqrt(1 - cos_phi**2)
    alone = factors.generator_factor(v_n, v_g, x, sin_phi, c_max, rows["p_g_pct"].to_numpy() / 100)
    in_unit = units["k_s"].where(units.index != inside_unit, units["k_g"])
    k = rows["id"].map(in_unit).fillna(pd.Series(alone, index=rows.index)).to_numpy()
    base = k * v_g**2 / s * BASE_MVA / v_n**2
    none = np.full(len(rows), np.nan)
    x_2 = rows["x2_pu"].where(rows["x2_pu"] > 0, rows["xdss_pu"]).to_numpy()
    z, z_peak, z_negative = ((r + 1j * x) * base, (peak_r + 1j * x) * base, (r + 1j * x_2) * base)
    rated_ka = s / (np.sqrt(3) * v_g)
    return Sources(_names(rows), _kind(rows, "machine"), bus, z, z_peak, z_negative, rated_ka, none)


def _motors(network: FaultNetwork, v_kv: Float) -> Sources:
    """Return the asynchronous motors, clause 3.8.1: Z_M = U_rM²/(I_LR/I_rM·S_rM)."""
    rows = network["motor"].reset_index(drop=True)
    bus = positions(network, rows["bus"])
    v_n = v_kv[bus]
    v_m = rows["v_kv"].fillna(pd.Series(v_n, index=rows.index)).to_numpy()
    power = (rows["p_mw"] / rows["pole_pairs"]).to_numpy()
    r_x = rows["r_x"].fillna(pd.Series(factors.motor_rx(v_m, power), index=rows.index)).to_numpy()
    s = (rows["p_mw"] / (rows["efficiency"] * rows["cos_phi"])).to_numpy()
    size = v_m**2 / (rows["i_start_pu"].to_numpy() * s) * BASE_MVA / v_n**2
    z = size * (r_x + 1j) / np.sqrt(1 + r_x**2)
    return Sources(_names(rows), _kind(rows, "motor"), bus, z, z, z, s / (np.sqrt(3) * v_m), power)


def _names(rows: pd.DataFrame) -> NDArray[np.object_]:
    return rows["id"].to_numpy(dtype=object)


def _kind(rows: pd.DataFrame, kind: str) -> NDArray[np.object_]:
    return np.full(len(rows), kind, dtype=object)
