"""Loads to and from pandapower: one by one, with the shares that depend on voltage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding
from core.formats.matpower.export import ledger
from core.network import Network
from core.network.demand import demand_parts, stored_demand

#: What is left of a bus's power beside its loads counts from this size on [MW or Mvar].
TINY_MW = 1e-9
#: The longest name that is an identifier at a bus, as PSS/E has it.
LONGEST = 2


def create_loads(net: Any, network: Network) -> list[Finding]:
    """Loads under their identifiers, with the shares of their buses that depend on voltage; say which are bent to it.

    pandapower applies the mean percentages of a bus's loads to all that is fed in and taken there. So the loads of a
    bus have the same, and are constant at the stored voltage where something else is at the bus.
    """
    import pandapower

    known = network.positions(network.values("load", "bus")) >= 0
    load = network["load"][known]
    if load.empty:
        return []
    at, on = load["bus"].to_numpy(dtype=np.int64), load["in_service"].to_numpy()
    others = set(net.load["bus"]) | set(net.sgen["bus"]) | set(net.storage["bus"])
    can_depend = ~np.isin(at, list(others))
    active, reactive = ([part[known] for part in parts] for parts in demand_parts(network))
    shares, exact = {}, {}
    for letter, parts in (("p", active), ("q", reactive)):
        shares[letter], possible, exact[letter] = _shares(parts, at, on)
        can_depend &= possible
    stored = [power[known] for power in stored_demand(network)]
    p, q = (
        np.where(can_depend, np.sum(parts, axis=0), power)
        for parts, power in zip((active, reactive), stored, strict=True)
    )
    percentages = {
        f"const_{sort}_{letter}_percent": np.where(can_depend, 100 * shares[letter][k], 0.0)
        for letter in "pq"
        for k, sort in enumerate("iz")
    }
    pandapower.create_loads(net, at, p_mw=p, q_mvar=q, name=load["ckt"].to_numpy(), in_service=on, **percentages)
    dependent = np.any([part != 0 for part in (*active[1:], *reactive[1:])], axis=0) & on
    mixed = dependent & can_depend & ~(exact["p"] & exact["q"])
    notes = [
        ("load", int((dependent & ~can_depend).sum()), "approximated", "constant power at the stored voltage"),
        ("load", int(mixed.sum()), "approximated", "the share of the bus's loads that depends on voltage"),
    ]
    return ledger("pandapower", notes)


def _shares(
    parts: list[np.ndarray], at: np.ndarray, on: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """Return the shares of constant current and admittance at each load's bus, if there can be some, if its own."""
    frame = pd.DataFrame(np.transpose(parts), columns=["power", "current", "admittance"])
    bus = frame.mul(on, axis=0).groupby(at).transform("sum")
    total, own = bus.sum(axis=1), frame.sum(axis=1)
    none = (bus["current"] == 0) & (bus["admittance"] == 0)
    found = [(bus[name] / total.where(total != 0, 1.0)).where(~none, 0.0) for name in ("current", "admittance")]
    possible = none | ((total != 0) & (found[0] + found[1] <= 1))
    same = np.isclose(found[0] * own, frame["current"]) & np.isclose(found[1] * own, frame["admittance"])
    current, admittance = (share.to_numpy() for share in found)
    return (current, admittance), possible.to_numpy(), np.asarray(same)


def with_loads(network: Network, net: Any, numbers: pd.Series, bus: np.ndarray, place: pd.Series) -> Network:
    """Return the network with each load of pandapower's, and one more where other elements take power.

    Parameters
    ----------
    network
        The network with one load a bus that takes the power of pandapower's load-flow model.
    net
        The net.
    numbers, bus
        The model's bus table, and the network's numbers of its rows.
    place
        The network's number of each of pandapower's buses.
    """
    own = net.load
    on = own["in_service"].astype(bool).to_numpy() & net.bus["in_service"].loc[own["bus"]].to_numpy(dtype=bool)
    frame = pd.DataFrame({"bus": place.loc[own["bus"]].to_numpy(), "ckt": _identifiers(own), "in_service": on})
    for column in ("p_mw", "q_mvar"):
        frame[column] = (own[column] * own["scaling"]).to_numpy(dtype=float)
    taken = frame[on].groupby("bus")[["p_mw", "q_mvar"]].sum()
    total = network["load"].set_index("bus")[["p_mw", "q_mvar"]]
    rest = total.sub(taken, fill_value=0.0)
    rest = rest[(rest.abs() > TINY_MW).any(axis=1)].reset_index().assign(ckt="*", in_service=True)
    load = pd.concat([part for part in (frame, rest) if len(part)] or [frame], ignore_index=True)
    load["ckt"] = _distinct(load)
    return _with_dependence(network.with_tables(load=load), numbers, bus)


def _identifiers(own: pd.DataFrame) -> np.ndarray:
    """Return the loads' names where they can be identifiers, else nothing."""
    names = own["name"].astype(object).where(own["name"].notna(), "").astype(str).str.strip()
    return np.asarray(names.where(names.str.len() <= LONGEST, ""), dtype=object)


def _distinct(load: pd.DataFrame) -> np.ndarray:
    """Return identifiers that are unique at their bus: numbers for loads without one, and where one comes again."""
    again = load["ckt"].isin(["", "*"]) | load.duplicated(["bus", "ckt"])
    number = (load.groupby("bus").cumcount() + 1).astype(str)
    words = load["ckt"].where(~again, number)
    clash = pd.DataFrame({"bus": load["bus"], "ckt": words}).duplicated(keep=False) & again
    return np.asarray(words.where(~clash, "L" + number), dtype=object)


def _with_dependence(network: Network, numbers: pd.Series, bus: np.ndarray) -> Network:
    """Give loads the parts that pandapower takes for constant current and constant impedance."""
    from pandapower.pypower import idx_bus

    load = network["load"]
    shares = pd.DataFrame(bus, index=numbers).loc[load["bus"]]
    changes: dict[str, np.ndarray] = {}
    for column, letter in (("p_mw", "P"), ("q_mvar", "Q")):
        current, impedance = (shares[getattr(idx_bus, f"{sort}_{letter}")].to_numpy() for sort in ("CID", "CZD"))
        power = load[column].to_numpy()
        changes |= {f"i{column}": current * power, f"y{column}": impedance * power}
        changes[column] = power - changes[f"i{column}"] - changes[f"y{column}"]
    return network.with_tables(load=load.assign(**changes))
