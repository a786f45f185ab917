"""Tables as CSV and XLSX files: no cell starts a formula, and the same tables always make the same bytes."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any

import pandas as pd

from core.documents import plain
from core.errors import BadInput
from core.findings import Where
from core.formats.tables.cells import safe_cell

CREATED = datetime(2000, 1, 1)  # a file's bytes depend on its content only
_EXCEL_ROWS = 1_048_576
_EXCEL_CELL = 32_767


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook."""

    table: pd.DataFrame
    hidden: bool = False
    hidden_columns: frozenset[str] = frozenset()  # headings of columns that the outside tool has no place for
    header: bool = True  # without it, the table is text to read


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return the table as a comma-separated UTF-8 file with one heading row."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([safe_cell(str(heading)) for heading in table.columns])
    writer.writerows(_rows(table))
    return text.getvalue().encode("utf-8")


def workbook_bytes(sheets: Mapping[str, Sheet | pd.DataFrame]) -> bytes:
    """Return the sheets as an XLSX workbook: frozen headings, filters, widths that fit."""
    import xlsxwriter

    buffer = BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False})
    workbook.set_properties({"created": CREATED, "author": "Gridproof"})
    formats = {
        "heading": workbook.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1, "text_wrap": False}),
        "text": workbook.add_format({"text_wrap": True, "valign": "top"}),
    }
    for name, content in sheets.items():
        sheet = content if isinstance(content, Sheet) else Sheet(content)
        _write_sheet(workbook.add_worksheet(name), sheet, formats)
    workbook.close()
    return buffer.getvalue()


def _rows(table: pd.DataFrame) -> list[list[Any]]:
    """Return the cells row by row: plain types, empty where nothing is known."""
    columns = [[_cell(value) for value in table[heading].tolist()] for heading in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: Any) -> Any:
    value = plain(value)
    return safe_cell(value) if isinstance(value, str) else "" if value is None else value


def _write_sheet(page: Any, sheet: Sheet, formats: dict[str, Any]) -> None:
    headings = [str(heading) for heading in sheet.table.columns]
    rows = _rows(sheet.table)
    if len(rows) >= _EXCEL_ROWS:
        text = f"a sheet holds {_EXCEL_ROWS - 1:,} rows at most, not {len(rows):,}"
        raise BadInput(text, hint="take the CSV or JSON file", where=Where(sheet=page.name))
    long = next(
        (n for n, row in enumerate(rows, 1) if any(isinstance(v, str) and len(v) > _EXCEL_CELL for v in row)), 0
    )
    if long:
        text = f"row {long} has a text of more than {_EXCEL_CELL:,} characters, more than a cell holds"
        raise BadInput(text, hint="take the CSV or JSON file", where=Where(sheet=page.name, row=long))
    first = 0
    if sheet.header:
        first = 1
        page.write_row(0, 0, [safe_cell(heading) for heading in headings], formats["heading"])
        page.freeze_panes(1, 1)
        if headings:
            page.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
    for number, row in enumerate(rows, first):
        for column, value in enumerate(row):
            if isinstance(value, bool):
                page.write_boolean(number, column, value)
            elif isinstance(value, str):
                if value:
                    page.write_string(number, column, value, None if sheet.header else formats["text"])
            else:
                page.write_number(number, column, value)
    for column, heading in enumerate(headings):
        cells = [row[column] for row in rows[:200]]
        width = column_width(heading, cells) if sheet.header else column_width("", cells, most=110)
        hidden = heading in sheet.hidden_columns
        page.set_column(column, column, width, None, {"hidden": True} if hidden else {})
    if sheet.hidden:
        page.hide()


def column_width(heading: str, cells: list[Any], most: float = 48) -> float:
    """Return the width [characters] in which a column's heading and first cells fit."""
    longest = max([len(heading) + 3, *(len(str(cell)) for cell in cells[:200])], default=8)
    return float(min(max(longest + 1, 8), most))
