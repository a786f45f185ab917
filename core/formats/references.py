"""The reference structure of each exported file: what stands under each heading, in which unit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.errors import NotFound
from core.formats.etap import workbook as etap
from core.formats.gridproof.workbook import layout as plant_layout
from core.formats.psse import plant_files as psse
from core.formats.psse import schema
from core.formats.windchill import workbook as windchill

#: The sections of a RAW file that a plant fills.
RAW_SECTIONS = ("bus", "load", "fixed_shunt", "generator", "branch", "transformer")
TEXT_FILES = Path(psse.__file__).with_name("text_files.csv")


def reference(file: str, psse_version: int = 35) -> pd.DataFrame:
    """Return the sheets or sections, headings, units and meanings of an exported file."""
    ending = file.rpartition(".")[2]
    if ending == "raw":
        return _raw(psse_version)
    if ending in ("con", "sub", "mon"):
        rows = pd.read_csv(TEXT_FILES)
        own = rows[rows["file"] == ending]
        return pd.DataFrame({"Line": own["heading"], "Meaning": own["meaning"]}).reset_index(drop=True)
    sheets = {
        "ETAP/ETAP_Equipment_Import.csv": [etap.EQUIPMENT],
        "ETAP/ETAP_Scenarios.csv": [etap.SCENARIOS],
        "ETAP/ETAP_Plant.xlsx": etap.LAYOUT.values(),
        "PSSe/PSSe_Scenarios.csv": [psse.SCENARIOS],
        "Windchill_RAM/RAM_Component_Data.csv": [windchill.COMPONENTS],
        "Windchill_RAM/RAM_RBD_Structure.csv": [windchill.LAYOUT["RBD_Structure"]],
        "Windchill_RAM/RAM_FMEA_Template.csv": [windchill.LAYOUT["FMEA"]],
        "Windchill_RAM/RAM_Plant.xlsx": windchill.LAYOUT.values(),
        "Gridproof/plant.json": plant_layout().values(),
        "Gridproof/plant.xlsx": plant_layout().values(),
    }
    if file not in sheets:
        raise NotFound(f"there is no exported file {file!r}")
    return pd.concat([sheet.reference() for sheet in sheets[file]], ignore_index=True)


def _raw(version: int) -> pd.DataFrame:
    rows = [
        {"Section": section, "Line": f.line, "Heading": f.heading(version), "Unit": f.unit, "Meaning": f.help}
        for section in RAW_SECTIONS
        for f in schema.layout(section, version)
    ]
    return pd.DataFrame(rows)
