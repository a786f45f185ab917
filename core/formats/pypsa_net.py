"""Networks to and from PyPSA: complete by way of bus, branch and machine tables, exact in the load flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where
from core.formats.matpower.export import case_from_network, facts_notes, ledger
from core.network import Network
from core.network.demand import stored_demand
from core.network.injections import series_power

CONTROL = {1: "PQ", 2: "PV", 3: "Slack", 4: "PQ"}
KINDS = {"PV": "PV", "Slack": "SLACK"}
FREQUENCY_HZ = 50.0  # of a network from PyPSA
NO_VOLTAGE_LIMIT = 2.0  # [pu]; PyPSA's word is infinity, which no other format can hold


def to_pypsa(network: Network) -> tuple[Any, list[Finding]]:
    """Return the network as a PyPSA network with one snapshot, and what PyPSA's elements can't hold.

    Every branch with a tap, a shift or two base voltages is a transformer; three-winding transformers are a star bus
    with three of them; DC lines are links, with loads for their reactive power; loads that depend on voltage are
    constant at the stored one. PyPSA's buses are always in service: those that aren't are left out with what is there.
    """
    import pypsa

    case, _ = case_from_network(network)
    bus, gen = case.tables["bus"], case.tables["gen"]
    n = pypsa.Network(name=network.name)
    n.set_snapshots(["now"])
    on = (bus["bus_type"] != 4).to_numpy()
    names = _names(bus["bus_i"])
    kilovolts = pd.Series(bus["base_kv"].where(bus["base_kv"] > 0, 1.0).to_numpy(dtype=float), names)
    kinds = pd.Series(bus["bus_type"].astype(int).map(CONTROL).to_numpy(), names)
    gen = gen[np.isin(_names(gen["gen_bus"]), names[on])]
    running = gen[gen["gen_status"] > 0]
    held = pd.Series(bus["vm"].to_numpy(dtype=float), names)
    first = running.drop_duplicates("gen_bus")
    held.loc[_names(first["gen_bus"])] = first["vg"].to_numpy(dtype=float)
    low, high = (bus[name].to_numpy(dtype=float)[on] for name in ("vmin", "vmax"))
    n.add(
        "Bus", names[on], v_nom=kilovolts.to_numpy()[on], v_mag_pu_set=held.to_numpy()[on], v_mag_pu_min=low,
        v_mag_pu_max=high,
    )  # fmt: skip
    for name in ("x", "y"):
        place = pd.Series(network.values("bus", name), names[: len(network["bus"])])
        n.buses[name] = place.reindex(n.buses.index).fillna(0.0)
    _add_branches(n, case.tables["branch"], kilovolts, case.base_mva)
    _add_switches(n, network, kilovolts, case.base_mva)
    _add_loads(n, network)
    shunt = bus[on & ((bus["gs"] != 0) | (bus["bs"] != 0)).to_numpy()]
    at = _names(shunt["bus_i"])
    square = kilovolts.loc[at].to_numpy() ** 2
    g, b = shunt["gs"].to_numpy() / square, shunt["bs"].to_numpy() / square
    n.add("ShuntImpedance", "shunt " + at, bus=at.to_numpy(), g=g, b=b)
    _add_machines(n, gen, kinds)
    _add_dc_lines(n, network)
    _add_storage(n, network)
    return n, _ledger(network, len(bus) - int(on.sum()))


def _ledger(network: Network, dead: int) -> list[Finding]:
    """Say what PyPSA's elements hold differently or not at all; ``dead`` buses are left out."""
    depends = (network["load"][["ip_mw", "iq_mvar", "yp_mw", "yq_mvar"]] != 0).any(axis=1)
    open_switches = len(network["switch"]) - int(network.live("switch").sum())
    notes = [
        ("network", int(network.frequency_hz != FREQUENCY_HZ), "approximated", "PyPSA has no system frequency"),
        ("bus", dead, "dropped", "PyPSA's buses are always in service"),
        ("load", int(depends.sum()), "approximated", "constant power at the stored voltage"),
        ("transformer3w", len(network["transformer3w"]), "approximated", "a star bus and three transformers"),
        ("switched_shunt", len(network["switched_shunt"]), "approximated", "a fixed shunt at the bus"),
        *facts_notes(network),
        ("switch", len(network["switch"]) - open_switches, "approximated", "a short line"),
        ("switch", open_switches, "dropped", "open"),
        ("dcline", len(network["dcline"]), "approximated", "a link, and loads for the reactive power of its ends"),
    ]
    return ledger("pypsa", notes)


