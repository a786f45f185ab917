"""What holds voltages in contradiction: setpoints that differ, buses held from two places, bands that exclude them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.network.network import Network, element_names

#: A machine further from its reactive limits than this holds its voltage [Mvar].
INSIDE_MVAR = 0.01
#: A stored voltage that differs from the setpoint by more than this was solved with another one [pu].
MISSED_PU = 1e-3
#: Findings of one kind that are listed one by one.
LISTED = 50


def conflicts(network: Network) -> Iterator[Finding]:
    """Yield what contradicts itself in how voltages are held."""
    machines = _machines(network)
    yield from _different_setpoints(machines)
    yield from _held_twice(machines)
    yield from _missed_setpoints(machines)
    yield from _bands(network, machines)
    yield from _converters(network, machines)


def _machines(network: Network) -> pd.DataFrame:
    """Return the machines in service that hold a voltage: their bus, the bus that they hold, and at what."""
    on = network.live("generator")
    own, q, low, high, v_set = (
        network.values("generator", name)[on] for name in ("bus", "q_mvar", "q_min_mvar", "q_max_mvar", "v_set_pu")
    )
    at = network.positions(own)
    target = _target(network, "generator", network.values("generator", "regulated_bus"))[on]
    table = pd.DataFrame({"own": own, "held": target, "v": v_set})
    table["inside"] = (q > low + INSIDE_MVAR) & (q < high - INSIDE_MVAR)
    table["stored"] = network.values("bus", "v_pu")[network.positions(target)]
    table["swing"] = network.values("bus", "kind")[network.positions(target)] == "SLACK"
    return table[np.isin(network.values("bus", "kind")[at], ("PV", "SLACK"))]


def _target(network: Network, table: str, remote: np.ndarray) -> np.ndarray:
    """Return the buses that elements regulate: their own where no other is named, or none of that number exists."""
    own = network.values(table, "from_bus" if table == "transformer" else "bus")
    return np.where((remote == 0) | (network.positions(remote) < 0), own, remote)


def _different_setpoints(machines: pd.DataFrame) -> Iterator[Finding]:
    spread = machines.groupby("held")["v"].agg(["min", "max"])
    for bus, low, high in spread[spread["max"] - spread["min"] > 1e-6].reset_index().to_numpy():
        text = f"Machines hold bus {int(bus)} at different voltages: {low:g} to {high:g} pu."
        hint = "Give them one setpoint."
        yield Finding("network.audit.setpoints", Severity.WARNING, text, hint, element=f"bus {int(bus)}")


def _held_twice(machines: pd.DataFrame) -> Iterator[Finding]:
    """Machines that regulate a bus with machines of its own, or not the bus that their neighbours regulate."""
    local = set(machines.loc[machines["held"] == machines["own"], "own"])
    remote = machines[machines["held"] != machines["own"]].drop_duplicates(["own", "held"])
    for bus, target, swing in zip(remote["own"], remote["held"], remote["swing"], strict=True):
        if target in local or swing:
            text = f"The machine at bus {bus} regulates bus {target}, which another machine holds already."
            hint = "Let it hold its own bus."
            yield Finding("network.audit.remote", Severity.WARNING, text, hint, element=f"bus {bus}")
    pairs = machines.drop_duplicates(["own", "held"])
    shared = pairs[pairs["own"].duplicated(keep=False)]
    for bus in shared["own"].unique().tolist():
        held = sorted(shared.loc[shared["own"] == bus, "held"].tolist())
        text = f"The machines at bus {bus} regulate different buses: {', '.join(map(str, held))}."
        hint = "Let all machines of a bus regulate the same one."
        yield Finding("network.audit.remote", Severity.WARNING, text, hint, element=f"bus {bus}")


def _missed_setpoints(machines: pd.DataFrame) -> Iterator[Finding]:
    off = machines[machines["inside"] & ((machines["stored"] - machines["v"]).abs() > MISSED_PU)]
    for bus, target, stored in off.drop_duplicates("held")[["held", "v", "stored"]].head(LISTED).to_numpy():
        text = f"Bus {int(bus)} is at {stored:.5g} pu but its machines, within their limits, hold {target:.5g} pu."
        hint = "The case was not solved after the setpoint changed."
        yield Finding("network.audit.setpoint_missed", Severity.INFO, text, hint, element=f"bus {int(bus)}")


def _bands(network: Network, machines: pd.DataFrame) -> Iterator[Finding]:
    """Switched shunts, taps and FACTS devices that want another voltage at a bus than its machines hold."""
    setpoint = machines.drop_duplicates("held").set_index("held")["v"]
    for table, modes, low, high in (
        ("switched_shunt", (1, 2), "v_min_pu", "v_max_pu"),
        ("transformer", (1,), "band_min", "band_max"),
        ("facts", tuple(range(1, 9)), "v_set_pu", "v_set_pu"),
    ):
        target = _target(network, table, np.abs(network.values(table, "regulated_bus")))
        held = setpoint.reindex(target).to_numpy()
        least, most = network.values(table, low), network.values(table, high)
        works = network.live(table) & np.isin(network.values(table, "control_mode"), modes)
        wrong = works & ((held < np.minimum(least, most) - 1e-6) | (held > np.maximum(least, most) + 1e-6))
        rows = np.flatnonzero(wrong)[:LISTED]
        for row, name in zip(rows, element_names(network, table, rows), strict=True):
            wanted = f"{least[row]:g}" if least[row] == most[row] else f"{least[row]:g} to {most[row]:g}"
            text = f"{name} keeps bus {target[row]} at {wanted} pu, where machines hold {held[row]:g} pu."
            hint = "Give both the same voltage, or switch one control off."
            yield Finding("network.audit.band", Severity.WARNING, text, hint, element=name)


def _converters(network: Network, machines: pd.DataFrame) -> Iterator[Finding]:
    """Ends of DC lines that hold a bus at another voltage than its machines."""
    setpoint = machines.drop_duplicates("held").set_index("held")["v"]
    for side in ("from", "to"):
        bus, wanted = network.values("dcline", f"{side}_bus"), network.values("dcline", f"v_{side}_pu")
        held = setpoint.reindex(bus).to_numpy()
        works = network.live("dcline") & network.values("dcline", f"controls_v_{side}").astype(bool)
        rows = np.flatnonzero(works & (np.abs(held - wanted) > 1e-6))[:LISTED]
        for row, name in zip(rows, element_names(network, "dcline", rows), strict=True):
            text = f"{name} keeps bus {bus[row]} at {wanted[row]:g} pu, where machines hold {held[row]:g} pu."
            yield Finding("network.audit.band", Severity.WARNING, text, "Give both the same voltage.", element=name)
