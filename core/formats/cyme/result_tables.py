"""Tables of results that anybody wrote as CSV or XLSX: headings with their units, numbers in whatever notation."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Where
from core.formats.cyme.text import decode

#: A unit in brackets at the end of a heading, or a bare percent sign.
UNIT = re.compile(r"[(\[]([^()\[\]]*)[)\]]\s*$|(%)\s*$")
#: What headings and rows of units call a unit.
UNITS = {
    **dict.fromkeys(("pu", "perunit"), "pu"),
    **dict.fromkeys(("pct", "percent"), "pct"),
    **dict.fromkeys(("kv", "kvln", "kvlg"), "kv"),
    **dict.fromkeys(("v", "volt", "volts", "vln"), "v"),
    **dict.fromkeys(("kvll",), "kvll"),
    **dict.fromkeys(("vll",), "vll"),
    **dict.fromkeys(("a", "amp", "amps"), "a"),
    **dict.fromkeys(("ka",), "ka"),
}
#: Names whose unit is in them.
NAMED_UNITS = (("kvll", "kvll"), ("vll", "vll"), ("kvln", "kv"), ("vpu", "pu"), ("puv", "pu"))
#: Fields that hold names, not numbers.
NAMES = ("bus", "branch", "phase")
#: A number with the sign of its unit behind it, if any.
NUMBER = r"^[+-]?[\d.,'\s]*\d[.,]?(?:[eE][+-]?\d+)?(?=\s*[%°A-Za-z]*$)"
#: How tables write that there is no value.
NOTHING = ("", "-", "--", "n/a", "na", "nan", "none", "null", "*")
PHASE_OF_NODE = {"1": "A", "2": "B", "3": "C", "a": "A", "b": "B", "c": "C"}


@dataclass(frozen=True, slots=True)
class ResultTable:
    """Columns of cells by our field names, the unit of each where the heading has one, and what wasn't used."""

    cells: pd.DataFrame
    units: dict[str, str]
    unused: list[str]
    row: int
    rows: list[int]  # where each row of cells stands in the file

    def numbers(self, column: str) -> pd.Series:
        """Return a column as numbers; what is none is missing."""
        if column not in self.cells:
            return pd.Series(float("nan"), index=self.cells.index)
        cells = self.cells[column].str.extract(f"({NUMBER})", expand=False).str.replace(r"[\s']", "", regex=True)
        comma, point = cells.str.rfind(","), cells.str.rfind(".")
        european = comma > point  # the last of the two is the decimal sign
        plain = cells.str.replace(",", "", regex=False)
        swapped = cells.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        return pd.to_numeric(swapped.where(european, plain), errors="coerce")

    def unreadable(self) -> list[tuple[str, int, str]]:
        """Return the cells that should hold numbers and don't: field, row in the file, and text."""
        fields = [str(field) for field in self.cells if field not in NAMES]
        return [
            (field, self.rows[k], self.cells[field].iloc[k])
            for field in fields
            for k in np.flatnonzero(self.numbers(field).isna() & ~self.cells[field].str.lower().isin(NOTHING))
        ]

    def unit(self, column: str) -> str:
        """Return a column's unit: of its heading, or of its cells when all are percentages."""
        filled = self.cells[column][self.cells[column] != ""]
        if column not in self.units and len(filled) and filled.str.endswith("%").all():
            return "pct"
        return self.units.get(column, "")


@cache
def _synonyms() -> dict[str, str]:
    with Path(__file__).with_name("baseline.csv").open(encoding="utf-8", newline="") as handle:
        return {name: row["field"] for row in csv.DictReader(handle) for name in row["names"].split("|")}


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower().replace("%", "pct"))


def heading(cell: str) -> tuple[str, str]:
    """Return the field and the unit that a heading names; an unknown one has neither."""
    match = UNIT.search(cell)
    unit = UNITS.get(_bare(match[1] or match[2] or ""), "") if match else ""
    names = [_bare(cell)] + ([_bare(cell[: match.start()])] if match else [])
    field = next((_synonyms()[name] for name in names if name in _synonyms()), "")
    inside = next((of for part, of in NAMED_UNITS if part in names[0]), "")
    if inside.endswith("ll"):  # "V_LL (kV)": between phases, whatever the unit
        unit = {"kv": "kvll", "v": "vll"}.get(unit, unit)
    return field, unit or inside if field else ""


def tables(path: Path) -> dict[str, list[list[str]]]:
    """Return the rows of a CSV file or of each sheet of a workbook.

    Raises
    ------
    BadInput
        It is neither.
    """
    if not path.is_file():
        raise BadInput(f"There is no file {path}", hint="Check the path")
    data = path.read_bytes()
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        from python_calamine import CalamineError, CalamineWorkbook

        try:
            book = CalamineWorkbook.from_path(str(path))
            sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
        except CalamineError as error:
            raise BadInput(f"The workbook can't be read: {error}", where=Where(file=path.name)) from error
        return {name: [[_text(cell) for cell in row] for row in rows] for name, rows in sheets.items()}
    if b"\0" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise BadInput("The file is binary, neither CSV nor a workbook", where=Where(file=path.name))
    text = decode(data)
    separator = max(";\t,", key=text[:4096].count)
    return {"": list(csv.reader(io.StringIO(text), delimiter=separator))}


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def result_table(rows: list[list[str]]) -> ResultTable | None:
    """Return the rows under the heading row; titles above it are skipped, a row of units below it belongs to it."""
    index = next((index for index, row in enumerate(rows[:30]) if _is_heading(row)), None)
    if index is None:
        return None
    row = rows[index]
    places = [k for k in range(index + 1, len(rows)) if any(cell.strip() for cell in rows[k])]
    if places and (units := _row_of_units(rows[places[0]])):
        places = places[1:]
        row = [f"{cell} ({unit})" if unit else cell for cell, unit in zip_longest(row, units[: len(row)], fillvalue="")]
    named = [heading(cell) for cell in row]
    fields = [field for field, _ in named]
    body = [rows[k] for k in places]
    columns = {field: k for k, field in reversed(list(enumerate(fields))) if field}
    cells = {field: _cells(body, k) for field, k in columns.items()}
    buses = [k for k, field in enumerate(fields) if field == "bus"]
    if "phase" not in cells and len(buses) > 1:  # "Bus, Node": the node is the phase's number
        nodes = [node.lower() for node in _cells(body, buses[1])]
        if set(nodes) <= set(PHASE_OF_NODE):
            cells["phase"] = nodes
    units_of = {field: named[k][1] for field, k in columns.items() if named[k][1]}
    unused = [cell for cell, field in zip(row, fields, strict=False) if cell.strip() and not field]
    return ResultTable(pd.DataFrame(cells, dtype=object), units_of, unused, index + 1, [k + 1 for k in places])


def _is_heading(row: list[str]) -> bool:
    """Return whether a row names a bus or a branch, and something else."""
    fields = {heading(cell)[0] for cell in row}
    return bool({"bus", "branch"} & fields) and len(fields - {""}) > 1


def _cells(rows: list[list[str]], column: int) -> list[str]:
    return [row[column].strip() if column < len(row) else "" for row in rows]


def _row_of_units(line: list[str]) -> list[str]:
    """Return the units of a row that holds nothing else, one a column."""
    bare = [_bare(cell) for cell in line]
    return bare if any(bare) and all(not cell or cell in UNITS for cell in bare) else []
