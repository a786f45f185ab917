"""Free-format record lines ↔ columns.

PSS/E separates fields by a comma or blanks, quotes text by ' or ", and ends a record at a slash outside quotes.
Regular lines go through pandas' C reader at once; only the others are taken apart one by one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where
from core.formats.psse.schema import Field

#: An apostrophe inside a word: the quote doesn't end a field.
_APOSTROPHE = re.compile(r"'(?<=[^,\s']')(?=[^,\s/'])")
#: A field that a blank ends, not a comma.
_BLANK = re.compile(r"(?:^|,)[ \t]*(?:'[^'\n]*'|[^\s',\"/]+)[ \t]+[^\s,/]", re.MULTILINE)
#: Two quotes that aren't a field of their own, which is an empty text.
_DOUBLED = re.compile(r"[^,\n]''|''[^,\n]")
_TOKEN = re.compile(
    r"""\s*(?:
        '(?P<single>(?:[^']|''|'(?!['\s,/]|$))*)'(?=[\s,/]|$)
      | "(?P<double>(?:[^"]|""|"(?!["\s,/]|$))*)"(?=[\s,/]|$)
      | (?P<bare>[^,\s/]+)
      | (?P<none>)
    )(?P<gap>\s*)(?P<end>,|/|$|)""",
    re.VERBOSE,
)
#: Findings of one kind that a section lists one by one.
LISTED = 20
#: Whole numbers from here on can't be told from their neighbours.
TOO_LARGE = 2**53


def tokens(line: str) -> list[str | None]:
    """Return the fields of one line: text without its quotes, ``None`` for a field left empty."""
    found: list[str | None] = []
    position, line = 0, line.rstrip()
    while position < len(line):
        match = _TOKEN.match(line, position)
        if match is None or match.end() == position:  # an unclosed quote: take the rest as text
            found.append(line[position:].strip().strip("'\""))
            break
        text = _text(match)
        if match["none"] is not None and match["end"] in ("/", ""):
            break
        found.append(text)
        position = match.end()
        if match["end"] == "/":
            break
    return found


def comment(line: str) -> str:
    """Return what follows the slash that ends the record."""
    position, line = 0, line.rstrip()
    while position < len(line):
        match = _TOKEN.match(line, position)
        if match is None or match.end() == position:
            return ""
        position = match.end()
        if match["end"] == "/":
            return line[position:].strip()
    return ""


def _text(match: re.Match[str]) -> str | None:
    if match["single"] is not None:
        return str(match["single"]).replace("''", "'")
    if match["double"] is not None:
        return str(match["double"]).replace('""', '"')
    bare = match["bare"]
    return bare.lstrip("'\"") if bare else None


def parse(
    lines: Sequence[str], numbers: np.ndarray, layout: Sequence[Field], findings: list[Finding]
) -> dict[str, np.ndarray]:
    """Return the fields of records of one line each as columns; what can't be read is missing and has a finding.

    ``numbers`` are the line numbers from 1, ``layout`` the fields in their order; ``findings`` is added to.
    """
    if not lines:
        return {f.name: np.empty(0, dtype=object if f.type == "text" else float) for f in layout}
    frame = _split(lines, layout)
    bad = np.zeros(len(frame), dtype=bool)
    columns: dict[str, np.ndarray] = {}
    for place, f in enumerate(layout):
        columns[f.name], wrong = _column(frame[place], f)
        bad |= wrong
    rows = np.flatnonzero(bad)
    long = np.asarray(frame.iloc[:, len(layout) :].notna().any(axis=1), dtype=bool)
    long[rows] = False
    long[list(_again(lines, numbers, layout, rows, columns, findings) if len(rows) else ())] = True
    _too_long(np.flatnonzero(long), numbers, layout, findings)
    return columns


def _split(lines: Sequence[str], layout: Sequence[Field]) -> pd.DataFrame:
    """Return the raw fields of each line; columns beyond the layout hold what is too much."""
    text = "\n".join(lines)
    if _is_irregular(text) or any(line.count("'") % 2 for line in lines):
        lines = [_regular(line) if _is_irregular(line) else line for line in lines]
        text = "\n".join(lines)
    most = max(line.count(",") for line in lines) + 1
    width = max(len(layout), most)
    return pd.read_csv(
        io.StringIO(text + "\n"), header=None, names=range(width), quotechar="'", skipinitialspace=True,
        keep_default_na=False, na_values=[""], index_col=False, skip_blank_lines=False, low_memory=False,
        float_precision="round_trip",
        dtype={place: str for place, f in enumerate(layout) if f.type == "text"}, engine="c",
    )  # fmt: skip


def _is_irregular(text: str) -> bool:
    """Say whether pandas would read a line (or some line) otherwise than PSS/E."""
    odd = '"' in text or "/" in text or text.count("'") % 2 == 1
    return odd or bool(_APOSTROPHE.search(text) or _BLANK.search(text) or ("''" in text and _DOUBLED.search(text)))


def _regular(line: str) -> str:
    """Return the line with its comment taken off and its text in single quotes."""
    out = io.StringIO()
    csv.writer(out, quotechar="'", lineterminator="").writerow(["" if t is None else t for t in tokens(line)])
    return out.getvalue() or ","


def none_for_missing(values: pd.Series) -> np.ndarray:
    """Return text as objects, ``None`` where there is none."""
    words = np.asarray(values, dtype=object).copy()
    words[np.asarray(values.isna())] = None
    return words


def _column(raw: pd.Series, f: Field) -> tuple[np.ndarray, np.ndarray]:
    """Return a field's values and where they can't be read."""
    if f.type == "text":
        return none_for_missing(raw), np.zeros(len(raw), dtype=bool)
    if raw.dtype == object:
        filled = raw.notna()
        words = raw.astype(str).str.strip().str.replace(r"[dD](?=[+-]?\d+$)", "E", regex=True)
        values = np.asarray(pd.to_numeric(words.where(filled), errors="coerce"), dtype=float).copy()
        wrong = np.asarray(filled & (words != "")) & np.isnan(values)
        exact = ~np.isnan(values)
        values[exact] = [float(word) for word in words[exact]]  # to the last bit, which to_numeric isn't
    elif raw.dtype == bool:
        return np.full(len(raw), np.nan), np.ones(len(raw), dtype=bool)
    else:
        values = np.asarray(raw)
        wrong = np.zeros(len(values), dtype=bool)
    if f.type == "int":
        wrong |= np.abs(values.astype(float)) >= TOO_LARGE
    if values.dtype.kind == "f":
        wrong |= np.isinf(values)
        if f.type == "int":
            wrong |= (values != np.round(values)) & ~np.isnan(values)
            if not wrong.any() and not np.isnan(values).any() and np.abs(values).max(initial=0) < TOO_LARGE:
                values = values.astype(np.int64)
    return values, wrong


def _again(
    lines: Sequence[str],
    numbers: np.ndarray,
    layout: Sequence[Field],
    rows: np.ndarray,
    columns: dict[str, np.ndarray],
    findings: list[Finding],
) -> set[int]:
    """Take the lines that didn't fit apart one by one; return those that are too long."""
    for name, values in columns.items():
        if values.dtype.kind in "iu":
            columns[name] = values.astype(float)
    told, long = 0, set[int]()
    for row in rows:
        parts = tokens(lines[row])
        if len(parts) > len(layout):
            long.add(int(row))
        for place, f in enumerate(layout):
            text = parts[place] if place < len(parts) else None
            columns[f.name][row], problem = _value(text, f)
            if problem and told < LISTED:
                told += 1
                where = Where(section=f.section, line=int(numbers[row]), column=f.name)
                findings.append(
                    Finding("psse.raw.not_a_number", Severity.ERROR, problem, "Correct the value in the file.", where)
                )
    for f in layout:
        values = columns[f.name]
        if f.type == "int" and not np.isnan(values).any() and (np.abs(values) < TOO_LARGE).all():
            columns[f.name] = values.astype(np.int64)
    return long


