"""Availability: exact where it can be, simulated where units age, queue for repair or live on a battery."""

from core.studies.availability.capacity import adequacy, outage_survival, outage_table, required_capacity
from core.studies.availability.compile import compile_model
from core.studies.availability.delivery import deliver
from core.studies.availability.exact import importance, solve
from core.studies.availability.plant import PlantAvailability, plant_availability, plant_model
from core.studies.availability.search import Action, Alternative, Goal, Option, Search, reach_target, standard_options
from core.studies.availability.simulation import Simulation, SimulationOptions, simulate
from core.studies.availability.study import AvailabilityOptions, as_document, study_availability

__all__ = [
    "Action",
    "Alternative",
    "AvailabilityOptions",
    "Goal",
    "Option",
    "PlantAvailability",
    "Search",
    "Simulation",
    "SimulationOptions",
    "adequacy",
    "as_document",
    "compile_model",
    "deliver",
    "importance",
    "outage_survival",
    "outage_table",
    "plant_availability",
    "plant_model",
    "reach_target",
    "required_capacity",
    "simulate",
    "solve",
    "standard_options",
    "study_availability",
]
