"""Exported tables: no cell runs as a formula, both workbook readers open them, equal tables make equal bytes."""

from __future__ import annotations

import csv
import time
from io import BytesIO, StringIO

import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from core.errors import BadInput
from core.formats.tables.cells import plain_cell
from core.formats.tables.writing import Sheet, csv_bytes, workbook_bytes

HOSTILE = [
    "=1+1",
    "+cmd",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "'=quoted",
    'say "hi"',
    "a/b\\c",
    "Größe, Ω",
    "-12.5",
    "a\nb",
    "<b>&",
]


def frame() -> pd.DataFrame:
    numbers = [1.5, None, 3.0] + [0.1] * (len(HOSTILE) - 3)
    return pd.DataFrame({"id": HOSTILE, "=heading": numbers})


def formulas(cells: list[str]) -> list[str]:
    return [cell for cell in cells if cell[:1] in "=+@\t\r" or (cell.startswith("-") and cell != "-12.5")]


def test_no_csv_cell_starts_a_formula_and_every_text_comes_back():
    rows = list(csv.reader(StringIO(csv_bytes(frame()).decode("utf-8"), newline="")))
    assert formulas([cell for row in rows for cell in row if cell]) == []
    assert [plain_cell(row[0]) for row in rows[1:]] == HOSTILE
    assert [row[1] for row in rows[1:4]] == ["1.5", "", "3.0"]


@pytest.mark.parametrize("engine", ["calamine", "openpyxl"])
def test_a_workbook_opens_with_its_text_and_numbers(engine):
    data = workbook_bytes({"One": frame(), "Two": Sheet(frame(), hidden=True)})
    if engine == "calamine":
        rows = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_name("One").to_python()
    else:
        rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(BytesIO(data))["One"].rows]
        assert all(cell.data_type != "f" for row in openpyxl.load_workbook(BytesIO(data))["Two"].rows for cell in row)
    assert [plain_cell(row[0]) for row in rows[1:]] == HOSTILE
    assert formulas([str(row[0]) for row in rows]) == []
    assert rows[1][1] == 1.5


def test_the_same_tables_make_the_same_bytes_at_another_time():
    first = workbook_bytes({"One": frame()})
    time.sleep(1.1)
    assert workbook_bytes({"One": frame()}) == first


def test_a_text_that_no_cell_holds_is_refused_and_not_cut():
    with pytest.raises(BadInput, match="row 2 has a text of more than 32,767"):
        workbook_bytes({"One": pd.DataFrame({"id": ["short", "x" * 32_768]})})
