"""Plant tables as sheets with an outside tool's names and headings, laid out by a data file, out and in.

A layout file has the columns ``sheet,heading,table,column,hidden,synonyms,unit,help``: which of the plant's columns
stands under which heading of which sheet; ``hidden`` marks what the tool has no place for but the plant needs to come
back complete; ``synonyms`` are other headings, separated by ``|``, under which the column is read; ``unit`` and
``help`` explain what the plant's own catalogue doesn't know.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from core.catalogue import Column
from core.findings import Finding, Severity
from core.formats.tables import Dialect, PrintedTable, match_columns, read_columns
from core.formats.tables.headings import DialectColumn, key
from core.formats.tables.writing import Sheet
from core.plant import CATALOGUE

#: Where the table reader says each row was printed.
_PLACE = ["file", "sheet", "row"]


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """One sheet: its plant table and the table's column under each heading."""

    name: str
    table: str
    columns: Mapping[str, str]  # heading → the plant table's column
    hidden: bool = False
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)  # heading → other headings
    helps: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # heading → unit and meaning

    def write(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the table's rows under the sheet's headings."""
        return pd.DataFrame({heading: rows[column] for heading, column in self.columns.items()})

    def only(self, *headings: str) -> SheetLayout:
        """Return the sheet with these headings alone."""
        columns = {heading: self.columns[heading] for heading in headings}
        return SheetLayout(self.name, self.table, columns, helps=self.helps)

    def reference(self) -> pd.DataFrame:
        """Return what stands under each heading, with its unit."""
        known = {heading: CATALOGUE.get(self.table, {}).get(column) for heading, column in self.columns.items()}
        said = {h: (column.unit, column.help) if column else self.helps[h] for h, column in known.items()}
        rows = [{"Sheet": self.name, "Heading": h, "Unit": unit, "Meaning": text} for h, (unit, text) in said.items()]
        return pd.DataFrame(rows)

    def dialect(self) -> Dialect:
        """Return how the sheet is read."""
        columns: dict[str, DialectColumn] = {}
        for heading, name in self.columns.items():
            column = CATALOGUE.get(self.table, {}).get(name)
            number = column is not None and column.type in ("int", "float")
            unit = (column.unit or "1" * number) if column else ""  # a pure number may be printed in per cent
            role = "id" if name == "id" else ""
            headings: dict[str, tuple[int, str, str]] = {}
            for rank, text in enumerate((heading, *self.synonyms.get(heading, ()))):
                headings.setdefault(key(text), (rank, "", "exchange"))
            columns[name] = DialectColumn(name, "float" if number else "text", unit, role, headings)
        return Dialect(self.name, columns)


def read_layout(path: Path) -> dict[str, SheetLayout]:
    """Return the sheets of a layout file by name, in its order."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    sheets: dict[str, SheetLayout] = {}
    for name in dict.fromkeys(row["sheet"] for row in rows):
        own = [row for row in rows if row["sheet"] == name]
        columns = {row["heading"]: row["column"] for row in own}
        synonyms = {row["heading"]: row["synonyms"].split("|") for row in own if row.get("synonyms")}
        helps = {row["heading"]: (row["unit"], row["help"]) for row in own if row["help"]}
        sheets[name] = SheetLayout(name, own[0]["table"], columns, any(row["hidden"] for row in own), synonyms, helps)
    return sheets


def write_sheets(tables: Mapping[str, pd.DataFrame], layout: Mapping[str, SheetLayout]) -> dict[str, Sheet]:
    """Return the tables as the layout's sheets."""
    return {name: Sheet(sheet.write(tables[sheet.table]), hidden=sheet.hidden) for name, sheet in layout.items()}


def fitting(printed: PrintedTable, layout: Mapping[str, SheetLayout]) -> tuple[SheetLayout | None, int]:
    """Return the sheet that a printed table is, by its name and headings, and how many of its columns are there."""
    best: tuple[SheetLayout | None, int] = (None, 0)
    for sheet in layout.values():
        match = match_columns(printed.headings, sheet.dialect())
        if "id" not in match.matched:
            continue
        named = key(printed.sheet) == key(sheet.name)
        hits = len(match.matched) + (100 if named else 0) - len(match.unmatched)
        if hits > best[1] and len(match.matched) > 1:
            best = (sheet, hits)
    return best


def read_sheet(printed: PrintedTable, sheet: SheetLayout) -> tuple[pd.DataFrame, list[Finding]]:
    """Return a printed table's rows under the plant's column names with where each was printed, and its findings.

    Empty number cells are no findings here: the plant's checks say which of them matter.
    """
    dialect = sheet.dialect()
    frame, findings = read_columns(printed, match_columns(printed.headings, dialect), dialect, totals=True)
    kept = [finding for finding in (*printed.findings, *findings) if finding.code != "number.missing"]
    frame = frame[frame.drop(columns=_PLACE).apply(lambda c: c.notna() & (c != "")).any(axis=1)]
    return frame.reset_index(drop=True), kept


def plant_rows(table: str, rows: pd.DataFrame, *, derived: Sequence[str] = ()) -> tuple[pd.DataFrame, list[Finding]]:
    """Return rows with the catalogue's columns, and say which defaults were taken where the file is silent.

    Parameters
    ----------
    table
        The plant's table.
    rows
        As :func:`read_sheet` returns them.
    derived
        Columns whose origin is reported elsewhere.
    """
    known = {name: column for name, column in CATALOGUE[table].items() if name not in derived}
    taken = {name: count for name, column in known.items() if (count := _silent(rows, column))}
    findings: list[Finding] = []
    if taken and len(rows):
        words = ", ".join(_taken(known[name], count, len(rows)) for name, count in taken.items())
        text = f"{table}: the file doesn't say {words}"
        hint = "these are usual values; enter the plant's own in the plant tables"
        findings.append(Finding("plant.default", Severity.INFO, text, hint))
    findings += _broken_numbers(table, rows, list(known.values()))
    return CATALOGUE.conform(table, rows.drop(columns=_PLACE, errors="ignore")), findings


def _silent(rows: pd.DataFrame, column: Column) -> int:
    """Return in how many rows a column with a default has nothing."""
    if column.default in (None, ""):
        return 0
    if column.name not in rows:
        return len(rows)
    values = rows[column.name]
    return int((values.isna() | (values == "")).sum())


def _taken(column: Column, count: int, total: int) -> str:
    unit = f" {column.unit}" if column.unit else ""
    rows = "" if count == total else f" in {count} of {total} rows"
    return f"{column.name}{rows} (taken as {column.default}{unit})"


def _broken_numbers(table: str, rows: pd.DataFrame, columns: list[Column]) -> list[Finding]:
    """Say where a whole number was expected and a fraction was found."""
    findings = []
    for column in columns:
        if column.type == "int" and column.name in rows:
            values = pd.to_numeric(rows[column.name], errors="coerce")
            broken = values[(values % 1 != 0) & values.notna()]
            if len(broken):
                text = f"{table}: {column.name} must be whole; {broken.iloc[0]:g} was rounded ({len(broken)} rows)"
                findings.append(Finding("plant.whole_number", Severity.ERROR, text, "correct the numbers"))
    return findings
