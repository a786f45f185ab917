"""Networks to and from pandapower: complete by way of bus, branch and machine tables, exact in the load flow."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where
from core.formats.matpower.case import MatpowerCase
from core.formats.matpower.export import case_from_network, facts_notes, ledger
from core.formats.matpower.network import network_from_case
from core.formats.pandapower_dc_lines import NO_LIMIT, create_dc_lines, dc_lines_of, holds_both_ends
from core.formats.pandapower_loads import create_loads, with_loads
from core.formats.pandapower_places import coordinates, points
from core.formats.pandapower_three_windings import are_whole, create_three_windings, three_windings
from core.network import Network
from core.network.injections import series_power


def to_pandapower(network: Network) -> tuple[Any, list[Finding]]:
    """Return the network as a pandapower net, and what pandapower's elements can't hold.

    Three-winding transformers that pandapower's own can't say become a star bus and three transformers, DC lines that
    don't hold the voltage of both their ends pairs of injections.
    """
    import pandapower

    whole = are_whole(network)
    stars = network.with_tables(transformer3w=network["transformer3w"][~whole])
    case, _ = case_from_network(stars)
    net = pandapower.create_empty_network(network.name, network.frequency_hz, case.base_mva)
    bus = case.tables["bus"]
    numbers = bus["bus_i"].to_numpy(dtype=np.int64)
    base_kv = np.where(bus["base_kv"] > 0, bus["base_kv"], 1.0)
    names = [*network.values("bus", "name"), *(f"star {number}" for number in numbers[len(network["bus"]) :])]
    pandapower.create_buses(
        net, len(bus), vn_kv=base_kv, index=numbers, name=names, in_service=(bus["bus_type"] != 4).to_numpy(),
        max_vm_pu=bus["vmax"].to_numpy(), min_vm_pu=bus["vmin"].to_numpy(),
    )  # fmt: skip
    net.bus.loc[network.values("bus", "bus"), "geo"] = points(network)
    kilovolts = pd.Series(base_kv, index=numbers)
    _branches(net, case, kilovolts)
    create_three_windings(net, network, whole)
    _shunts(net, bus["bus_i"], bus["gs"], bus["bs"], True)
    core = network["transformer3w"][whole]
    _shunts(net, core["bus_1"], core["g_mag_pu"] * case.base_mva, core["b_mag_pu"] * case.base_mva, True)
    _machines(net, case)
    create_dc_lines(
        net, network["dcline"].assign(in_service=network.live("dcline")), case
    )  # none that ends at a dead bus
    _storage(net, case)
    _series_facts(net, network)
    findings = create_loads(net, network)
    switch = network["switch"][network.live("switch")]
    if len(switch):
        x, ends = switch["x_pu"].to_numpy(), (switch[name].to_numpy() for name in ("from_bus", "to_bus"))
        pandapower.create_impedances(net, *ends, rft_pu=np.zeros(len(x)), xft_pu=x, sn_mva=case.base_mva)
    return net, [*findings, *_ledger(stars)]


def _ledger(network: Network) -> list[Finding]:
    """Say what pandapower's elements hold differently or not at all, besides loads."""
    dc = network["dcline"]
    pairs = ~holds_both_ends(dc)
    open_switches = ~network["switch"]["in_service"]
    notes = [
        ("transformer3w", len(network["transformer3w"]), "approximated", "a star bus and three transformers"),
        ("switched_shunt", len(network["switched_shunt"]), "approximated", "a fixed shunt at the bus"),
        *facts_notes(network),
        ("switch", int((~open_switches).sum()), "approximated", "an impedance"),
        ("switch", int(open_switches.sum()), "dropped", "open"),
        ("dcline", int(pairs.sum()), "approximated", "a pair of injections"),
    ]
    return ledger("pandapower", notes)


