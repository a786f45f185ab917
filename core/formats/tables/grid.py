"""Grids of cells, and the tables that are printed in them among titles, units, page headers, totals and notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.findings import Finding, Severity, Where
from core.formats.tables.cells import WORDS, Cell, cell_text
from core.formats.tables.headings import is_unit

#: Returns how many of the cells are headings that some dialect knows.
CountHeadings = Callable[[Sequence[str]], int]

SEARCHED_ROWS = 100

_NOTE = re.compile("|".join(map(re.escape, WORDS["notes"])), re.IGNORECASE)
_DIGIT_FIRST = re.compile(r"[-+(]?[.,]?\d")


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a sheet or text file with the row (line) that each was printed in."""

    sheet: str  # "" for a text file
    rows: list[list[Cell]]
    numbers: list[int]
    delimiter: str = ""  # "" for a workbook
    cut: bool = False  # the file ends in the middle of its last row


@dataclass(slots=True)
class PrintedTable:
    """A table as a file prints it: headings, the units under them, rows of cells and their row numbers."""

    file: str
    sheet: str
    headings: list[str]
    heading_row: int
    units: list[str]
    rows: list[list[Cell]]
    numbers: list[int]
    delimiter: str = ""
    findings: list[Finding] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)  # positions of rows with missing or surplus cells, already reported

    def where(self, position: int | None = None, heading: int | None = None) -> Where:
        """Return the place of a row, by position, and of a heading."""
        return Where(
            file=self.file,
            sheet=self.sheet or None,
            row=None if position is None else self.numbers[position],
            column=None if heading is None else self.headings[heading],
        )

    def cells(self, heading: int) -> list[Cell]:
        """Return one column's cells."""
        return [row[heading] for row in self.rows]


def find_tables(grid: Grid, file: str, count: CountHeadings) -> list[PrintedTable]:
    """Return the tables of a grid: each begins at a row of known headings, or at the first row that looks like one."""
    start = _heading_row(grid.rows[:SEARCHED_ROWS], count)
    tables: list[PrintedTable] = []
    while start is not None:
        table, start = _table(grid, file, start, count)
        tables.append(table)
    if tables and grid.cut:
        _forget_cut_cell(tables[-1])
    return tables


def _heading_row(rows: Sequence[Sequence[Cell]], count: CountHeadings) -> int | None:
    """Return the first row with three known headings, more than in the row below; else the best, else one of words."""
    hits = [count([cell_text(cell) for cell in row]) for row in rows]
    for position, (here, below) in enumerate(zip(hits, [*hits[1:], 0], strict=False)):
        if here >= 3 and here >= below:
            return position
    if max(hits, default=0) >= 2:
        return hits.index(max(hits))
    of_words = (p for p, row in enumerate(rows) if len(row) - row.count("") >= 2 and _only_words(row))
    return next(of_words, None)


def _only_words(row: Sequence[Cell]) -> bool:
    """Tell whether no cell holds a number."""
    return all(isinstance(cell, str) and not _DIGIT_FIRST.match(cell) for cell in row if cell != "")


def _table(grid: Grid, file: str, start: int, count: CountHeadings) -> tuple[PrintedTable, int | None]:
    """Return the table whose headings are in row ``start``, and the start of the next one."""
    raw = grid.rows[start]
    headings = [cell_text(cell) for cell in raw]
    while headings and not headings[-1]:
        headings.pop()
    if start > 0:
        headings = _told_apart(headings, [cell_text(cell) for cell in grid.rows[start - 1]])
    width = len(headings)
    table = PrintedTable(file, grid.sheet, headings, grid.numbers[start], [""] * width, [], [], grid.delimiter)
    skipped: dict[str, list[tuple[int, str]]] = {}
    after_gap, end = False, None
    for position in range(start + 1, len(grid.rows)):
        row, number = grid.rows[position], grid.numbers[position]
        if row.count("") == len(row):
            after_gap = True
        elif row == raw:
            skipped.setdefault("repeated heading", []).append((number, ""))
            after_gap = False
        elif not table.rows and _is_unit_row(row):
            table.units = [cell_text(cell) for cell in row][:width] + [""] * (width - len(row))
        elif (after_gap or _only_words(row)) and count([cell_text(cell) for cell in row]) >= 3:
            end = position
            break
        elif _is_note(row, width, after_gap):
            skipped.setdefault("note", []).append((number, " ".join(cell_text(cell) for cell in row if cell != "")))
        else:
            table.rows.append(row)
            table.numbers.append(number)
            after_gap = False
    _report_skipped(table, grid.rows[:start], grid.numbers, skipped)
    _even_out(table)
    return table, end


