"""Structural checks: what is wrong with a network before anybody solves it. One small function a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where, counted, listed
from core.network.injections import sourced_buses
from core.network.network import CATALOGUE, KEYS, TERMINALS, Network, element_names
from core.network.topology import islands
from core.steps import step

#: What checking says when it begins.
CHECKING = "Checking the network"
#: Findings of one kind that are listed one by one; further ones are counted in a last finding.
LISTED = 50
#: What to do about an island without a swing bus.
NO_SWING = "Make a bus with a machine the swing bus, or set the buses to isolated."


def check(network: Network) -> list[Finding]:
    """Return what is wrong with the network's structure, most serious checks first."""
    step(CHECKING)
    return [finding for one in CHECKS for finding in one(network)]


def no_buses(network: Network) -> Iterator[Finding]:
    """A file without a bus is never an empty network without a word."""
    if network["bus"].empty:
        yield Finding("network.bus.none", Severity.ERROR, "The file has no bus.", "Check that it is the right file.")


def duplicate_keys(network: Network) -> Iterator[Finding]:
    """Two rows with the same identifier; the ends of a branch count in either order."""
    for table in CATALOGUE:
        frame = network[table]
        if frame.empty:
            continue
        keys = {name: frame[name] for name in KEYS[table]}
        if "from_bus" in keys and "ckt" in keys:
            ends = np.sort(np.column_stack([network.values(table, name) for name in ("from_bus", "to_bus")]), axis=1)
            keys["from_bus"], keys["to_bus"] = pd.Series(ends[:, 0]), pd.Series(ends[:, 1])
        twice = pd.DataFrame(keys).duplicated().to_numpy()
        yield from _each(
            network, table, twice, f"network.{table}.duplicate", Severity.ERROR,
            "{name} appears more than once.", "Give it another identifier or remove one row.",
        )  # fmt: skip


def unknown_buses(network: Network) -> Iterator[Finding]:
    """An element at a bus that the bus table doesn't have."""
    for table in TERMINALS:
        missing = np.zeros(len(network[table]), dtype=bool)
        for ends in network.terminals(table):
            missing |= ends < 0
        yield from _each(
            network, table, missing, f"network.{table}.unknown_bus", Severity.ERROR,
            "{name} is at a bus that doesn't exist; studies leave it out.", "Add the bus or remove the element.",
        )  # fmt: skip


def self_loops(network: Network) -> Iterator[Finding]:
    """A branch whose ends are the same bus."""
    for table in ("branch", "transformer", "switch"):
        same = network.values(table, "from_bus") == network.values(table, "to_bus")
        yield from _each(
            network, table, same, f"network.{table}.loop", Severity.ERROR,
            "{name} begins and ends at the same bus.", "Correct one of its ends.",
        )  # fmt: skip


def zero_impedance(network: Network) -> Iterator[Finding]:
    """A branch without impedance joins its buses."""
    for table in ("branch", "transformer"):
        none = (network.values(table, "r_pu") == 0) & (network.values(table, "x_pu") == 0)
        yield from _each(
            network, table, none & network.live(table), f"network.{table}.zero_impedance", Severity.WARNING,
            "{name} has no impedance; 0.0001 pu reactance stands for it.", "Enter its impedance if it has one.",
        )  # fmt: skip


def negative_impedance(network: Network) -> Iterator[Finding]:
    """A negative resistance is a slip; a negative reactance may be a series capacitor or part of an equivalent."""
    for table in ("branch", "transformer"):
        for column, hint in (
            ("r_pu", "Check its sign."),
            ("x_pu", "Right for a series capacitor or an equivalent; else check its sign."),
        ):
            negative = network.live(table) & (network.values(table, column) < 0)
            yield from _each(
                network, table, negative, f"network.{table}.negative_{column[0]}", Severity.WARNING,
                f"{{name}} has a negative {'resistance' if column == 'r_pu' else 'reactance'}.", hint,
            )  # fmt: skip


