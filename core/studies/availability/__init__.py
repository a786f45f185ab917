"""Availability: exact where it can be, simulated where units age, queue for repair or live on a battery."""

from core.studies.availability.capacity import outage_survival
from core.studies.availability.compile import compile_model
from core.studies.availability.delivery import adequacy, deliver
from core.studies.availability.exact import importance, solve
from core.studies.availability.plant import plant_model
from core.studies.availability.search import Action, Alternative, Goal, Option, Search, reach_target, standard_options
from core.studies.availability.simulation import Simulation, SimulationOptions, simulate
from core.studies.availability.study import AvailabilityOptions, as_document, study_availability

__all__ = [
    "Action",
    "Alternative",
    "AvailabilityOptions",
    "Goal",
    "Option",
    "Search",
    "Simulation",
    "SimulationOptions",
    "adequacy",
    "as_document",
    "compile_model",
    "deliver",
    "importance",
    "outage_survival",
    "plant_model",
    "reach_target",
    "simulate",
    "solve",
    "standard_options",
    "study_availability",
]
