"""The feeder as a GeoPackage: a layer a kind of asset, so that QGIS and ArcGIS open it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.errors import BadInput
from core.feeder import Feeder
from core.feeder.geometry import shapes_of


def write_geopackage(feeder: Feeder, path: Path) -> dict[str, int]:
    """Write the layers and return how many features each has.

    Raises
    ------
    BadInput
        No bus has coordinates.
    """
    import geopandas as gpd

    layers = shapes_of(feeder)
    if not layers:
        raise BadInput("The feeder has no coordinates to write", hint="Reconcile it with a GIS file first")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    for name, shapes in layers.items():
        table = _plain(feeder[name].loc[shapes.index])
        frame = gpd.GeoDataFrame(table, geometry=list(shapes), crs=feeder.crs or None)
        frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    return {name: len(shapes) for name, shapes in layers.items()}


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with types that the format knows."""
    return table.astype({name: "float64" for name, kind in table.dtypes.items() if str(kind) == "Int64"})