def negative_taps(network: Network) -> Iterator[Finding]:
    """A turns ratio is positive: a negative one turns the voltage by 180 degrees, which is hardly ever meant."""
    for table, ends in (("transformer", ("from", "to")), ("transformer3w", ("1", "2", "3"))):
        negative = np.any([network.values(table, f"tap_{end}_pu") < 0 for end in ends], axis=0)
        yield from _each(
            network, table, negative, f"network.{table}.negative_tap", Severity.WARNING,
            "{name} has a negative turns ratio: it turns the voltage by 180 degrees.", "Check its sign.",
        )  # fmt: skip


def not_numbers(network: Network) -> Iterator[Finding]:
    """A value that isn't a finite number where one is needed."""
    for table, columns in CATALOGUE.items():
        for column in columns.values():
            if column.type != "float" or column.default is None or network[table].empty:
                continue
            bad = ~np.isfinite(network.values(table, column.name))
            if column.name.endswith(("_mw", "_mvar", "_mva")) or "_max" in column.name or "_min" in column.name:
                bad = np.isnan(network.values(table, column.name))  # a limit may be infinite
            yield from _each(
                network, table, bad, f"network.{table}.not_a_number", Severity.ERROR,
                f"{{name}}: {column.name} isn't a number.", "Enter a number.",
            )  # fmt: skip


def bus_kinds(network: Network) -> Iterator[Finding]:
    """Buses whose kind doesn't fit the machines at them, and values at them that can't be."""
    kind = network.values("bus", "kind")
    at, holds = sourced_buses(network), network.live("generator")
    yield from _each(
        network, "bus", (kind == "SLACK") & ~at, "network.bus.slack_without_machine", Severity.ERROR,
        "{name} is the swing bus but has no machine in service.", "Add a machine or move the swing to a bus with one.",
    )  # fmt: skip
    yield from _together(
        network, (kind == "PV") & ~at, "network.bus.pv_without_machine", Severity.INFO,
        "of type PV without a machine in service, counted as PQ", "Set the type to PQ.",
    )  # fmt: skip
    on_pq = np.zeros(len(network["generator"]), dtype=bool)
    on_pq[holds] = kind[network.terminals("generator")[0][holds]] == "PQ"
    yield from _each(
        network, "generator", on_pq, "network.generator.at_pq_bus", Severity.WARNING,
        "{name} is at a PQ bus: it delivers its stored reactive power and holds no voltage.",
        "Set the bus type to PV if the machine regulates.",
    )  # fmt: skip
    v = network.values("bus", "v_pu")
    yield from _each(
        network, "bus", ((v < 0.5) | (v > 1.5)) & (kind != "ISOLATED"), "network.bus.voltage", Severity.WARNING,
        "{name} has a stored voltage outside 0.5 to 1.5 pu.", "Check whether the voltage is in per unit.",
    )  # fmt: skip
    yield from _together(
        network, network.values("bus", "base_kv") <= 0, "network.bus.base_kv", Severity.WARNING,
        "without a base voltage", "Enter the nominal voltage; short-circuit studies need it.",
    )  # fmt: skip


def swings(network: Network) -> Iterator[Finding]:
    """Every island with load or generation needs exactly one swing bus."""
    label, kind = islands(network), network.values("bus", "kind")
    count = int(label.max(initial=-1)) + 1
    slacks = np.bincount(label[(kind == "SLACK") & (label >= 0)], minlength=count)
    sizes = np.bincount(label[label >= 0], minlength=count)
    first = np.full(count, -1)
    rows = np.flatnonzero(label >= 0)[::-1]
    first[label[rows]] = rows
    bus = network.values("bus", "bus")
    busy = np.zeros(count, dtype=bool)
    for table in ("load", "generator"):
        ends = network.terminals(table)[0][network.live(table)]
        busy[label[ends][label[ends] >= 0]] = True
    wrong = np.flatnonzero(slacks != 1)
    matters = busy | (slacks > 1)
    for number in wrong[matters[wrong]][:LISTED]:
        where = _where(network, "bus", int(first[number]))
        name = f"island {number + 1} ({counted(sizes[number], 'bus', 'buses')}, with bus {bus[first[number]]})"
        if slacks[number] > 1:
            text = f"{name} has {slacks[number]} swing buses."
            yield Finding(
                "network.island.many_slacks", Severity.WARNING, text, "Keep one if they are not meant so.", where
            )
        else:
            text = f"{name} has no swing bus; a load flow leaves it out."
            yield Finding("network.island.no_slack", Severity.ERROR, text, NO_SWING, where)
    if (more := int(matters[wrong].sum()) - LISTED) > 0:
        text = f"{counted(more, 'more island')} without exactly one swing bus."
        yield Finding("network.island.no_slack", Severity.ERROR, text, NO_SWING)
    idle = np.isin(label, wrong[~matters[wrong]])
    yield from _together(
        network, idle, "network.island.no_slack", Severity.INFO,
        "in islands without load, machine and swing bus, which a load flow leaves out", NO_SWING,
    )  # fmt: skip


