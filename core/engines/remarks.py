"""What a load flow took as given, and what that leaves out: limits, held shunts and taps."""

from __future__ import annotations

import numpy as np

from core.engines.bus_case import LoadFlow, Outcome, bus_case
from core.engines.regulation import enforces_limits
from core.findings import Finding, Severity, Where, counted
from core.network import Network
from core.network.audit import unmodelled_power

#: Off its band by this much, a voltage counts as outside [pu].
BAND_TOLERANCE_PU = 1e-4
_VOLTAGE_MODES = {"switched_shunt": (1, 2), "transformer": (1,)}


def regulation_remarks(network: Network, flow: LoadFlow, engine: str, limits: bool | None = None) -> list[Finding]:
    """Return what is worth knowing about who held which voltage."""
    enforced = enforces_limits(network) if limits is None else limits
    return _unsuited(network, flow, engine) or [
        *_collapsed(network, flow),
        *_unmodelled(network),
        *_limited(network, flow),
        *_settled(network, engine, enforced=enforced),
        *_held(network, flow),
    ]


def _unsuited(network: Network, flow: LoadFlow, engine: str) -> list[Finding]:
    """Say why lightsim2grid solves nothing: what its model lacks."""
    if engine != "lightsim2grid" or flow.outcome is not Outcome.UNSOLVABLE:
        return []
    if len(bus_case(network).slack) > 1:
        text = "lightsim2grid holds one swing bus, and the case has several: nothing is solved."
        return [Finding("load_flow.many_slacks", Severity.ERROR, text, "Use the engine newton.")]
    current = np.abs(network.values("load", "ip_mw")) + np.abs(network.values("load", "iq_mvar"))
    buses = network.values("load", "bus")[network.live("load") & (current > 0)]
    if not len(buses):
        return []
    text = f"lightsim2grid has no loads of constant current, as at {_some(buses)}: nothing is solved."
    return [Finding("load_flow.constant_current", Severity.ERROR, text, "Use the engine newton.")]


def _collapsed(network: Network, flow: LoadFlow) -> list[Finding]:
    """Say which buses have no voltage in the only solution that was found."""
    if not len(flow.collapsed):
        return []
    buses = network.values("bus", "bus")[flow.collapsed]
    text = f"The only solution found is without a voltage ({counted(len(buses), 'bus', 'buses')}: {_some(buses)})."
    hint = "Check the impedances and loads around it, or start from other voltages."
    return [Finding("load_flow.collapsed", Severity.ERROR, text, hint, Where(section="bus"))]


def _unmodelled(network: Network) -> list[Finding]:
    """Say what stands for elements that no table holds."""
    buses = np.asarray(network.extras.get("unmodelled_buses", ()))
    if not len(buses):
        return []
    what = f"Studies don't model elements at {counted(len(buses), 'bus', 'buses')} ({_some(buses)}); "
    if unmodelled_power(network).any():
        text = what + "the power that they take in the stored solution stands for them."
        return [Finding("load_flow.unmodelled", Severity.INFO, text, "It doesn't change with the voltage.")]
    text = what + "the stored voltages don't solve the case, so they take no part."
    return [Finding("load_flow.unmodelled", Severity.WARNING, text, "Solve the case before it is exported.")]


def _limited(network: Network, flow: LoadFlow) -> list[Finding]:
    number, hint = network.values("bus", "bus"), "--q-limits ignore lets machines give whatever it takes."
    return [
        Finding("load_flow.reactive_limit", Severity.INFO, f"At a reactive limit, {what}: {_some(number[rows])}.", hint)
        for rows, what in (
            (flow.let_go, f"so that the voltage isn't held: {counted(len(flow.let_go), 'bus', 'buses')}"),
            (np.setdiff1d(flow.limited, flow.let_go), "where others hold the voltage"),
        )
        if len(rows)
    ]


def _settled(network: Network, engine: str, *, enforced: bool) -> list[Finding]:
    """Say what another engine got from Newton's method."""
    remote = int((network.live("generator") & (network.positions(_remote(network)) >= 0)).sum())
    if engine == "newton" or not (enforced or remote):
        return []
    what = " and ".join(
        ["reactive limits"] * enforced + [f"{remote} machines that regulate another bus"] * bool(remote)
    )
    text = f"{engine} solves the case in which our Newton has settled {what}."
    return [Finding("load_flow.settled", Severity.INFO, text, "The engine newton does both at once.")]


def _remote(network: Network) -> np.ndarray:
    return network.values("generator", "regulated_bus")


def _held(network: Network, flow: LoadFlow) -> list[Finding]:
    """Return the switched shunts and transformers that a controller would move: they are held as stored."""
    findings = []
    magnitude = np.append(np.abs(flow.v), np.nan)
    for table, names, what in (
        ("switched_shunt", ("v_min_pu", "v_max_pu"), "switched shunts"),
        ("transformer", ("band_min", "band_max"), "transformers with a voltage controller"),
    ):
        remote = np.abs(network.values(table, "regulated_bus"))
        target = np.where(remote == 0, network.terminals(table)[0], network.positions(remote))
        low, high = (network.values(table, name) for name in names)
        v = magnitude[target]
        off = network.live(table) & np.isin(network.values(table, "control_mode"), _VOLTAGE_MODES[table])
        off &= (v < low - BAND_TOLERANCE_PU) | (v > high + BAND_TOLERANCE_PU)
        if off.any():
            buses = network.values("bus", "bus")[target[off]]
            text = f"{off.sum()} {what} are held as stored though the voltage is outside their band: {_some(buses)}."
            findings.append(
                Finding(f"load_flow.{table}_held", Severity.WARNING, text, "Switch or tap them in the case.")
            )
    return findings


def _some(buses: np.ndarray, most: int = 5) -> str:
    return ", ".join(str(bus) for bus in buses[:most]) + (", …" if len(buses) > most else "")
