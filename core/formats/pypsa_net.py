"""Networks to and from PyPSA: complete by way of bus, branch and machine tables, exact in the load flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.formats.matpower.export import case_from_network
from core.network import Network

#: PyPSA's classes of elements whose load flow this module doesn't translate.
UNKNOWN = ("Link", "StorageUnit", "Store")
CONTROL = {1: "PQ", 2: "PV", 3: "Slack", 4: "PQ"}


def to_pypsa(network: Network) -> tuple[Any, list[Finding]]:
    """Return the network as a PyPSA network with one snapshot, and what PyPSA's elements can't hold.

    Every branch with a tap, a shift or two base voltages is a transformer; three-winding transformers are a star bus
    with three of them; DC lines are pairs of injections; loads that depend on voltage are constant at the stored one.
    """
    import pypsa

    case, findings = case_from_network(network)
    bus, branch, gen = (case.tables[name] for name in ("bus", "branch", "gen"))
    on = bus["bus_type"] != 4
    n = pypsa.Network(name=network.name)
    n.set_snapshots(["now"])
    names = bus["bus_i"].astype(int).astype(str)
    kilovolts = bus["base_kv"].where(bus["base_kv"] > 0, 1.0)
    kind = bus["bus_type"].astype(int)
    held = bus["vm"].to_numpy(dtype=float).copy()
    running = gen[gen["gen_status"] > 0].drop_duplicates("gen_bus")
    at = names.reset_index(drop=True).reset_index().set_index("bus_i")["index"]
    held[at.loc[running["gen_bus"].astype(int).astype(str)].to_numpy()] = running["vg"].to_numpy(dtype=float)
    n.add("Bus", names[on], v_nom=kilovolts[on].to_numpy(), v_mag_pu_set=held[on.to_numpy()])
    alive = set(names[on])
    volts = pd.Series(kilovolts.to_numpy(), index=names)
    _add_branches(n, branch, volts, alive, case.base_mva)
    for number, p, q, g, b in bus.loc[on, ["bus_i", "pd", "qd", "gs", "bs"]].to_numpy(dtype=float).tolist():
        name = str(int(number))
        if p or q:
            n.add("Load", f"load {name}", bus=name, p_set=p, q_set=q)
        if g or b:
            n.add("ShuntImpedance", f"shunt {name}", bus=name, g=g / volts[name] ** 2, b=b / volts[name] ** 2)
    kinds = dict(zip(names, kind, strict=True))
    for k, (number, p, q) in enumerate(gen.loc[gen["gen_status"] > 0, ["gen_bus", "pg", "qg"]].to_numpy().tolist()):
        name = str(int(number))
        if name in alive:
            n.add("Generator", f"generator {k + 1}", bus=name, p_set=p, q_set=q, control=CONTROL[kinds[name]])
    _add_dc_lines(n, case.tables.get("dcline"), alive)
    for row in np.flatnonzero(network.live("switch")).tolist():
        ends = {f"bus{k}": str(network.values("switch", name)[row]) for k, name in enumerate(("from_bus", "to_bus"))}
        x = float(network.values("switch", "x_pu")[row]) * volts[ends["bus0"]] ** 2 / case.base_mva
        n.add("Line", f"switch {row + 1}", **ends, r=0.0, x=x, s_nom=0.0)
    return n, findings


def _add_branches(n: Any, branch: pd.DataFrame, volts: pd.Series, alive: set[str], base: float) -> None:
    """Add lines in ohms and transformers in per unit; unequal ends and cores are in the buses' shunts already."""
    names = ["f_bus", "t_bus", "br_r", "br_x", "br_b", "rate_a", "tap", "shift"]
    live = branch[branch["br_status"] == 1]
    for k, (f, t, r, x, b, rate, tap, shift) in enumerate(live[names].to_numpy(dtype=float).tolist()):
        ends = {"bus0": str(int(f)), "bus1": str(int(t))}
        if not set(ends.values()) <= alive:
            continue
        kv = volts[ends["bus0"]]
        if tap == 0 and shift == 0 and kv == volts[ends["bus1"]]:
            ohm = kv**2 / base
            n.add("Line", f"line {k + 1}", **ends, r=r * ohm, x=x * ohm, b=b / ohm, s_nom=rate)
            continue
        ratio = tap or 1.0
        n.add(
            "Transformer", f"transformer {k + 1}", **ends, model="pi", r=r, x=x, b=b, s_nom=base, tap_ratio=ratio,
            phase_shift=shift,
        )  # fmt: skip