def _value(text: str | None, f: Field) -> tuple[object, str]:
    """Return one field's value and what is wrong with it."""
    if f.type == "text":
        return text, ""
    if text is None or not text.strip():
        return np.nan, ""
    try:
        value = float(re.sub(r"[dD](?=[+-]?\d+$)", "E", text.strip()).replace("_", "?"))
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        return np.nan, f"{f.name} is {text!r}, not a number; {_instead(f)}."
    if f.type == "int" and abs(value) >= TOO_LARGE:
        return np.nan, f"{f.name} is {text!r}, too large for a whole number; {_instead(f)}."
    if f.type == "int" and value != round(value):
        return float(round(value)), f"{f.name} is {text!r}, not a whole number; {round(value)} is taken."
    return value, ""


def _instead(f: Field) -> str:
    return f"the default {f.default} is taken" if f.default else "it counts as missing"


def _too_long(rows: np.ndarray, numbers: np.ndarray, layout: Sequence[Field], findings: list[Finding]) -> None:
    """Say which records have more fields than the version knows."""
    code, hint = "psse.raw.too_many_fields", "Check the version in line 1."
    section = layout[0].section
    for row in rows[:LISTED]:
        text = f"The record has more than the {len(layout)} fields of its version; the others are not used."
        findings.append(Finding(code, Severity.WARNING, text, hint, Where(section=section, line=int(numbers[row]))))
    if len(rows) > LISTED:
        text = f"{len(rows) - LISTED} more records of {section} have too many fields."
        findings.append(Finding(code, Severity.WARNING, text, hint))
