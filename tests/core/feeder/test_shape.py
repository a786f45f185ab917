"""How a feeder is drawn."""

from __future__ import annotations

import pandas as pd

from core.feeder import Feeder
from core.feeder.shape import Ground, shape_of


def test_a_feeder_without_a_transformer_has_its_source_and_loads() -> None:
    buses = [{"id": "A", "x": 13.0, "y": 52.0}, {"id": "B", "x": 13.1, "y": 52.0}]
    tables = {
        "sources": [{"id": "S", "bus": "A", "phases": "ABC"}],
        "buses": buses,
        "branches": [{"id": "L", "from_bus": "A", "to_bus": "B", "phases": "ABC"}],
        "loads": [{"id": "C", "bus": "B", "phases": "ABC"}],
    }
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    shape = shape_of(Feeder("small", frames, crs="EPSG:4326"))
    assert shape.ground is Ground.DEGREES
    assert shape.pieces["id"].tolist() == ["L"]
    assert shape.devices["key"].tolist() == ["source S", "load C"]
