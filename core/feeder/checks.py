"""Checks of a feeder model: one small function each, findings say how to fix what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from core.feeder.model import Feeder
from core.feeder.topology import Tree, islands_of, tree_of
from core.findings import Finding, Severity, Where, counted

#: Longest plausible extent of a distribution feeder [km].
LONGEST_KM = 300.0


def check(feeder: Feeder) -> list[Finding]:
    """Return the findings of all checks."""
    tree = tree_of(feeder)
    return [finding for test in CHECKS for finding in test(feeder, tree)]


def _finding(
    code: str, severity: Severity, text: str, hint: str = "", element: str | None = None, where: Where | None = None
) -> Finding:
    return Finding(f"feeder.{code}", severity, text, hint, where or Where(), element)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return the first few names and how many more there are."""
    all_names = list(names)
    more = f" and {len(all_names) - most} more" if len(all_names) > most else ""
    return ", ".join(all_names[:most]) + more


def has_source(feeder: Feeder, tree: Tree) -> list[Finding]:
    """Without a source nothing can be calculated."""
    if tree.roots:
        return []
    return [
        _finding(
            "no_source",
            Severity.ERROR,
            "The feeder has no source",
            "Add the file that has the head node and its source",
        )
    ]


def one_source(feeder: Feeder, tree: Tree) -> list[Finding]:
    """Two sources that meet circulate power between them."""
    found = []
    others = set(tree.roots)
    for bus in tree.roots:
        others.discard(bus)
        met = sorted(others & _closed_from(tree, bus, feeder))
        if met and (clash := _of_other_voltage(feeder, bus, met)):
            text = f"The sources at {clash} feed the same network, and a line joins their voltages"
            found.append(_finding("source_voltages", Severity.ERROR, text, "Correct the voltage of one of them", bus))
        elif met:
            text = f"The sources at {bus} and {listed(met)} feed the same network"
            found.append(
                _finding("two_sources", Severity.WARNING, text, "Open the tie between them, or remove a source", bus)
            )
    return found


def _of_other_voltage(feeder: Feeder, bus: str, others: list[str]) -> str:
    """Name the sources with their voltages when those differ and a branch, not a transformer, joins them."""
    base = dict(zip(feeder["buses"]["id"], feeder["buses"]["kv_ll_base"], strict=True))
    ends = feeder["branches"][["from_bus", "to_bus"]].apply(lambda column: column.map(base))
    joined = ((ends["from_bus"] - ends["to_bus"]).abs() > 0.05 * ends["from_bus"]).any()
    volts = dict(zip(feeder["sources"]["bus"], feeder["sources"]["kv_ll"], strict=True))
    named = [f"{each} ({volts[each]:g} kV)" for each in (bus, *others)]
    differ = any(abs(volts[each] - volts[bus]) > 0.05 * volts[bus] for each in others)
    return " and ".join(named) if joined and differ else ""


