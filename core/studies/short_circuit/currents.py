"""Short-circuit currents by the equivalent voltage source at the fault location, from nodal impedances.

All fault locations are calculated at once, and the partial current of every source is known, which the breaking current
near to generators needs.

References
----------
.. [1] IEC 60909-0:2001, clauses 2.3.1 and 4; IEC 60909-0:2016, clause 6.9 (converters as current sources).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.studies.short_circuit import factors, nodal
from core.studies.short_circuit.fault_network import FaultNetwork
from core.studies.short_circuit.sequence import (
    BASE_MVA,
    Complex,
    Float,
    Index,
    PositiveSequence,
    node_voltages,
    positions,
    positive_sequence,
    unit_factors,
)
from core.studies.short_circuit.uniform_ratio import smallest_r_x
from core.studies.short_circuit.zero_sequence import zero_sequence

#: Fault locations that are solved together; bounds the memory of nodes × locations.
_BLOCK = 256

#: Methods of the peak current in meshed networks, clause 4.3.1.2 (a) to (c).
PEAK_METHODS = {"A": "uniform ratio R/X", "B": "ratio R/X at the fault", "C": "equivalent frequency"}

#: Tables of contributions longer than this are left out.
MOST_CONTRIBUTIONS = 300_000


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is asked: case, minimum time delay of the breakers, and method of the peak current."""

    case: str = "max"  # max: duties; min: protection
    delay_s: float = 0.05  # t_min: first contact separation after the fault
    peak_method: str = "C"  # one of PEAK_METHODS
    tolerance_pct: float = 10.0  # voltage tolerance of low-voltage systems, Table 1
    single_phase: bool = True  # no where the zero sequence is unknown


@dataclass(frozen=True, slots=True)
class ShortCircuits:
    """Currents, one row a bus and fault type, and what each source gives to the three-phase fault."""

    currents: pd.DataFrame
    contributions: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Faults:
    """Fault locations that share one set of impedances."""

    at: Index  # node numbers
    v_kv: Float  # nominal voltages U_n
    driving: Float  # voltage at the fault location c·U/U_n [pu]
    positive: PositiveSequence
    columns: Complex  # nodal impedances, nodes × faults [pu]
    inside_unit: str = ""  # the machine of a power station unit whose terminals they are

    @property
    def z_k(self) -> Complex:
        """Return the short-circuit impedance Z_k [pu]."""
        return np.asarray(self.columns[self.at, np.arange(len(self.at))], dtype=complex)

    @property
    def base_ka(self) -> Float:
        """Return the base current [kA]."""
        return np.asarray(BASE_MVA / (np.sqrt(3) * self.v_kv), dtype=float)

    def driving_impedances(self, frequency_ratio: float, z_sources: Complex) -> Complex:
        """Return Z_k with reactances at an equivalent frequency and other source impedances [pu]."""
        branches = nodal.scaled(self.positive.branches, frequency_ratio)
        z = nodal.at_frequency(z_sources, frequency_ratio)
        return nodal.driving_impedances(len(self.positive.v_kv), branches, self.positive.sources.bus, z, self.at)


@dataclass(frozen=True, slots=True)
class _FaultCurrents:
    """Currents of one fault type at all locations [kA] and the impedance that drives them [pu]."""

    z: Complex
    sources_ka: Float  # I″_k without converters
    inverters_ka: Float
    breaking_ka: Float
    steady_ka: Float


def short_circuits(
    network: FaultNetwork, conditions: Conditions | None = None, *, buses: list[str] | None = None
) -> ShortCircuits:
    """Return the currents of three-phase and single-phase-to-earth faults at every bus, or at some.

    Returns
    -------
    ShortCircuits
        ``currents`` with one row a bus and fault type (``3ph``, ``1ph``): ``ik_ka`` I″_k, ``ip_ka`` i_p,
        ``ib_ka`` I_b, ``i_dc_ka`` and ``ib_asym_ka`` at the time delay, ``ik_steady_ka`` I_k, ``sk_mva`` S″_k,
        ``kappa``, ``r_ohm`` and ``x_ohm`` of Z_k, ``x_r``, ``x_r_dc`` (at the equivalent frequency of clause 4.4),
        ``ik_inverter_ka`` (the converters' part of I″_k); ``contributions`` by bus and source.
    """
    conditions = conditions or Conditions()
    sources = sum(len(network[table]) for table in ("feeder", "machine", "motor", "inverter"))
    few = sources * len(network["bus"]) <= MOST_CONTRIBUTIONS
    solved = []
    for inside, block in _fault_groups(network, buses):  # one group's impedances are in memory at a time
        faults = _solve(network, conditions, inside, block)
        parts = _contributions(network, conditions, faults)
        solved.append((_currents(network, conditions, faults), parts if few else parts.iloc[:0]))
    order = pd.Index(network["bus"]["id"])
    currents, parts = (
        pd.concat(tables, ignore_index=True).sort_values("bus", key=order.get_indexer, kind="stable", ignore_index=True)
        for tables in zip(*solved, strict=True)
    )
    return ShortCircuits(currents, parts)


