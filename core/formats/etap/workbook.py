"""The plant as ETAP's exchange tables: equipment and scenario CSVs, and a workbook that holds all of the plant."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.formats.etap.technology import etap_types
from core.formats.plant_sheets import SheetLayout, read_layout, write_sheets
from core.formats.settings_sheet import settings_table
from core.formats.tables.writing import Sheet, csv_bytes, workbook_bytes
from core.plant import Plant

LAYOUT = read_layout(Path(__file__).with_name("workbook.csv"))

EQUIPMENT_HEADINGS = (
    "ID",
    "Name",
    "Type",
    "Bus_ID",
    "Rated_kV",
    "Rated_MW",
    "Rated_MVA",
    "Rated_PF",
    "Xd_pu",
    "Xd_prime_pu",
    "Xd_double_prime_pu",
    "H_inertia_sec",
    "Status",
)
EQUIPMENT: SheetLayout = LAYOUT["Equipment"].only(*EQUIPMENT_HEADINGS)
SCENARIOS: SheetLayout = LAYOUT["Scenarios"]
INSTRUCTIONS = Path(__file__).with_name("instructions.txt")


def equipment_csv(plant: Plant) -> bytes:
    """Return the equipment file for DataX."""
    return csv_bytes(EQUIPMENT.write(_units(plant)))


def scenarios_csv(plant: Plant) -> bytes:
    """Return the study scenarios."""
    return csv_bytes(SCENARIOS.write(plant["scenario"]))


def workbook(plant: Plant) -> bytes:
    """Return the whole plant as one workbook; sheets that ETAP has no place for are hidden."""
    return workbook_bytes(workbook_sheets(plant))


def workbook_sheets(plant: Plant) -> dict[str, Sheet]:
    """Return the workbook's sheets by name, the instructions first."""
    lines = INSTRUCTIONS.read_text(encoding="utf-8").splitlines()
    sheets = write_sheets({**plant.tables, "unit": _units(plant)}, LAYOUT)
    return {
        "Instructions": Sheet(pd.DataFrame({"Instructions": lines}), header=False),
        **sheets,
        "Settings": Sheet(settings_table(plant), hidden=True),
    }


def _units(plant: Plant) -> pd.DataFrame:
    units = plant["unit"]
    return units.assign(etap_type=etap_types(units["type"]))
