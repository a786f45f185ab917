"""Audit of a stored solution: do the voltages in the file solve the network that the file describes?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, counted
from core.network.admittance import (
    TwoPorts,
    admittance_matrix,
    branch_ports,
    switch_ports,
    transformer_ports,
    windings,
)
from core.network.checks import check
from core.network.conflicts import conflicts
from core.network.injections import generator_power, load_power, other_power, reactive_unknown
from core.network.network import Network, element_names
from core.network.topology import islands, zero_impedance_groups

#: A case counts as solved when no bus is further off than this [MVA], or than this share of all load if that is less.
SOLVED_MVA, SOLVED_SHARE = 1.0, 0.01
#: Where no bus is further off than this, what is left at buses with unmodelled elements is theirs [MVA].
UNMODELLED_MVA = 5.0


@dataclass(slots=True)
class Audit:
    """What the audit found."""

    solved: bool
    tolerance_mva: float
    max_mismatch_mva: float
    worst_bus: int | None
    mismatches: pd.DataFrame  # bus, p_mw, q_mvar, mva; one row a bus that takes part
    islands: pd.DataFrame  # island, buses, slack_buses, load_mw, generation_mw
    limits: pd.DataFrame  # element, quantity, value, limit
    findings: list[Finding] = field(default_factory=list)


def audit(network: Network, tolerance_mva: float | None = None) -> Audit:
    """Return how well the stored voltages fit the stored powers, and what contradicts itself or exceeds a limit.

    Parameters
    ----------
    network
        The network with stored voltages and machine outputs.
    tolerance_mva
        The largest mismatch of a solved case [MVA]; by default 1 MVA, or 1 % of the load of a small network.
    """
    v = stored_voltages(network)
    if tolerance_mva is None:
        tolerance_mva = solved_within_mva(network)
    with np.errstate(invalid="ignore", over="ignore"):  # absurd numbers in a file end as "not solved"
        mismatches = bus_mismatches(network, v)
        exceeded = limits_exceeded(network, v)
    worst = mismatches["mva"].fillna(np.inf).idxmax() if len(mismatches) else None
    largest = float(mismatches["mva"].max(skipna=False)) if len(mismatches) else 0.0
    solved = bool(len(mismatches)) and largest <= tolerance_mva
    findings = [*check(network), *conflicts(network), *_exceeded(exceeded)]
    bus = int(mismatches["bus"].loc[worst]) if worst is not None else None
    left_out = len(network.extras.get("unmodelled_buses", ()))
    if left_out:
        text = f"Studies don't model elements at {counted(left_out, 'bus', 'buses')}: no balance is judged there."
        findings.insert(0, Finding("network.audit.not_judged", Severity.INFO, text))
    if not solved and bus is not None:
        findings.insert(0, _not_solved(network, mismatches, bus, tolerance_mva))
    return Audit(solved, tolerance_mva, largest, bus, mismatches, island_table(network), exceeded, findings)


def _not_solved(network: Network, mismatches: pd.DataFrame, bus: int, tolerance_mva: float) -> Finding:
    """Say what doesn't fit the stored voltages, and whether their rounding may be why."""
    off = mismatches.set_index("bus")
    kind = network["bus"].set_index("bus")["kind"].reindex(off.index)
    specified = off["mva"].mask(kind == "PV", off["p_mw"].abs()).mask(kind == "SLACK", 0)
    largest, rounding = off["mva"].loc[bus], _rounding_mva(network)[network.positions([bus])[0]]
    hint = "Solve the network before you compare it with results of another program."
    if largest < rounding:
        hint += f" Voltages of five digits and angles of four can leave {rounding:.2g} MVA here by rounding alone."
    if specified.max(skipna=False) <= tolerance_mva:
        text, hint = "The stored outputs of machines don't fit the stored voltages", f"All else fits them. {hint}"
    else:
        text = f"The stored voltages don't solve the network within {tolerance_mva:.3g} MVA"
    text += f": bus {bus} is {largest:.4g} MVA off."
    return Finding("network.audit.not_solved", Severity.WARNING, text, hint)


