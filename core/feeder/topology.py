"""The feeder as a graph: tree from its sources, what lies up- and downstream, islands, loops, phases that don't fit."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import pandas as pd

from core.feeder.model import Feeder, phases_of


@dataclass(frozen=True, slots=True)
class Edge:
    """A branch or transformer between two buses, with the phases that are closed at each end."""

    element: str
    table: str  # "branches" or "transformers"
    start: str
    end: str
    start_phases: str
    end_phases: str


@dataclass(slots=True)
class Tree:
    """What a search from the sources finds."""

    roots: list[str]
    parent: dict[str, Edge | None] = field(default_factory=dict)  # bus → the edge that feeds it
    phases: dict[str, str] = field(default_factory=dict)  # bus → energised phases
    order: list[str] = field(default_factory=list)  # buses, sources first
    loops: list[Edge] = field(default_factory=list)  # closed edges that the tree doesn't need
    misfits: list[tuple[Edge, str]] = field(default_factory=list)  # edge and the phases that its feeding bus lacks

    def upstream(self, bus: str) -> list[Edge]:
        """Return the edges from a bus to its source, nearest first."""
        path = []
        edge = self.parent.get(bus)
        while edge is not None:
            path.append(edge)
            bus = edge.start if edge.start != bus else edge.end
            edge = self.parent.get(bus)
        return path

    def children(self) -> dict[str, list[str]]:
        """Return the buses that each bus feeds."""
        fed: dict[str, list[str]] = {}
        for bus, edge in self.parent.items():
            if edge is not None:
                fed.setdefault(edge.start if edge.start != bus else edge.end, []).append(bus)
        return fed

    def downstream(self, bus: str) -> list[str]:
        """Return a bus and all buses that hang on it."""
        fed = self.children()
        found, waiting = [], [bus]
        while waiting:
            found.append(waiting.pop())
            waiting.extend(fed.get(found[-1], []))
        return found


def edges_of(feeder: Feeder) -> list[Edge]:
    """Return every closed branch and every transformer in service."""
    branches = feeder["branches"]
    branches = branches[branches["in_service"] & (branches["closed_phases"] != "")]
    found = []
    columns = ("id", "from_bus", "to_bus", "phases", "to_phases", "closed_phases")
    for name, start, end, phases, far, closed in zip(*(branches[column] for column in columns), strict=True):
        at_end = "".join(letter for letter, phase in zip(far or phases, phases, strict=False) if phase in closed)
        found.append(Edge(name, "branches", start, end, closed, at_end))
    working = set(feeder["transformers"].loc[feeder["transformers"]["in_service"], "id"])
    units: dict[str, list[tuple[str, str]]] = {}
    windings = feeder["windings"]
    for name, bus, phases in zip(windings["transformer"], windings["bus"], windings["phases"], strict=True):
        units.setdefault(name, []).append((bus, phases_of(phases)))
    for name, ends in units.items():
        if name in working:
            found += [
                Edge(name, "transformers", ends[0][0], bus, ends[0][1], phases)
                for bus, phases in ends[1:]
                if bus != ends[0][0]
            ]
    return found


def tree_of(feeder: Feeder) -> Tree:
    """Search the feeder from its sources, breadth first."""
    sources = feeder["sources"]
    sources = sources[sources["in_service"]]
    tree = Tree(list(dict.fromkeys(sources["bus"])))
    at_bus: dict[str, list[Edge]] = {}
    for edge in edges_of(feeder):
        at_bus.setdefault(edge.start, []).append(edge)
        at_bus.setdefault(edge.end, []).append(edge)
    for bus, phases in zip(sources["bus"], sources["phases"], strict=True):
        tree.phases[bus] = phases_of(tree.phases.get(bus, "") + phases)
    waiting = deque(tree.roots)
    tree.parent = dict.fromkeys(tree.roots)
    used: set[int] = set()
    while waiting:
        bus = waiting.popleft()
        tree.order.append(bus)
        for edge in at_bus.get(bus, []):
            if id(edge) not in used:
                used.add(id(edge))
                _follow(tree, edge, bus, waiting)
    return tree


def _follow(tree: Tree, edge: Edge, bus: str, waiting: deque[str]) -> None:
    """Take an edge away from a bus: it feeds the other end, adds phases to it, or closes a loop."""
    near, far, other = (
        (edge.start_phases, edge.end_phases, edge.end)
        if edge.start == bus
        else (edge.end_phases, edge.start_phases, edge.start)
    )
    if near and not phases_of(near):
        return  # no phase: an auxiliary connection inside a bank
    missing = "".join(phase for phase in near if phase in "ABC" and phase not in tree.phases.get(bus, ""))
    if missing:
        tree.misfits.append((edge, missing))
    carried = phases_of(
        far
        if edge.table == "transformers"
        else (letter for letter, phase in zip(far, near, strict=False) if phase not in missing)
    )
    already = tree.phases.get(other, "")
    if other in tree.parent and set(carried) & set(already) and not _beside(tree, edge):
        tree.loops.append(edge)
    elif other not in tree.parent:
        tree.parent[other] = edge
        waiting.append(other)
    tree.phases[other] = phases_of(already + carried)


def _beside(tree: Tree, edge: Edge) -> bool:
    """Say whether an edge lies beside the one that feeds either end, as the units of a bank of transformers do."""
    ends = {edge.start, edge.end}
    feeding = (found for found in (tree.parent[edge.start], tree.parent[edge.end]) if found is not None)
    return any({found.start, found.end} == ends and "transformers" in (found.table, edge.table) for found in feeding)


def islands_of(feeder: Feeder, tree: Tree) -> list[list[str]]:
    """Return the groups of buses that no source reaches."""
    dark = [bus for bus in feeder["buses"]["id"] if bus not in tree.parent]
    joined: dict[str, list[str]] = {}
    for edge in edges_of(feeder):
        joined.setdefault(edge.start, []).append(edge.end)
        joined.setdefault(edge.end, []).append(edge.start)
    groups, seen = [], set()
    for bus in dark:
        if bus in seen:
            continue
        group, waiting = [], [bus]
        seen.add(bus)
        while waiting:
            group.append(waiting.pop())
            fresh = [other for other in joined.get(group[-1], []) if other not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        groups.append(group)
    return groups


def distances_km(feeder: Feeder, tree: Tree) -> pd.Series:
    """Return each bus's distance from its source along the tree [km]."""
    length = dict(zip(feeder["branches"]["id"], feeder["branches"]["length_km"], strict=True))
    found: dict[str, float] = {}
    for bus in tree.order:
        edge = tree.parent[bus]
        near = "" if edge is None else edge.start if edge.start != bus else edge.end
        found[bus] = (
            0.0 if edge is None else found[near] + (length.get(edge.element, 0.0) if edge.table == "branches" else 0.0)
        )
    return pd.Series(found, dtype=float, name="distance_km")
