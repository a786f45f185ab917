"""Where everything of a one-line stands: sources above the main buses, loads below, one column for every tap.

The main buses are rails across the picture. All other buses hang from them in layers, sources' side up, loads' side
down; the children of a bus are ordered by the barycentre of what they connect to. Every connection is one vertical
line in a column of its own, so that no two labels meet.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import repeat

import pandas as pd

from core.plant import Plant

UP, DOWN = -1, 1
LINKS = (("transformer", "hv_bus", "lv_bus"), ("cable", "from_bus", "to_bus"))
DEVICES = (("unit", UP), ("load", DOWN), ("shunt", DOWN))


@dataclass(frozen=True, slots=True)
class Link:
    """A transformer or cable between two buses."""

    id: str
    table: str
    one: str
    other: str


@dataclass(slots=True)
class Rail:
    """A bus as it is drawn: from slot ``first`` to slot ``last`` in a row of a layer."""

    bus: str
    layer: int  # 0 main buses, above: -1, -2, …; below: 1, 2, …
    first: float
    last: float
    row: int = 0


@dataclass(frozen=True, slots=True)
class Tap:
    """A device on a bus: a unit, load or shunt in its column, on the bus's side ``side``."""

    id: str
    table: str
    bus: str
    slot: float
    side: int


@dataclass(frozen=True, slots=True)
class Drop:
    """A connection as it is drawn: a vertical line in a column; ``far_slot`` when the other end is beside it."""

    link: Link
    slot: float
    far_slot: float | None = None


@dataclass(slots=True)
class Layout:
    """Rails, taps and drops in columns (slots) and layers; pixels come later."""

    rails: dict[str, Rail] = field(default_factory=dict)
    taps: list[Tap] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)
    slots: float = 0


def lay_out(plant: Plant) -> Layout:
    """Return the layout of the plant's one-line; its islands stand side by side."""
    links = _links(plant)
    devices = _devices(plant)
    layout = Layout()
    for island in _islands(plant, links):
        own = [link for link in links if link.one in island and link.other in island]
        _Island(plant, [bus for bus in plant["bus"]["id"] if bus in island], own, devices).place(layout)
    _pack_rows(layout)
    return layout


def _links(plant: Plant) -> list[Link]:
    """Return every connection between two known buses, in service or not: the drawing shows both."""
    buses = set(plant["bus"]["id"])
    links = [
        Link(*each)
        for table, one, other in LINKS
        for each in zip(plant[table]["id"], repeat(table), plant[table][one], plant[table][other], strict=False)
    ]
    return [link for link in links if {link.one, link.other} <= buses and link.one != link.other]


def _devices(plant: Plant) -> dict[str, list[tuple[str, str, int]]]:
    """Return (id, table, side) of the devices of each bus."""
    devices: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for table, side in DEVICES:
        for device, bus in zip(plant[table]["id"], plant[table]["bus"], strict=True):
            devices[bus].append((device, table, side))
    return devices


def _islands(plant: Plant, links: list[Link]) -> list[set[str]]:
    near = _neighbours(plant["bus"]["id"], links)
    islands: list[set[str]] = []
    for bus in near:
        if not any(bus in island for island in islands):
            islands.append(set(_levels(near, [bus])))
    return sorted(islands, key=len, reverse=True)


def _neighbours(buses: Iterable[str], links: list[Link]) -> dict[str, list[str]]:
    near: dict[str, list[str]] = {bus: [] for bus in buses}
    for link in links:
        near[link.one].append(link.other)
        near[link.other].append(link.one)
    return near


def _levels(near: dict[str, list[str]], start: list[str]) -> dict[str, int]:
    """Return how many connections each reachable bus is away."""
    levels = dict.fromkeys(start, 0)
    queue = deque(start)
    while queue:
        bus = queue.popleft()
        for other in near[bus]:
            if other not in levels:
                levels[other] = levels[bus] + 1
                queue.append(other)
    return levels


