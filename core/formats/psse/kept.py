"""What a version has no place for rides along behind the file's Q and comes back when the file is read again.

PSS/E stops reading at Q. Each line behind it is ``@!kept`` and a JSON object: section, fields (keys first) and rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from core.documents import dump
from core.findings import Finding, Severity, Where
from core.formats.psse import schema
from core.formats.psse.case import RawCase
from core.formats.psse.versions import replaced, restored

MARK = "@!kept "


def kept_lines(case: RawCase, version: int) -> Iterator[str]:
    """Yield the lines that carry the records, fields and sections that the version lacks."""
    present = set(schema.order(version))
    whole = case
    for part in replaced(case, version):
        own = [f for f in schema.layout(part.section, schema.RAWX) if f.name in case[part.section]]
        keys = list(schema.sections()[part.instead].keys) if part.instead else []
        stand_ins = {"instead": part.records[keys].to_numpy().tolist(), "keys": keys}
        yield _line(whole, part.section, [f.name for f in own], part.rows, stand_ins)
        rest = np.setdiff1d(np.arange(len(case[part.section])), part.rows)
        case = case.with_section(part.section, case[part.section].iloc[rest])
    for name, section in schema.sections().items():
        table = case[name]
        top = section.parent if section.parent not in ("", "system_wide") else name
        if not case.is_filled(name) or (section.parent == "system_wide" and version >= 34):
            continue
        lost = [f for f in schema.layout(name, schema.RAWX) if f.name in table]
        if section.parent != "system_wide" and top in present:
            lost = [f for f in lost if not f.is_in(version) and f.since != schema.RAWX and case.has_own(name, f.name)]
        if lost:
            yield _line(case, name, list(dict.fromkeys([*section.keys, *(f.name for f in lost)])))


def _line(
    case: RawCase,
    section: str,
    fields: list[str],
    rows: np.ndarray | slice = slice(None),
    more: Mapping[str, object] | None = None,
) -> str:
    columns = [case.values(section, field)[rows].tolist() for field in fields]
    content = {"section": section, "fields": fields, "rows": list(zip(*columns, strict=True))}
    return MARK + dump({**content, **(more or {})})


def restore(case: RawCase, lines: Sequence[str], findings: list[Finding]) -> RawCase:
    """Return the case with what rode along."""
    found = []
    for line in lines:
        text = line.strip()
        if not text.startswith(MARK):
            continue
        try:
            part = json.loads(text[len(MARK) :])
            name = str(part["section"])
            rows = _rows(name, part["rows"], part["fields"])
            keys = [str(key) for key in part.get("keys", ())]
            if "instead" in part:
                stand_ins = pd.DataFrame(part["instead"] if keys else None, columns=keys)
                case = restored(case, name, rows, stand_ins)
            else:
                case = case.with_section(name, _merged(name, case.sections.get(name), rows))
        except (ValueError, KeyError, TypeError, RecursionError):
            text = "A line that Gridproof kept behind Q is damaged; it is left out."
            findings.append(Finding("psse.raw.kept_damaged", Severity.WARNING, text))
            continue
        found.append(name)
    if found:
        text = f"What an earlier conversion had no place for comes back: {', '.join(dict.fromkeys(found))}."
        findings.append(Finding("psse.raw.kept", Severity.INFO, text, "", Where(section=found[0])))
    return case


def _rows(section: str, rows: list[list[object]], fields: list[str]) -> pd.DataFrame:
    """Return kept rows as a table with the fields that the section has, numbers as numbers."""
    known = {f.name: f.type for f in schema.fields()[section]}
    table = pd.DataFrame(rows, columns=fields, dtype=object)[[name for name in fields if name in known]]
    for name in table:
        if known[str(name)] != "text":
            table[name] = pd.to_numeric(table[name], errors="coerce")
    return table


def _merged(name: str, table: pd.DataFrame | None, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the section with the kept fields at the records of the same keys."""
    if table is None or table.empty:
        return rows
    keys = [key for key in schema.sections()[name].keys if key in rows and key in table]
    if not keys:
        return table
    theirs, wanted = (labels(frame, keys) for frame in (rows, table))
    rows = rows.set_axis(theirs)[~theirs.duplicated()]
    new = rows.drop(columns=keys).reindex(wanted).set_axis(table.index)
    return table.assign(**{str(c): new[c] for c in new if c not in table or bool(table[c].isna().all())})


def labels(frame: pd.DataFrame, keys: list[str]) -> pd.Index:
    """Return one word for the keys of each record, numbers without their sign and names without blanks around them."""
    words = pd.Series("", index=frame.index)
    for key in keys:
        column = frame[key].abs() if frame[key].dtype != object else frame[key].astype(str).str.strip()
        if column.dtype.kind == "f":
            column = column.round(9)
        elif column.dtype.kind in "iu":
            column = column.astype(float)
        words = words + "\t" + column.astype(str)
    return pd.Index(words.to_list())
