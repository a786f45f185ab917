"""RAWX: the same tables as RAW, in JSON with field names and rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from core.documents import dump
from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.psse import schema
from core.formats.psse.case import Original, RawCase
from core.formats.psse.fieldtext import none_for_missing
from core.formats.psse.records import decode
from core.formats.psse.versions import fitted

HEADER = ("ic", "sbase", "rev", "xfrrat", "nxfrat", "basfrq")


def is_rawx(data: bytes) -> bool:
    """Say whether the bytes are JSON rather than RAW text."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def read_rawx_case(data: bytes, name: str = "") -> Reading[RawCase]:
    """Read a RAWX file.

    Raises
    ------
    BadInput
        When the bytes are no JSON with a ``network`` object.
    """
    findings: list[Finding] = []
    text, encoding = decode(data, findings)
    try:
        document = json.loads(text, parse_constant=str)  # NaN and Infinity are no numbers
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        message = f"The file is no JSON: {getattr(error, 'msg', 'nested too deeply')}."
        raise BadInput(message, hint="A RAWX file may be cut off.", where=Where(file=name, line=line)) from error
    network = document.get("network") if isinstance(document, dict) else None
    if not isinstance(network, dict):
        hint = "A RAWX file has an object 'network' with tables."
        raise BadInput("The file has no network.", hint=hint, where=Where(file=name))
    case = RawCase(35, *_head(network, findings))
    by_name = {s.rawx: s.name for s in schema.sections().values()}
    for key, table in network.items():
        if key == "caseid":
            continue
        if key not in by_name:
            text = f"Table {key!r} is unknown; it is not read."
            findings.append(Finding("psse.rawx.unknown_table", Severity.WARNING, text, "", Where(section=key)))
            continue
        case.sections[by_name[key]] = _table(by_name[key], table, findings)
    case.original = Original(
        [text], encoding, case.header, case.titles, dict(case.sections), {}, {}, {}, {}, is_rawx=True
    )
    return Reading(case, findings, Source(name, sha256(data).hexdigest(), "psse.rawx", "35"))


def _head(network: dict[str, Any], findings: list[Finding]) -> tuple[dict[str, Any], tuple[str, str]]:
    """Return header and titles from the table ``caseid``, which has one row without a list around it or in one."""
    table = network.get("caseid") or {}
    names = [str(n).lower() for n in table.get("fields", [])] if isinstance(table, dict) else []
    row = table.get("data", []) if isinstance(table, dict) else []
    if isinstance(row, list) and row and isinstance(row[0], list):
        row = row[0]
    values = dict(zip(names, row if isinstance(row, list) else [], strict=False))
    header: dict[str, Any] = {}
    for name in HEADER:
        number = pd.to_numeric(str(values.get(name)), errors="coerce")
        header[name.upper()] = float(number) if np.isfinite(number) else None
    base = header["SBASE"]
    if base is None or not 0 < base < 1e9:
        header["SBASE"] = 100.0
        text = f"The system base is {base}; 100 MVA is taken."
        findings.append(Finding("psse.raw.base", Severity.WARNING, text, "", Where(section="caseid")))
    header["BASFRQ"] = header["BASFRQ"] or 60.0
    return header, (str(values.get("title1") or ""), str(values.get("title2") or ""))


def _table(section: str, table: Any, findings: list[Finding]) -> pd.DataFrame:
    """Return a table under PSS/E's field names; a table of one row may come without a list around it."""
    fields, rows = (table.get(key) or [] if isinstance(table, dict) else None for key in ("fields", "data"))
    if not isinstance(fields, list) or not isinstance(rows, list) or (rows and not fields):
        text = f"Table {section} has no list of fields with rows; it is not read."
        findings.append(Finding("psse.rawx.table", Severity.ERROR, text, "Correct it.", Where(section=section)))
        fields, rows = [], []
    names = [str(name).lower() for name in fields]
    rows = _whole_rows(section, rows, len(names), findings)
    known = {f.rawx: f for f in schema.fields()[section] if f.until >= 35}
    aliases = {"dgenf": "dgenm"}
    columns: dict[str, list[Any]] = {}
    for place, name in enumerate(names):
        f = known.get(aliases.get(name, name))
        if f is None or f.name in columns:
            what = "is unknown; it is not read" if f is None else "comes a second time; the first one counts"
            where = Where(section=section, column=name)
            text = f"Field {name!r} of {section} {what}."
            findings.append(Finding("psse.rawx.unknown_field", Severity.WARNING, text, "", where))
            continue
        columns[f.name] = [row[place] if place < len(row) else None for row in rows]
    frame = pd.DataFrame(columns, columns=list(schema.names(section)), dtype=object)
    frame = frame.drop(columns=[n for n in frame if n not in columns])
    frame = pd.DataFrame({n: _column(section, str(n), frame[n], findings) for n in frame})
    return _with_keys(section, frame, len(rows), findings)


def _whole_rows(section: str, rows: list[Any], width: int, findings: list[Finding]) -> list[list[Any]]:
    """Return the rows that are lists; say which aren't, and how many have another length than the fields."""
    if rows and not any(isinstance(row, (list, dict)) for row in rows):
        rows = [rows]
    lists = [row for row in rows if isinstance(row, list)]
    if len(lists) < len(rows):
        row = next(k for k, row in enumerate(rows, start=1) if not isinstance(row, list))
        text = f"{len(rows) - len(lists)} rows of {section} are no lists of values; they are left out."
        findings.append(Finding("psse.rawx.row", Severity.ERROR, text, "", Where(section=section, row=row)))
    other = [k for k, row in enumerate(lists, start=1) if len(row) != width]
    if other:
        text = (
            f"{len(other)} rows of {section} don't have as many values as there are fields: values that lack have "
            "PSS/E's defaults, values too many are not read."
        )
        findings.append(Finding("psse.rawx.row", Severity.WARNING, text, "", Where(section=section, row=other[0])))
    return lists


