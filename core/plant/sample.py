"""The sample plant that ships with the hub."""

from __future__ import annotations

from functools import cache

from core.plant.model import Plant, read_folder
from core.settings import SAMPLES


@cache
def sample_plant() -> Plant:
    """Return the sample: 200 MW of data-centre load behind the meter of an island plant."""
    return read_folder(SAMPLES / "plant", "Data-centre campus (sample)")
