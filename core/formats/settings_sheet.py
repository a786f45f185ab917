"""A plant's name and settings as a table of two columns, out and in."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from core.findings import Finding, Severity
from core.formats.tables import PrintedTable
from core.formats.tables.cells import cell_text, plain_cell
from core.plant import Plant, PlantSettings

SHEET = "Settings"
HEADINGS = ("Setting", "Value")


def settings_table(plant: Plant) -> pd.DataFrame:
    """Return one row a setting, the plant's name first."""
    values = {"name": plant.name, **asdict(plant.settings)}
    return pd.DataFrame({"Setting": list(values), "Value": pd.Series(list(values.values()), dtype="object")})


def is_settings(printed: PrintedTable) -> bool:
    """Tell whether a printed table holds settings."""
    return tuple(printed.headings[:2]) == HEADINGS


def read_settings(printed: PrintedTable) -> tuple[str, PlantSettings, list[Finding]]:
    """Return the plant's name, its settings, and a finding for each that is unknown or no number."""
    kinds = {setting: type(value) for setting, value in asdict(PlantSettings()).items()}
    name, values, findings = "", {}, []
    for position, row in enumerate(printed.rows):
        setting, text = cell_text(row[0]).strip(), plain_cell(cell_text(row[1]).strip())
        where = printed.where(position)
        if setting == "name":
            name = text
        elif setting not in kinds:
            findings.append(Finding("plant.setting.unknown", Severity.WARNING, f"no setting {setting!r}", where=where))
        else:
            try:
                values[setting] = kinds[setting](text)
            except ValueError:
                said = f"the setting {setting} is {text!r}; {getattr(PlantSettings(), setting)} was taken"
                findings.append(Finding("plant.setting.value", Severity.ERROR, said, "enter a number", where))
    return name, PlantSettings(**values), findings
