"""Coordinates of buses that a file doesn't draw: the internal ones of a section lie where their neighbour lies."""

from __future__ import annotations

import pandas as pd

from core.feeder.model import Feeder

#: The sign of a bus inside a section of several devices.
INTERNAL = "~"


def place_internal(feeder: Feeder) -> pd.DataFrame:
    """Return the buses with the internal ones at the place of the bus before or behind them."""
    buses = feeder["buses"].copy()
    at = buses.dropna(subset=["x", "y"]).set_index("id")[["x", "y"]]
    branches, windings = feeder["branches"], feeder["windings"]
    pairs = list(zip(branches["from_bus"], branches["to_bus"], strict=True))
    pairs += [tuple(group) for _, group in windings.groupby("transformer", sort=False)["bus"] if len(group) == 2]
    beside: dict[str, str] = {}
    for _ in range(3):  # a section seldom has more than three devices in a row
        for start, end in pairs:
            for bus, other in ((end, start), (start, end)):
                place = other if other in at.index else beside.get(other)
                if INTERNAL in bus and place is not None:
                    beside.setdefault(bus, place)
    for axis in ("x", "y"):
        found = buses["id"].map(beside).map(at[axis])
        buses[axis] = buses[axis].fillna(found.astype(float))
    return buses
