"""A plant's own availability: its reliability model, and the required MW from its units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.plant import Plant
from core.reliability import ReliabilityModel
from core.settings import HOURS_PER_YEAR
from core.studies.availability.capacity import required_capacity

#: Unit types whose MW count as long as the unit works; sun and wind are not there on demand.
DISPATCHABLE = ("RECIPROCATING_ENGINE", "GAS_TURBINE", "STEAM_TURBINE", "GRID")


@dataclass(frozen=True, slots=True)
class PlantAvailability:
    """Whether a plant delivers the required MW."""

    required_mw: float
    installed_mw: float
    generation_availability: float  # of the units alone
    availability: float  # with the electrical part in series
    failures_per_year: float

    @property
    def downtime_h(self) -> float:
        """Return the downtime in a year of 8760 h."""
        return (1 - self.availability) * HOURS_PER_YEAR


def plant_model(plant: Plant) -> ReliabilityModel:
    """Return the plant's reliability data and blocks as a model, with the units' rated MW as capacities."""
    units = plant["unit"]
    counted = units[units["type"].isin(DISPATCHABLE) & (units["status"] != "Offline")]
    capacity = counted.set_index("id")["rated_mw"]
    components = plant["reliability"].drop(columns="spares")  # MTTR counts with the spares that are on site
    rated = components.assign(capacity_mw=components["id"].map(capacity))
    return ReliabilityModel.from_tables(rated, plant["block"])


def plant_availability(
    units: pd.DataFrame,
    required_mw: float,
    *,
    bess_mw: float = 0.0,
    series_availability: float = 1.0,
    series_failures_per_h: float = 0.0,
) -> PlantAvailability:
    """Return the availability of the required MW of a plant.

    Parameters
    ----------
    units
        One row a unit with ``mw``, ``availability`` and, where known, ``failures_per_h`` (its frequency of failures).
    required_mw
        What the plant must deliver [MW].
    bess_mw
        What batteries add for as long as a shortage lasts [MW].
    series_availability, series_failures_per_h
        The electrical part that everything passes through.
    """
    frequency = units["failures_per_h"] if "failures_per_h" in units else np.full(len(units), np.nan)
    generation = required_capacity(
        units["mw"], 1 - units["availability"], required_mw, frequency_per_h=frequency, firm_mw=bess_mw
    )
    per_h = generation.frequency_per_h * series_availability + generation.availability * series_failures_per_h
    return PlantAvailability(
        required_mw,
        float(units["mw"].sum()),
        generation.availability,
        generation.availability * series_availability,
        per_h * HOURS_PER_YEAR,
    )
