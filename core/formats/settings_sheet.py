"""A plant's name and settings as a table of two columns."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from core.plant import Plant


def settings_table(plant: Plant) -> pd.DataFrame:
    """Return one row a setting, the plant's name first."""
    values = {"name": plant.name, **asdict(plant.settings)}
    return pd.DataFrame({"Setting": list(values), "Value": list(values.values())})
