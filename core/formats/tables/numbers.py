"""Numbers as tools print them: decimal comma or point, thousands separators, Unicode minus, brackets, units behind.

``0,998`` is never 998: a mark is read as a thousands separator only where the digits allow it and the rest of the
table uses the other mark for decimals. What stays ambiguous is missing, with a finding, not guessed.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from core.formats.tables.cells import Cell, cell_text, is_missing

POINT, COMMA = ".", ","

_ALIKE = str.maketrans(
    {"−": "-", "‒": "-", "–": "-", "﹣": "-", "－": "-", "＋": "+", "’": "'", "٫": ",", "％": "%"}
    | dict.fromkeys("\u00a0\u2007\u2009\u202f\u2002\u2003\u200a\t", " ")
    | dict.fromkeys("\u200b\ufeff\u200e\u200f\u2060", None)
)
_PLAIN = frozenset("0123456789.+-eE\n")
_NUMBER = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[-+])?\s*(?P<digits>\d(?:[\d.,' ]*[\d.,])?|[.,]\d+)(?:[eEdD](?P<power>[-+]?\d{1,3}))?"
    r"\s*(?P<close>\))?\s*(?P<unit>[^\d\s.,'+\-()].*)?",
    re.ASCII,
)


@cache
def _certain(mark: str) -> re.Pattern[str]:
    """Return the pattern of lines in which ``mark`` can only be the decimal mark."""
    m, other = re.escape(mark), re.escape(COMMA if mark == POINT else POINT)
    return re.compile(
        rf"^\(?[-+]?\s*(?:(?:0\d*|\d{{4,}}|){m}\d+|\d{{1,3}}{m}(?:\d{{0,2}}|\d{{4,}})|\d{{1,3}}{m}\d{{3}}(?=[eEdD])"
        rf"|\d{{1,3}}(?:{other}\d{{3}})+{m}\d*|\d{{1,3}}(?:{other}\d{{3}}){{2,}}|\d{{1,3}}(?:[ ']\d{{3}})+{m}\d*)"
        rf"(?:$|(?=[^\d.,' ])| (?=\D|$))",
        re.MULTILINE | re.ASCII,
    )


@cache
def _grouped(mark: str) -> re.Pattern[str]:
    """Return the pattern of digits with ``mark`` as decimal mark, with or without thousands separators."""
    m, other = re.escape(mark), re.escape(COMMA if mark == POINT else POINT)
    return re.compile(rf"(\d+|\d{{1,3}}(?P<gap>{other}|'| )\d{{3}}(?:(?P=gap)\d{{3}})*|)(?:{m}(\d*))?")


_UNCERTAIN = {
    mark: re.compile(rf"^\(?[-+]?\s*[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}(?![\d.,' eEdD])", re.MULTILINE | re.ASCII)
    for mark in (POINT, COMMA)
}


@dataclass(frozen=True, slots=True)
class Marks:
    """Which decimal marks a column, or a whole table, proves."""

    point: bool = False
    comma: bool = False

    def __or__(self, other: Marks) -> Marks:
        return Marks(self.point or other.point, self.comma or other.comma)

    @property
    def only(self) -> str | None:
        """Return the one proven mark; ``None`` when there is none or both are."""
        return None if self.point == self.comma else POINT if self.point else COMMA


@dataclass(slots=True)
class Numbers:
    """A column's numbers [NaN where missing] and what could not be read as one."""

    values: np.ndarray
    missing: list[int] = field(default_factory=list)  # positions that say "no number"
    unreadable: list[int] = field(default_factory=list)  # positions with other text
    uncertain: list[int] = field(default_factory=list)  # positions whose mark can mean both
    units: dict[int, str] = field(default_factory=dict)  # units printed behind a number, by position


class NumberColumn:
    """The cells of one column, ready to be read once the table's decimal mark is known."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._native = not all(type(cell) is str for cell in cells)
        texts = [cell_text(cell) if type(cell) is str else "" for cell in cells] if self._native else cells
        self._lines = "\n".join(texts).translate(_ALIKE) + "\n"  # type: ignore[arg-type]
        self._cells = cells

    def marks(self) -> Marks:
        """Return the decimal marks that this column's cells prove."""
        return Marks(*(mark in self._lines and bool(_certain(mark).search(self._lines)) for mark in (POINT, COMMA)))

    def doubtful(self, mark: str) -> bool:
        """Tell whether in some cell the mark can separate decimals or thousands, like the comma in ``13,800``."""
        return mark in self._lines and _UNCERTAIN[mark].search(self._lines) is not None

    def read(self, mark: str | None) -> Numbers:
        """Return the numbers; without a mark only cells that prove their own are read."""
        lines = self._lines
        plain = lines.replace(COMMA, POINT) if mark == COMMA and POINT not in lines else lines
        if not self._native and mark and _PLAIN.issuperset(plain) and (mark == COMMA) == (plain is not lines):
            with contextlib.suppress(ValueError):
                values = np.array(list(map(float, plain.split("\n")[:-1])))
                if np.isfinite(values).all():
                    return Numbers(values)
        numbers = Numbers(np.full(len(self._cells), np.nan))
        known: dict[str, tuple[float, str, str]] = {}
        for position, (line, cell) in enumerate(zip(lines.split("\n"), self._cells, strict=False)):
            if type(cell) is not str:
                _native(numbers, position, cell)
                continue
            if line not in known:
                known[line] = _read(line.strip(), mark)
            value, unit, state = known[line]
            numbers.values[position] = value
            if unit:
                numbers.units[position] = unit
            if state:
                getattr(numbers, state).append(position)
        return numbers


def _native(numbers: Numbers, position: int, cell: Cell) -> None:
    """Take over a number that a workbook stores as one."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if math.isfinite(cell):
            numbers.values[position] = float(cell)
        else:
            numbers.missing.append(position)
    else:
        numbers.unreadable.append(position)


def _read(line: str, mark: str | None) -> tuple[float, str, str]:
    """Return value, unit and state: "", "missing", "unreadable" or "uncertain"."""
    if is_missing(line):
        return math.nan, "", "missing"
    parts = _NUMBER.fullmatch(line)
    if parts is None or bool(parts["open"]) != bool(parts["close"]):
        return math.nan, "", "unreadable"
    proven = Marks(*(_certain(each).match(line) is not None for each in (POINT, COMMA))).only
    if mark is None and proven is None and any(each.match(line) for each in _UNCERTAIN.values()):
        return math.nan, "", "uncertain"
    mark = proven or mark or POINT
    groups = _grouped(mark).fullmatch(parts["digits"])
    if groups is None:
        return math.nan, "", "unreadable"
    whole = re.sub(r"\D", "", groups[1] or "")
    value = float(f"{parts['sign'] or ''}{whole or '0'}.{groups[3] or '0'}e{parts['power'] or '0'}")
    if not math.isfinite(value):
        return math.nan, "", "unreadable"
    return (-value if parts["open"] else value), (parts["unit"] or "").strip(), ""
