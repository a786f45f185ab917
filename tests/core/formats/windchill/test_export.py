"""What Windchill gets: availabilities that follow from MTBF and MTTR, blocks with K and N, ranked failure modes."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from core.formats.windchill.fmea import fmea_table
from core.formats.windchill.structure import read_model
from core.formats.windchill.workbook import components_csv, fmea_csv, structure_csv, workbook
from core.plant import sample_plant
from core.studies.availability import plant_model

COMPONENTS = (
    "Component_ID,Component_Name,Component_Type,MTBF_Hours,MTTR_Hours,"
    "Failure_Rate_Per_Hour,Availability,Distribution,Weibull_Beta"
)
STRUCTURE = "Block_ID,Block_Name,Block_Type,Components,K_Required,N_Total,Description"


def rows(data: bytes) -> pd.DataFrame:
    return pd.read_csv(BytesIO(data), keep_default_na=False)


def test_components_have_the_specified_headings_and_numbers():
    data = components_csv(sample_plant())
    assert data.decode().splitlines()[0] == COMPONENTS
    assert ",1.1416E-04,0.99726776,Exponential,1.0" in data.decode().splitlines()[1]
    table = rows(data).set_index("Component_ID")
    assert table.loc["GEN_GT_01", "Availability"] == pytest.approx(17520 / (17520 + 48), abs=1e-8)
    assert table.loc["GEN_GT_01", "Failure_Rate_Per_Hour"] == pytest.approx(5.71e-5, rel=1e-3)


def test_the_structure_counts_its_members():
    data = structure_csv(sample_plant())
    assert data.decode().splitlines()[0] == STRUCTURE
    table = rows(data).set_index("Block_ID")
    assert table.loc["THERMAL_GEN", ["Block_Type", "K_Required", "N_Total"]].tolist() == ["PARALLEL_K_OF_N", 9, 10]
    assert table.loc["SYSTEM", "Components"] == "THERMAL_GEN,ELECTRICAL,CTRL_PLANT"


def test_a_network_comes_back_with_its_links():
    plant = sample_plant()
    rails = {"id": "RAILS", "type": "NETWORK", "members": "SWGR_MAIN_A,SWGR_MAIN_B", "links": "IN:A,A:OUT"}
    plant = plant.with_table("block", [*plant["block"].to_dict(orient="records"), rails])
    model = read_model(("c.csv", components_csv(plant)), ("b.csv", structure_csv(plant))).value
    assert model.links == {"RAILS": [("IN", "A"), ("A", "OUT")]}
    assert plant_model(plant).links == model.links


def test_every_component_has_a_failure_mode_with_a_rank_product():
    table = fmea_table(sample_plant())
    assert set(table["id"]) == set(sample_plant()["reliability"]["id"])
    assert (table["rpn"] == table["severity"] * table["occurrence"] * table["detection"]).all()
    assert table[["severity", "occurrence", "detection"]].stack().between(1, 10).all()


def test_a_type_without_own_modes_gets_the_general_one_and_no_mtbf_gives_no_rank():
    part = {"id": "X", "type": "FLUX_CAPACITOR", "mtbf_h": None, "mttr_h": 1}
    table = fmea_table(sample_plant().with_table("reliability", [part]))
    assert table["mode"].tolist() == ["Loss of function"]
    assert table["rpn"].isna().all()


def test_rarer_failures_never_rank_higher():
    plant = sample_plant()
    often, seldom = (plant.with_table("reliability", plant["reliability"].assign(mtbf_h=h)) for h in (1e3, 1e6))
    assert (fmea_table(often)["occurrence"] >= fmea_table(seldom)["occurrence"]).all()


def test_the_workbook_holds_the_three_tables():
    book = CalamineWorkbook.from_filelike(BytesIO(workbook(sample_plant())))
    assert book.sheet_names == ["Components", "RBD_Structure", "FMEA"]
    assert rows(fmea_csv(sample_plant())).shape[0] == book.get_sheet_by_name("FMEA").height - 1
