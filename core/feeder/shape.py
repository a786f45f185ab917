"""A feeder as it is drawn: straight pieces of its branches and the places of its devices.

Coordinates are degrees or metres as the files give them; a feeder without is laid out by its topology.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from core.feeder.model import Feeder
from core.feeder.topology import Tree, islands_of, tree_of

#: Share of buses that must have a place for the places to be used.
ENOUGH = 0.5
ABOUT = ["id", "kind", "feeder", "from_bus", "to_bus", "phases", "equipment"]
PIECE_COLUMNS = ["key", *ABOUT, "from_x", "from_y", "to_x", "to_y"]
DEVICE_COLUMNS = ["key", "id", "kind", "bus", "phases", "x", "y"]


class Ground(StrEnum):
    """What the coordinates mean."""

    DEGREES = "degrees"  # longitude and latitude
    PLANE = "plane"  # metres, feet or whatever the file's unit is
    TOPOLOGY = "topology"  # levels from the source and branches side by side; distances mean nothing


@dataclass(frozen=True, slots=True)
class Shape:
    """What a feeder looks like.

    The key is what an element is chosen by: a branch's or transformer's id; the others' ids behind their kind, because
    outside models give a load and its section the same id.
    """

    ground: Ground
    pieces: pd.DataFrame  # a row a straight piece; a branch with inner vertices has several
    devices: pd.DataFrame  # transformers, regulators, capacitors, loads, DER and sources at their buses


def shape_of(feeder: Feeder) -> Shape:
    """Return how a feeder is drawn; what has no place isn't there."""
    at = feeder["buses"].dropna(subset=["x", "y"]).drop_duplicates("id").set_index("id")[["x", "y"]].astype(float)
    ground = Ground.DEGREES if feeder.crs == "EPSG:4326" else Ground.PLANE
    vertices = feeder["vertices"]
    if len(at) < ENOUGH * len(feeder["buses"]) or len(at.drop_duplicates()) < 2:
        at, ground, vertices = lay_out(feeder), Ground.TOPOLOGY, vertices.iloc[:0]
    return Shape(ground, _pieces(feeder, at, vertices), _devices(feeder, at))


def _pieces(feeder: Feeder, at: pd.DataFrame, vertices: pd.DataFrame) -> pd.DataFrame:
    """Return the pieces: every branch's ends and inner vertices in order, each point joined with the next."""
    branches = pd.concat([feeder["branches"], _between_windings(feeder)], ignore_index=True)
    branches = branches[branches["from_bus"].isin(at.index) & branches["to_bus"].isin(at.index)]
    ends = []
    for column, order in (("from_bus", -np.inf), ("to_bus", np.inf)):
        place = at.loc[branches[column]]
        ends.append(
            pd.DataFrame(
                {
                    "branch": branches["id"].to_numpy(),
                    "sequence": order,
                    "x": place["x"].to_numpy(),
                    "y": place["y"].to_numpy(),
                }
            )
        )
    inner = vertices.loc[vertices["branch"].isin(branches["id"]), ["branch", "sequence", "x", "y"]]
    points = pd.concat([*ends, inner.astype({"sequence": float})] if len(inner) else ends, ignore_index=True)
    points = points.sort_values(["branch", "sequence"], kind="stable", ignore_index=True)
    following = points.groupby("branch", sort=False)[["x", "y"]].shift(-1)
    pieces = pd.DataFrame(
        {
            "id": points["branch"],
            "from_x": points["x"],
            "from_y": points["y"],
            "to_x": following["x"],
            "to_y": following["y"],
        }
    ).dropna()
    return pieces.merge(branches[ABOUT].drop_duplicates("id"), on="id").assign(key=lambda rows: rows["id"])[
        PIECE_COLUMNS
    ]


