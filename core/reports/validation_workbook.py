"""The report of a validation as a workbook: a summary, one sheet a section, verdicts in their colours."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pandas as pd

from core.criteria import State
from core.documents import plain
from core.formats.tables.cells import safe_cell
from core.formats.tables.writing import CREATED, column_width
from core.reports.drawing import FLAGS
from core.reports.validation import Section, ValidationReport, overall, sections

SIGN_OFF = ("Prepared by", "Checked by", "Approved by")


def write_xlsx(report: ValidationReport) -> bytes:
    """Return the report as an XLSX file; equal reports make equal bytes."""
    import xlsxwriter

    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False})
    book.set_properties({"title": f"Validation of {report.project}", "author": "Gridproof", "created": CREATED})
    formats = _formats(book)
    _summary(book.add_worksheet("Summary"), report, formats)
    for section in sections(report):
        _section(book.add_worksheet(section.name), section, formats)
    book.close()
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    states = {
        str(state): book.add_format({"bg_color": fill, "font_color": ink, "bold": True})
        for state, (fill, ink, _) in FLAGS.items()
    }
    plain_formats = {
        "title": book.add_format({"bold": True, "font_size": 16}),
        "heading": book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1}),
        "name": book.add_format({"bold": True}),
        "line": book.add_format({"bottom": 1}),
        "note": book.add_format({"italic": True, "font_color": "#57606A"}),
    }
    return {**states, **plain_formats}


def _summary(page: Any, report: ValidationReport, formats: dict[str, Any]) -> None:
    state = overall(report)
    page.set_column(0, 0, 20)
    page.set_column(1, 2, 44)
    page.write_string(0, 0, safe_cell(f"Validation of {report.project}"), formats["title"])
    page.write_string(1, 0, "Overall", formats["name"])
    page.write_string(1, 1, f"{FLAGS[state][2]} {state}", formats[str(state)])
    facts = {
        "Plant": report.plant.name,
        "Revision": report.revision,
        "Round": report.round,
        "Made at": report.made_at,
        "Made by": report.made_by,
        "Plant SHA-256": report.plant.digest(),
    }
    row = 2
    for name, value in facts.items():
        if value not in (None, ""):
            page.write_string(row, 0, name, formats["name"])
            page.write_string(row, 1, safe_cell(str(value)))
            row += 1
    row += 1
    for heading, column in (("Sign-off", 0), ("Name and signature", 1), ("Date", 2)):
        page.write_string(row, column, heading, formats["heading"])
    for role in SIGN_OFF:
        row += 1
        page.write_string(row, 0, role, formats["name"])
        page.write_blank(row, 1, None, formats["line"])
        page.write_blank(row, 2, None, formats["line"])


def _section(page: Any, section: Section, formats: dict[str, Any]) -> None:
    page.write_string(0, 0, section.note, formats["note"])
    headings = list(section.table.columns)
    for column, heading in enumerate(headings):
        page.write_string(1, column, heading, formats["heading"])
        cells = [_cell(value) for value in section.table[heading].tolist()]
        page.set_column(column, column, column_width(heading, cells))
        for row, value in enumerate(cells, 2):
            _write(page, row, column, value, formats.get(str(value)) if heading == section.state else None)
    page.freeze_panes(2, 0)
    if headings and len(section.table):
        page.autofilter(1, 0, 1 + len(section.table), len(headings) - 1)


def _cell(value: Any) -> Any:
    value = plain(value) if not isinstance(value, State) else str(value)
    return "" if value is None or (isinstance(value, float) and pd.isna(value)) else value


def _write(page: Any, row: int, column: int, value: Any, look: Any) -> None:
    if isinstance(value, bool):
        page.write_boolean(row, column, value, look)
    elif isinstance(value, (int, float)):
        page.write_number(row, column, value, look)
    elif value != "":
        text = value if isinstance(value, str) else str(value)
        page.write_string(row, column, safe_cell(text)[:32_767], look)
