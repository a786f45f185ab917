"""A plant's own reliability model, with the MW of its units."""

from __future__ import annotations

from core.plant import Plant, dispatchable_mw
from core.reliability import ReliabilityModel


def plant_model(plant: Plant) -> ReliabilityModel:
    """Return the plant's reliability data and blocks as a model, with the MW that are there on demand as capacities."""
    components = plant["reliability"].drop(columns="spares")  # MTTR counts with the spares that are on site
    rated = components.assign(capacity_mw=components["id"].map(dispatchable_mw(plant)))
    return ReliabilityModel.from_tables(rated, plant["block"])