def _between_windings(feeder: Feeder) -> pd.DataFrame:
    """Return transformers and regulators as branches between the buses of their first two windings."""
    windings = feeder["windings"]
    ends = {number: windings[windings["winding"] == number].set_index("transformer") for number in (1, 2)}
    units = feeder["transformers"]
    units = units[units["id"].isin(ends[1].index) & units["id"].isin(ends[2].index)]
    first, second = (ends[number][~ends[number].index.duplicated()].loc[units["id"]] for number in (1, 2))
    return pd.DataFrame(
        {
            "id": units["id"].to_numpy(),
            "kind": units["kind"].to_numpy(),
            "feeder": units["feeder"].to_numpy(),
            "from_bus": first["bus"].to_numpy(),
            "to_bus": second["bus"].to_numpy(),
            "phases": first["phases"].to_numpy(),
            "equipment": units["equipment"].to_numpy(),
        }
    )


def _devices(feeder: Feeder, at: pd.DataFrame) -> pd.DataFrame:
    """Return the devices at their buses, those with several units once."""
    units = _between_windings(feeder).rename(columns={"from_bus": "bus"})
    found = [units[["id", "kind", "bus", "phases"]].assign(key=units["id"])]
    for table, kind in (("sources", "source"), ("capacitors", "capacitor"), ("loads", "load"), ("der", "DER")):
        rows = feeder[table]
        name = rows["device"].where(rows["device"] != "", rows["id"]) if "device" in rows else rows["id"]
        phases = rows["phases"].groupby(name, sort=False).agg(lambda parts: "".join(sorted(set("".join(parts)))))
        buses = rows["bus"].groupby(name, sort=False).first()
        found.append(
            pd.DataFrame({"id": buses.index, "kind": kind, "bus": buses.to_numpy(), "phases": phases.to_numpy()})
        )
    devices = pd.concat([table for table in found if len(table)] or found[:1], ignore_index=True)
    devices = devices[devices["bus"].isin(at.index)]
    keys = devices["key"] if "key" in devices else pd.Series(index=devices.index, dtype=object)
    devices["key"] = keys.fillna(devices["kind"] + " " + devices["id"])
    places = at.loc[devices["bus"]]
    return devices.assign(x=places["x"].to_numpy(), y=places["y"].to_numpy())[DEVICE_COLUMNS]


def lay_out(feeder: Feeder) -> pd.DataFrame:
    """Return a place for every bus: across by the branches from the source, along by the leaves behind it.

    Every source's tree and every island has a band of its own.
    """
    tree = tree_of(feeder)
    across, along, band = _banded(tree, tree.order)
    for island in islands_of(feeder, tree):
        width = int(np.ceil(np.sqrt(len(island))))
        across |= {bus: float(k % width) for k, bus in enumerate(island)}
        along |= {bus: band + k // width for k, bus in enumerate(island)}
        band += (len(island) - 1) // width + 2.0
    deep, wide = max(across.values(), default=0.0) or 1.0, max(along.values(), default=0.0) or 1.0
    stretch = max(1.0, wide / deep / 2)  # a wide tree isn't drawn as a thin column
    return pd.DataFrame({"x": pd.Series(across) * stretch, "y": -pd.Series(along)}, dtype=float)


def _banded(tree: Tree, order: list[str]) -> tuple[dict[str, float], dict[str, float], float]:
    """Return the level of every fed bus, its place among its neighbours, and where the next band begins."""
    fed = tree.children()
    level: dict[str, float] = {}
    for bus in order:
        edge = tree.parent[bus]
        level[bus] = 0.0 if edge is None else level[edge.start if edge.start != bus else edge.end] + 1
    along: dict[str, float] = {}
    next_leaf, waiting = 0.0, [(root, False) for root in reversed(tree.roots)]
    while waiting:
        bus, entered = waiting.pop()
        below = fed.get(bus, [])
        if not below:
            along[bus] = next_leaf
            next_leaf += 1
        elif entered:
            along[bus] = (along[below[0]] + along[below[-1]]) / 2
        else:
            waiting.append((bus, True))
            waiting.extend((child, False) for child in reversed(below))
    return level, along, next_leaf + 1
