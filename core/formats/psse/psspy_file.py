"""CSV files of psspy's arrays as frames of text: encoding, separator, title and unit rows, decimal commas, totals."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where, listed
from core.formats.ragged import refuse_ragged
from core.formats.tables.cells import TOTAL
from core.formats.tables.headings import factor, is_unit
from core.formats.tables.text import decode

#: Component → the columns that tell its table; the first that fits counts.
SIGNS = {
    "line": ({"FROMNUMBER", "TONUMBER"},),
    "bus": ({"NUMBER", "PU"},),
    "generator": ({"NUMBER", "PGEN"},),
    "load": ({"NUMBER", "TOTALACT"}, {"NUMBER", "PLOAD"}, {"NUMBER", "PL"}),
}
#: Loadings by the rating that counts, or as MVA or current alone, of a set (A to C, 1 to 12) or the chosen one.
LOADING = re.compile(r"PCT(MVA|CO?RP|CUR)?RATE([A-C]|\d\d?)?")
#: Units of columns, where a heading or the row below says another one.
UNITS = {
    "PU": "pu", "ANGLED": "deg", "BASE": "kV", "PGEN": "MW", "QGEN": "Mvar", "MBASE": "MVA",
    "PLOAD": "MW", "QLOAD": "Mvar", "PL": "MW", "QL": "Mvar",
}  # fmt: skip
WITH_UNIT = re.compile(r"(?P<name>.*?)\s*[\[(](?P<unit>[^\])]+)[\])]")
SEPARATORS = ",;\t"
#: Lines among which the headings are, below titles.
SEARCHED = 30
#: Enough of a file to hold them.
HEAD = 16_384
COMMA = r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?"


def psspy_table(data: bytes) -> str | None:
    """Return the component whose table the bytes are, if any."""
    try:
        text, _, _ = decode(data[:HEAD], Where())
    except BadInput:
        return None
    found = _headings(text.splitlines())
    return found[0] if found else None


def read_psspy_file(data: bytes, name: str) -> tuple[str, pd.DataFrame, list[Finding]]:
    """Return a file's component, and its cells by psspy's names with ``file`` and ``row``; numbers are in our units.

    Raises
    ------
    BadInput
        No rows, a row that is longer than the headings, a heading twice, or a unit that doesn't fit.
    """
    where = Where(file=name)
    text, _, findings = decode(data, where)
    lines = text.splitlines()
    found = _headings(lines)
    if found is None:
        raise BadInput("the file is no table of psspy's", hint="use psspy's names", where=where)
    component, start, separator = found
    if text[-1] not in "\r\n" and lines[-1].count(separator) < lines[start].count(separator):
        raise BadInput(
            "the file ends in the middle of a row", hint="export it again", where=replace(where, row=len(lines))
        )
    frame, units = _cells("\n".join(lines[start:]), separator, start, where)
    frame = frame.dropna(how="all", subset=frame.columns.difference(["row"]))
    if len(frame) and _is_unit_row(below := frame.iloc[0].drop("row").dropna()):
        units |= {str(name): str(text) for name, text in below.items()}
        frame = frame.iloc[1:]
    totals = frame["FROMNUMBER" if component == "line" else "NUMBER"].str.fullmatch(TOTAL).eq(True)
    if totals.any():
        text = f"totals are not elements and were not read: row {listed(frame['row'][totals].astype(str))}"
        findings.append(Finding("psspy.totals", Severity.INFO, text, "", where))
    frame = frame[~totals].reset_index(drop=True)
    if frame.empty:
        raise BadInput(f"the {component} table has no rows", where=where)
    if separator != ",":
        findings += _with_points(frame, where)
    findings += _in_our_units(frame, units, where)
    return component, frame.assign(file=name), findings


def _headings(lines: list[str]) -> tuple[str, int, str] | None:
    """Return the component, the line of the headings and what separates them."""
    for number, line in enumerate(lines[:SEARCHED]):
        separator = max(SEPARATORS, key=line.count)
        names = {_split(heading)[0] for heading in line.split(separator)}
        for component, signs in SIGNS.items():
            if any(sign <= names for sign in signs):
                return component, number, separator
    return None


def _split(heading: str) -> tuple[str, str]:
    """Return a heading's name in capitals, and the unit in its brackets."""
    text = heading.strip().strip("\"'").strip()
    match = WITH_UNIT.fullmatch(text)
    return (match["name"].upper(), match["unit"]) if match else (text.upper(), "")


def _cells(text: str, separator: str, start: int, where: Where) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the cells as text by psspy's names, with the ``row`` of each, and the units behind the names."""
    try:
        refuse_ragged(text, separator, where, first=start + 1)
        told = [_split(heading) for heading in next(csv.reader([text.partition("\n")[0]], delimiter=separator))]
        names = [name or f"column {place}" for place, (name, _) in enumerate(told, start=1)]
        if twice := [name for name in names if names.count(name) > 1]:
            raise BadInput(f"two columns are named {twice[0]}", hint="leave one of them out", where=where)
        frame = pd.read_csv(
            io.StringIO(text), sep=separator, names=names, header=0, dtype=str, index_col=False,
            skipinitialspace=True, skip_blank_lines=False,
        )  # fmt: skip
    except (ValueError, csv.Error, pd.errors.ParserError) as error:
        raise BadInput(f"the table can't be read: {error}", hint="CSV in UTF-8", where=where) from error
    return frame.assign(row=range(start + 2, start + 2 + len(frame))), {name: unit for name, unit in told if unit}


def _is_unit_row(cells: pd.Series) -> bool:
    """Say whether a row's cells are nothing but units."""
    texts = [text.strip() for text in cells if text.strip() not in ("", "-")]
    return bool(texts) and all(is_unit(text.strip("[]()")) and not text.isdigit() for text in texts)


def _with_points(frame: pd.DataFrame, where: Where) -> list[Finding]:
    """Write decimal commas as points in the columns of numbers, and say so."""
    changed = []
    for name in [column for column in frame if column in UNITS or LOADING.fullmatch(str(column))]:
        cells = frame[name].dropna().str.strip()
        if cells.str.fullmatch(COMMA).any() and not cells.str.contains(".", regex=False).any():
            frame[name] = frame[name].str.replace(",", ".", regex=False)
            changed.append(str(name))
    if not changed:
        return []
    text = f"{listed(changed)}: commas are read as decimal commas"
    return [Finding("psspy.decimal_comma", Severity.INFO, text, "", where)]


def _in_our_units(frame: pd.DataFrame, units: dict[str, str], where: Where) -> list[Finding]:
    """Bring columns that say another unit into ours."""
    findings = []
    for name, text in units.items():
        wanted = "%" if LOADING.fullmatch(name) else UNITS.get(name)
        printed = text.strip().strip("[]()")
        if wanted is None or printed in ("", "-"):
            continue
        scale, place = factor(wanted, printed), replace(where, column=name)
        if scale is None:
            raise BadInput(f"the unit {printed!r} is none of {name}", hint=f"give it in {wanted}", where=place)
        if scale != 1:
            numbers = pd.to_numeric(frame[name], errors="coerce")
            frame[name] = frame[name].mask(numbers.notna(), (numbers * scale).astype(str))
            findings.append(Finding("psspy.unit", Severity.INFO, f"{name} is in {printed}", "", place))
    return findings
