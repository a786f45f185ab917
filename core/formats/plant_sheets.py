"""Plant tables as sheets with an outside tool's names and headings, laid out by a data file.

A layout file has the columns ``sheet,heading,table,column,hidden``: which of the plant's columns stands under which
heading of which sheet; ``hidden`` marks what the tool has no place for but the plant needs to come back complete.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.formats.tables.writing import Sheet


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """One sheet: its plant table and the table's column under each heading."""

    name: str
    table: str
    columns: Mapping[str, str]  # heading → the plant table's column
    hidden: bool = False

    def write(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the table's rows under the sheet's headings."""
        return pd.DataFrame({heading: rows[column] for heading, column in self.columns.items()})

    def only(self, *headings: str) -> SheetLayout:
        """Return the sheet with these headings alone."""
        return SheetLayout(self.name, self.table, {heading: self.columns[heading] for heading in headings})


def read_layout(path: Path) -> dict[str, SheetLayout]:
    """Return the sheets of a layout file by name, in its order."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    sheets: dict[str, SheetLayout] = {}
    for name in dict.fromkeys(row["sheet"] for row in rows):
        own = [row for row in rows if row["sheet"] == name]
        columns = {row["heading"]: row["column"] for row in own}
        sheets[name] = SheetLayout(name, own[0]["table"], columns, hidden=any(row["hidden"] for row in own))
    return sheets


def write_sheets(tables: Mapping[str, pd.DataFrame], layout: Mapping[str, SheetLayout]) -> dict[str, Sheet]:
    """Return the tables as the layout's sheets."""
    return {name: Sheet(sheet.write(tables[sheet.table]), hidden=sheet.hidden) for name, sheet in layout.items()}