def _add_machines(n: Any, gen: pd.DataFrame, kinds: pd.Series) -> None:
    at, p_max = _names(gen["gen_bus"]), gen["pmax"].clip(lower=0).to_numpy()
    with np.errstate(all="ignore"):
        p_min_pu = np.nan_to_num(gen["pmin"].to_numpy() / p_max, posinf=0.0, neginf=0.0)
    n.add(
        "Generator", pd.Index("generator " + (gen.index + 1).astype(str)), bus=at.to_numpy(),
        p_set=gen["pg"].to_numpy(), q_set=gen["qg"].to_numpy(), control=kinds.loc[at].to_numpy(), p_nom=p_max,
        p_min_pu=p_min_pu, active=(gen["gen_status"] > 0).to_numpy(),
    )  # fmt: skip


def _names(numbers: pd.Series) -> pd.Index:
    """Return the names of buses: their numbers."""
    return pd.Index(numbers.astype(int).astype(str).to_numpy())


def _add_branches(n: Any, branch: pd.DataFrame, kilovolts: pd.Series, base: float) -> None:
    """Add lines in ohms and transformers in per unit; unequal ends and cores are in the buses' shunts already."""
    from_, to = _names(branch["f_bus"]), _names(branch["t_bus"])
    there, on = from_.isin(n.buses.index) & to.isin(n.buses.index), (branch["br_status"] == 1).to_numpy()
    kv_from, kv_to = kilovolts.loc[from_].to_numpy(), kilovolts.loc[to].to_numpy()
    tap, shift, r, x, b, rate = (
        branch[name].to_numpy(dtype=float) for name in ("tap", "shift", "br_r", "br_x", "br_b", "rate_a")
    )
    is_line = (tap == 0) & (shift == 0) & (kv_from == kv_to)
    number = pd.Index((branch.index + 1).astype(str))
    k, ohm = there & is_line, kv_from**2 / base
    n.add(
        "Line", "line " + number[k], bus0=from_[k].to_numpy(), bus1=to[k].to_numpy(), r=(r * ohm)[k], x=(x * ohm)[k],
        b=(b / ohm)[k], s_nom=rate[k], active=on[k],
    )  # fmt: skip
    k = there & ~is_line
    size = np.where(rate > 0, rate, base)  # PyPSA's transformers have their impedances on their rating
    share = size / base
    n.add(
        "Transformer", "transformer " + number[k], bus0=from_[k].to_numpy(), bus1=to[k].to_numpy(), model="pi",
        r=(r * share)[k], x=(x * share)[k], b=(b / share)[k], s_nom=size[k],
        tap_ratio=np.where(tap == 0, 1.0, tap)[k], phase_shift=shift[k], active=on[k], unrated=(rate <= 0)[k],
    )  # fmt: skip


def _add_switches(n: Any, network: Network, kilovolts: pd.Series, base: float) -> None:
    """Add closed switches as short lines."""
    table = network["switch"][network.live("switch")]
    from_, to = _names(table["from_bus"]), _names(table["to_bus"])
    x = table["x_pu"].to_numpy(dtype=float) * kilovolts.loc[from_].to_numpy() ** 2 / base
    names = pd.Index("switch " + (table.index + 1).astype(str))
    n.add("Line", names, bus0=from_.to_numpy(), bus1=to.to_numpy(), r=0.0, x=x, s_nom=0.0)