def _fault_groups(network: FaultNetwork, buses: list[str] | None) -> list[tuple[str, Index]]:
    """Return the terminals of each power station unit, which see other impedances, and blocks of all other buses."""
    units = unit_factors(network, node_voltages(network)).drop_duplicates("bus")
    inside = positions(network, units["bus"])
    others = np.setdiff1d(np.arange(len(network["bus"]), dtype=np.int64), inside)
    blocks = [("", others[i : i + _BLOCK]) for i in range(0, len(others), _BLOCK)]
    groups = [*((name, np.array([bus])) for name, bus in zip(units["machine"], inside, strict=True)), *blocks]
    if buses is None:
        return groups
    wanted = positions(network, pd.Series(buses))
    kept = [(name, block[np.isin(block, wanted)]) for name, block in groups]
    return [(name, block) for name, block in kept if len(block)]


def _solve(network: FaultNetwork, conditions: Conditions, inside_unit: str, at: Index) -> _Faults:
    positive = positive_sequence(network, conditions.case, inside_unit=inside_unit)
    v_kv = positive.v_kv[at]
    units = unit_factors(network, positive.v_kv).set_index("machine")
    rated = float(units["v_ratio"].get(inside_unit, 1.0))  # clause 4.2.1.3: c·U_rG inside a power station unit
    driving = factors.voltage_factor(v_kv, conditions.case, tolerance_pct=conditions.tolerance_pct) * rated
    sources = positive.sources
    columns = nodal.impedance_columns(len(positive.v_kv), positive.branches, sources.bus, sources.z, at)
    return _Faults(at, v_kv, driving, positive, columns, inside_unit)


def _currents(network: FaultNetwork, conditions: Conditions, faults: _Faults) -> pd.DataFrame:
    """Return the table of currents: first three-phase faults, then single-phase faults."""
    kappa = _kappa(network, conditions, faults)
    dc_ratio = factors.dc_frequency_ratio(network.frequency_hz * conditions.delay_s)
    r_x_dc = _r_x(faults.driving_impedances(dc_ratio, faults.positive.sources.z)) * dc_ratio
    asked = {"3ph": _three_phase(network, conditions, faults)}
    if conditions.single_phase:
        asked["1ph"] = _single_phase(network, conditions, faults)
    tables = []
    for kind, got in asked.items():
        ip = np.sqrt(2) * (np.nan_to_num(kappa) * got.sources_ka + got.inverters_ka)  # converters: κ = 1
        decay = np.nan_to_num(r_x_dc)  # where nothing feeds the fault there is nothing to decay
        i_dc = factors.dc_component(got.sources_ka, decay, network.frequency_hz, conditions.delay_s)
        z = np.asarray(np.where(_connected(got.z), got.z, np.nan), dtype=complex)
        ohm = z * faults.v_kv**2 / BASE_MVA
        table = {
            "bus": network["bus"]["id"].to_numpy()[faults.at],
            "v_kv": faults.v_kv,
            "fault_type": kind,
            "case": conditions.case,
            "peak_method": conditions.peak_method,
            "ik_ka": got.sources_ka + got.inverters_ka,
            "ip_ka": ip,
            "ib_ka": got.breaking_ka,
            "i_dc_ka": i_dc,
            "ib_asym_ka": factors.asymmetrical(got.breaking_ka, i_dc),
            "ik_steady_ka": got.steady_ka,
            "ik_inverter_ka": got.inverters_ka,
            "kappa": kappa,
            "r_ohm": ohm.real,
            "x_ohm": ohm.imag,
            "x_r": 1 / _r_x(z),
            "x_r_dc": 1 / r_x_dc,
        }
        tables.append(pd.DataFrame(table))
    both = pd.concat(tables, ignore_index=True)
    return both.assign(sk_mva=np.sqrt(3) * both["v_kv"] * both["ik_ka"])