def _told_apart(headings: list[str], above: list[str]) -> list[str]:
    """Return the headings, each that occurs twice with its group's heading from the row above in front: *Load MW*."""
    twice = {heading for heading in headings if heading and headings.count(heading) > 1}
    if not twice or sum(cell != "" for cell in above) < 2:
        return headings
    group, told_apart = "", []
    for position, heading in enumerate(headings):
        group = (above[position] if position < len(above) else "") or group
        told_apart.append(f"{group} {heading}".strip() if heading in twice else heading)
    return told_apart


def _is_unit_row(row: Sequence[Cell]) -> bool:
    texts = [cell for cell in row if cell not in ("", "-")]
    return bool(texts) and all(isinstance(cell, str) and is_unit(cell) for cell in texts)


def _is_note(row: Sequence[Cell], width: int, after_gap: bool) -> bool:
    """Tell whether a row is a remark around the table: few cells, no number, and a reason to take it for one."""
    if len(row) - row.count("") > 2 or width < 3:
        return False
    texts = [cell for cell in row if cell != ""]
    if not _only_words(row):
        return len(texts) == 1 and isinstance(texts[0], str) and _NOTE.match(texts[0]) is not None
    return after_gap or _NOTE.match(str(texts[0])) is not None or (len(row) == 1 and " " in str(texts[0]).strip())


def _report_skipped(
    table: PrintedTable, titles: list[list[Cell]], numbers: list[int], skipped: dict[str, list[tuple[int, str]]]
) -> None:
    """Say which rows around the table were not read as data."""
    above = [(numbers[i], " ".join(cell_text(c) for c in row if c != "")) for i, row in enumerate(titles) if any(row)]
    for what, rows in {"title": above, **skipped}.items():
        if rows:
            shown = "; ".join(f"row {number}" + (f" {text[:80]!r}" if text else "") for number, text in rows[:5])
            more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
            table.findings.append(
                Finding(
                    "table.row.skipped",
                    Severity.INFO,
                    f"{len(rows)} {what} row{'s' if len(rows) > 1 else ''} not read as data: {shown}{more}",
                    where=Where(table.file, table.sheet or None, row=rows[0][0]),
                )
            )


def _even_out(table: PrintedTable) -> None:
    """Give every row as many cells as there are headings, and say where some were missing or left over."""
    width = len(table.headings)
    short = [p for p, row in enumerate(table.rows) if len(row) < width]
    long = [p for p, row in enumerate(table.rows) if len(row) > width and any(cell != "" for cell in row[width:])]
    for position in short:
        table.rows[position] = table.rows[position] + [""] * (width - len(table.rows[position]))
    for position in long:
        table.rows[position] = table.rows[position][:1] + [""] * (width - 1)
    table.rows = [row[:width] if len(row) > width else row for row in table.rows]
    table.broken.update(short, long)
    if short:
        text = f"{_rows(table, short)} fewer cells than the {width} headings; what is not there is missing"
        table.findings.append(
            Finding("table.row.short", Severity.WARNING, text, "complete the rows", table.where(short[0]))
        )
    if long:
        text = f"{_rows(table, long)} more cells than the {width} headings; only the first cell was read"
        hint = "write decimal commas in quotes or separate the columns by semicolons"
        table.findings.append(Finding("table.row.long", Severity.ERROR, text, hint, table.where(long[0])))


def _rows(table: PrintedTable, positions: list[int]) -> str:
    shown = ", ".join(str(table.numbers[position]) for position in positions[:5])
    more = f" and {len(positions) - 5} more have" if len(positions) > 5 else " have" if len(positions) > 1 else " has"
    return f"row{'s' if len(positions) > 1 else ''} {shown}{more}"


def _forget_cut_cell(table: PrintedTable) -> None:
    """Make the last cell of a file that ends in the middle of a row missing: its number may be cut, too."""
    if not table.rows:
        return
    row = list(table.rows[-1])
    last = max((i for i, cell in enumerate(row) if cell != ""), default=0)
    row[last] = "" if last else row[last]
    table.rows[-1] = row
    table.findings.append(
        Finding(
            "table.cut",
            Severity.ERROR,
            "the file ends in the middle of a row: its last cell was not read, and rows may be missing",
            "export the file again",
            table.where(len(table.rows) - 1),
        )
    )