def _branches(net: Any, case: MatpowerCase, kilovolts: pd.Series) -> None:
    """Lines for branches without a tap between equal voltages, transformers for the others; shunts for what is left."""
    import pandapower

    branch = case.tables["branch"]
    from_, to = (branch[name].to_numpy(dtype=np.int64) for name in ("f_bus", "t_bus"))
    kv_from, kv_to = kilovolts.loc[from_].to_numpy(), kilovolts.loc[to].to_numpy()
    tap = branch["tap"].to_numpy(dtype=float)
    is_line = (tap == 0) & (branch["shift"].to_numpy() == 0) & (kv_from == kv_to)
    on = (branch["br_status"] == 1).to_numpy()
    r, x, b, rate = (branch[name].to_numpy(dtype=float) for name in ("br_r", "br_x", "br_b", "rate_a"))
    ohm = kv_to**2 / case.base_mva
    k = np.flatnonzero(is_line)
    if len(k):
        pandapower.create_lines_from_parameters(
            net, from_[k], to[k], length_km=np.ones(len(k)), r_ohm_per_km=(r * ohm)[k], x_ohm_per_km=(x * ohm)[k],
            c_nf_per_km=(b / ohm)[k] / (2 * np.pi * net.f_hz) * 1e9, in_service=on[k],
            max_i_ka=np.where(rate > 0, rate / np.sqrt(3) / kv_to, UNRATED_KA)[k],
        )  # fmt: skip
    k = np.flatnonzero(~is_line)
    if not len(k):
        return
    ratio = np.where(tap == 0, 1.0, tap)
    size = np.where(rate > 0, rate, case.base_mva)
    z = np.hypot(r, x) * np.where(x >= 0, 1, -1)
    pandapower.create_transformers_from_parameters(
        net, from_[k], to[k], sn_mva=size[k], vn_hv_kv=(kv_from * ratio)[k], vn_lv_kv=kv_to[k],
        vk_percent=(100 * z * size / case.base_mva)[k], vkr_percent=(100 * r * size / case.base_mva)[k],
        pfe_kw=np.zeros(len(k)), i0_percent=np.zeros(len(k)), in_service=on[k],
        shift_degree=branch["shift"].to_numpy(dtype=float)[k],
    )  # fmt: skip
    net.trafo["unrated"] = rate[k] <= 0  # a word of ours: sn_mva is then only what the impedances refer to
    half = b / 2 * case.base_mva
    _shunts(net, from_[k], np.zeros(len(k)), (half / ratio**2)[k], on[k])
    _shunts(net, to[k], np.zeros(len(k)), half[k], on[k])


def _shunts(net: Any, buses: Any, g: Any, b: Any, on: Any) -> None:
    """Shunts by their power [MW, Mvar] at 1 pu, where there is some."""
    import pandapower

    table = pd.DataFrame({"bus": np.asarray(buses, np.int64), "g": np.asarray(g), "b": np.asarray(b), "on": on})
    table = table[(table["g"] != 0) | (table["b"] != 0)]
    if len(table):
        at, g, b = (table[name].to_numpy() for name in ("bus", "g", "b"))
        kv = net.bus.loc[at, "vn_kv"].to_numpy()
        pandapower.create_shunts(net, at, q_mvar=-b, p_mw=g, vn_kv=kv, in_service=table["on"].to_numpy())


def _machines(net: Any, case: MatpowerCase) -> None:
    """External grid for the first machine of a swing bus, generators where a voltage is held, else static ones."""
    import pandapower

    bus = case.tables["bus"].set_index("bus_i")
    gen = case.tables["gen"]
    gen = gen[gen["gen_bus"].isin(bus.index)]
    kind = bus["bus_type"].loc[gen["gen_bus"]].to_numpy()
    on = (gen["gen_status"] > 0).to_numpy()
    held = gen[on].drop_duplicates("gen_bus").set_index("gen_bus")["vg"]  # pandapower refuses two voltages at a bus
    gen = gen.assign(vg=gen["gen_bus"].map(held).fillna(gen["vg"]))
    swing = (kind == 3) & on
    swing &= ~gen["gen_bus"].where(swing).duplicated().to_numpy()
    for number, v, *limits in gen.loc[swing, ["gen_bus", "vg", *LIMITS]].to_numpy(dtype=float).tolist():
        angle = float(bus["va"].loc[number])
        pandapower.create_ext_grid(
            net, int(number), vm_pu=v, va_degree=angle, **dict(zip(LIMITS.values(), limits, strict=True))
        )
    holds = (kind == 2) & ~swing
    for rows, create, own in (
        (holds, pandapower.create_gens, {"vm_pu": "vg"}),
        (~swing & ~holds, pandapower.create_sgens, {"q_mvar": "qg"}),
    ):
        part = gen[rows]
        values = {theirs: part[ours].to_numpy() for theirs, ours in own.items()}
        values |= {theirs: part[ours].to_numpy() for ours, theirs in LIMITS.items()}
        if len(part):
            create(
                net, part["gen_bus"].astype(int).to_numpy(), p_mw=part["pg"].to_numpy(), in_service=on[rows], **values
            )


def _series_facts(net: Any, network: Network) -> None:
    """Static generators for what the series elements of FACTS devices put into their buses."""
    import pandapower

    power = series_power(network)
    rows = np.flatnonzero(power)
    if len(rows):
        at = network.values("bus", "bus")[rows]
        pandapower.create_sgens(net, at, p_mw=power[rows].real, q_mvar=power[rows].imag)