def _three_phase(network: FaultNetwork, conditions: Conditions, faults: _Faults) -> _FaultCurrents:
    """Return I″_k of clause 4.2.1, equation (29), I_b of clause 4.5.2 and I_k of clause 4.6."""
    ik = _without_floating(faults.driving / np.abs(faults.z_k), faults.z_k) * faults.base_ka
    inverter = _inverter_current(network, conditions, faults) * faults.base_ka
    sources = faults.positive.sources
    if conditions.case == "max":  # clause 4.6.3: maximum steady state of meshed networks is I″_k without motors
        still = np.where(sources.kind == "motor", 1e12, sources.z)
        steady = faults.driving / np.abs(faults.driving_impedances(1.0, still)) * faults.base_ka
    else:  # clause 4.6.3: minimum steady state of meshed networks is I″_k,min
        steady = ik
    broken = np.minimum(_breaking_current(conditions, faults) * faults.base_ka, ik) + inverter
    return _FaultCurrents(faults.z_k, ik, inverter, broken, np.minimum(steady, ik) + inverter)


def _single_phase(network: FaultNetwork, conditions: Conditions, faults: _Faults) -> _FaultCurrents:
    """Return I″_k1 = √3·c·U_n/|Z_(1) + Z_(2) + Z_(0)| of clause 4.2.4, equation (52); machines do not decay (4.5.3)."""
    zero = zero_sequence(network, conditions.case)
    nodes = len(faults.positive.v_kv)
    z_0 = nodal.driving_impedances(nodes, zero.branches, zero.earth_bus, zero.earth_z, faults.at)
    z = (faults.z_k + faults.driving_impedances(1.0, faults.positive.sources.z_negative) + z_0) / 3
    ik = _without_floating(faults.driving / np.abs(z), z) * faults.base_ka
    share = _without_floating(np.abs(faults.z_k) / np.abs(z), z)
    inverter = _inverter_current(network, conditions, faults) * share * faults.base_ka
    total = ik + inverter
    return _FaultCurrents(z, ik, inverter, total, total)


def _connected(z: Complex) -> NDArray[np.bool_]:
    """Return where a source (or earth) is connected: elsewhere only ``nodal.OPEN`` holds the node."""
    return np.asarray(np.abs(z) < 0.1 / nodal.OPEN, dtype=bool)


def _without_floating(current: Float, z: Complex) -> Float:
    """Return the currents with exactly zero where no source or no earth is connected."""
    return np.where(_connected(z), current, 0.0)


def _inverter_current(network: FaultNetwork, conditions: Conditions, faults: _Faults) -> Float:
    """Return Σ |Z_kj|·I_sk,j/|Z_kk| [pu]: converters as current sources (2016: 6.9), in the maximum case only."""
    rows = network["inverter"]
    if conditions.case == "min" or rows.empty:
        return np.zeros(len(faults.at))
    bus = positions(network, rows["bus"])
    current = rows["k"].to_numpy() * rows["s_mva"].to_numpy() / BASE_MVA
    return np.asarray(current @ np.abs(faults.columns[bus]) / np.abs(faults.z_k), dtype=float)


def _partial_currents(faults: _Faults) -> tuple[Complex, Complex]:
    """Return what each source feeds at its own bus and as seen at the fault location: sources × faults [pu]."""
    sources, nodes = faults.positive.sources, len(faults.positive.v_kv)
    drop = faults.columns / faults.z_k * faults.driving  # clause 2.3.1: ΔU from the equivalent voltage source
    own = drop[sources.bus] / sources.z[:, None]
    no_load = nodal.no_load_ratios(nodes, faults.positive.branches)
    return own, own * no_load[sources.bus][:, None] / no_load[faults.at]


