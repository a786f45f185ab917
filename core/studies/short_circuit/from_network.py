"""A balanced network's fault network. Load-flow cases rarely carry fault data: what is assumed is said."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity
from core.network import Network, element_names
from core.studies.short_circuit.fault_network import FaultNetwork

#: Subtransient reactance for machines whose case has none: a middle figure for turbo-generators [pu].
ASSUMED_XDSS_PU = 0.2
#: PSS/E writes this reactance where nobody entered one [pu].
UNSET_XDSS_PU = 1.0
#: Reactance that stands for a connection without impedance, as in the load flow [pu].
JOINT_PU = 1e-4


def fault_network(network: Network) -> tuple[FaultNetwork, list[Finding]]:
    """Return the fault network of a load-flow case: positive sequence only, and what had to be assumed."""
    base_kv = network.values("bus", "base_kv")
    unknown = network.bus_in_service() & ~(base_kv > 0)
    if unknown.any():
        names = ", ".join(network.values("bus", "bus")[unknown].astype(str)[:5])
        raise BadInput(f"{unknown.sum()} buses have no base voltage: {names}", hint="fault currents in kA need it")
    findings: list[Finding] = []
    stars, from_stars = _three_windings(network)
    tables = {
        "bus": pd.DataFrame({"id": network.values("bus", "bus").astype(str), "v_kv": base_kv})[
            network.bus_in_service()
        ],
        "machine": _machines(network, findings),
        "inverter": _inverters(network, findings),
        "line": pd.concat([_lines(network), _switches(network)]),
        "transformer": pd.concat([_transformers(network), from_stars]),
        "star": stars,
    }
    findings += _left_out(network)
    frequency = network.frequency_hz if network.frequency_hz in (50, 60) else 60.0
    if frequency != network.frequency_hz:
        text = f"The case states {network.frequency_hz:g} Hz; 60 Hz is taken."
        findings.append(Finding("short_circuit.frequency", Severity.WARNING, text, "Enter 50 or 60 Hz."))
    return FaultNetwork.of(frequency, **tables), findings


def _names(network: Network, table: str, keep: np.ndarray) -> list[str]:
    return element_names(network, table, np.flatnonzero(keep))


def _bus(network: Network, table: str, column: str, keep: np.ndarray) -> np.ndarray:
    return np.asarray(network.values(table, column)[keep].astype(str), dtype=object)


def _base(network: Network, table: str, end: int, keep: np.ndarray) -> np.ndarray:
    return np.asarray(network.values("bus", "base_kv")[network.terminals(table)[end][keep]], dtype=float)


def _machines(network: Network, findings: list[Finding]) -> pd.DataFrame:
    keep = network.live("generator") & (network.values("generator", "control_mode") == 0)
    x = network.values("generator", "x_source_pu")[keep]
    names = _names(network, "generator", keep)
    mva = network.values("generator", "mva_base")[keep]
    unset = ~(x > 0) | (x == UNSET_XDSS_PU)
    if unset.any():
        text = f"{unset.sum()} of {len(x)} machines have no subtransient reactance; {ASSUMED_XDSS_PU} pu is assumed."
        hint = "Enter X''d as the source reactance of the machines: fault currents follow it directly."
        findings.append(Finding("short_circuit.xdss.assumed", Severity.WARNING, text, hint))
    r = np.where(unset, np.nan, network.values("generator", "r_source_pu")[keep])
    step_up = np.maximum(network.values("generator", "x_step_up_pu")[keep], 0.0)
    return pd.DataFrame(
        {
            "id": names,
            "bus": _bus(network, "generator", "bus", keep),
            "s_mva": mva,
            "xdss_pu": np.where(unset, ASSUMED_XDSS_PU, x) + step_up,
            "r_pu": np.where(r > 0, r + network.values("generator", "r_step_up_pu")[keep], np.nan),
        }
    )


def _inverters(network: Network, findings: list[Finding]) -> pd.DataFrame:
    keep = network.live("generator") & (network.values("generator", "control_mode") != 0)
    converters = pd.DataFrame(
        {
            "id": _names(network, "generator", keep),
            "bus": _bus(network, "generator", "bus", keep),
            "s_mva": network.values("generator", "mva_base")[keep],
        }
    )
    rating = network.values("storage", "rating_mva")
    stored = network.live("storage") & (rating > 0)
    batteries = pd.DataFrame(
        {
            "id": _names(network, "storage", stored),
            "bus": _bus(network, "storage", "bus", stored),
            "s_mva": rating[stored],
        }
    )
    both = pd.concat([converters, batteries])
    if len(both):
        text = f"{len(both)} converters are taken as current sources of 1.2 times their rated current."
        findings.append(Finding("short_circuit.converters.assumed", Severity.INFO, text, "Ask their makers for k."))
    return both


def _lines(network: Network) -> pd.DataFrame:
    keep = network.live("branch")
    base = _base(network, "branch", 1, keep) ** 2 / network.base_mva
    r, x = network.values("branch", "r_pu")[keep], network.values("branch", "x_pu")[keep]
    joint = (r == 0) & (x == 0)
    return pd.DataFrame(
        {
            "id": _names(network, "branch", keep),
            "from_bus": _bus(network, "branch", "from_bus", keep),
            "to_bus": _bus(network, "branch", "to_bus", keep),
            "r_ohm": r * base,
            "x_ohm": np.where(joint, JOINT_PU, x) * base,
        }
    )


def _switches(network: Network) -> pd.DataFrame:
    keep = network.live("switch")
    x = np.maximum(network.values("switch", "x_pu")[keep], JOINT_PU) * _base(network, "switch", 1, keep) ** 2
    return pd.DataFrame(
        {
            "id": _names(network, "switch", keep),
            "from_bus": _bus(network, "switch", "from_bus", keep),
            "to_bus": _bus(network, "switch", "to_bus", keep),
            "r_ohm": 0.0,
            "x_ohm": x / network.base_mva,
        }
    )


def _transformers(network: Network) -> pd.DataFrame:
    keep = network.live("transformer")
    value = {name: network.values("transformer", name)[keep] for name in ("r_pu", "x_pu", "mva_base", "rate_a_mva")}
    mva = _rating(network, value["mva_base"], value["rate_a_mva"])
    joint = (value["r_pu"] == 0) & (value["x_pu"] == 0)
    z = value["r_pu"] + 1j * np.where(joint, JOINT_PU, value["x_pu"])
    taps = [network.values("transformer", f"tap_{side}_pu")[keep] for side in ("from", "to")]
    return pd.DataFrame(
        {
            "id": _names(network, "transformer", keep),
            "hv_bus": _bus(network, "transformer", "from_bus", keep),
            "lv_bus": _bus(network, "transformer", "to_bus", keep),
            "s_mva": mva,
            "v_hv_kv": taps[0] * _base(network, "transformer", 0, keep),
            "v_lv_kv": taps[1] * _base(network, "transformer", 1, keep),
            "uk_pct": _signed(z) * mva / network.base_mva * 100,
            "ur_pct": z.real * mva / network.base_mva * 100,
            "corrected": z.imag > 0,
        }
    )


def _rating(network: Network, mva_base: np.ndarray, rate_mva: np.ndarray) -> np.ndarray:
    """Return the windings' rating: where the case only repeats the system base, the normal rating."""
    unstated = (mva_base == network.base_mva) & (rate_mva > 0) & (rate_mva < 9000)
    return np.where(unstated | ~(mva_base > 0), np.where(rate_mva > 0, rate_mva, network.base_mva), mva_base)