class _Island:
    """One connected part of the plant on its way into the layout."""

    def __init__(
        self, plant: Plant, buses: list[str], links: list[Link], devices: dict[str, list[tuple[str, str, int]]]
    ) -> None:
        self.plant, self.buses, self.links, self.devices = plant, buses, links, devices
        self.near = _neighbours(buses, links)
        self.main = self._main_buses()
        self.level = _levels(self.near, self.main)
        self.side = self._sides()
        self.order = {bus: float(position) for position, bus in enumerate(buses)}
        self.children = self._children()

    def place(self, layout: Layout) -> None:
        """Put the island's rails, taps and drops behind what the layout already has."""
        hanging = {side: self._hanging(side) for side in (UP, DOWN)}
        total = max(1.0, *(sum(width for _, width in items) for items in hanging.values()))
        for side, items in hanging.items():
            self._place_side(layout, side, items, total)
        ties = [link for link in self.links if self.level[link.one] == self.level[link.other] == 0]
        layout.drops += [Drop(link, layout.slots + total + i) for i, link in enumerate(ties)]
        total += len(ties)
        for bus in self.main:
            layout.rails[bus] = Rail(bus, 0, layout.slots, layout.slots + total - 1)
        self._place_links_beside(layout)
        layout.slots += total + 0.4

    def _main_buses(self) -> list[str]:
        """Return the bus with the most connections, and what bus ties join with it."""
        ties = set(self.plant["cable"].loc[self.plant["cable"]["type"] == "TIE", "id"])
        joined = _neighbours(self.buses, [link for link in self.links if link.id in ties])
        kv = dict(zip(self.plant["bus"]["id"], self.plant["bus"]["kv"], strict=True))
        busiest = max(self.buses, key=lambda bus: (len(self.near[bus]), kv[bus] if pd.notna(kv[bus]) else 0))
        group = _levels(joined, [busiest])
        return [bus for bus in self.buses if bus in group]

    def _sides(self) -> dict[str, int]:
        """Return UP for what feeds the main buses and DOWN for what they feed."""
        power: dict[str, float] = defaultdict(float)
        for table, column, sign in (("unit", "rated_mw", 1), ("load", "p_mw", -1)):
            for bus, value in zip(self.plant[table]["bus"], self.plant[table][column].fillna(0), strict=True):
                power[bus] += sign * float(value)
        outer = {bus: [n for n in self.near[bus] if self.level[n]] for bus in self.buses if self.level[bus]}
        sides: dict[str, int] = {}
        for bus in outer:
            if bus not in sides:
                branch = _levels(outer, [bus])
                sides.update(dict.fromkeys(branch, UP if sum(power[b] for b in branch) > 0 else DOWN))
        return sides

    def _children(self) -> dict[str, list[str]]:
        """Return the buses that hang from each bus, ordered by the barycentre of their neighbours."""
        parent = {
            bus: min((n for n in self.near[bus] if self.level[n] == self.level[bus] - 1), key=self.order.__getitem__)
            for bus in self.buses
            if self.level[bus]
        }
        for _ in range(4):
            outer = [bus for bus in self.buses if self.level[bus] > 1]
            centre = {b: sum(self.order[n] for n in self.near[b]) / len(self.near[b]) for b in outer}
            for layer in {self.level[bus] for bus in outer}:
                own = sorted((b for b in outer if self.level[b] == layer), key=lambda b: (centre[b], self.order[b]))
                places = sorted(self.order[b] for b in own)
                self.order.update(zip(own, places, strict=True))
        children: dict[str, list[str]] = {bus: [] for bus in self.buses}
        for bus in sorted(parent, key=self.order.__getitem__):
            children[parent[bus]].append(bus)
        return children

    def _inner(self, bus: str) -> list[Link]:
        """Return the connections of a bus towards the main buses, and those beside it."""
        return [
            link
            for link in self.links
            if bus in (link.one, link.other) and self.level[_far(link, bus)] <= self.level[bus] and self.level[bus]
        ]

    def _width(self, bus: str) -> float:
        outer = len(self.devices[bus]) + sum(self._width(child) for child in self.children[bus])
        return max(1.0, outer, len(self._inner(bus)))

    def _hanging(self, side: int) -> list[tuple[str | Tap, float]]:
        """Return what hangs from the main buses on one side, buses then devices, each with its width [slots]."""
        buses = [child for bus in self.main for child in self.children[bus] if self.side[child] == side]
        buses.sort(key=self.order.__getitem__)
        devices = [
            Tap(device, table, bus, 0, side)
            for bus in self.main
            for device, table, own in self.devices[bus]
            if own == side
        ]
        return [(bus, self._width(bus)) for bus in buses] + [(tap, 1.0) for tap in devices]

    def _place_side(self, layout: Layout, side: int, items: list[tuple[str | Tap, float]], total: float) -> None:
        """Place one side's items, spread over the whole width."""
        spread = total / max(sum(width for _, width in items), 1.0)
        slot = layout.slots
        for item, width in items:
            start = slot + width * (spread - 1) / 2
            if isinstance(item, Tap):
                layout.taps.append(replace(item, slot=start))
            else:
                self._place_bus(layout, item, start)
            slot += width * spread

    def _place_bus(self, layout: Layout, bus: str, start: float) -> float:
        """Place a bus with its devices and what hangs from it; return the next free slot."""
        width, side = self._width(bus), self.side[bus]
        layout.rails[bus] = Rail(bus, side * self.level[bus], start, start + width - 1)
        slot = start
        for device, table, _ in self.devices[bus]:
            layout.taps.append(Tap(device, table, bus, slot, side))
            slot += 1
        for child in self.children[bus]:
            slot = self._place_bus(layout, child, slot)
        upward = [link for link in self._inner(bus) if self.level[_far(link, bus)] < self.level[bus]]
        layout.drops += [Drop(link, start + i * width / len(upward)) for i, link in enumerate(upward)]
        return start + width

    def _place_links_beside(self, layout: Layout) -> None:
        """Place the connections between buses of one layer: down from the end of one, across, up to the other."""
        for link in self.links:
            if self.level[link.one] == self.level[link.other] > 0:
                one, other = sorted((layout.rails[link.one], layout.rails[link.other]), key=lambda rail: rail.first)
                layout.drops.append(Drop(link, one.last + 0.55, other.first - 0.1))


def _far(link: Link, bus: str) -> str:
    return link.other if link.one == bus else link.one


def _pack_rows(layout: Layout) -> None:
    """Give rails of one layer that would meet rows of their own; of main buses, every one has its row."""
    spans: dict[str, list[float]] = {bus: [rail.first, rail.last] for bus, rail in layout.rails.items()}
    for drop in layout.drops:
        if drop.far_slot is None:
            for bus in (drop.link.one, drop.link.other):
                spans[bus] = [min(spans[bus][0], drop.slot), max(spans[bus][1], drop.slot)]
    taken: dict[tuple[int, int], float] = {}
    for rail in sorted(layout.rails.values(), key=lambda rail: spans[rail.bus][0]):
        rail.first, rail.last = spans[rail.bus]
        while taken.get((rail.layer, rail.row), -1.0) >= rail.first:
            rail.row += 1
        taken[rail.layer, rail.row] = rail.last + 0.5
