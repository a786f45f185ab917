from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formats.tables.cells import cell_text, plain_cell, safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-A1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("x")', "-1-1", "+"])
def test_no_exported_cell_starts_a_formula(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["-12.5", "+3", "-0,5", "-1e-3", "GEN_01", "", "'quoted'", "5%"])
def test_numbers_and_harmless_text_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


@given(st.text(alphabet="'=+-@\t\r 1.aB"))
def test_reading_an_exported_cell_gives_the_text_back(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


def test_a_bus_number_in_a_workbook_is_printed_as_a_person_sees_it() -> None:
    assert [cell_text(cell) for cell in (100.0, 100, 1.5, True, None, "007")] == [
        "100",
        "100",
        "1.5",
        "TRUE",
        "",
        "007",
    ]