def _storage(net: Any, case: MatpowerCase) -> None:
    import pandapower

    if case.empty("storage"):
        return
    unit = case.tables["storage"]
    p, q, energy = (unit[name].to_numpy() for name in ("ps", "qs", "energy_rating"))
    at, on = unit["storage_bus"].astype(int).to_numpy(), (unit["status"] > 0).to_numpy()
    pandapower.create_storages(net, at, p_mw=p, q_mvar=q, max_e_mwh=energy, in_service=on)


def from_pandapower(net: Any) -> tuple[Network, list[Finding]]:
    """Return a pandapower net as a network: what pandapower itself solves, with taps, switches and wards resolved."""
    from pandapower.converter.pypower.to_ppc import to_ppc
    from pandapower.pd2ppc import _pd2ppc
    from pandapower.pypower import idx_brch

    net, left_out = _known(net)
    to_ppc(net, calculate_voltage_angles=True, init="flat", mode="pf")  # sets the options of the next line
    net._options["voltage_depend_loads"] = True
    ppc, _ = _pd2ppc(net)  # as to_ppc, with the columns of conductances and of loads that depend on voltage
    _with_solution(net, ppc)
    lookup = net._pd2ppc_lookups["bus"]
    numbers = {int(lookup[index]): int(index) for index in reversed(net.bus.index) if lookup[index] >= 0}
    spare = max([*numbers.values(), 0]) + 1
    bus = pd.DataFrame(np.asarray(ppc["bus"])[:, :13].real, columns=BUS)
    own = [numbers.get(int(k), spare + position) for position, k in enumerate(bus["bus_i"])]
    by_row = dict(zip(bus["bus_i"].astype(int).tolist(), own, strict=True))
    shift = 1 if min(own, default=1) < 1 else 0  # bus numbers of a network are positive
    bus, unlimited = _voltage_limits(net, bus)
    bus["bus_i"] = [number + shift for number in own]
    gen = _machine_rows(net, np.asarray(ppc["gen"]).real)
    gen["gen_bus"] = [by_row[int(k)] + shift for k in gen["gen_bus"]]
    raw = np.asarray(ppc["branch"])
    branch = _branch_rows(net, raw, by_row, shift, bus.set_index("bus_i")["base_kv"])
    three = three_windings(net, raw, branch, bus)
    branch, raw = branch[~three.rows], raw[~three.rows]
    tables = {"bus": bus, "gen": gen, "branch": branch}
    case = MatpowerCase(name=str(net.name or ""), base_mva=float(net.sn_mva), tables=tables)
    network, findings = network_from_case(case)
    del network.extras["matpower"]  # no file of MATPOWER's
    network.frequency_hz = float(net.f_hz)
    ends = {f"{end}_bus": [by_row[int(k)] + shift for k in lookup[net.dcline[f"{end}_bus"]]] for end in ("from", "to")}
    network = network.with_tables(dcline=dc_lines_of(net).assign(**ends))
    if np.abs(raw[:, [idx_brch.BR_R_ASYM, idx_brch.BR_X_ASYM]]).any():
        text = "Impedances that differ by direction are carried with their from-to value."
        findings.append(Finding("pandapower.asymmetric", Severity.WARNING, text))
    bus_rows = pd.Series([by_row[int(k)] + shift for k in lookup[net.bus.index]], net.bus.index)
    network = with_loads(network, net, bus["bus_i"], np.asarray(ppc["bus"]).real, bus_rows)
    is_transformer = ((branch["tap"] != 0) | (branch["shift"] != 0)).to_numpy()
    own_buses = _described(net, network["bus"], shift)
    own_buses = own_buses[~own_buses["bus"].isin(three.stars)]
    shunt = pd.concat([network["shunt"], three.cores], ignore_index=True)
    network = network.with_tables(bus=own_buses, transformer3w=three.table, shunt=shunt)
    return _with_losses(network, raw, idx_brch, is_transformer), [*left_out, *unlimited, *findings]


def _described(net: Any, bus: pd.DataFrame, shift: int) -> pd.DataFrame:
    """Return the buses with pandapower's names and coordinates; a network's numbers are higher by ``shift``."""
    named = net.bus["name"].reindex(bus["bus"] - shift).astype(object)
    names = named.where(named.notna(), "").astype(str).to_numpy()
    return bus.assign(name=names, **coordinates(net, bus["bus"].to_numpy() - shift))


