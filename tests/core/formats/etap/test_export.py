"""What ETAP gets: the specification's headings, every unit and scenario once, and a workbook with all of the plant."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pandas as pd

from core.formats.etap.workbook import LAYOUT, equipment_csv, scenarios_csv, workbook
from core.plant import CATALOGUE, sample_plant

EQUIPMENT = (
    "ID,Name,Type,Bus_ID,Rated_kV,Rated_MW,Rated_MVA,Rated_PF,Xd_pu,Xd_prime_pu,Xd_double_prime_pu,H_inertia_sec,Status"
)
SCENARIOS = "Scenario_ID,Name,Type,Load_MW,Load_PF,Tripped_Equipment,Description"


def test_the_equipment_file_has_the_specified_headings_and_rows():
    text = equipment_csv(sample_plant()).decode("utf-8")
    assert text.splitlines()[0] == EQUIPMENT
    assert text.splitlines()[1] == (
        "GEN_RECIP_01,Recip Engine 1,Synchronous Generator,BUS_100,13.8,18.3,21.5,0.85,1.8,0.25,0.18,1.5,Online"
    )
    rows = pd.read_csv(BytesIO(text.encode()))
    assert rows["ID"].tolist() == sample_plant()["unit"]["id"].tolist()


def test_the_scenario_file_has_the_specified_headings_and_rows():
    lines = scenarios_csv(sample_plant()).decode("utf-8").splitlines()
    assert lines[:2] == [SCENARIOS, "BASE_100,Base Case - 100% Load,Normal,200.0,0.95,,All equipment online"]
    assert sum('"GEN_GT_01,GEN_GT_02"' in line for line in lines) == 1
    assert len(lines) == 1 + len(sample_plant()["scenario"])


def test_the_workbook_has_a_place_for_every_column_of_the_plant():
    written = {(sheet.table, column) for sheet in LAYOUT.values() for column in sheet.columns.values()}
    assert written - {("unit", "etap_type")} == {(t, c) for t in CATALOGUE for c in CATALOGUE[t]}


def test_the_workbook_shows_what_etap_takes_and_hides_the_rest():
    book = openpyxl.load_workbook(BytesIO(workbook(sample_plant())))
    shown = [name for name in book.sheetnames if book[name].sheet_state == "visible"]
    assert shown == ["Instructions", *(name for name, sheet in LAYOUT.items() if not sheet.hidden)]
    assert "Buses" in shown
    assert "Reliability" not in shown
    assert book["Transformers"].max_row == 1 + len(sample_plant()["transformer"])
