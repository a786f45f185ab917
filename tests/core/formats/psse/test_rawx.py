"""RAWX: the same case as RAW."""

from __future__ import annotations

import json

import pytest

from core.errors import BadInput
from core.formats.psse import read_raw, read_raw_case, read_rawx_case, write_raw_case, write_rawx_case
from core.formats.psse.difference import compare_cases
from tests.core.formats.psse.cases import V33


def test_a_case_comes_back_from_rawx_record_by_record() -> None:
    case = read_raw_case(V33.encode(), "case.raw").value
    back = read_rawx_case(write_rawx_case(case).encode(), "case.rawx")
    assert back.findings == []
    assert compare_cases(case, back.value).is_empty
    assert compare_cases(case, read_raw_case(write_raw_case(back.value, 33).encode(), "x").value).is_empty


def test_a_single_row_may_come_without_a_list_around_it() -> None:
    network = {
        "caseid": {"fields": ["ic", "sbase", "rev"], "data": [0, 50.0, 35]},
        "bus": {"fields": ["ibus", "name", "ide"], "data": [7, "ONLY", 3]},
        "novel": {"fields": [], "data": []},
    }
    reading = read_raw(json.dumps({"network": network}).encode(), "x.rawx")
    assert reading.value.base_mva == 50.0
    assert reading.value["bus"]["name"].tolist() == ["ONLY"]
    assert "psse.rawx.unknown_table" in {finding.code for finding in reading.findings}


def test_whole_numbers_that_an_export_divided_are_multiplied_back() -> None:
    table = {"fields": ["ibus", "shntid", "stat", "bl"], "data": [[1, "1", 1e-07, 5.0]]}
    reading = read_rawx_case(json.dumps({"network": {"fixshunt": table}}).encode(), "x.rawx")
    assert reading.value.integers("fixed_shunt", "STATUS").tolist() == [1]
    assert "psse.rawx.scaled_integer" in {finding.code for finding in reading.findings}


@pytest.mark.parametrize("text", ["{", '{"general": 1}', '{"network": []}', "{" * 100_000])
def test_what_is_no_rawx_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_rawx_case(text.encode(), "x.rawx")


@pytest.mark.parametrize("data", [3, None, [1, 2], [[1], "text", {"a": 1}], [["x", {}, []]]])
def test_tables_of_the_wrong_shape_are_read_as_far_as_they_go(data: object) -> None:
    network = {"bus": {"fields": ["ibus", "name", "baskv"], "data": data}}
    reading = read_raw(json.dumps({"network": network}).encode(), "x.rawx")
    assert reading.findings
