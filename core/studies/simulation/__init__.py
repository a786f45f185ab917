"""A grid over time: a network, a series of loads, generation and farms, one software; results into the database."""

from core.studies.simulation.imports import import_files
from core.studies.simulation.run import Options, simulate
from core.studies.simulation.series import Series, read_series

__all__ = ["Options", "Series", "import_files", "read_series", "simulate"]
