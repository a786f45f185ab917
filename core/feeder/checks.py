"""Checks of a feeder model: one small function each, findings say how to fix what they find.

Those of sources and of ratings have modules of their own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from core.feeder.model import Feeder
from core.feeder.rating_checks import impedances_plausible, transformers_plausible, units_rated
from core.feeder.source_checks import has_source, one_source, phases_turn
from core.feeder.subject import Subject
from core.feeder.topology import islands_of, tree_of
from core.findings import Finding, Severity, counted, listed

#: Longest plausible extent of a distribution feeder [km].
LONGEST_KM = 300.0
#: A gap between places this many times wider than what lies on either side of it is none of one feeder.
FAR_APART = 50.0
#: Fewest places of which a gap says anything.
FEW_PLACES = 4
DEGREES = ("EPSG:4326", "EPSG:4269")


def check(feeder: Feeder) -> list[Finding]:
    """Return the findings of all checks."""
    subject = Subject(feeder, tree_of(feeder))
    return [finding for test in CHECKS for finding in test(subject)]


def everything_fed(subject: Subject) -> list[Finding]:
    """Parts that no source reaches have no voltage."""
    feeder, tree = subject.feeder, subject.tree
    if not tree.roots:
        return []
    loaded = set(feeder["loads"]["bus"])
    found = []
    for group in islands_of(feeder, tree):
        kw = float(feeder["loads"].loc[feeder["loads"]["bus"].isin(group), "p_kw"].sum())
        severity = Severity.WARNING if loaded & set(group) else Severity.INFO
        text = f"No source reaches {counted(len(group), 'bus', 'buses')} with {kw:.4g} kW of load: {listed(group)}"
        hint = "Close a switch, or correct from and to nodes"
        found.append(subject.finding("island", severity, text, hint, table="buses", element=group[0]))
    return found


def radial(subject: Subject) -> list[Finding]:
    """A loop is allowed, but often a tie switch that should be open."""
    return [
        subject.finding(
            "loop",
            Severity.WARNING,
            f"{edge.element} between {edge.start} and {edge.end} closes a loop",
            "Check whether a tie should be open",
            table=edge.table,
            element=edge.element,
        )
        for edge in subject.tree.loops
    ]


def phases_fit(subject: Subject) -> list[Finding]:
    """A phase must come from upstream; devices must find their phases at their bus."""
    reached = subject.tree.phases
    found = [
        subject.finding(
            "phase_misfit",
            Severity.ERROR,
            f"{edge.element} has phase {missing}, which doesn't reach it",
            "Correct its phases or those upstream",
            table=edge.table,
            element=edge.element,
        )
        for edge, missing in subject.tree.misfits
    ]
    for table in ("loads", "capacitors", "der"):
        rows = subject.feeder[table]
        for name, bus, phases in zip(rows["id"], rows["bus"], rows["phases"], strict=True):
            there = reached.get(bus, phases)  # a bus that nothing reaches is another finding
            missing = "".join(phase for phase in phases if phase in "ABC" and phase not in there)
            if missing:
                text = f"{name} needs phase {missing}, bus {bus} has {there or 'none'}"
                hint = "Correct the phase"
                found.append(subject.finding("phase_misfit", Severity.ERROR, text, hint, table=table, element=name))
    return found


def nodes_exist(subject: Subject) -> list[Finding]:
    """A device on another node than a phase or earth finds that node at its bus."""
    feeder = subject.feeder
    branches = feeder["branches"]
    far = branches["to_phases"].where(branches["to_phases"] != "", branches["phases"])
    there: dict[str, str] = {}
    for buses, nodes in (
        (branches["from_bus"], branches["phases"]),
        (branches["to_bus"], far),
        (feeder["windings"]["bus"], feeder["windings"]["phases"]),
    ):
        for bus, text in zip(buses, nodes, strict=True):
            there[bus] = there.get(bus, "ABC0") + text
    found = []
    for table in ("loads", "capacitors", "der"):
        columns = (feeder[table][column] for column in ("id", "bus", "phases", "phase_count", "connection"))
        for name, bus, nodes, count, connection in zip(*columns, strict=True):
            own = nodes if connection == "delta" else nodes[:count]
            missing = "".join(node for node in own if node not in there.get(bus, own))
            if missing:
                text = f"{name} is connected to node {missing}, which bus {bus} doesn't have"
                found.append(
                    subject.finding(
                        "node_missing", Severity.ERROR, text, "Correct its phase", table=table, element=name
                    )
                )
    return found


def lengths_plausible(subject: Subject) -> list[Finding]:
    """No line has a negative length or is longer than any feeder."""
    branches = subject.feeder["branches"]
    wrong = branches[(branches["length_km"] < 0) | (branches["length_km"] > LONGEST_KM)]
    return [
        subject.finding(
            "length",
            Severity.ERROR,
            f"Branch {name} is {length:g} km long",
            "Check the unit of lengths",
            table="branches",
            element=name,
        )
        for name, length in zip(wrong["id"], wrong["length_km"], strict=True)
    ]


def coordinates_plausible(subject: Subject) -> list[Finding]:
    """Coordinates fit their system: degrees stay within the globe, and all buses lie in one region."""
    buses = subject.feeder["buses"]
    there = buses[buses["x"].notna() & buses["y"].notna()]
    if there.empty:
        hint = "Reconcile with a GIS file to see the feeder on the map"
        return [subject.finding("no_coordinates", Severity.INFO, "No bus has coordinates", hint)] * (len(buses) > 0)
    missing = len(buses) - len(there)
    found = []
    if missing and missing != sum("~" in name for name in buses["id"]):
        text = f"{missing} of {len(buses)} buses have no coordinates"
        found.append(subject.finding("coordinates_missing", Severity.INFO, text))
    crs = subject.feeder.crs
    if crs.upper() in DEGREES and ((there["x"].abs() > 180) | (there["y"].abs() > 90)).any():
        place = f"{there['x'].iloc[0]:g}, {there['y'].iloc[0]:g}"
        text = f"Coordinates such as {place} are no degrees, but {crs} says so"
        hint = "Give the coordinate system that the file really has"
        found.append(subject.finding("coordinates_crs", Severity.ERROR, text, hint))
    if (far := _far_from_others(there)) is not None:
        text = f"{counted(len(far), 'bus lies', 'buses lie')} far from all others: {listed(far['id'])}"
        hint = "Check their coordinates, or the coordinate system of the file that has them"
        first = str(far["id"].iloc[0])
        found.append(subject.finding("coordinates_far", Severity.WARNING, text, hint, table="buses", element=first))
    return found


def _far_from_others(there: pd.DataFrame) -> pd.DataFrame | None:
    """Return the buses on the smaller side of a gap that is far wider than everything on either side of it."""
    if len(there) < FEW_PLACES:
        return None
    for axis in ("x", "y"):
        ordered = there.sort_values(axis)
        place = ordered[axis].to_numpy(dtype=float)
        gaps = np.diff(place)
        cut = int(gaps.argmax()) + 1
        extent = max(place[cut - 1] - place[0], place[-1] - place[cut])
        if gaps[cut - 1] > FAR_APART * extent > 0:
            return ordered.iloc[cut:] if 2 * cut >= len(ordered) else ordered.iloc[:cut]
    return None


def voltages_known(subject: Subject) -> list[Finding]:
    """Loads need a base voltage; a bus without one lies in a part without source."""
    buses = subject.feeder["buses"]
    unknown = buses.loc[buses["id"].isin(set(subject.tree.parent)) & buses["kv_ll_base"].isna(), "id"]
    if unknown.empty:
        return []
    text = f"{len(unknown)} buses have no base voltage: {listed(unknown)}"
    hint = "Check transformers' voltages"
    return [subject.finding("no_base_voltage", Severity.ERROR, text, hint, table="buses", element=str(unknown.iloc[0]))]


CHECKS: tuple[Callable[[Subject], list[Finding]], ...] = (
    has_source,
    phases_turn,
    one_source,
    everything_fed,
    radial,
    phases_fit,
    nodes_exist,
    lengths_plausible,
    impedances_plausible,
    transformers_plausible,
    units_rated,
    coordinates_plausible,
    voltages_known,
)
