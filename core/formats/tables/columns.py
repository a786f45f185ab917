"""A printed table and its match to a dialect → typed columns, with a finding for everything that was assumed."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.formats.tables.cells import TOTAL, cell_text, plain_cell, starts_formula
from core.formats.tables.grid import PrintedTable
from core.formats.tables.headings import Dialect, DialectColumn, Match, factor, key
from core.formats.tables.numbers import COMMA, POINT, Marks, NumberColumn


@dataclass(frozen=True, slots=True)
class Magnitude:
    """Which numbers betray that a column is in another unit than its heading says."""

    column: str
    only_without_unit: bool
    statistic: str
    above: float
    up_to: float
    factor: float
    reads_as: str

    def applies(self, sizes: np.ndarray, stated: bool) -> bool:
        """Tell whether the sizes of a column's numbers, already in the stated unit, are those of the other unit."""
        if not sizes.size or (stated and self.only_without_unit):
            return False
        size = float(getattr(np, self.statistic)(sizes))
        return self.above < size <= self.up_to


@cache
def _magnitudes() -> tuple[Magnitude, ...]:
    with Path(__file__).with_name("magnitudes.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(
            Magnitude(
                row["column"],
                row["only_without_unit"] == "yes",
                row["statistic"],
                float(row["above"]),
                float(row["up_to"]),
                float(row["factor"]),
                row["reads_as"],
            )
            for row in csv.DictReader(handle)
        )


