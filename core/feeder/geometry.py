"""Where a feeder's assets lie: points and lines from the coordinates of buses and vertices."""

from __future__ import annotations

from typing import Any

import pandas as pd

from core.feeder.model import Feeder

ON_BUS = ("sources", "capacitors", "loads", "der")
WITH_PLACE = ("buses", "meters", "poles")


def shapes_of(feeder: Feeder) -> dict[str, pd.Series]:
    """Return the shapes of the rows that have a place, by table; the index is the row's in its table."""
    from shapely import Point

    at = _places(feeder)
    points = {bus: Point(place) for bus, place in at.items()}
    first = feeder["windings"].drop_duplicates("transformer").set_index("transformer")["bus"]
    buses = {name: feeder[name]["bus"] for name in ON_BUS}
    buses["transformers"] = feeder["transformers"]["id"].map(first)
    buses["regulators"] = feeder["regulators"]["transformer"].map(first)
    shapes = {name: bus.map(points) for name, bus in buses.items()}
    for name in WITH_PLACE:
        there = feeder[name].dropna(subset=["x", "y"])
        shapes[name] = pd.Series(
            [Point(place) for place in zip(there["x"], there["y"], strict=True)], there.index, dtype=object
        )
    shapes["branches"] = _lines(feeder, at)
    return {name: found for name, shape in shapes.items() if len(found := shape.dropna())}


def _places(feeder: Feeder) -> dict[str, tuple[float, float]]:
    buses = feeder["buses"].dropna(subset=["x", "y"])
    return dict(zip(buses["id"], zip(buses["x"], buses["y"], strict=True), strict=True))


def _lines(feeder: Feeder, at: dict[str, tuple[float, float]]) -> pd.Series:
    from shapely import LineString

    inner: dict[str, list[tuple[float, float]]] = {}
    ordered = feeder["vertices"].sort_values(["branch", "sequence"])
    for name, x, y in zip(ordered["branch"], ordered["x"], ordered["y"], strict=True):
        inner.setdefault(name, []).append((x, y))
    branches = feeder["branches"]
    branches = branches[branches["from_bus"].isin(at) & branches["to_bus"].isin(at)]
    ends = zip(branches["id"], branches["from_bus"], branches["to_bus"], strict=True)
    lines: list[Any] = [LineString([at[start], *inner.get(name, []), at[end]]) for name, start, end in ends]
    return pd.Series(lines, branches.index, dtype=object)
