"""What a breaker carries: at a fault on either side of it the current of the other side, the larger of the two.

A fault behind the breaker draws all of the bus but its own feeder through it, a fault on the bus only the feeder's
contribution. Where the feeder comes back to the bus another way, or is part of a power station unit whose factors hold
it together, the total current of the bus is taken, which is never too small.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from core.studies.short_circuit import nodal
from core.studies.short_circuit.currents import Conditions, short_circuits
from core.studies.short_circuit.fault_network import ENDS, FaultNetwork
from core.studies.short_circuit.sequence import positions

THROUGH, BUS = "through", "bus"

#: Currents of a fault that duties are calculated from.
CURRENTS = ("ik_ka", "ip_ka", "ib_ka", "i_dc_ka", "ib_asym_ka")


def carried(
    network: FaultNetwork, breakers: pd.DataFrame, totals: pd.DataFrame, loads: set[str], conditions: Conditions
) -> pd.DataFrame:
    """Return the currents that each breaker carries, in the rows of its bus's total currents.

    Parameters
    ----------
    network
        The fault network.
    breakers
        ``id, bus, element, opening_s`` as the plant's table.
    totals
        Currents at each breaker's bus, one row a breaker (``device``) and fault type.
    loads
        Elements that give no fault current.
    conditions
        Case and methods; the delay is each breaker's opening time.

    Returns
    -------
    pandas.DataFrame
        ``totals`` with the carried currents, ``ik_bus_ka`` the total and ``basis``: *through*, or *bus* for the total.
    """
    parts = []
    for id, bus, element, opening_s in breakers[["id", "bus", "element", "opening_s"]].to_numpy(dtype=object):
        rows = totals[totals["device"] == id]
        rows = rows.assign(ik_bus_ka=rows["ik_ka"], basis=THROUGH if element in loads else BUS)
        sides = _sides(network, bus, element)
        if sides:
            asked = replace(conditions, delay_s=float(opening_s))
            one, other = (_at(side, bus, asked).reindex(rows["fault_type"]) for side in sides)
            larger = one.where(one["ik_ka"] >= other["ik_ka"], other)
            rows = rows.assign(basis=THROUGH, **{name: larger[name].to_numpy() for name in CURRENTS})
        parts.append(rows)
    return pd.concat(parts, ignore_index=True) if parts else totals


def _at(network: FaultNetwork, bus: str, conditions: Conditions) -> pd.DataFrame:
    return short_circuits(network, conditions, buses=[bus]).currents.set_index("fault_type")[list(CURRENTS)]


def _sides(network: FaultNetwork, bus: str, element: str) -> tuple[FaultNetwork, FaultNetwork] | None:
    """Return the network without the feeder and the bus with the feeder alone; nothing where they hang together."""
    table = next((name for name in ENDS if element in set(network[name]["id"])), None)
    units = network["machine"][network["machine"]["unit_transformer"] != ""]
    inside = units[(units["bus"] == bus) & ((units["id"] == element) | (units["unit_transformer"] == element))]
    if table is None or len(inside):
        return None
    apart = network.without(table, element)
    own = network[table][network[table]["id"] == element]
    far = [name for column in ENDS[table] for name in own[column] if name != bus]
    if not (own[list(ENDS[table])] == bus).to_numpy().any() or _joined(apart, bus, far):
        return None
    return apart, _alone(network, bus, element)


def _joined(network: FaultNetwork, bus: str, others: list[str]) -> bool:
    """Return whether the bus is still connected with one of the others."""
    pairs = [
        network[table][list(ENDS[table])[i : i + 2]].set_axis(["a", "b"], axis=1)
        for table in ("line", "transformer", "star")
        for i in range(len(ENDS[table]) - 1)
    ]
    links = pd.concat(pairs)
    part = nodal.parts(len(network["bus"]), positions(network, links["a"]), positions(network, links["b"]))
    at = positions(network, pd.Series([bus, *others]))
    return bool((part[at[1:]] == part[at[0]]).any())


def _alone(network: FaultNetwork, bus: str, element: str) -> FaultNetwork:
    """Return the network in which nothing but one element is at the bus."""
    tables = dict(network.tables)
    for table, columns in ENDS.items():
        rows = tables[table]
        here = (rows[list(columns)] == bus).any(axis=1)
        tables[table] = rows[~here | (rows["id"] == element)]
    return FaultNetwork(tables, network.frequency_hz)