def _closed_from(tree: Tree, bus: str, feeder: Feeder) -> set[str]:
    from core.feeder.topology import edges_of

    joined: dict[str, list[str]] = {}
    for edge in edges_of(feeder):
        joined.setdefault(edge.start, []).append(edge.end)
        joined.setdefault(edge.end, []).append(edge.start)
    seen, waiting = {bus}, [bus]
    while waiting:
        fresh = [other for other in joined.get(waiting.pop(), []) if other not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return seen


def everything_fed(feeder: Feeder, tree: Tree) -> list[Finding]:
    """Parts that no source reaches have no voltage."""
    if not tree.roots:
        return []
    loaded = set(feeder["loads"]["bus"])
    found = []
    for group in islands_of(feeder, tree):
        kw = float(feeder["loads"].loc[feeder["loads"]["bus"].isin(group), "p_kw"].sum())
        severity = Severity.WARNING if loaded & set(group) else Severity.INFO
        text = f"No source reaches {counted(len(group), 'bus', 'buses')} with {kw:.4g} kW of load: {listed(group)}"
        found.append(_finding("island", severity, text, "Close a switch, or correct from and to nodes", group[0]))
    return found


def radial(feeder: Feeder, tree: Tree) -> list[Finding]:
    """A loop is allowed, but often a tie switch that should be open."""
    return [
        _finding(
            "loop",
            Severity.WARNING,
            f"{edge.element} between {edge.start} and {edge.end} closes a loop",
            "Check whether a tie should be open",
            edge.element,
        )
        for edge in tree.loops
    ]


def phases_fit(feeder: Feeder, tree: Tree) -> list[Finding]:
    """A phase must come from upstream; devices must find their phases at their bus."""
    found = [
        _finding(
            "phase_misfit",
            Severity.ERROR,
            f"{edge.element} has phase {missing}, which doesn't reach it",
            "Correct its phases or those upstream",
            edge.element,
        )
        for edge, missing in tree.misfits
    ]
    for table in ("loads", "capacitors", "der"):
        rows = feeder[table]
        for name, bus, phases, file, section, row in zip(
            rows["id"],
            rows["bus"],
            rows["phases"],
            rows["source_file"],
            rows["source_section"],
            rows["source_row"],
            strict=True,
        ):
            if bus not in tree.phases:
                continue
            missing = "".join(phase for phase in phases if phase in "ABC" and phase not in tree.phases[bus])
            if missing:
                line = None if pd.isna(row) else int(row)
                where = Where(file=file or None, section=section or None, line=line)
                text = f"{name} needs phase {missing}, bus {bus} has {tree.phases[bus] or 'none'}"
                found.append(_finding("phase_misfit", Severity.ERROR, text, "Correct the phase", name, where))
    return found


def lengths_plausible(feeder: Feeder, tree: Tree) -> list[Finding]:
    """No line has a negative length or is longer than any feeder."""
    branches = feeder["branches"]
    wrong = branches[(branches["length_km"] < 0) | (branches["length_km"] > LONGEST_KM)]
    return [
        _finding("length", Severity.ERROR, f"Branch {name} is {length:g} km long", "Check the unit of lengths", name)
        for name, length in zip(wrong["id"], wrong["length_km"], strict=True)
    ]


def coordinates_plausible(feeder: Feeder, tree: Tree) -> list[Finding]:
    """Coordinates fit their system: degrees stay within the globe."""
    buses = feeder["buses"]
    there = buses[buses["x"].notna() & buses["y"].notna()]
    if there.empty:
        if len(buses):
            return [
                _finding(
                    "no_coordinates",
                    Severity.INFO,
                    "No bus has coordinates",
                    "Reconcile with a GIS file to see the feeder on the map",
                )
            ]
        return []
    missing = len(buses) - len(there)
    found = []
    if missing and missing != sum("~" in name for name in buses["id"]):
        found.append(
            _finding("coordinates_missing", Severity.INFO, f"{missing} of {len(buses)} buses have no coordinates")
        )
    if feeder.crs.upper() in ("EPSG:4326", "EPSG:4269") and ((there["x"].abs() > 180) | (there["y"].abs() > 90)).any():
        place = f"{there['x'].iloc[0]:g}, {there['y'].iloc[0]:g}"
        text = f"Coordinates such as {place} are no degrees, but {feeder.crs} says so"
        found.append(
            _finding("coordinates_crs", Severity.ERROR, text, "Give the coordinate system that the file really has")
        )
    return found


def voltages_known(feeder: Feeder, tree: Tree) -> list[Finding]:
    """Loads need a base voltage; a bus without one lies in a part without source."""
    reached = feeder["buses"][feeder["buses"]["id"].isin(set(tree.parent)) & feeder["buses"]["kv_ll_base"].isna()]
    if reached.empty:
        return []
    return [
        _finding(
            "no_base_voltage",
            Severity.ERROR,
            f"{len(reached)} buses have no base voltage: {listed(reached['id'])}",
            "Check transformers' voltages",
        )
    ]


CHECKS: tuple[Callable[[Feeder, Tree], list[Finding]], ...] = (
    has_source,
    one_source,
    everything_fed,
    radial,
    phases_fit,
    lengths_plausible,
    coordinates_plausible,
    voltages_known,
)
