"""Networks to and from pandapower: complete by way of bus, branch and machine tables, exact in the load flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.formats.matpower.case import MatpowerCase
from core.formats.matpower.export import case_from_network
from core.formats.matpower.network import network_from_case
from core.network import Network


def to_pandapower(network: Network) -> tuple[Any, list[Finding]]:
    """Return the network as a pandapower net, and what pandapower's elements can't hold.

    Three-winding transformers become a star bus and three transformers, DC lines pairs of injections, loads that depend
    on voltage constant power at the stored voltage.
    """
    import pandapower

    case, findings = case_from_network(network)
    net = pandapower.create_empty_network(network.name, network.frequency_hz, case.base_mva)
    bus = case.tables["bus"]
    numbers = bus["bus_i"].to_numpy(dtype=np.int64)
    base_kv = np.where(bus["base_kv"] > 0, bus["base_kv"], 1.0)
    names = dict(zip(network.values("bus", "bus").tolist(), network.values("bus", "name").tolist(), strict=True))
    pandapower.create_buses(
        net, len(bus), vn_kv=base_kv, index=numbers, name=[names.get(n, f"star {n}") for n in numbers.tolist()],
        in_service=(bus["bus_type"] != 4).to_numpy(), max_vm_pu=bus["vmax"].to_numpy(),
        min_vm_pu=bus["vmin"].to_numpy(),
    )  # fmt: skip
    kilovolts = pd.Series(base_kv, index=numbers)
    _branches(pandapower, net, case, kilovolts)
    _at_buses(pandapower, net, bus, kilovolts)
    _machines(pandapower, net, case)
    _dc_lines(pandapower, net, case)
    for row in np.flatnonzero(network.live("switch")).tolist():
        ends = (int(network.values("switch", name)[row]) for name in ("from_bus", "to_bus"))
        x = float(network.values("switch", "x_pu")[row])
        pandapower.create_impedance(net, *ends, rft_pu=0.0, xft_pu=x, sn_mva=case.base_mva)
    return net, findings


def _branches(pandapower: Any, net: Any, case: MatpowerCase, kilovolts: pd.Series) -> None:
    """Lines for branches without a tap between equal voltages, transformers for the others; shunts for what is left."""
    branch = case.tables["branch"]
    from_, to = (branch[name].to_numpy(dtype=np.int64) for name in ("f_bus", "t_bus"))
    kv_from, kv_to = kilovolts.loc[from_].to_numpy(), kilovolts.loc[to].to_numpy()
    tap = branch["tap"].to_numpy(dtype=float)
    is_line = (tap == 0) & (branch["shift"].to_numpy() == 0) & (kv_from == kv_to)
    on = (branch["br_status"] == 1).to_numpy()
    r, x, b, rate = (branch[name].to_numpy(dtype=float) for name in ("br_r", "br_x", "br_b", "rate_a"))
    ohm = kv_to**2 / case.base_mva
    rows = np.flatnonzero(is_line)
    if len(rows):
        pandapower.create_lines_from_parameters(
            net, from_[rows], to[rows], length_km=np.ones(len(rows)), r_ohm_per_km=(r * ohm)[rows],
            x_ohm_per_km=(x * ohm)[rows], c_nf_per_km=(b / ohm)[rows] / (2 * np.pi * net.f_hz) * 1e9,
            max_i_ka=np.where(rate > 0, rate / np.sqrt(3) / kv_to, 99999.0)[rows], in_service=on[rows],
        )  # fmt: skip
    ratio = np.where(tap == 0, 1.0, tap)
    for k in np.flatnonzero(~is_line).tolist():
        size = rate[k] if rate[k] > 0 else case.base_mva
        z = np.hypot(r[k], x[k]) * (1 if x[k] >= 0 else -1)
        pandapower.create_transformer_from_parameters(
            net, int(from_[k]), int(to[k]), sn_mva=size, vn_hv_kv=kv_from[k] * ratio[k], vn_lv_kv=kv_to[k],
            vk_percent=100 * z * size / case.base_mva, vkr_percent=100 * r[k] * size / case.base_mva, pfe_kw=0.0,
            i0_percent=0.0, shift_degree=float(branch["shift"].iloc[k]), in_service=bool(on[k]),
        )  # fmt: skip
        if b[k]:
            for bus, q in ((from_[k], b[k] / 2 / ratio[k] ** 2), (to[k], b[k] / 2)):
                pandapower.create_shunt(net, int(bus), q_mvar=-q * case.base_mva, in_service=bool(on[k]))


def _at_buses(pandapower: Any, net: Any, bus: pd.DataFrame, kilovolts: pd.Series) -> None:
    for number, p, q, g, b in bus[["bus_i", "pd", "qd", "gs", "bs"]].to_numpy(dtype=float).tolist():
        if p or q:
            pandapower.create_load(net, int(number), p_mw=p, q_mvar=q)
        if g or b:
            pandapower.create_shunt(net, int(number), q_mvar=-b, p_mw=g, vn_kv=float(kilovolts[int(number)]))


def _machines(pandapower: Any, net: Any, case: MatpowerCase) -> None:
    """External grid for the first machine of a swing bus, generators where a voltage is held, else static ones."""
    kind = dict(case.tables["bus"][["bus_i", "bus_type"]].to_numpy().tolist())
    angle = dict(case.tables["bus"][["bus_i", "va"]].to_numpy().tolist())
    swings: set[int] = set()
    names = ["gen_bus", "pg", "qg", "vg", "gen_status", "qmax", "qmin", "pmax", "pmin"]
    for number, p, q, v, status, q_max, q_min, p_max, p_min in case.tables["gen"][names].to_numpy(dtype=float).tolist():
        bus, on = int(number), status > 0
        limits = {"max_q_mvar": q_max, "min_q_mvar": q_min, "max_p_mw": p_max, "min_p_mw": p_min}
        if kind.get(bus) == 3 and on and bus not in swings:
            swings.add(bus)
            pandapower.create_ext_grid(net, bus, vm_pu=v, va_degree=angle[bus], **limits)
        elif kind.get(bus) == 2:
            pandapower.create_gen(net, bus, p_mw=p, vm_pu=v, in_service=on, **limits)
        else:
            pandapower.create_sgen(net, bus, p_mw=p, q_mvar=q, in_service=on, **limits)


def _dc_lines(pandapower: Any, net: Any, case: MatpowerCase) -> None:
    """A pair of injections for each DC line."""
    if case.empty("dcline"):
        return
    names = ["f_bus", "t_bus", "br_status", "pf", "pt", "qf", "qt"]
    for from_, to, status, p_from, p_to, q_from, q_to in case.tables["dcline"][names].to_numpy(dtype=float).tolist():
        pandapower.create_load(net, int(from_), p_mw=p_from, q_mvar=-q_from, in_service=status > 0)
        pandapower.create_sgen(net, int(to), p_mw=p_to, q_mvar=q_to, in_service=status > 0)


def from_pandapower(net: Any) -> tuple[Network, list[Finding]]:
    """Return a pandapower net as a network: what pandapower itself solves, with taps, switches and wards resolved."""
    from pandapower.converter.pypower.to_ppc import to_ppc
    from pandapower.pd2ppc import _pd2ppc
    from pandapower.pypower import idx_brch

    to_ppc(net, calculate_voltage_angles=True, init="flat", mode="pf")  # sets the options of the next line
    ppc, _ = _pd2ppc(net)  # as to_ppc, with the columns of conductances
    _with_solution(net, ppc["bus"])
    lookup = net._pd2ppc_lookups["bus"]
    numbers = {int(lookup[index]): int(index) for index in reversed(net.bus.index) if lookup[index] >= 0}
    spare = max([*numbers.values(), 0]) + 1
    bus = pd.DataFrame(np.asarray(ppc["bus"])[:, :13].real, columns=BUS)
    own = [numbers.get(int(k), spare + position) for position, k in enumerate(bus["bus_i"])]
    by_row = dict(zip(bus["bus_i"].astype(int).tolist(), own, strict=True))
    shift = 1 if min(own, default=1) < 1 else 0  # bus numbers of a network are positive
    bus["bus_i"] = [number + shift for number in own]
    gen = pd.DataFrame(np.asarray(ppc["gen"])[:, :10].real, columns=GEN)
    gen["gen_bus"] = [by_row[int(k)] + shift for k in gen["gen_bus"]]
    raw = np.asarray(ppc["branch"])
    branch = pd.DataFrame(raw[:, :11].real, columns=BRANCH)
    for name in ("f_bus", "t_bus"):
        branch[name] = [by_row[int(k)] + shift for k in branch[name]]
    kilovolts = bus.set_index("bus_i")["base_kv"]
    same = kilovolts.loc[branch["f_bus"]].to_numpy() == kilovolts.loc[branch["t_bus"]].to_numpy()
    branch.loc[same & (branch["tap"] == 1) & (branch["shift"] == 0), "tap"] = 0.0  # a line
    tables = {"bus": bus, "gen": gen, "branch": branch}
    case = MatpowerCase(name=str(net.name or ""), base_mva=float(net.sn_mva), tables=tables)
    network, findings = network_from_case(case)
    network.frequency_hz = float(net.f_hz)
    if np.abs(raw[:, [idx_brch.BR_R_ASYM, idx_brch.BR_X_ASYM]]).any():
        text = "Impedances that differ by direction are carried with their from-to value."
        findings.append(Finding("pandapower.asymmetric", Severity.WARNING, text))
    is_transformer = ((branch["tap"] != 0) | (branch["shift"] != 0)).to_numpy()
    return _with_losses(network, raw, idx_brch, is_transformer), findings


def _with_solution(net: Any, bus: np.ndarray) -> None:
    """Store the solved voltages, where pandapower finds a solution: they are a good start in spite of phase shifts."""
    import pandapower

    try:
        pandapower.runpp(net, calculate_voltage_angles=True, init="dc")
    except pandapower.LoadflowNotConverged:
        return
    solved = np.asarray(net._ppc["bus"])[:, 7:9].real
    if len(solved) == len(bus):
        bus[:, 7:9] = np.where(np.isfinite(solved), solved, bus[:, 7:9].real)


def _with_losses(network: Network, raw: np.ndarray, idx: Any, is_transformer: np.ndarray) -> Network:
    """Give lines and transformers the conductances and unequal susceptances that MATPOWER's table has no column for."""
    g, g_more, b_more = (raw[:, column].real / 2 for column in (idx.BR_G, idx.BR_G_ASYM, idx.BR_B_ASYM))
    for table, rows in (("branch", ~is_transformer), ("transformer", is_transformer)):
        frame = network[table]
        more = {"g_from_pu": g[rows], "g_to_pu": (g + g_more)[rows]}
        frame = frame.assign(**more, b_to_pu=network.values(table, "b_to_pu") + b_more[rows])
        network = network.with_tables(**{table: frame})
    return network


BUS = ["bus_i", "bus_type", "pd", "qd", "gs", "bs", "area", "vm", "va", "base_kv", "zone", "vmax", "vmin"]
GEN = ["gen_bus", "pg", "qg", "qmax", "qmin", "vg", "mbase", "gen_status", "pmax", "pmin"]
BRANCH = ["f_bus", "t_bus", "br_r", "br_x", "br_b", "rate_a", "rate_b", "rate_c", "tap", "shift", "br_status"]
