"""Requirements from JSON: loads in every form, and located refusals."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from core.design.catalogue_file import read_technologies
from core.design.checks import check_requirement
from core.design.requirement import Requirement
from core.design.requirement_file import read_requirement
from core.design.technology import shipped_technologies
from core.errors import BadInput


def read(document, folder=None):
    return read_requirement(json.dumps(document).encode(), "r.json", folder)


def test_keys_bounds_and_technologies_are_taken():
    requirement = read(
        {
            "load_mw": 120,
            "pf": 0.9,
            "redundancy_level": 2,
            "fuel_usd_per_gj": {"gas": 6},
            "technologies": ["RECIP_18", {"id": "AERO_50", "capex_usd_per_kw": 900}],
        }
    ).value
    assert requirement.load_mw == (120.0,)
    assert requirement.power_factor == 0.9
    assert requirement.bounds == {"redundancy_level": 2.0, "grid_max_mw": 0.0}
    assert requirement.fuel_usd_per_gj == {"gas": 6.0}
    assert [(t.id, t.capex_usd_per_kw) for t in requirement.technologies] == [("RECIP_18", 1810), ("AERO_50", 900)]


def test_a_growth_path_is_sized_for_its_highest_year():
    reading = read({"load_mw": {"growth": {"2027": 100, "2030": 200, "2031": 180}}})
    assert reading.value.load_mw == (200.0,)
    assert reading.value.growth == {"2027": 100.0, "2030": 200.0, "2031": 180.0}
    assert "2030" in reading.findings[0].text


def test_a_leap_year_loses_its_29th_of_february():
    hours = [10.0] * 8784
    hours[59 * 24 : 60 * 24] = [99.0] * 24
    reading = read({"load_mw": hours})
    assert len(reading.value.load_mw) == 8760
    assert max(reading.value.load_mw) == 10
    assert [finding.code for finding in reading.findings] == ["design.load.leap"]


def test_a_file_of_hours_with_a_daylight_saving_gap_is_refused_at_its_row(tmp_path):
    (tmp_path / "load.csv").write_text("time,load_mw\n2026-03-29 00:00,10\n2026-03-29 01:00,10\n2026-03-29 03:00,10\n")
    with pytest.raises(BadInput, match="does not follow") as error:
        read({"load_mw": "load.csv"}, tmp_path)
    assert error.value.where.row == 4


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "no JSON object"),
        ({"load_mw": "x.csv"}, "can't be reached"),
        ({"load_mw": [1.0] * 8759}, "daylight saving"),
        ({"load_mw": True}, "load_mw is True"),
        ({"loda_mw": 5}, "no 'loda_mw'"),
        ({"bounds": 5}, "no JSON object"),
        ({"load_mw": {"growth": {"2027": -1}}}, "-1.0 MW in 2027"),
        ({"load_mw": {"growth": {}}}, "no load"),
        ({"technologies": [{"id": "NEW", "kind": "GAS_TURBINE", "unit_mw": 5}]}, "lacks"),
        ({"technologies": [{"id": "AERO_50", "capex_usd_per_kw": None}]}, "lacks capex_usd_per_kw"),
        ({"technologies": [{"id": "AERO_50", "unit_mw": -5}]}, "unit_mw is -5"),
        ({"technologies": [{"id": "AERO_50", "colour": 5}]}, "no colour"),
    ],
)
def test_what_is_no_requirement_is_refused(document, words):
    with pytest.raises(BadInput, match=words):
        read(document)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b'{"load_mw": ', b"[" * 100000])
def test_what_is_no_json_is_refused(data):
    with pytest.raises(BadInput, match=r"no JSON|no text"):
        read_requirement(data, "r.json")


def test_a_load_that_is_neither_a_number_nor_a_file_says_what_was_tried(tmp_path):
    with pytest.raises(BadInput, match="is 'abc', which is no number and no file") as refused:
        read_requirement(b'{"load_mw": "abc"}', "r.json", tmp_path)
    assert str(tmp_path / "abc") in refused.value.hint


def hours_of(header, row, count=8760):
    times = pd.date_range("2026-01-01", periods=count, freq="h").astype(str)
    return "\n".join([header, *(row.format(time=time) for time in times)])


@pytest.mark.parametrize(
    ("header", "row", "codes"),
    [
        ("time,load_mw,temp_c", "{time},40,21", []),
        ("time,load_kw", "{time},40000", ["design.load.converted"]),
        ("time,Load [kW],temp_c", "{time},40000,21", ["design.load.converted"]),
        ("time,load", "{time},40", ["design.load.unit"]),
    ],
)
def test_the_column_of_the_load_is_known_by_its_name_and_unit(tmp_path, header, row, codes):
    (tmp_path / "load.csv").write_text(hours_of(header, row))
    reading = read({"load_mw": "load.csv"}, tmp_path)
    assert reading.value.load_mw == pytest.approx((40.0,) * 8760)
    assert [finding.code for finding in reading.findings] == codes


@pytest.mark.parametrize("header", ["time,hall_mw,total_mw", "time,a,b"])
def test_a_file_with_several_columns_that_may_be_the_load_is_refused(tmp_path, header):
    (tmp_path / "load.csv").write_text(hours_of(header, "{time},40,50"))
    with pytest.raises(BadInput, match="can't be told"):
        read({"load_mw": "load.csv"}, tmp_path)


def test_an_hour_that_comes_twice_is_refused_at_its_row(tmp_path):
    text = hours_of("time,load_mw", "{time},10").replace("2026-10-25 03:00:00", "2026-10-25 02:00:00")
    (tmp_path / "load.csv").write_text(text)
    with pytest.raises(BadInput, match="daylight saving"):
        read({"load_mw": "load.csv"}, tmp_path)


def test_a_catalogue_takes_what_it_leaves_out_from_the_shipped_one():
    text = "id,capex_usd_per_kw,max_count,heat_rate_full_gj_mwh\nRECIP_18,1500,7,\n"
    (engine,) = read_technologies(text.encode(), "c.csv")
    assert (engine.capex_usd_per_kw, engine.max_count, engine.heat_rate_full_gj_mwh) == (1500, 7, 8.75)
    assert read_technologies(b'["BESS"]', "c.json")[0].kind == "BESS"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe", "no catalogue"),
        (b"[", "no catalogue"),
        (b"{}", "no list"),
        (b"id,unit_mw\n", "has no technology"),
        (b"name\nA\n", "has no id"),
        (b"id,unit_mw\nNEW,5\n", "lacks"),
        (b"id,unit_mw\nRECIP_18,x\n", "unit_mw is 'x'"),
    ],
)
def test_what_is_no_catalogue_is_refused(data, words):
    with pytest.raises(BadInput, match=words):
        read_technologies(data, "c.csv")


def test_every_shipped_technology_names_its_source_with_a_year():
    for t in shipped_technologies():
        assert re.search(r"\b(19|20)\d\d\b", t.source), t.id


@pytest.mark.parametrize("year", ["1900", "2500", "02027", "²"])
def test_a_growth_path_of_years_that_nobody_plans_for_is_refused(year):
    document = {"load_mw": {"growth": {year: 10, "2030": 50}}}
    with pytest.raises(BadInput):
        read_requirement(json.dumps(document).encode(), "r.json")


@pytest.mark.parametrize("value", ["nan", "inf", "-3", "abc", ""])
def test_an_hour_that_is_no_load_is_refused_at_its_row(tmp_path, value):
    text = "time,load_mw\n2025-01-01 00:00,10\n2025-01-01 01:00," + value + "\n"
    (tmp_path / "load.csv").write_text(text)
    with pytest.raises(BadInput) as refused:
        read({"load_mw": {"csv": "load.csv"}}, tmp_path)
    assert (refused.value.where.file, refused.value.where.row) == ("load.csv", 3)


def test_a_key_that_comes_twice_is_refused():
    with pytest.raises(BadInput, match="load_mw is there twice"):
        read_requirement(b'{"load_mw": 20, "load_mw": 40}', "r.json")


@pytest.mark.parametrize(
    ("begin", "codes"), [("2025-01-01", []), ("2025-07-01", ["calendar"]), ("2024-01-01", ["calendar"])]
)
def test_hours_that_are_of_no_calendar_year_are_said(tmp_path, begin, codes):
    times = pd.date_range(begin, periods=8760, freq="h").strftime("%Y-%m-%d %H:%M")
    (tmp_path / "load.csv").write_text("time,load_mw\n" + "".join(f"{time},20\n" for time in times))
    reading = read({"load_mw": {"csv": "load.csv"}}, tmp_path)
    assert [finding.code for finding in reading.findings] == [f"design.load.{code}" for code in codes]


def test_a_fuel_that_nothing_burns_is_warned_of():
    requirement = read({"load_mw": 20, "fuel_usd_per_gj": {"gaz": 3}}).value
    assert "design.fuel.unused" in [finding.code for finding in check_requirement(requirement)]


@pytest.mark.parametrize(("load_mw", "words"), [(1e-9, "less than a kilowatt"), (1e12, "more than any plant has")])
def test_a_load_of_another_unit_is_refused(load_mw, words):
    findings = check_requirement(Requirement("load", (load_mw,)))
    assert [words in finding.text for finding in findings if finding.code == "design.load.value"] == [True]
