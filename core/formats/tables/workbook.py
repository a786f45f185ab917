"""Workbooks to grids."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.tables.cells import Cell
from core.formats.tables.container import inspect_workbook
from core.formats.tables.grid import Grid


def read_workbook(data: bytes, where: Where) -> tuple[list[Grid], list[Finding]]:
    """Return the sheets of an .xlsx or .xlsm that hold something, hidden ones too, and remarks on the workbook."""
    findings = inspect_workbook(data, where)
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = []
        for sheet in book.sheets_metadata:
            if sheet.typ != SheetTypeEnum.WorkSheet:
                continue
            grid = _grid(sheet.name, book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False))
            if grid.rows and sheet.visible != SheetVisibleEnum.Visible:
                text = f"the sheet {sheet.name!r} is hidden; it was read like the others"
                findings.append(Finding("workbook.hidden", Severity.WARNING, text, where=Where(where.file, sheet.name)))
            grids.append(grid)
    except (CalamineError, ValueError, OSError, KeyError) as error:
        raise BadInput("the workbook can't be read", hint="save it again or export it as CSV", where=where) from error
    return [grid for grid in grids if grid.rows], findings


def _grid(name: str, rows: list[list[Any]]) -> Grid:
    """Return a sheet's rows without the empty ones at its end."""
    cells = [[_cell(value) for value in row] for row in rows]
    while cells and not any(cell != "" for cell in cells[-1]):
        cells.pop()
    return Grid(name, cells, list(range(1, len(cells) + 1)))


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return " ".join(value.split())
    return value.total_seconds() / 3600 if isinstance(value, timedelta) else value
