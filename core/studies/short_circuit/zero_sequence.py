"""The zero-sequence network: who lets earth-fault currents through, and what connects to earth.

A winding connected star with earthed neutral (YN or ZN) opposite a delta connects its bus to earth; opposite another
earthed star it passes the current on; every other winding blocks it. K_T, K_S and K_G apply to zero-sequence impedances
too, but not to neutral impedances, which count three times (IEC 60909-0:2001, clauses 3.3.3, 3.6.1 and 3.7).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from core.findings import Finding, Severity
from core.studies.short_circuit import sequence
from core.studies.short_circuit.fault_network import FaultNetwork
from core.studies.short_circuit.sequence import BASE_MVA, Branches, Complex, Float, Index

_WINDING = re.compile(r"(YN|ZN|Y|Z|D)", re.IGNORECASE)

#: Lines without stated zero-sequence impedance get this multiple of the positive-sequence one.
LINE_ZERO_RATIO = 3.0
#: Earthed machines without stated zero-sequence reactance get this share of x″_d.
MACHINE_ZERO_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class ZeroSequence:
    """Branches that pass zero-sequence current and impedances to earth, in per unit."""

    branches: Branches
    earth_bus: Index
    earth_z: Complex

    @classmethod
    def join(cls, parts: list[ZeroSequence]) -> ZeroSequence:
        """Return all the parts in one."""
        return cls(
            Branches.join([part.branches for part in parts]),
            np.concatenate([part.earth_bus for part in parts]),
            np.concatenate([part.earth_z for part in parts]),
        )


def windings(connection: str) -> list[str]:
    """Return the winding letters of a connection symbol, ``["YN", "D"]`` for ``YNd11``."""
    return [letter.upper() for letter in _WINDING.findall(connection)]


def zero_sequence(network: FaultNetwork, case: str) -> ZeroSequence:
    """Return the zero-sequence network of the ``max`` or ``min`` case."""
    v_kv = sequence.node_voltages(network)
    return ZeroSequence.join(
        [
            _lines(network, v_kv),
            _feeders(network, case),
            _machines(network, case, v_kv),
            _transformers(network, case, v_kv),
            _stars(network, case, v_kv),
        ]
    )


def _earth(bus: Index, z: Complex) -> ZeroSequence:
    return ZeroSequence(_no_branches(), bus, z)


def _no_branches() -> Branches:
    return Branches(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, complex), np.empty(0))


def _passing(branches: Branches) -> ZeroSequence:
    return ZeroSequence(branches, np.empty(0, np.int64), np.empty(0, complex))


def _lines(network: FaultNetwork, v_kv: Float) -> ZeroSequence:
    line = network["line"]
    start, end = sequence.positions(network, line["from_bus"]), sequence.positions(network, line["to_bus"])
    r0 = line["r0_ohm"].fillna(LINE_ZERO_RATIO * line["r_ohm"]).to_numpy()
    x0 = line["x0_ohm"].fillna(LINE_ZERO_RATIO * line["x_ohm"]).to_numpy()
    return _passing(Branches(start, end, (r0 + 1j * x0) * BASE_MVA / v_kv[end] ** 2, v_kv[end] / v_kv[start]))


def _feeders(network: FaultNetwork, case: str) -> ZeroSequence:
    rows = network["feeder"]
    z = sequence.feeders(network, case)
    earthed = rows["x0_x"].notna().to_numpy()
    x0 = z.z.imag * rows["x0_x"].to_numpy()
    return _earth(z.bus[earthed], (x0 * (rows["r0_x0"].to_numpy() + 1j))[earthed])


def _machines(network: FaultNetwork, case: str, v_kv: Float) -> ZeroSequence:
    rows = network["machine"]
    source = sequence.machines(network, v_kv, "")
    earthed = rows["neutral_ohm"].notna().to_numpy()
    x0 = rows["x0_pu"].fillna(MACHINE_ZERO_RATIO * rows["xdss_pu"])
    neutral = 3 * rows["neutral_ohm"].to_numpy() * BASE_MVA / v_kv[source.bus] ** 2
    z = source.z.real + neutral + 1j * source.z.imag * (x0 / rows["xdss_pu"]).to_numpy()
    return _earth(source.bus[earthed], z[earthed])


def _transformers(network: FaultNetwork, case: str, v_kv: Float) -> ZeroSequence:
    rows = sequence.rated_transformers(network, v_kv)
    letters = [[*windings(text), "", ""][:2] for text in rows["connection"]]
    hv_letter, lv_letter = (np.array([pair[i] for pair in letters], dtype=object) for i in (0, 1))
    hv_star, lv_star = (np.isin(letter, ["YN", "ZN"]) for letter in (hv_letter, lv_letter))
    uk0 = rows["uk0_pct"].fillna(rows["uk_pct"])
    ur0 = rows["ur0_pct"].fillna(rows["ur_pct"])
    k = sequence.transformer_corrections(network, case, v_kv, "")
    hv, lv = sequence.positions(network, rows["hv_bus"]), sequence.positions(network, rows["lv_bus"])
    v_hv, v_lv = rows["v_hv_kv"].to_numpy(), rows["v_lv_kv"].to_numpy()
    own = sequence.impedance(uk0, ur0) * k * BASE_MVA / rows["s_mva"].to_numpy()
    at_hv = own * (v_hv / v_kv[hv]) ** 2 + 3j * rows["zn_hv_ohm"].to_numpy() * BASE_MVA / v_kv[hv] ** 2
    at_lv = own * (v_lv / v_kv[lv]) ** 2 + 3j * rows["zn_lv_ohm"].to_numpy() * BASE_MVA / v_kv[lv] ** 2
    through = hv_star & lv_star
    hv_earth = hv_star & (lv_letter == "D") | (hv_letter == "ZN")
    lv_earth = lv_star & (hv_letter == "D") | (lv_letter == "ZN")
    ratio = v_hv / v_kv[hv] * v_kv[lv] / v_lv
    neutral_hv = 3j * rows["zn_hv_ohm"].to_numpy() * BASE_MVA / v_kv[hv] ** 2 / ratio**2
    series = Branches(hv[through], lv[through], (at_lv + neutral_hv)[through], ratio[through])
    return ZeroSequence.join(
        [_passing(series), _earth(hv[hv_earth], at_hv[hv_earth]), _earth(lv[lv_earth], at_lv[lv_earth])]
    )


def _stars(network: FaultNetwork, case: str, v_kv: Float) -> ZeroSequence:
    """Return the legs: earthed stars from the star point to their bus, deltas from the star point to earth."""
    rows = network["star"]
    legs = sequence.star_legs(network, case, v_kv, zero=True)
    letters = [[*windings(text), "", "", ""][:3] for text in rows["connection"]]
    point = len(network["bus"]) + np.arange(len(rows), dtype=np.int64)
    v_hv = rows["v_hv_kv"].to_numpy()
    parts = []
    for i, (side, leg) in enumerate(zip(("hv", "mv", "lv"), legs, strict=True)):
        letter = np.array([row[i] for row in letters], dtype=object)
        star, delta = np.isin(letter, ["YN", "ZN"]), letter == "D"
        bus, v_side = sequence.positions(network, rows[f"{side}_bus"]), rows[f"v_{side}_kv"].to_numpy()
        ratio = v_hv / v_kv[point] * v_kv[bus] / v_side
        neutral = 3j * rows[f"zn_{side}_ohm"].to_numpy() * BASE_MVA / v_side**2
        at_bus = (leg + neutral) * v_side**2 / v_kv[bus] ** 2
        parts.append(_passing(Branches(point[star], bus[star], at_bus[star], ratio[star])))
        parts.append(_earth(point[delta], (leg * (v_hv / v_kv[point]) ** 2)[delta]))
    return ZeroSequence.join(parts) if parts else _passing(_no_branches())


def assumptions(network: FaultNetwork) -> list[Finding]:
    """Return which zero-sequence impedances are assumed."""
    line, machine = network["line"], network["machine"]
    assumed = int((line["x0_ohm"].isna() | line["r0_ohm"].isna()).sum())
    earthed = machine[machine["neutral_ohm"].notna() & machine["x0_pu"].isna()]
    findings = []
    if assumed:
        text = f"{assumed} cables have no zero-sequence impedance; {LINE_ZERO_RATIO:g} times the positive one is taken."
        findings.append(_assumed("line", text, "Single-phase currents depend on it: give r0 and x0."))
    if len(earthed):
        text = f"{len(earthed)} earthed machines have no x0; {MACHINE_ZERO_RATIO:g} times x″d is taken."
        findings.append(_assumed("machine", text, "Give the machines' zero-sequence reactance."))
    return findings


def _assumed(table: str, text: str, hint: str) -> Finding:
    return Finding(f"short_circuit.zero_sequence.{table}", Severity.INFO, text, hint)