def _rounding_mva(network: Network) -> np.ndarray:
    """Return the most that rounding as RAW files have it, to 1e-5 pu and 1e-4 degrees, can leave at each bus [MVA]."""
    v, y = stored_voltages(network), admittance_matrix(network)
    off = 0.5 * (1e-5 + np.deg2rad(1e-4) * np.abs(v))
    return np.asarray((np.abs(v) * (abs(y) @ off) + off * np.abs(y @ v)) * network.base_mva)


def solved_within_mva(network: Network) -> float:
    """Return the largest mismatch [MVA] of a solved case."""
    load_mva = float(np.nan_to_num(np.abs(load_power(network, stored_voltages(network)))).sum())
    return min(SOLVED_MVA, SOLVED_SHARE * load_mva) if load_mva else SOLVED_MVA


def stored_voltages(network: Network) -> np.ndarray:
    """Return the stored voltages as complex numbers [pu]."""
    v = network.values("bus", "v_pu") * np.exp(1j * np.deg2rad(network.values("bus", "angle_deg")))
    return np.asarray(np.where(np.isfinite(v), v, 1.0))


def bus_mismatches(network: Network, v: np.ndarray) -> pd.DataFrame:
    """Return for each live bus the power [MVA] that its elements draw minus what is put in.

    Buses that zero-impedance connections join share one balance: the flow between them is not determined by voltages.
    """
    flow = v * np.conj(admittance_matrix(network) @ v) * network.base_mva
    put_in = generator_power(network) + other_power(network) - load_power(network, np.abs(v))[0]
    off = flow - put_in
    off = np.where(reactive_unknown(network), off.real + 0j, off)
    group = zero_impedance_groups(network)
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    total = np.bincount(inverse, off.real) + 1j * np.bincount(inverse, off.imag)
    blind = np.bincount(inverse, reactive_unknown(network)) > 0
    total = np.where(blind, total.real + 0j, total)
    unmodelled = np.isin(network.values("bus", "bus"), network.extras.get("unmodelled_buses", ()))
    judged = np.bincount(inverse, unmodelled) == 0
    alive = network.bus_in_service()[first] & judged
    balance = {"p_mw": total.real[alive], "q_mvar": total.imag[alive], "mva": np.abs(total)[alive]}
    return pd.DataFrame({"bus": network.values("bus", "bus")[first][alive], **balance})


def unmodelled_power(network: Network) -> np.ndarray:
    """Return what elements that no table holds put into each bus [MVA]: what its stored voltages leave over.

    Nothing where the stored voltages don't solve the rest of the network: then nobody knows.
    """
    power = np.zeros(len(network["bus"]), dtype=complex)
    rows = network.positions(np.asarray(network.extras.get("unmodelled_buses", ()), dtype=np.int64))
    if not (rows >= 0).any():
        return power
    v = stored_voltages(network)
    swing = network.values("bus", "bus")[network.values("bus", "kind") == "SLACK"]
    rest = bus_mismatches(network, v)
    if rest.loc[~rest["bus"].isin(swing), "mva"].max(skipna=False) > UNMODELLED_MVA:
        return power
    put_in = generator_power(network) + other_power(network) - load_power(network, np.abs(v))[0]
    left = v * np.conj(admittance_matrix(network) @ v) * network.base_mva - put_in
    power[rows[rows >= 0]] = left[rows[rows >= 0]]
    held = np.isin(network.values("bus", "kind"), ("PV", "SLACK"))
    return np.where(held, power.real + 0j, power)


def island_table(network: Network) -> pd.DataFrame:
    """Return one row an island: its size, swing buses, load and generation."""
    label = islands(network)
    count = int(label.max(initial=-1)) + 1
    load = load_power(network, network.values("bus", "v_pu"))[0].real
    made = generator_power(network).real
    on = label >= 0
    bus = network.values("bus", "bus")
    swing = on & (network.values("bus", "kind") == "SLACK")
    slack = pd.Series(bus[swing]).groupby(label[swing]).agg(lambda numbers: " ".join(map(str, numbers)))
    return pd.DataFrame(
        {
            "island": np.arange(count) + 1,
            "buses": np.bincount(label[on], minlength=count),
            "slack_buses": slack.reindex(range(count)).fillna("").to_numpy(),
            "load_mw": np.bincount(label[on], load[on], count),
            "generation_mw": np.bincount(label[on], made[on], count),
        }
    )


