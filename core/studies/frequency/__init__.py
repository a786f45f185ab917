"""Frequency of a plant in island operation after the trip of a unit."""

from core.studies.frequency.island import Island, island_of
from core.studies.frequency.response import Response, Swing, curves, respond, rocof, settling
from core.studies.frequency.study import plant_frequency

__all__ = ["Island", "Response", "Swing", "curves", "island_of", "plant_frequency", "respond", "rocof", "settling"]
