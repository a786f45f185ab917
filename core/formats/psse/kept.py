"""What a version has no place for rides along behind the file's Q and comes back when the file is read again.

PSS/E stops reading at Q. Each line behind it is ``@!kept`` and a JSON object: section, fields (keys first) and rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from core.documents import dump
from core.findings import Finding, Severity, Where
from core.formats.psse import schema
from core.formats.psse.case import RawCase

MARK = "@!kept "


def kept_lines(case: RawCase, version: int) -> Iterator[str]:
    """Yield the lines that carry the fields and sections that the version lacks."""
    present = set(schema.order(version))
    for name, section in schema.sections().items():
        table = case[name]
        top = section.parent if section.parent not in ("", "system_wide") else name
        if table.empty or (section.parent == "system_wide" and version >= 34):
            continue
        if section.parent == "system_wide" or top not in present:
            kept = [f.name for f in schema.layout(name, schema.RAWX) if f.name in table]
        else:
            dropped = [f for f in schema.layout(name, schema.RAWX) if not f.is_in(version) and f.name in table]
            dropped = [f for f in dropped if f.name not in section.keys and _says_something(case, f)]
            kept = [*section.keys, *(f.name for f in dropped)] if dropped else []
        if kept:
            rows = list(zip(*(case.values(name, field).tolist() for field in kept), strict=True))
            yield MARK + dump({"section": name, "fields": kept, "rows": rows})


def _says_something(case: RawCase, f: schema.Field) -> bool:
    """Say whether a field has another value than its default anywhere."""
    values = case.values(f.section, f.name)
    if f.type == "text":
        return bool(pd.Series(values, dtype=object).fillna("").astype(str).str.strip().ne(f.default).any())
    if not f.default or f.default.startswith("@"):
        return bool((~np.isnan(values.astype(float))).any())
    return bool((values != float(f.default)).any())


def restore(sections: dict[str, pd.DataFrame], lines: Sequence[str], findings: list[Finding]) -> None:
    """Put what rode along back into the sections."""
    found = []
    for line in lines:
        text = line.strip()
        if not text.startswith(MARK):
            continue
        try:
            part = json.loads(text[len(MARK) :])
            name, kept = str(part["section"]), [str(field) for field in part["fields"]]
            known = {f.name for f in schema.fields()[name]}
            rows = pd.DataFrame(part["rows"], columns=kept)[[field for field in kept if field in known]]
            keys = [key for key in schema.sections()[name].keys if key in rows]
        except (ValueError, KeyError, TypeError, RecursionError):
            text = "A line that Gridproof kept behind Q is damaged; it is left out."
            findings.append(Finding("psse.raw.kept_damaged", Severity.WARNING, text))
            continue
        sections[name] = _merged(name, sections.get(name), rows, keys)
        found.append(name)
    if found:
        text = f"What an earlier conversion had no place for comes back: {', '.join(dict.fromkeys(found))}."
        findings.append(Finding("psse.raw.kept", Severity.INFO, text, "", Where(section=found[0])))


def _merged(name: str, table: pd.DataFrame | None, rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the section with the kept fields at the records of the same keys."""
    for column in rows:
        if schema.field(name, str(column)).type != "text":
            rows[column] = pd.to_numeric(rows[column], errors="coerce")
    if table is None or table.empty:
        return rows
    if not keys:
        return table
    labels, wanted = (_labels(name, frame, keys) for frame in (rows, table))
    rows = rows.set_axis(labels)[~labels.duplicated()]
    new = rows.drop(columns=keys).reindex(wanted).set_axis(table.index)
    return table.assign(**{str(c): new[c] for c in new if c not in table or bool(table[c].isna().all())})


def _labels(section: str, frame: pd.DataFrame, keys: list[str]) -> pd.Index:
    words = pd.Series("", index=frame.index)
    for key in keys:
        if key not in frame:  # the version has no such field: its default
            words = words + "\t" + schema.field(section, key).default
            continue
        column = frame[key].abs() if frame[key].dtype != object else frame[key].astype(str).str.strip()
        if column.dtype.kind == "f":
            column = column.round(9)
        elif column.dtype.kind in "iu":
            column = column.astype(float)
        words = words + "\t" + column.astype(str)
    return pd.Index(words.to_list())