def _add_dc_lines(n: Any, lines: pd.DataFrame | None, alive: set[str]) -> None:
    """Add a pair of injections for each DC line."""
    if lines is None:
        return
    names = ["f_bus", "t_bus", "pf", "pt", "qf", "qt"]
    for k, row in enumerate(lines.loc[lines["br_status"] > 0, names].to_numpy(dtype=float).tolist()):
        from_, to, p_from, p_to, q_from, q_to = row
        if {str(int(from_)), str(int(to))} <= alive:
            n.add("Load", f"dc line {k + 1} from", bus=str(int(from_)), p_set=p_from, q_set=-q_from)
            n.add("Load", f"dc line {k + 1} to", bus=str(int(to)), p_set=-p_to, q_set=-q_to)


def from_pypsa(n: Any, base_mva: float = 100.0) -> tuple[Network, list[Finding]]:
    """Return the first snapshot of a PyPSA network as a network, and what is left out."""
    n.calculate_dependent_values()
    snapshot = n.snapshots[0]
    findings = [
        Finding("pypsa.left_out", Severity.WARNING, f"{len(n.df(kind))} elements of class {kind} are left out.")
        for kind in UNKNOWN
        if len(n.df(kind))
    ]
    numbers = pd.Series(np.arange(1, len(n.buses) + 1), index=n.buses.index)
    if all(str(name).isdigit() and int(name) > 0 for name in n.buses.index):
        numbers = pd.Series([int(name) for name in n.buses.index], index=n.buses.index)
    kind = pd.Series("PQ", index=n.buses.index)
    for control, word in (("PV", "PV"), ("Slack", "SLACK")):
        kind.loc[n.generators.loc[n.generators["control"] == control, "bus"].unique()] = word
    held = n.get_switchable_as_dense("Bus", "v_mag_pu_set").loc[snapshot]
    tables = {
        "bus": pd.DataFrame(
            {"bus": numbers, "name": n.buses.index.astype(str), "base_kv": n.buses["v_nom"], "kind": kind, "v_pu": held}
        ),
        "load": _injections(n, "Load", numbers, snapshot),
        "generator": _injections(n, "Generator", numbers, snapshot).assign(
            v_set_pu=held.loc[n.generators["bus"]].to_numpy()
        ),
        "shunt": pd.DataFrame(
            {"bus": numbers.loc[n.shunt_impedances["bus"]].to_numpy(), "ckt": _circuits(n.shunt_impedances["bus"]),
             "g_mw": (n.shunt_impedances["g_pu"]).to_numpy(), "b_mvar": (n.shunt_impedances["b_pu"]).to_numpy()}
        ),
        "branch": _branch_rows(n.lines, numbers, base_mva),
        "transformer": _branch_rows(n.transformers, numbers, base_mva).assign(
            tap_from_pu=np.where(n.transformers["tap_side"] == 0, n.transformers["tap_ratio"], 1.0),
            tap_to_pu=np.where(n.transformers["tap_side"] == 0, 1.0, n.transformers["tap_ratio"]),
            shift_deg=n.transformers["phase_shift"].to_numpy(),
        ),
    }  # fmt: skip
    return Network(str(n.name or ""), base_mva, 50.0, tables), findings


def _injections(n: Any, kind: str, numbers: pd.Series, snapshot: Any) -> pd.DataFrame:
    frame = n.df(kind)
    dense = {name: n.get_switchable_as_dense(kind, name).loc[snapshot, frame.index] for name in ("p_set", "q_set")}
    sign = frame["sign"].to_numpy() * (-1 if kind == "Load" else 1)
    return pd.DataFrame(
        {"bus": numbers.loc[frame["bus"]].to_numpy(), "ckt": _circuits(frame["bus"]),
         "p_mw": dense["p_set"].to_numpy() * sign, "q_mvar": dense["q_set"].to_numpy() * sign}
    )  # fmt: skip


def _branch_rows(frame: pd.DataFrame, numbers: pd.Series, base_mva: float) -> pd.DataFrame:
    """Return lines or transformers; PyPSA's per-unit values refer to 1 MVA."""
    ends = [numbers.loc[frame[name]].to_numpy() for name in ("bus0", "bus1")]
    pairs = pd.Series([f"{min(a, b)}-{max(a, b)}" for a, b in zip(*ends, strict=True)], dtype=object)
    half = {name: frame[f"{name}_pu"].to_numpy() / base_mva / 2 for name in ("g", "b")}
    return pd.DataFrame(
        {"from_bus": ends[0], "to_bus": ends[1], "ckt": _circuits(pairs), "name": frame.index.astype(str),
         "r_pu": frame["r_pu"].to_numpy() * base_mva, "x_pu": frame["x_pu"].to_numpy() * base_mva,
         "g_from_pu": half["g"], "g_to_pu": half["g"], "b_from_pu": half["b"], "b_to_pu": half["b"],
         "rate_a_mva": frame["s_nom"].to_numpy()}
    )  # fmt: skip


def _circuits(places: pd.Series) -> list[str]:
    return [str(k + 1) for k in places.groupby(places.to_numpy()).cumcount()]
