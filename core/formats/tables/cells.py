"""Single cells: what counts as missing, and text that must not become a formula in a spreadsheet."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path

#: A cell as a file holds it: text, or what a workbook stores natively.
Cell = str | float | int | bool | datetime | date | time

WORDS: dict[str, tuple[str, ...]] = {
    name: tuple(words)
    for name, words in tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8")).items()
}
MISSING = frozenset(WORDS["missing"])
#: The id of a row that sums up others.
TOTAL = re.compile(rf"^[\W_]*(?:{'|'.join(WORDS['totals'])})[\W_]*$", re.IGNORECASE | re.MULTILINE)

_STARS = re.compile(r"[*#x_]+")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?%?")


def is_missing(text: str) -> bool:
    """Tell whether a cell of a number column says that there is no number; ``****`` is what Fortran prints on overflow.

    Examples
    --------
    >>> [is_missing(text) for text in ("", "N/A", "***", "0", "BUS_1")]
    [True, True, True, False, False]
    """
    word = text.strip().casefold()
    return word in MISSING or _STARS.fullmatch(word) is not None


def starts_formula(text: str) -> bool:
    """Tell whether a spreadsheet would run the text as a formula."""
    return _FORMULA.match(text) is not None and not text.startswith("'") and not _PLAIN_NUMBER.fullmatch(text)


def safe_cell(text: str) -> str:
    """Return the text as an exported cell: an apostrophe in front of what a spreadsheet would run.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-12.5"), safe_cell("GEN_01")
    ("'=1+1", '-12.5', 'GEN_01')
    """
    guarded = starts_formula(text) or (text.startswith("'") and _FORMULA.match(text) is not None)
    return "'" + text if guarded else text


def plain_cell(text: str) -> str:
    """Return the text that :func:`safe_cell` was given: ``plain_cell(safe_cell(text)) == text``."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def cell_text(cell: Cell | None) -> str:
    """Return a cell's text as a person sees it: a workbook's 100.0 is the id ``100``."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell) if isinstance(cell, int) else cell.isoformat()
