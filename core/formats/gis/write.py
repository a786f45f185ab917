"""The feeder as a GeoPackage: a layer a kind of asset, so that QGIS and ArcGIS open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import BadInput
from core.feeder import Feeder


def write_geopackage(feeder: Feeder, path: Path) -> dict[str, int]:
    """Write the layers and return how many features each has.

    Raises
    ------
    BadInput
        No bus has coordinates.
    """
    import geopandas as gpd

    layers = geometry_of(feeder)
    if not layers:
        raise BadInput("The feeder has no coordinates to write", hint="Reconcile it with a GIS file first")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    for name, (table, shapes) in layers.items():
        frame = gpd.GeoDataFrame(_plain(table), geometry=shapes, crs=feeder.crs or None)
        frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    return {name: len(table) for name, (table, _) in layers.items()}


def geometry_of(feeder: Feeder) -> dict[str, tuple[pd.DataFrame, list[Any]]]:
    """Return the rows that have a place, by table, with their shapes."""
    from shapely import LineString, Point

    buses = feeder["buses"].dropna(subset=["x", "y"])
    at = dict(zip(buses["id"], zip(buses["x"], buses["y"], strict=True), strict=True))
    found: dict[str, tuple[pd.DataFrame, list[Any]]] = {}
    if at:
        found["buses"] = (buses, [Point(point) for point in at.values()])
    branches = feeder["branches"]
    branches = branches[branches["from_bus"].isin(at) & branches["to_bus"].isin(at)]
    inner: dict[str, list[tuple[float, float]]] = {}
    ordered = feeder["vertices"].sort_values(["branch", "sequence"])
    for name, x, y in zip(ordered["branch"], ordered["x"], ordered["y"], strict=True):
        inner.setdefault(name, []).append((x, y))
    if len(branches):
        ends = zip(branches["id"], branches["from_bus"], branches["to_bus"], strict=True)
        found["branches"] = (branches, [LineString([at[a], *inner.get(name, []), at[b]]) for name, a, b in ends])
    first = feeder["windings"].drop_duplicates("transformer").set_index("transformer")["bus"]
    transformers = feeder["transformers"].assign(bus=feeder["transformers"]["id"].map(first).fillna(""))
    on_bus = {
        "transformers": transformers,
        **{name: feeder[name] for name in ("sources", "capacitors", "loads", "der")},
    }
    for name, table in on_bus.items():
        there = table[table["bus"].isin(at)]
        if len(there):
            found[name] = (there, [Point(at[bus]) for bus in there["bus"]])
    for name in ("meters", "poles"):
        there = feeder[name].dropna(subset=["x", "y"])
        if len(there):
            found[name] = (there, [Point(point) for point in zip(there["x"], there["y"], strict=True)])
    return found


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with types that the format knows."""
    return table.astype({name: "float64" for name, kind in table.dtypes.items() if str(kind) == "Int64"})
