"""The plant as Windchill RAM's tables: components, reliability block diagram and FMEA, as CSVs and one workbook."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.formats.plant_sheets import read_layout
from core.formats.tables.writing import Sheet, csv_bytes, workbook_bytes
from core.formats.windchill.fmea import fmea_table
from core.plant import Plant, dispatchable_mw, split_ids

LAYOUT = read_layout(Path(__file__).with_name("sheets.csv"))
COMPONENT_HEADINGS = (
    "Component_ID",
    "Component_Name",
    "Component_Type",
    "MTBF_Hours",
    "MTTR_Hours",
    "Failure_Rate_Per_Hour",
    "Availability",
    "Distribution",
    "Weibull_Beta",
)
COMPONENTS = LAYOUT["Components"].only(*COMPONENT_HEADINGS)
STRUCTURE = LAYOUT["RBD_Structure"]
WITHOUT_NETWORKS = STRUCTURE.only(*(heading for heading in STRUCTURE.columns if heading != "Links"))


def components_csv(plant: Plant) -> bytes:
    """Return the component data: failure rates in 1/h, availability of the up and repair times."""
    rows = components(plant)
    rates = [f"{rate:.4E}" if rate == rate else "" for rate in rows["failure_rate_per_h"]]
    return csv_bytes(COMPONENTS.write(rows.assign(failure_rate_per_h=rates)))


def structure_csv(plant: Plant) -> bytes:
    """Return the reliability block diagram, one row a block; links are a column only where there is a network."""
    has_network = plant["block"]["links"].str.strip().ne("").any()
    return csv_bytes((STRUCTURE if has_network else WITHOUT_NETWORKS).write(blocks(plant)))


def fmea_csv(plant: Plant) -> bytes:
    """Return the FMEA, one row a failure mode of a component."""
    return csv_bytes(LAYOUT["FMEA"].write(fmea_table(plant)))


def workbook(plant: Plant) -> bytes:
    """Return the three tables as one workbook."""
    return workbook_bytes(workbook_sheets(plant))


def workbook_sheets(plant: Plant) -> dict[str, Sheet]:
    """Return the workbook's sheets by name."""
    tables = {"reliability": components(plant), "block": blocks(plant), "fmea": fmea_table(plant)}
    return {name: Sheet(sheet.write(tables[sheet.table])) for name, sheet in LAYOUT.items()}


def components(plant: Plant) -> pd.DataFrame:
    """Return the components with what follows from MTBF and MTTR: A = MTBF / (MTBF + MTTR), rate = 1 / MTBF.

    Units that are offline, batteries, sun and wind have no capacity: they aren't there on demand.
    """
    rows = plant["reliability"]
    mtbf = rows["mtbf_h"].where(rows["mtbf_h"] > 0)
    return rows.assign(
        failure_rate_per_h=1 / mtbf,
        availability=(mtbf / (mtbf + rows["mttr_h"])).round(8),
        capacity_mw=rows["id"].map(dispatchable_mw(plant)),
    )


def blocks(plant: Plant) -> pd.DataFrame:
    """Return the blocks with K and N: all of a series, one of a parallel block unless the plant says otherwise."""
    rows = plant["block"]
    total = rows["members"].map(lambda text: len(split_ids(text))).astype("Int64")
    implied = total.where(rows["type"] == "SERIES").mask(rows["type"] == "PARALLEL", 1)
    return rows.assign(k_required=rows["k"].fillna(implied), n_total=total)