def _add_loads(n: Any, network: Network) -> None:
    """Add each load with the power that it takes at the stored voltage, and what series FACTS elements take."""
    load = network["load"]
    there = np.append(network.bus_in_service(), False)[network.terminals("load")[0]]
    names = pd.Series("load " + load["bus"].astype(str) + " " + load["ckt"])
    names = names.where(~names.duplicated(), names + " row " + (load.index + 1).astype(str))
    p, q = (power[there] for power in stored_demand(network))
    at = _names(load["bus"][there])
    on = load["in_service"].to_numpy()[there]
    n.add("Load", pd.Index(names[there]), bus=at.to_numpy(), p_set=p, q_set=q, active=on)
    fed = pd.Series(series_power(network), _names(network["bus"]["bus"]))
    fed = fed[(fed != 0) & fed.index.isin(n.buses.index)]
    n.add("Load", "facts " + fed.index, bus=fed.index, p_set=-fed.to_numpy().real, q_set=-fed.to_numpy().imag)


def _add_dc_lines(n: Any, network: Network) -> None:
    """Add a link for the active power of each DC line, and loads for the reactive power of its ends."""
    alive = np.append(network.bus_in_service(), False)
    table = network["dcline"][np.logical_and.reduce([alive[ends] for ends in network.terminals("dcline")])]
    on = table["in_service"].to_numpy()
    p_from, p_to = (table[name].to_numpy(dtype=float) for name in ("p_from_mw", "p_to_mw"))
    idle = p_from == 0
    efficiency = np.where(idle, 1.0, p_to / np.where(idle, 1.0, p_from))
    ends = {"bus0": _names(table["from_bus"]).to_numpy(), "bus1": _names(table["to_bus"]).to_numpy()}
    rating = np.abs(p_from)
    n.add(
        "Link",
        pd.Index(table["name"]),
        **ends,
        p_set=p_from,
        efficiency=efficiency,
        p_nom=rating,
        p_min_pu=-1.0,
        active=on,
    )
    for end in ("from", "to"):
        fed = np.where(idle, p_to, 0.0) if end == "to" else np.zeros(len(table))
        q = table[f"q_{end}_mvar"].to_numpy(dtype=float)
        names = pd.Index(table["name"] + f" {end}")
        k = (q != 0) | (fed != 0)
        at = _names(table[f"{end}_bus"])
        n.add("Load", names[k], bus=at[k].to_numpy(), p_set=-fed[k], q_set=-q[k], active=on[k])


def _add_storage(n: Any, network: Network) -> None:
    table = network["storage"][np.append(network.bus_in_service(), False)[network.terminals("storage")[0]]]
    names = pd.Index("storage " + (table.index + 1).astype(str))
    p, q = -table["p_mw"].to_numpy(dtype=float), -table["q_mvar"].to_numpy(dtype=float)
    rating = table["discharge_rating_mw"].to_numpy(dtype=float)
    n.add(
        "StorageUnit",
        names,
        bus=_names(table["bus"]).to_numpy(),
        p_set=p,
        q_set=q,
        p_nom=rating,
        active=table["in_service"].to_numpy(),
    )


