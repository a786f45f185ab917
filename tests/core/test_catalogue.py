"""Headings of columns: names in words, the unit once."""

from __future__ import annotations

import pytest

from core.catalogue import heading
from core.feeder import COLUMNS
from core.network import CATALOGUE as NETWORK
from core.plant import CATALOGUE as PLANT
from core.results.study_result import COLUMNS as RESULTS


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("rated_mw", "MW", "Rated [MW]"),
        ("kv", "kV", "Voltage [kV]"),
        ("mva_base", "MVA", "Base [MVA]"),
        ("x_r", "", "X/R"),
        ("mtbf_h", "h", "MTBF [h]"),
        ("z_pct", "%", "Z [%]"),
        ("x1_ohm_km", "ohm/km", "X1 [ohm/km]"),
        ("failures_per_year", "1/year", "Failures [1/year]"),
        ("availability", "1", "Availability"),
        ("v_set_pu", "pu", "V set [pu]"),
    ],
)
def test_a_heading_says_the_unit_once(name: str, unit: str, expected: str) -> None:
    assert heading(name, unit) == expected


def test_no_table_has_two_columns_of_one_heading() -> None:
    for catalogue in (PLANT, NETWORK, COLUMNS, RESULTS):
        for table, columns in catalogue.items():
            headings = [column.heading for column in columns.values()]
            assert len(set(headings)) == len(headings), table
