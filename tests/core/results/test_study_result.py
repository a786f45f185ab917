from __future__ import annotations

import pandas as pd
import pytest

from core.results.study_result import COLUMNS, ELEMENT_COLUMNS, MAIN_TABLE, StudyResult, result_table, where


def test_every_study_has_a_main_table_whose_elements_are_columns() -> None:
    for study, table in MAIN_TABLE.items():
        assert set(ELEMENT_COLUMNS[study]) <= set(COLUMNS[f"{study}.{table}"])


def test_a_row_leads_back_to_the_cell_that_it_was_printed_in() -> None:
    row = {"bus": "BUS_100", "v_pu": 1.01, "file": "lf.csv", "sheet": "", "row": 2}
    frame = result_table("load_flow", "buses", [row])
    assert str(where(frame.iloc[0], "v_pu")) == "lf.csv, row 2, column v_pu"


def test_a_row_without_a_place_has_an_empty_place() -> None:
    frame = result_table("load_flow", "buses", [{"bus": "1"}])
    assert str(where(frame.iloc[0])) == ""


def test_missing_numbers_stay_missing() -> None:
    frame = result_table("short_circuit", "faults", [{"bus": "B", "ik_ka": "N/A"}])
    assert pd.isna(frame.at[0, "ik_ka"])
    assert pd.isna(frame.at[0, "rating_ka"])


def test_the_element_of_a_fault_is_its_device_when_there_is_one() -> None:
    rows = [{"bus": "B1", "device": "CB 1"}, {"bus": "B2"}]
    result = StudyResult("short_circuit", {"faults": result_table("short_circuit", "faults", rows)})
    assert result.elements().tolist() == ["CB 1", "B2"]


@pytest.mark.parametrize("study", MAIN_TABLE)
def test_a_result_without_tables_has_an_empty_main_table(study: str) -> None:
    assert StudyResult(study, {}).main.empty