def from_pypsa(n: Any, base_mva: float = 100.0) -> tuple[Network, list[Finding]]:
    """Return the first snapshot of a PyPSA network as a network, and what is left out."""
    n.calculate_dependent_values()
    numbers = pd.Series(np.arange(1, len(n.buses) + 1), index=n.buses.index)
    if all(str(name).isdecimal() and 0 < int(name) < 10**9 for name in n.buses.index):
        numbers = pd.Series([int(name) for name in n.buses.index], index=n.buses.index)
    kind = pd.Series("PQ", index=n.buses.index)
    for control, word in KINDS.items():
        holding = n.generators["active"].astype(bool) & (n.generators["control"] == control)
        kind.loc[kind.index.isin(n.generators.loc[holding, "bus"])] = word
    held = _now(n, "Bus", "v_mag_pu_set")
    high = n.buses["v_mag_pu_max"].clip(upper=NO_VOLTAGE_LIMIT)
    tables = {
        "bus": pd.DataFrame(
            {"bus": numbers, "name": n.buses.index.astype(str), "base_kv": n.buses["v_nom"], "kind": kind, "v_pu": held,
             "v_max_pu": high, "v_max_emergency_pu": high, "v_min_pu": n.buses["v_mag_pu_min"],
             "v_min_emergency_pu": n.buses["v_mag_pu_min"], **_coordinates(n)}
        ),
        "load": _injections(n, "Load", numbers, -1),
        "generator": _generators(n, numbers, held),
        "storage": pd.concat(
            [_injections(n, kind, numbers, -1) for kind in ("StorageUnit", "Store")], ignore_index=True
        ),
        "shunt": _placed(n, "ShuntImpedance", numbers).assign(
            g_mw=n.shunt_impedances["g_pu"].to_numpy(), b_mvar=n.shunt_impedances["b_pu"].to_numpy()
        ),
        "branch": _branch_rows(n.lines, numbers, base_mva),
        "transformer": _branch_rows(n.transformers, numbers, base_mva).assign(
            tap_from_pu=np.where(n.transformers["tap_side"] == 0, n.transformers["tap_ratio"], 1.0),
            tap_to_pu=np.where(n.transformers["tap_side"] == 0, 1.0, n.transformers["tap_ratio"]),
            shift_deg=n.transformers["phase_shift"].to_numpy(),
        ),
        "dcline": _dc_rows(n, numbers),
    }  # fmt: skip
    tables["storage"]["ckt"] = _circuits(tables["storage"]["bus"])
    extras = {"pypsa": _economy(n)}
    return Network(str(n.name or ""), base_mva, FREQUENCY_HZ, tables, extras), [*_gaps(tables), *_left_out(n)]


def _economy(n: Any) -> pd.DataFrame:
    """Return what no table of ours holds of the generators: carrier, efficiency and costs."""
    now = {name: _now(n, "Generator", name) for name in ("efficiency", "marginal_cost", "marginal_cost_quadratic")}
    return n.generators[["carrier", "capital_cost"]].assign(**now).reset_index(drop=True)  # type: ignore[no-any-return]


def _gaps(tables: dict[str, pd.DataFrame]) -> Iterator[Finding]:
    """Say which values are no numbers: the column's default stands for them. A given power may be left open."""
    for table in ("bus", "load", "shunt", "branch", "transformer"):
        frame = tables[table].drop(columns=["x", "y"], errors="ignore")
        for row, column in zip(*np.nonzero(frame.isna().to_numpy()), strict=True):
            name = frame.columns[column]
            text = f"{table} in row {row + 1}: {name} isn't a number; its default stands for it."
            where = Where(section=table, row=int(row) + 1, column=str(name))
            yield Finding("pypsa.not_a_number", Severity.ERROR, text, "Enter a number.", where)


def _coordinates(n: Any) -> dict[str, pd.Series]:
    """Return where buses lie; PyPSA's word for an unknown place is the origin."""
    known = (n.buses["x"] != 0) | (n.buses["y"] != 0)
    return {name: n.buses[name].where(known) for name in ("x", "y")}


def _left_out(n: Any) -> Iterator[Finding]:
    unlimited = int((n.buses["v_mag_pu_max"] > NO_VOLTAGE_LIMIT).sum())
    if unlimited:
        text = f"{unlimited} buses have no upper voltage limit in PyPSA; {NO_VOLTAGE_LIMIT:g} pu stand for none."
        yield Finding("pypsa.no_voltage_limit", Severity.INFO, text)
    if len(n.snapshots) > 1:
        text = f"The file has {len(n.snapshots)} snapshots; the first one, {n.snapshots[0]}, is read."
        yield Finding("pypsa.snapshot", Severity.INFO, text)
    more = [name for name in n.links if str(name).startswith("bus") and str(name)[3:].isdigit() and int(name[3:]) > 1]
    for column in more:
        count = int((n.links[column].fillna("") != "").sum())
        if count:
            text = f"{count} links have a further end, {column}; it is left out."
            yield Finding("pypsa.left_out", Severity.WARNING, text)
    processes = n.components["Process"].static if hasattr(n, "processes") else ()
    if len(processes):
        yield Finding("pypsa.left_out", Severity.WARNING, f"{len(processes)} elements of class Process are left out.")


