"""The plant as a workbook: one sheet a table under the catalogue's own column names, and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import PurePath

from core.findings import Finding, Severity
from core.formats.plant_sheets import SheetLayout, plant_rows, read_sheet, write_sheets
from core.formats.settings_sheet import SHEET, is_settings, read_settings, settings_table
from core.formats.tables import PrintedTable
from core.formats.tables.writing import Sheet, workbook_bytes
from core.plant import CATALOGUE, Plant, PlantSettings


@cache
def layout() -> dict[str, SheetLayout]:
    """Return one sheet a table: headings are the catalogue's labels, as the plant tables show them."""
    return {
        table: SheetLayout(table, table, {column.label: column.name for column in CATALOGUE[table].values()})
        for table in CATALOGUE
    }


def plant_workbook(plant: Plant) -> bytes:
    """Return the plant as an XLSX file."""
    return workbook_bytes(workbook_sheets(plant))


def workbook_sheets(plant: Plant) -> dict[str, Sheet]:
    """Return the workbook's sheets by name, the settings first."""
    return {SHEET: Sheet(settings_table(plant)), **write_sheets(plant.tables, layout())}


def is_plant_workbook(tables: Sequence[PrintedTable]) -> bool:
    """Tell whether the tables are those of our own workbook: settings, and the names of our tables."""
    return any(is_settings(table) for table in tables) and "unit" in {table.sheet for table in tables}


def read_plant_workbook(tables: Sequence[PrintedTable], name: str) -> tuple[Plant, list[Finding]]:
    """Return the plant of our own workbook."""
    findings: list[Finding] = []
    rows, settings, plant_name = {}, PlantSettings(), ""
    for printed in tables:
        if is_settings(printed):
            plant_name, settings, said = read_settings(printed)
        elif printed.sheet in CATALOGUE:
            own, found = read_sheet(printed, layout()[printed.sheet])
            rows[printed.sheet], said = plant_rows(printed.sheet, own)
            said = found + said
        else:
            text = f"the sheet {printed.sheet} was not read: the plant has no such table"
            said = [Finding("plant.table.unread", Severity.WARNING, text, where=printed.where())]
        findings += said
    return Plant.of(plant_name or PurePath(name).stem, rows, settings), findings