def _branch_rows(net: Any, raw: np.ndarray, by_row: dict[int, int], shift: int, kilovolts: pd.Series) -> pd.DataFrame:
    """Return the branches of pandapower's model, with a rating where that is one, and a tap of 0 for lines."""
    branch = pd.DataFrame(raw[:, :11].real, columns=BRANCH)
    for name in ("f_bus", "t_bus"):
        branch[name] = [by_row[int(k)] + shift for k in branch[name]]
    rate = branch["rate_a"]
    known = _rated(net, len(branch)) & rate.notna()
    branch = branch.assign(rate_a=rate.where(known, 0.0), rate_b=0.0, rate_c=0.0)
    same = kilovolts.loc[branch["f_bus"]].to_numpy() == kilovolts.loc[branch["t_bus"]].to_numpy()
    branch.loc[same & (branch["tap"] == 1) & (branch["shift"] == 0), "tap"] = 0.0
    return branch


def _known(net: Any) -> tuple[Any, list[Finding]]:
    """Return a copy of a net with what a load flow of ours can hold, and what is left out."""
    net = deepcopy(net)
    findings = [finding for name in COMPENSATORS for finding in _as_machines(net, name)]
    for name, frame in net.items():
        if not isinstance(frame, pd.DataFrame) or frame.empty or name in READ or name.startswith(("res_", "_")):
            continue
        beside = name in BESIDE
        severity = Severity.WARNING if beside else Severity.ERROR
        text = f"{len(frame)} rows of pandapower's table {name} are left out"
        text += "." if beside else ": the load flow is another one without them."
        hint = "" if beside else "Replace them by loads, generators, shunts or DC lines in pandapower."
        findings.append(Finding("pandapower.left_out", severity, text, hint, Where(section=name)))
        net[name] = frame.iloc[:0]
    for name in RATED:  # the model's ratings are then those that pandapower's loadings refer to
        limits = net[name].get("max_loading_percent", pd.Series(dtype=float)).dropna()
        if (limits != 100).any():
            text = (
                f"max_loading_percent of {(limits != 100).sum()} rows of table {name} is left out: ratings are 100 %."
            )
            findings.append(Finding("pandapower.left_out", Severity.WARNING, text, where=Where(section=name)))
        net[name]["max_loading_percent"] = 100.0
    net.line["max_i_ka"] = net.line["max_i_ka"].where(net.line["max_i_ka"] < UNRATED_KA)
    return net, findings


def _as_machines(net: Any, name: str) -> Iterator[Finding]:
    """Make machines without active power of a table's compensators that hold a voltage nobody else holds."""
    import pandapower

    table = net[name]
    holds = table["controllable"].astype(bool) & ~table["bus"].isin([*net.gen["bus"], *net.ext_grid["bus"]])
    holds &= ~table["bus"].duplicated()
    if not holds.any():
        return
    part = table[holds]
    on = part["in_service"].to_numpy(dtype=bool)
    pandapower.create_gens(net, part["bus"].to_numpy(), p_mw=0.0, vm_pu=part["set_vm_pu"].to_numpy(), in_service=on)
    net[name] = table[~holds]
    text = (
        f"{len(part)} rows of pandapower's table {name} are read as machines without active power: they hold the same."
    )
    yield Finding("pandapower.compensator", Severity.INFO, text, where=Where(section=name))


