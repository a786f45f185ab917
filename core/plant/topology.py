"""Which buses of the plant hang together."""

from __future__ import annotations

from core.plant.model import Plant

NO_TRIPS: frozenset[str] = frozenset()
CONNECTIONS = (("transformer", "hv_bus", "lv_bus"), ("cable", "from_bus", "to_bus"))


def islands(plant: Plant, tripped: frozenset[str] = NO_TRIPS) -> list[set[str]]:
    """Return the sets of connected buses, the largest first."""
    parent = {bus: bus for bus in plant["bus"]["id"]}

    def root(bus: str) -> str:
        while parent[bus] != bus:
            parent[bus] = parent[parent[bus]]
            bus = parent[bus]
        return bus

    for one, other in _pairs(plant, tripped):
        if one in parent and other in parent:
            parent[root(one)] = root(other)
    parts: dict[str, set[str]] = {}
    for bus in parent:
        parts.setdefault(root(bus), set()).add(bus)
    return sorted(parts.values(), key=lambda part: (-len(part), min(part)))


def main_island(plant: Plant, tripped: frozenset[str] = NO_TRIPS) -> set[str]:
    """Return the buses of the island that serves the most load; without loads, the largest one."""
    loads = plant.online("load", tripped=tripped)
    by_bus = loads.groupby("bus")["p_mw"].sum()
    parts = islands(plant, tripped)
    if not parts:
        return set()
    return max(parts, key=lambda part: float(by_bus[by_bus.index.isin(part)].sum()))


def _pairs(plant: Plant, tripped: frozenset[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for table, one, other in CONNECTIONS:
        rows = plant.online(table, tripped=tripped)
        pairs += zip(rows[one], rows[other], strict=True)
    return pairs
