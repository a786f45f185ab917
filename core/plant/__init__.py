"""A plant design: equipment, buses, ratings and reliability data, and what derives from them."""

from core.plant.checks import check_plant, double_ids
from core.plant.electrical import dispatch, plant_network, swing_bus
from core.plant.firm import dispatchable_mw, firm_battery_mw, firm_units_mw
from core.plant.model import (
    CATALOGUE,
    EQUIPMENT,
    INVERTER,
    SYNCHRONOUS,
    Plant,
    PlantSettings,
    reactive,
    read_folder,
    split_ids,
)
from core.plant.sample import sample_plant
from core.plant.scenarios import generate_scenarios, total_load

__all__ = [
    "CATALOGUE",
    "EQUIPMENT",
    "INVERTER",
    "SYNCHRONOUS",
    "Plant",
    "PlantSettings",
    "check_plant",
    "dispatch",
    "dispatchable_mw",
    "double_ids",
    "firm_battery_mw",
    "firm_units_mw",
    "generate_scenarios",
    "plant_network",
    "reactive",
    "read_folder",
    "sample_plant",
    "split_ids",
    "swing_bus",
    "total_load",
]