def _signed(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(z) * np.where(z.imag < 0, -1.0, 1.0), dtype=float)


def _three_windings(network: Network) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return transformers with three live windings as stars, those with two as two-winding transformers."""
    on = np.column_stack([network.values("transformer3w", f"in_service_{w}").astype(bool) for w in (1, 2, 3)])
    alive = np.append(network.bus_in_service(), False)
    on &= np.column_stack([alive[ends] for ends in network.terminals("transformer3w")])
    whole = np.asarray(on.all(axis=1), dtype=bool)
    names = np.asarray(element_names(network, "transformer3w"), dtype=object)
    star = pd.DataFrame({"id": names[whole]})
    for winding, side in ((1, "hv"), (2, "mv"), (3, "lv")):
        star[f"{side}_bus"] = _bus(network, "transformer3w", f"bus_{winding}", whole)
        star[f"s_{side}_mva"] = network.base_mva
        tap = network.values("transformer3w", f"tap_{winding}_pu")[whole]
        star[f"v_{side}_kv"] = tap * _base(network, "transformer3w", winding - 1, whole)
    pairs = []
    for (one, other), name in {(1, 2): "hm", (2, 3): "ml", (3, 1): "hl"}.items():
        z = network.values("transformer3w", f"r_{one}{other}_pu") + 1j * network.values(
            "transformer3w", f"x_{one}{other}_pu"
        )
        star[f"uk_{name}_pct"], star[f"ur_{name}_pct"] = _signed(z)[whole] * 100, z.real[whole] * 100
        two = on[:, one - 1] & on[:, other - 1] & ~whole
        pair = {
            "id": names[two],
            "s_mva": network.base_mva,
            "uk_pct": _signed(z)[two] * 100,
            "ur_pct": z.real[two] * 100,
        }
        for side, winding in (("hv", one), ("lv", other)):
            tap = network.values("transformer3w", f"tap_{winding}_pu")[two]
            pair[f"{side}_bus"] = _bus(network, "transformer3w", f"bus_{winding}", two)
            pair[f"v_{side}_kv"] = tap * _base(network, "transformer3w", winding - 1, two)
        pairs.append(pd.DataFrame(pair))
    return star, pd.concat(pairs)


def _left_out(network: Network) -> list[Finding]:
    text = "A load-flow case has no zero-sequence data: only three-phase faults are calculated."
    hint = "For earth faults give the network as a plant: machines' x0_pu and neutral_ohm, transformers' vector groups."
    findings = [Finding("short_circuit.zero_sequence.none", Severity.INFO, text, hint)]
    if network.live("dcline").any():
        text = f"{network.live('dcline').sum()} DC lines give no fault current here."
        findings.append(
            Finding("short_circuit.dcline", Severity.INFO, text, "Add their converters as current sources.")
        )
    negative = int((network.values("branch", "x_pu")[network.live("branch")] < 0).sum())
    if negative:
        text = f"{negative} lines have a negative reactance (series capacitors); they are calculated as they are."
        findings.append(Finding("short_circuit.series_capacitor", Severity.WARNING, text, "Bypassed ones give more."))
    return findings