def limits(network: Network) -> Iterator[Finding]:
    """Limits that are the wrong way round."""
    for table, low, high in (
        ("generator", "q_min_mvar", "q_max_mvar"),
        ("generator", "p_min_mw", "p_max_mw"),
        ("bus", "v_min_pu", "v_max_pu"),
        ("switched_shunt", "v_min_pu", "v_max_pu"),
    ):
        wrong = network.values(table, low) > network.values(table, high)
        yield from _each(
            network, table, wrong, f"network.{table}.limits_reversed", Severity.WARNING,
            f"{{name}}: {low} is above {high}.", "Exchange the two.",
        )  # fmt: skip


def regulated_buses(network: Network) -> Iterator[Finding]:
    """A remote regulation whose bus doesn't exist."""
    for table in ("generator", "switched_shunt", "facts"):
        remote = network.values(table, "regulated_bus")
        unknown = (remote != 0) & (network.positions(remote) < 0)
        yield from _each(
            network, table, unknown, f"network.{table}.unknown_regulated_bus", Severity.WARNING,
            "{name} regulates a bus that doesn't exist; it holds its own bus instead.", "Correct the regulated bus.",
        )  # fmt: skip


def base_voltages(network: Network) -> Iterator[Finding]:
    """A line between different base voltages is probably a transformer."""
    base = np.append(network.values("bus", "base_kv"), 0.0)
    ends = network.terminals("branch")
    a, b = base[ends[0]], base[ends[1]]
    differ = (a > 0) & (b > 0) & (np.abs(a - b) > 0.01 * np.maximum(a, b))
    yield from _each(
        network, "branch", differ, "network.branch.base_kv", Severity.WARNING,
        "{name} is a line between buses of different base voltage.", "Make it a transformer or correct a base voltage.",
    )  # fmt: skip


CHECKS: tuple[Callable[[Network], Iterator[Finding]], ...] = (
    no_buses, duplicate_keys, unknown_buses, not_numbers, self_loops, bus_kinds, swings, zero_impedance,
    negative_impedance, negative_taps, limits, regulated_buses, base_voltages,
)  # fmt: skip


def _each(
    network: Network, table: str, wrong: np.ndarray, code: str, severity: Severity, text: str, hint: str
) -> Iterator[Finding]:
    """Yield one finding for each wrong row, the first ``LISTED`` by name and the others as a count."""
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return
    for row, name in zip(rows[:LISTED], element_names(network, table, rows[:LISTED]), strict=True):
        words = text.format(name=name)
        yield Finding(code, severity, words, hint, _where(network, table, int(row)), element=name)
    if len(rows) > LISTED:
        yield Finding(code, severity, f"{len(rows) - LISTED} more of the same kind in table {table}.", hint)


def _together(
    network: Network, wrong: np.ndarray, code: str, severity: Severity, text: str, hint: str
) -> Iterator[Finding]:
    """Yield one finding for all wrong buses with their count and the first few numbers, at the place of the first."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        numbers = network.values("bus", "bus")[rows]
        words = f"{counted(len(rows), 'bus', 'buses')} {text}: {listed(map(str, numbers))}."
        yield Finding(code, severity, words, hint, _where(network, "bus", int(rows[0])))


def _where(network: Network, table: str, row: int) -> Where:
    numbers = network.lines.get(table)
    return Where(section=table, row=row + 1, line=None if numbers is None else int(numbers[row]))