def _breaking_current(conditions: Conditions, faults: _Faults) -> Float:
    """Return I_b without converters [pu].

    Clause 4.5.2.4: I_b = I″_k − Σ ΔU″/(c·U_n/√3)·(1 − μ·q)·I″_k with ΔU″ = jX″·I″ across the machine.
    Where the sources feed the fault independently it is Σ μ·q·I″_k (clause 4.5.2.2), as if ΔU″ were all of c·U_n/√3.
    """
    sources = faults.positive.sources
    own, at_fault = _partial_currents(faults)
    own_base = BASE_MVA / np.sqrt(3) / faults.positive.v_kv[sources.bus]
    ratio = np.abs(own) * (own_base / sources.rated_ka)[:, None]
    q = factors.q(np.nan_to_num(sources.p_per_pole_pair_mw), conditions.delay_s)
    left = factors.mu(ratio, conditions.delay_s) * np.where(sources.kind == "motor", q, 1.0)[:, None]
    left = np.where(ratio > 2, left, 1.0)  # far from this machine; feeders have no rated current
    no_load = nodal.no_load_ratios(len(faults.positive.v_kv), faults.positive.branches)
    across = 1j * sources.z.imag[:, None] * own / faults.driving  # ΔU″ over c·U_n/√3, at the machine's own voltage
    drop = across * no_load[faults.at] / no_load[sources.bus][:, None]
    drop = np.where(_fed_independently(faults) | (sources.id == faults.inside_unit)[:, None], 1.0, drop)
    total = faults.driving / faults.z_k
    return np.asarray(np.abs(total - (drop * (1 - left) * at_fault).sum(axis=0)), dtype=float)


def _fed_independently(faults: _Faults) -> NDArray[np.bool_]:
    """Return for each fault whether no two sources share a path to it: without the faulted bus, no part has two."""
    sources, branches, nodes = faults.positive.sources, faults.positive.branches, len(faults.positive.v_kv)
    degree = np.bincount(np.r_[branches.from_bus, branches.to_bus], minlength=nodes)
    at_bus = np.bincount(sources.bus, minlength=nodes)
    possible = degree[faults.at] + at_bus[faults.at] >= len(sources.bus)
    alone = np.zeros(len(faults.at), dtype=bool)
    for i in np.flatnonzero(possible):
        keep = (branches.from_bus != faults.at[i]) & (branches.to_bus != faults.at[i])
        part = nodal.parts(nodes, branches.from_bus[keep], branches.to_bus[keep])
        elsewhere = sources.bus[sources.bus != faults.at[i]]
        alone[i] = len(np.unique(part[elsewhere])) == len(elsewhere)
    return alone


def _kappa(network: FaultNetwork, conditions: Conditions, faults: _Faults) -> Float:
    """Return κ by a method of clause 4.3.1.2, with the fictitious resistances of machines."""
    z_peak = faults.positive.sources.z_peak
    if conditions.peak_method == "A":
        uniform = smallest_r_x(faults.positive, faults.columns, faults.at)
        return factors.kappa(np.where(_connected(faults.z_k), uniform, np.nan))
    if conditions.peak_method == "B":
        line = network["line"]
        resistive = bool((line["r_ohm"] >= 0.3 * line["x_ohm"]).any() or (z_peak.real >= 0.3 * z_peak.imag).any())
        return factors.kappa_b(_r_x(faults.driving_impedances(1.0, z_peak)), faults.v_kv, resistive=resistive)
    ratio = factors.PEAK_FREQUENCY_RATIO
    return factors.kappa(_r_x(faults.driving_impedances(ratio, z_peak)) * ratio)


def _r_x(z: Complex) -> Float:
    """Return R/X, missing where no source is connected."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(_connected(z), z.real / z.imag, np.nan), dtype=float)


def _contributions(network: FaultNetwork, conditions: Conditions, faults: _Faults) -> pd.DataFrame:
    """Return I″_k by source as seen at the fault location; phasors are projected on the total, so parts add up."""
    _, at_fault = _partial_currents(faults)
    sources = faults.positive.sources
    total = faults.driving / faults.z_k
    part = (at_fault * np.conj(total)).real / np.abs(total) * faults.base_ka
    inverter = network["inverter"] if conditions.case == "max" else network["inverter"].iloc[:0]
    i_sk = (inverter["k"] * inverter["s_mva"]).to_numpy() / BASE_MVA
    converted = i_sk[:, None] * np.abs(faults.columns[positions(network, inverter["bus"])]) / np.abs(faults.z_k)
    amounts = np.vstack([part, converted * faults.base_ka])
    amounts = np.where(_connected(faults.z_k), amounts, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(amounts.sum(axis=0) > 0, 100 * amounts / amounts.sum(axis=0), 0.0)
    names = np.concatenate([sources.id, inverter["id"].to_numpy(dtype=object)])
    kinds = np.concatenate([sources.kind, np.full(len(inverter), "inverter", dtype=object)])
    buses = network["bus"]["id"].to_numpy()[faults.at]
    return pd.DataFrame(
        {
            "bus": np.repeat(buses, len(names)),
            "source": np.tile(names, len(buses)),
            "kind": np.tile(kinds, len(buses)),
            "ik_ka": amounts.T.ravel(),
            "share_pct": share.T.ravel(),
        }
    )
