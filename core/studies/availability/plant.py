"""A plant's own reliability model, with the MW of its units."""

from __future__ import annotations

from core.plant import Plant
from core.reliability import ReliabilityModel

#: Unit types whose MW count as long as the unit works; sun and wind are not there on demand.
DISPATCHABLE = ("RECIPROCATING_ENGINE", "GAS_TURBINE", "STEAM_TURBINE", "GRID")


def plant_model(plant: Plant) -> ReliabilityModel:
    """Return the plant's reliability data and blocks as a model, with the units' rated MW as capacities."""
    units = plant["unit"]
    counted = units[units["type"].isin(DISPATCHABLE) & (units["status"] != "Offline")]
    capacity = counted.set_index("id")["rated_mw"]
    components = plant["reliability"].drop(columns="spares")  # MTTR counts with the spares that are on site
    rated = components.assign(capacity_mw=components["id"].map(capacity))
    return ReliabilityModel.from_tables(rated, plant["block"])
