from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formats.tables.numbers import COMMA, POINT, Marks, NumberColumn, Numbers


def read(*cells: str, mark: str | None = None) -> Numbers:
    column = NumberColumn(list(cells))
    return column.read(mark or column.marks().only)


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("0,998", 0.998),
        ("0.998", 0.998),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 234,5", 1234.5),
        ("1\u00a0234,5", 1234.5),
        ("1\u202f234\u202f567,25", 1234567.25),
        ("1'234.5", 1234.5),
        ("1’234.5", 1234.5),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        (",5", 0.5),
        (".5", 0.5),
        ("−12.5", -12.5),
        ("(12.5)", -12.5),
        ("+3", 3),
        ("1.0D+02", 100),
        ("1,5e-3", 0.0015),
        ("13.", 13),
        ("2024", 2024),
    ],
)
def test_a_number_that_can_only_mean_one_thing_means_it(printed: str, number: float) -> None:
    assert read(printed).values.tolist() == [number]


@pytest.mark.parametrize("printed", ["0,998", "0.998", "00,998", ",998", "1234,567"])
def test_a_decimal_is_never_taken_for_thousands_whatever_the_table_says(printed: str) -> None:
    expected = float(printed.replace(",", "."))
    assert read(printed, mark=POINT).values.tolist() == [expected]
    assert read(printed, mark=COMMA).values.tolist() == [expected]


@pytest.mark.parametrize("printed", ["13,800", "13.800", "-1,012"])
def test_a_number_that_can_mean_two_things_is_read_only_with_a_mark(printed: str) -> None:
    assert read(printed).uncertain == [0]
    assert math.isnan(read(printed).values[0])
    values = sorted(abs(read(printed, mark=mark).values[0]) for mark in (POINT, COMMA))
    assert values[1] == pytest.approx(1000 * values[0])


@pytest.mark.parametrize("printed", ["-", "---", "N/A", "*", "****", "Inf", "", "NaN", "#DIV/0!", "n.a."])
def test_what_says_that_there_is_no_number_is_missing(printed: str) -> None:
    assert read(printed).missing == [0]
    assert math.isnan(read(printed).values[0])


@pytest.mark.parametrize("printed", ["12,5,3", "1.2.3", "abc", "1e999", "(5", "5)", "12,34,56.7", "١٢", "--5"])
def test_what_is_no_number_is_unreadable_and_not_guessed(printed: str) -> None:
    assert read(printed, mark=POINT).unreadable == [0]
    assert math.isnan(read(printed, mark=POINT).values[0])


def test_a_unit_behind_a_number_is_kept_for_the_column() -> None:
    numbers = read("13.8 kV", "99.97%", "7")
    assert numbers.values.tolist() == [13.8, 99.97, 7]
    assert numbers.units == {0: "kV", 1: "%"}


def test_numbers_that_a_workbook_stores_keep_every_digit_and_are_no_evidence_for_a_mark() -> None:
    column = NumberColumn([1.0125, "2,5", 3])
    assert column.marks() == Marks(comma=True)
    assert column.read(COMMA).values.tolist() == [1.0125, 2.5, 3]


def test_a_truth_value_is_no_number() -> None:
    assert NumberColumn([True, 1.5]).read(POINT).unreadable == [0]


def test_points_and_commas_in_one_column_leave_only_certain_cells() -> None:
    numbers = read("0.998", "0,95", "1.012")
    assert numbers.values[:2].tolist() == [0.998, 0.95]
    assert numbers.uncertain == [2]


@given(st.floats(-1e9, 1e9), st.sampled_from([POINT, COMMA]))
def test_any_number_written_with_either_mark_reads_back(number: float, mark: str) -> None:
    printed = f"{number!r}".replace(".", mark)
    assert read(printed, mark=mark).values.tolist() == [number]


@given(
    st.integers(-(10**12), 10**12),
    st.integers(0, 99),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]),
)
def test_any_grouped_number_reads_back(whole: int, cents: int, marks: tuple[str, str]) -> None:
    group, mark = marks
    printed = f"{whole:,}".replace(",", group) + f"{mark}{cents:02d}"
    expected = abs(whole) + cents / 100
    assert abs(read(printed, mark=mark).values[0]) == pytest.approx(expected, rel=1e-15)


@given(st.lists(st.text(max_size=12).map(lambda text: text.replace("\n", " ")), min_size=1, max_size=8))
def test_any_text_is_a_number_or_missing_or_reported(cells: list[str]) -> None:
    numbers = read(*cells, mark=POINT)
    reported = {*numbers.missing, *numbers.unreadable, *numbers.uncertain}
    assert {row for row, value in enumerate(numbers.values) if math.isnan(value)} == reported