def _now(n: Any, kind: str, name: str) -> pd.Series:
    """Return an attribute of all elements of a class in the first snapshot."""
    return n.get_switchable_as_dense(kind, name).loc[n.snapshots[0], n.components[kind].static.index]  # type: ignore[no-any-return]


def _placed(n: Any, kind: str, numbers: pd.Series) -> pd.DataFrame:
    frame = n.components[kind].static
    at = {"bus": numbers.loc[frame["bus"]].to_numpy(), "in_service": frame["active"].to_numpy(dtype=bool)}
    return pd.DataFrame({**at, "ckt": _circuits(frame["bus"])})


def _injections(n: Any, kind: str, numbers: pd.Series, direction: int) -> pd.DataFrame:
    """Return elements with their powers: 1 where the table counts what is delivered, -1 where what is drawn."""
    sign = n.components[kind].static["sign"].to_numpy() * direction
    power = {to: _now(n, kind, name).to_numpy() * sign for to, name in (("p_mw", "p_set"), ("q_mvar", "q_set"))}
    return _placed(n, kind, numbers).assign(**power)


def _generators(n: Any, numbers: pd.Series, held: pd.Series) -> pd.DataFrame:
    table = _injections(n, "Generator", numbers, 1).assign(v_set_pu=held.loc[n.generators["bus"]].to_numpy())
    rating = n.generators["p_nom"].to_numpy()
    for column, name, none in (("p_max_mw", "p_max_pu", 9999.0), ("p_min_mw", "p_min_pu", -9999.0)):
        limit = _now(n, "Generator", name).to_numpy() * rating
        table[column] = np.where((rating > 0) & np.isfinite(limit), limit, none)
    return table


def _dc_rows(n: Any, numbers: pd.Series) -> pd.DataFrame:
    """Return links as DC lines: what they draw at one end, less the losses, arrives at the other."""
    p = _now(n, "Link", "p_set").to_numpy()
    arrives = p * _now(n, "Link", "efficiency").to_numpy()
    ends = {f"{end}_bus": numbers.loc[n.links[f"bus{k}"]].to_numpy() for k, end in enumerate(("from", "to"))}
    return pd.DataFrame(
        {"name": n.links.index.astype(str), **ends, "in_service": n.links["active"].to_numpy(dtype=bool),
         "p_from_mw": p, "p_to_mw": arrives, "loss0_mw": p - arrives}
    )  # fmt: skip


def _branch_rows(frame: pd.DataFrame, numbers: pd.Series, base_mva: float) -> pd.DataFrame:
    """Return lines or transformers; PyPSA's per-unit values refer to 1 MVA."""
    ends = [numbers.loc[frame[name]].to_numpy() for name in ("bus0", "bus1")]
    pairs = pd.Series([f"{min(a, b)}-{max(a, b)}" for a, b in zip(*ends, strict=True)], dtype=object)
    half = {name: frame[f"{name}_pu"].to_numpy() / base_mva / 2 for name in ("g", "b")}
    return pd.DataFrame(
        {"from_bus": ends[0], "to_bus": ends[1], "ckt": _circuits(pairs), "name": frame.index.astype(str),
         "in_service": frame["active"].to_numpy(dtype=bool), "r_pu": frame["r_pu"].to_numpy() * base_mva,
         "x_pu": frame["x_pu"].to_numpy() * base_mva, "g_from_pu": half["g"], "g_to_pu": half["g"],
         "b_from_pu": half["b"], "b_to_pu": half["b"], "rate_a_mva": _ratings(frame)}
    )  # fmt: skip


def _ratings(frame: pd.DataFrame) -> np.ndarray:
    """Return the ratings [MVA]: none where a mark of ours says that s_nom is only what the impedances refer to."""
    unrated = frame["unrated"].eq(True) if "unrated" in frame else pd.Series(False, frame.index)
    return np.asarray(frame["s_nom"].where(~unrated, 0.0))


def _circuits(places: pd.Series) -> list[str]:
    return [str(k + 1) for k in places.groupby(places.to_numpy()).cumcount()]