def flow_table(network: Network, v: np.ndarray) -> pd.DataFrame:
    """Return the flows [MVA] at both ends of lines, transformers and switches, and their loading."""
    parts = [
        _flows(network, ports, v)
        for ports in (branch_ports(network), transformer_ports(network), switch_ports(network))
        if len(ports.rows)
    ]
    of_windings = _winding_flows(network, v)
    parts += [of_windings] if len(of_windings) else []
    return pd.concat(parts, ignore_index=True) if parts else of_windings


def _flows(network: Network, ports: TwoPorts, v: np.ndarray) -> pd.DataFrame:
    s_from, s_to = (power * network.base_mva for power in ports.flows(v))
    rate = network.values(ports.table, "rate_a_mva")[ports.rows]
    largest = np.maximum(np.abs(s_from), np.abs(s_to))
    return pd.DataFrame(
        {
            "element": element_names(network, ports.table, ports.rows),
            "p_from_mw": s_from.real,
            "q_from_mvar": s_from.imag,
            "p_to_mw": s_to.real,
            "q_to_mvar": s_to.imag,
            "rate_a_mva": rate,
            "loading_pct": np.where(rate > 0, 100 * largest / np.where(rate > 0, rate, 1), np.nan),
        }
    )


def _winding_flows(network: Network, v: np.ndarray) -> pd.DataFrame:
    each = windings(network)
    at_bus = each.powers(v)[0] * network.base_mva
    return pd.DataFrame(
        {
            "element": each.names(element_names(network, "transformer3w", each.rows)),
            "p_from_mw": at_bus.real,
            "q_from_mvar": at_bus.imag,
            "rate_a_mva": each.rate_mva,
            "loading_pct": each.loading_pct(v, network.base_mva),
        }
    )


def limits_exceeded(network: Network, v: np.ndarray) -> pd.DataFrame:
    """Return the elements beyond a limit: voltage, machine output, loading."""
    magnitude, alive = np.abs(v), network.bus_in_service()
    parts = []
    for quantity, column, over in (("voltage", "v_max_pu", True), ("voltage", "v_min_pu", False)):
        parts.append(_beyond(network, "bus", alive, (quantity, "pu"), magnitude, column, over=over))
    on = network.live("generator")
    kind = np.append(network.values("bus", "kind"), "")[network.terminals("generator")[0]]
    for what, unit, value in (("active power", "MW", "p_mw"), ("reactive power", "Mvar", "q_mvar")):
        letter = value[0]
        free = on & (kind != "SLACK") if letter == "p" else on
        numbers = network.values("generator", value)
        for limit, over in ((f"{letter}_max_{unit.lower()}", True), (f"{letter}_min_{unit.lower()}", False)):
            parts.append(_beyond(network, "generator", free, (what, unit), numbers, limit, over=over))
    flows = flow_table(network, v)
    heavy = flows[flows["loading_pct"] > 100.0] if len(flows) else flows
    loading = pd.DataFrame(
        {"element": heavy["element"], "quantity": "loading", "value": heavy["loading_pct"], "limit": 100.0, "unit": "%"}
    )
    kept = [part for part in (*parts, loading) if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else loading


def _beyond(
    network: Network, table: str, on: np.ndarray, what: tuple[str, str], values: np.ndarray, column: str, *, over: bool
) -> pd.DataFrame:
    """Return the rows whose value is beyond the limit in a column, with rounding of files allowed for."""
    limit = network.values(table, column)
    slack = 1e-4 * np.maximum(1.0, np.abs(limit))
    wrong = on & ((values > limit + slack) if over else (values < limit - slack))
    rows = np.flatnonzero(wrong)
    names = element_names(network, table, rows)
    return pd.DataFrame(
        {"element": names, "quantity": what[0], "value": values[rows], "limit": limit[rows], "unit": what[1]}
    )


def _exceeded(limits: pd.DataFrame) -> Iterator[Finding]:
    for quantity, rows in limits.groupby("quantity"):
        first = rows.iloc[0]
        text = f"Limits of {quantity} are exceeded {counted(len(rows), 'time')}, first by {first['element']}."
        code = f"network.audit.{str(quantity).replace(' ', '_')}"
        yield Finding(code, Severity.INFO, text, "The audit lists them all.", element=str(first["element"]))
