"""GIS: vector layers of feeder assets ↔ the feeder model, and reconciliation with another model of the same feeder."""

from core.formats.gis.layers import LayerMapping, has_places, looks_like_gis, preview
from core.formats.gis.read import read_gis
from core.formats.gis.reconcile import place, reconcile
from core.formats.gis.write import write_geopackage

__all__ = [
    "LayerMapping",
    "has_places",
    "looks_like_gis",
    "place",
    "preview",
    "read_gis",
    "reconcile",
    "write_geopackage",
]