def _voltage_limits(net: Any, bus: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the buses with their voltage limits, the tightest where switches join several; the rest have none."""
    at = net._pd2ppc_lookups["bus"][net.bus.index]
    none = 0
    for ours, theirs, tightest, limit in (("vmax", "max_vm_pu", "min", 2.0), ("vmin", "min_vm_pu", "max", 0.0)):
        given = net.bus.get(theirs, pd.Series(np.nan, net.bus.index)).groupby(at).agg(tightest)
        none = max(none, int(given.isna().sum()))
        bus[ours] = given.reindex(bus["bus_i"]).fillna(limit).to_numpy()
    text = f"{none} buses have no voltage limits in pandapower; 0 and 2 pu stand for none."
    return bus, [Finding("pandapower.no_voltage_limit", Severity.INFO, text)] if none else []


def _rated(net: Any, rows: int) -> np.ndarray:
    """Return which branches of the model have a rating: pandapower's reference powers of impedances are none."""
    rated = np.zeros(rows, dtype=bool)
    for name, words in RATED.items():
        first, last = net._pd2ppc_lookups["branch"].get(name, (0, 0))
        if last > first:
            rated[first:last] = ~np.concatenate([_is_unrated(net[name], word) for word in words])
    return rated


def _is_unrated(table: pd.DataFrame, word: str) -> np.ndarray:
    """Return which rows are marked as without a rating, as we write transformers whose rating is unknown."""
    marks = table.get(word, pd.Series(False, table.index))
    return np.asarray(marks.eq(True), dtype=bool)


def _machine_rows(net: Any, rows: np.ndarray) -> pd.DataFrame:
    """Return pandapower's machines, with the limits of external grids, which its load flow has no use for."""
    gen = pd.DataFrame(rows[:, :10], columns=GEN)
    gen["mbase"] = gen["mbase"].fillna(net.sn_mva)
    grids = net.ext_grid[net._is_elements["ext_grid"].astype(bool)]
    first, last = net._gen_order["ext_grid"] if len(grids) else (0, 0)
    for ours, theirs in LIMITS.items():
        none = NO_LIMIT if theirs.startswith("max") else -NO_LIMIT
        if len(grids) == last - first:
            gen.loc[first : last - 1, ours] = grids[theirs].to_numpy() if theirs in grids else none
        gen[ours] = gen[ours].where(gen[ours].abs() < 1e9, none)  # a billion is pandapower's word for no limit
    return gen


def _with_solution(net: Any, ppc: Any) -> None:
    """Store solved voltages and injections, where pandapower finds a solution: a start in spite of phase shifts."""
    import pandapower

    try:
        pandapower.runpp(net, calculate_voltage_angles=True, init="dc")
    except pandapower.LoadflowNotConverged:
        return
    rows = {table: np.asarray(net._ppc[table])[:, :9].real for table in ("bus", "gen")}
    last = net._gen_order.get("gen", (0, 0))[1]
    ends = len(rows["gen"]) - len(ppc["gen"])  # the ends of DC lines stand behind the machines
    rows["gen"] = np.delete(rows["gen"], np.s_[last - ends : last], axis=0)
    for table, columns in (("bus", slice(7, 9)), ("gen", slice(1, 3))):
        solved, stored = rows[table], ppc[table]
        if len(solved) == len(stored) and np.array_equal(solved[:, 0], stored[:, 0].real):
            new = solved[:, columns]
            stored[:, columns] = np.where(np.isfinite(new), new, stored[:, columns].real)


def _with_losses(network: Network, raw: np.ndarray, idx: Any, is_transformer: np.ndarray) -> Network:
    """Give lines and transformers the conductances and unequal susceptances that MATPOWER's table has no column for."""
    g, g_more, b_more = (raw[:, column].real / 2 for column in (idx.BR_G, idx.BR_G_ASYM, idx.BR_B_ASYM))
    for table, rows in (("branch", ~is_transformer), ("transformer", is_transformer)):
        frame = network[table]
        more = {"g_from_pu": g[rows], "g_to_pu": (g + g_more)[rows]}
        frame = frame.assign(**more, b_to_pu=network.values(table, "b_to_pu") + b_more[rows])
        network = network.with_tables(**{table: frame})
    return network


#: The tables of devices that hold a voltage by reactive power alone.
COMPENSATORS = ("svc", "ssc")
#: The tables of a net that pandapower's load-flow model has resolved into buses, branches and machines.
READ = {
    "bus", "load", "sgen", "motor", "asymmetric_load", "asymmetric_sgen", "storage", "gen", "switch", "shunt",
    "ext_grid", "line", "trafo", "trafo3w", "impedance", "dcline", "ward", "xward", "trafo_characteristic_table",
    "shunt_characteristic_table",
}  # fmt: skip
#: The tables that no load flow of stored setpoints needs.
BESIDE = {
    "measurement", "controller", "group", "characteristic", "pwl_cost", "poly_cost", "bus_geodata", "line_geodata",
}  # fmt: skip
BUS = ["bus_i", "bus_type", "pd", "qd", "gs", "bs", "area", "vm", "va", "base_kv", "zone", "vmax", "vmin"]
GEN = ["gen_bus", "pg", "qg", "qmax", "qmin", "vg", "mbase", "gen_status", "pmax", "pmin"]
UNRATED_KA = 99999.0  # as pandapower writes lines without a rating
#: What has ratings, with the words of ours that say which have none: of three windings, one a winding.
RATED = {"line": ("unrated",), "trafo": ("unrated",), "trafo3w": ("unrated_hv", "unrated_mv", "unrated_lv")}
LIMITS = {"qmax": "max_q_mvar", "qmin": "min_q_mvar", "pmax": "max_p_mw", "pmin": "min_p_mw"}
BRANCH = ["f_bus", "t_bus", "br_r", "br_x", "br_b", "rate_a", "rate_b", "rate_c", "tap", "shift", "br_status"]