def _with_keys(section: str, table: pd.DataFrame, count: int, findings: list[Finding]) -> pd.DataFrame:
    """Leave out records without the bus numbers that identify them."""
    if section in schema.NESTED or schema.sections()[section].parent:
        return table
    missing = np.zeros(count, dtype=bool)
    for name in schema.required(section):
        missing |= np.asarray(table[name].isna()) if name in table else True
    if missing.any():
        text = f"{int(missing.sum())} records have no {' or '.join(schema.required(section))}; they are left out."
        where = Where(section=section, row=int(np.flatnonzero(missing)[0]) + 1)
        findings.append(Finding("psse.raw.no_key", Severity.ERROR, text, "Complete the records.", where))
        table = table[~missing[: len(table)]].reset_index(drop=True)
        whole = [name for name in schema.required(section) if name in table]
        table = table.astype(dict.fromkeys(whole, np.int64))
    return table


def _column(section: str, name: str, values: pd.Series, findings: list[Finding]) -> np.ndarray:
    f = schema.field(section, name)
    if f.type == "text":
        return none_for_missing(values.map(lambda v: None if v is None else str(v)))
    numbers = pd.to_numeric(values.map(lambda v: None if isinstance(v, (list, dict, bool)) else v), errors="coerce")
    numbers = numbers.astype(float)
    wrong = (values.notna() & (values != "") & numbers.isna()) | np.isinf(numbers)
    bad = np.flatnonzero(wrong | ((numbers.abs() >= 2**53) & (f.type == "int")))
    for row in bad[:20]:
        text = f"{name} is {values.iloc[row]!r}, not a number; it counts as missing."
        where = Where(section=section, row=int(row) + 1, column=name)
        findings.append(Finding("psse.raw.not_a_number", Severity.ERROR, text, "Correct the value.", where))
    numbers.iloc[bad] = np.nan
    if f.type == "int":
        numbers = _whole(section, name, numbers, findings)
    if f.type == "int" and not numbers.isna().any():
        return np.asarray(numbers.round().astype(np.int64))
    return np.asarray(numbers)


def _whole(section: str, name: str, numbers: pd.Series, findings: list[Finding]) -> pd.Series:
    """Return whole numbers; a known defect of PSS/E's own export writes some of them divided by ten million."""
    broken = numbers.notna() & (numbers != numbers.round())
    if not broken.any():
        return numbers
    scaled = numbers * 1e7
    known = broken & ((scaled - scaled.round()).abs() < 1e-6)
    where = Where(section=section, row=int(np.flatnonzero(broken)[0]) + 1, column=name)
    if known.any():
        text = f"{int(known.sum())} values of {name} are whole numbers divided by 10 000 000; they are multiplied back."
        findings.append(Finding("psse.rawx.scaled_integer", Severity.WARNING, text, "Export the case again.", where))
    if (broken & ~known).any():
        text = f"{int((broken & ~known).sum())} values of {name} are not whole numbers; they are rounded."
        findings.append(Finding("psse.raw.not_a_number", Severity.ERROR, text, "Correct the values.", where))
    return numbers.where(~known, scaled).round()


def write_rawx_case(case: RawCase) -> str:
    """Return the case as RAWX text, one row a line; as it was read where nothing is changed."""
    if case.original is not None and case.original.is_rawx and case.is_untouched:
        return "".join(case.original.lines)
    case = fitted(case, 35)
    filled = (name for name in schema.sections() if len(case[name]))
    return _document(case, {name: _table_text(case, name) for name in filled})


def write_rawx_template(sections: Collection[str]) -> str:
    """Return RAWX text with tables that have all of their fields and no rows."""
    fields = {name: [f.rawx for f in schema.layout(name, schema.RAWX)] for name in sections}
    return _document(RawCase(35), {n: f'{{"fields":{json.dumps(names)},"data":[]}}' for n, names in fields.items()})


def _document(case: RawCase, tables: Mapping[str, str]) -> str:
    head = case.header
    row = [head.get("IC") or 0, case.base_mva, 35, head.get("XFRRAT") or 0, head.get("NXFRAT") or 0]
    row += [head.get("BASFRQ") or 60.0, *case.titles]
    fields = [*HEADER, "title1", "title2"]
    parts = [f'"caseid":{{"fields":{json.dumps(fields)},"data":{dump(row)}}}']
    parts += [f'"{schema.sections()[name].rawx}":{text}' for name, text in tables.items()]
    return '{"general":{"version":"35.4"},"network":{\n' + ",\n".join(parts) + "\n}}\n"


def _table_text(case: RawCase, section: str) -> str:
    table = case[section]
    keys = schema.sections()[section].keys
    kept = [f for f in schema.layout(section, schema.RAWX) if f.name in table and not bool(table[f.name].isna().all())]
    columns = []
    for f in kept:
        values = case.values(section, f.name) if f.name in keys else np.asarray(table[f.name])
        if f.type == "text":
            words = none_for_missing(pd.Series(values)).tolist()
            columns.append(["null" if word is None else json.dumps(word, ensure_ascii=False) for word in words])
        else:
            numbers = np.asarray(values, dtype=float)
            whole = f.type == "int"
            columns.append(["null" if v != v else str(int(v)) if whole else repr(v) for v in numbers.tolist()])
    rows = ",\n".join(f"[{','.join(row)}]" for row in zip(*columns, strict=True))
    return f'{{"fields":{json.dumps([f.rawx for f in kept])},"data":[\n{rows}\n]}}'
