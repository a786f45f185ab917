"""What goes out to Windchill comes back as the same model."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.formats.windchill.fmea import fmea_table
from core.formats.windchill.fmea_reader import read_fmea
from core.formats.windchill.structure import read_model
from core.formats.windchill.workbook import components_csv, fmea_csv, structure_csv, workbook
from core.plant import sample_plant, split_ids
from core.studies.availability import deliver, plant_model

PLANT = sample_plant()
FILES = {
    "CSVs": (("c.csv", components_csv(PLANT)), ("s.csv", structure_csv(PLANT))),
    "workbook": (("w.xlsx", workbook(PLANT)), ("w.xlsx", workbook(PLANT))),
}


@pytest.mark.parametrize("form", FILES)
def test_components_and_structure_come_back(form):
    model = read_model(*FILES[form]).value
    parts = PLANT["reliability"].set_index("id")
    again = model.components.set_index("id")
    assert again.index.tolist() == parts.index.tolist()
    for column in ("name", "type", "mtbf_h", "mttr_h", "weibull_beta"):
        assert again[column].tolist() == parts[column].tolist(), column
    assert again["distribution"].str.title().tolist() == parts["distribution"].tolist()
    blocks = model.blocks.set_index("id")
    own = PLANT["block"].set_index("id")
    assert blocks.index.tolist() == own.index.tolist()
    assert blocks["type"].map(str).tolist() == own["type"].tolist()
    assert blocks["k"].tolist() == own["k"].tolist()
    assert blocks["members"].map(split_ids).tolist() == own["members"].map(split_ids).tolist()


def test_the_workbook_s_megawatts_are_as_available_as_the_plant_s():
    """With an engine that is offline, and the battery and a solar field in the block diagram."""
    units = PLANT["unit"].assign(type=PLANT["unit"]["type"].replace({"GAS_TURBINE": "PV"}))
    units.loc[0, "status"] = "Offline"
    blocks = PLANT["block"].copy()
    blocks.loc[blocks["id"] == "THERMAL_GEN", "members"] += ",BESS_01"
    plant = PLANT.with_table("unit", units).with_table("block", blocks)
    book = ("w.xlsx", workbook(plant))
    again, own = (deliver(model, 100.0) for model in (read_model(book, book).value, plant_model(plant)))
    assert own.installed_mw == pytest.approx(7 * 18.3)
    assert (again.installed_mw, again.system_availability) == (own.installed_mw, own.system_availability)


@pytest.mark.parametrize("data", [fmea_csv(PLANT), workbook(PLANT)], ids=["CSV", "workbook"])
def test_the_fmea_comes_back(data):
    again, own = read_fmea(data, "fmea").value, fmea_table(PLANT)
    for column in ("id", "name", "mode", "cause", "local_effect", "system_effect", "mitigation", "action"):
        assert again[column].tolist() == own[column].tolist(), column
    for column in ("severity", "occurrence", "detection", "rpn"):
        assert again[column].tolist() == own[column].tolist(), column


def test_a_file_without_failure_modes_is_refused():
    with pytest.raises(BadInput, match="no FMEA"):
        read_fmea(components_csv(PLANT), "c.csv")