def read_columns(
    table: PrintedTable, match: Match, dialect: Dialect, *, totals: bool = False
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the matched columns with ``file``, ``sheet`` and ``row``, and what was assumed or could not be read.

    Parameters
    ----------
    table, match, dialect
        What is printed, and which heading means what.
    totals
        Whether rows named *Total*, *Sum*, … are sums of the rows above; they are not elements then.
    """
    findings: list[Finding] = []
    table = _without_blanks(table, match, findings)
    if totals:
        table = _without_totals(table, match, dialect, findings)
    columns: dict[str, list[str] | np.ndarray] = {}
    numeric: dict[int, NumberColumn] = {}
    for name, position in match.matched.items():
        if dialect.columns[name].type == "float":
            numeric[position] = NumberColumn(table.cells(position))
        else:
            columns[name] = _texts(table, position, name in dialect.ids, findings)
    for name, others in match.ambiguous.items():
        if dialect.columns[name].type == "float":
            numeric.update({position: NumberColumn(table.cells(position)) for position in others})
    proven = Marks()
    for column in numeric.values():
        proven |= column.marks()
    reader = _NumberReader(table, match, proven, findings)
    for name, position in match.matched.items():
        if position in numeric:
            columns[name] = reader.read(dialect.columns[name], position, numeric)
    _report_others(table, match, dialect, findings)
    frame = pd.DataFrame({name: columns[name] for name in match.matched}, index=range(len(table.rows)))
    return frame.assign(file=table.file, sheet=table.sheet, row=table.numbers), findings


def _without_totals(table: PrintedTable, match: Match, dialect: Dialect, findings: list[Finding]) -> PrintedTable:
    """Return the table without rows that sum up others."""
    named = [match.matched[name] for name in dialect.ids if name in match.matched]
    if not named:
        return table
    ids = [cell_text(cell) for cell in table.cells(named[0])]
    if not TOTAL.search("\n".join(ids)):
        return table
    keep = [not TOTAL.fullmatch(text) for text in ids]
    numbers = [number for number, kept in zip(table.numbers, keep, strict=True) if not kept]
    shown = ", ".join(str(number) for number in numbers[:5]) + (" …" if len(numbers) > 5 else "")
    text = f"totals are not elements and were not read: row {shown}"
    findings.append(Finding("table.totals", Severity.INFO, text, where=table.where(keep.index(False))))
    return _only(table, keep)


def _without_blanks(table: PrintedTable, match: Match, findings: list[Finding]) -> PrintedTable:
    """Return the table without rows that hold nothing in the matched columns, such as a bus's further branches."""
    positions = list(match.matched.values())
    keep = [any(row[position] != "" for position in positions) for row in table.rows]
    if all(keep):
        return table
    first = keep.index(False)
    text = (
        f"{keep.count(False)} rows hold nothing in the columns that were read, the first is row {table.numbers[first]}"
    )
    findings.append(Finding("table.row.blank", Severity.INFO, text, where=table.where(first)))
    return _only(table, keep)


def _only(table: PrintedTable, keep: list[bool]) -> PrintedTable:
    """Return the table with the rows to keep."""
    return replace(
        table,
        rows=[row for row, kept in zip(table.rows, keep, strict=True) if kept],
        numbers=[number for number, kept in zip(table.numbers, keep, strict=True) if kept],
        broken={sum(keep[:position]) for position in table.broken if keep[position]},
    )


def _texts(table: PrintedTable, position: int, is_id: bool, findings: list[Finding]) -> list[str]:
    """Return a column's texts; ids that a spreadsheet would run as a formula are kept and flagged."""
    texts = [cell_text(cell).strip() for cell in table.cells(position)]
    formulas = [row for row, text in enumerate(texts) if text and text[0] in "=+-@" and starts_formula(text)]
    if formulas and is_id:
        text = f"ids that begin like a formula ({len(formulas)}) are kept as text; the first is {texts[formulas[0]]!r}"
        where = table.where(formulas[0], position)
        findings.append(Finding("cell.formula", Severity.WARNING, text, "check who wrote this file", where))
    return [plain_cell(text) for text in texts]


class _NumberReader:
    """Reads the number columns of one table: the table's decimal mark and the findings go along."""

    def __init__(self, table: PrintedTable, match: Match, proven: Marks, findings: list[Finding]) -> None:
        self._table = table
        self._match = match
        self._proven = proven
        self._findings = findings

    def read(self, column: DialectColumn, position: int, numeric: dict[int, NumberColumn]) -> np.ndarray:
        """Return the column's numbers in its unit, checked against other columns that claim to be the same."""
        values = self._numbers(column, position, numeric[position], self._match.units.get(column.name, ""))
        for other in self._match.ambiguous.get(column.name, []):
            rank = column.rank(self._table.headings[other])
            twin = self._numbers(column, other, numeric[other], rank[1] if rank else "")
            values = self._compare(column, values, twin, position, other)
        return values

    def _numbers(self, column: DialectColumn, position: int, cells: NumberColumn, stated: str) -> np.ndarray:
        numbers = cells.read(self._mark(cells, position))
        values = numbers.values
        unit = self._stated_unit(column, position, stated)
        scale = factor(column.unit, unit) if unit else None
        scales = {text: factor(column.unit, text) for text in set(numbers.units.values())}
        strange = [row for row, text in numbers.units.items() if scales[text] is None]
        printed = {row: text for row, text in numbers.units.items() if scales[text] is not None}
        values[strange] = np.nan
        column_wide = np.full(len(values), 1.0 if scale is None else scale)
        for row, text in printed.items():
            column_wide[row] = scales[text] or 1.0
        values = np.where(column_wide == 1.0, values, values * column_wide)
        values = self._magnitude(column, position, values, bool(unit) or len(printed) * 2 > len(values))
        self._report(position, "missing", Severity.WARNING, numbers.missing)
        self._report(position, "unreadable", Severity.ERROR, sorted(numbers.unreadable + strange))
        self._report(position, "uncertain", Severity.ERROR, numbers.uncertain)
        return values

    def _mark(self, cells: NumberColumn, position: int) -> str | None:
        """Return the decimal mark of a column: its own proof, the table's, or ``None`` to read only certain cells."""
        own = cells.marks()
        if own.point and own.comma:
            text = "decimal points and decimal commas in one column; cells that can mean both were not read"
            self._say("number.marks.mixed", Severity.ERROR, text, position)
            return None
        doubtful = {mark: cells.doubtful(mark) for mark in (POINT, COMMA)}
        if own.only or not any(doubtful.values()):
            return own.only or POINT
        mark = self._proven.only
        if mark:
            if doubtful[COMMA if mark == POINT else POINT]:
                text = f"cells like 13,800 or 13.800 are thousands here: other columns prove {_word(mark)}"
                self._say("number.thousands", Severity.WARNING, text, position)
            return mark
        if self._proven == Marks() and not doubtful[COMMA]:
            return POINT
        if self._proven == Marks() and self._table.delimiter == ";":
            text = "numbers like 13,800 were read with a decimal comma because semicolons separate the columns"
            self._say("number.mark.assumed", Severity.WARNING, text, position)
            return COMMA
        return None

    def _stated_unit(self, column: DialectColumn, position: int, stated: str) -> str:
        """Return the unit that the heading, or the row under it, states."""
        below = self._table.units[position]
        if not below or not column.unit or below == "-":
            return stated
        if factor(column.unit, below) is None:
            text = f"the unit {below!r} under the heading doesn't fit; read in {stated or column.unit}"
            self._say("unit.strange", Severity.ERROR, text, position)
            return stated
        if stated and factor(column.unit, below) != factor(column.unit, stated):
            text = f"the heading says {stated!r} and the row under it {below!r}; read in {stated!r}"
            self._say("unit.conflict", Severity.ERROR, text, position)
        return stated or below

    def _magnitude(self, column: DialectColumn, position: int, values: np.ndarray, stated: bool) -> np.ndarray:
        """Return the values in the column's unit where their size shows that they are printed in another one."""
        sizes = np.abs(values[np.isfinite(values) & (values != 0)])
        for rule in _magnitudes():
            if rule.column == column.name and rule.applies(sizes, stated):
                text = f"the numbers are too {'large' if rule.factor < 1 else 'small'} for {column.unit}: "
                text = text.replace("for 1", "for a fraction") + f"read as {rule.reads_as}"
                self._say("unit.by_magnitude", Severity.WARNING, text, position)
                return values * rule.factor
        exchange = column.rank(self._table.headings[position])
        if column.unit and not stated and (exchange is None or exchange[2] != "exchange"):
            unit = "a fraction" if column.unit == "1" else column.unit
            self._say("unit.assumed", Severity.INFO, f"no unit is stated; read as {unit}", position)
        return values

    def _compare(
        self, column: DialectColumn, values: np.ndarray, twin: np.ndarray, position: int, other: int
    ) -> np.ndarray:
        """Return the values; where two headings of one name differ, none of both can be believed."""
        headings = self._table.headings
        both = np.isfinite(values) & np.isfinite(twin)
        differ = both & ~np.isclose(values, twin, rtol=2e-3, atol=1e-9)
        named = f"{headings[other]!r} also fits {column.name}"
        if not differ.any():
            self._say("column.also_fits", Severity.INFO, f"{named} and agrees with {headings[position]!r}", other)
            return values
        row = int(np.flatnonzero(differ)[0])
        if key(headings[other]) == key(headings[position]):
            text = (
                f"two columns are named {headings[position]!r} and differ in {int(differ.sum())} rows: not read there"
            )
            self._say("column.duplicate", Severity.ERROR, text, other, row, "remove one of them or choose by hand")
            return np.where(differ, np.nan, values)
        text = f"{named} and differs from {headings[position]!r} in {int(differ.sum())} rows; the latter was read"
        self._say("column.ambiguous", Severity.WARNING, text, other, row, "choose the right column by hand")
        return values

    def _report(self, position: int, what: str, severity: Severity, rows: list[int]) -> None:
        rows = [row for row in rows if row not in self._table.broken]
        if not rows:
            return
        printed = cell_text(self._table.rows[rows[0]][position])
        meaning = {
            "missing": ("without a number", "missing values are not checked, and not checked is never a pass"),
            "unreadable": ("that can't be read as a number", "correct the cells and import the file again"),
            "uncertain": ("that can mean two numbers", "write the decimals with a point, without thousands separators"),
        }[what]
        text = f"{len(rows)} cell{'s' if len(rows) > 1 else ''} {meaning[0]}, the first is {printed[:40]!r}"
        self._say(f"number.{what}", severity, text, position, rows[0], meaning[1])

    def _say(
        self, code: str, severity: Severity, text: str, position: int, row: int | None = None, hint: str = ""
    ) -> None:
        self._findings.append(Finding(code, severity, text, hint, self._table.where(row, position)))


def _word(mark: str) -> str:
    return "a decimal comma" if mark == COMMA else "a decimal point"


def _report_others(table: PrintedTable, match: Match, dialect: Dialect, findings: list[Finding]) -> None:
    """Say which headings were not used, and which columns of a mapping don't exist."""
    for name, others in match.ambiguous.items():
        if dialect.columns[name].type == "text":
            read = table.headings[match.matched[name]]
            text = f"{', '.join(repr(table.headings[p]) for p in others)} also fit {name}; {read!r} was read"
            where = table.where(heading=others[0])
            findings.append(Finding("column.also_fits", Severity.INFO, text, "choose another one by hand", where))
    if match.unmatched:
        shown = ", ".join(repr(table.headings[position]) for position in match.unmatched)
        text = f"columns without a meaning for the hub: {shown}"
        where = table.where(heading=match.unmatched[0])
        findings.append(Finding("column.unmatched", Severity.INFO, text, "choose their meaning by hand", where))
    if match.unknown:
        text = f"the mapping names what this table doesn't have: {'; '.join(match.unknown)}"
        findings.append(Finding("column.mapping", Severity.WARNING, text, "choose the columns again", table.where()))
