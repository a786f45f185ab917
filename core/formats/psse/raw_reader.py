"""RAW text → case: versions 29 to 35, as far as a file can be read, with a finding for all that was assumed."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pandas as pd

from core.findings import Finding, Reading, Severity, Source, Where, counted
from core.formats.psse import nested, schema
from core.formats.psse.case import Original, RawCase
from core.formats.psse.fieldtext import parse
from core.formats.psse.kept import restore
from core.formats.psse.records import Chunk, misfit, split

Columns = dict[str, np.ndarray]


def read_raw_case(data: bytes, name: str = "") -> Reading[RawCase]:
    """Read a RAW file of version 29 to 35.

    Raises
    ------
    BadInput
        When the bytes are no RAW file at all. Everything else is a finding.
    """
    findings: list[Finding] = []
    records = split(data, findings)
    original = Original(records.lines, records.encoding, dict(records.header), records.titles, {}, {}, {}, {}, {})
    for chunk in records.chunks:
        if chunk.section in original.records and chunk.section != "system_wide":
            _repeated(chunk, findings)
            continue
        version = _layout_version(chunk, records.version, findings)
        original.ends[chunk.section] = chunk.end
        original.versions[chunk.section] = version
        for section, (table, spans) in _read_section(chunk, version, findings).items():
            original.records[section], original.spans[section] = table, spans
    case = RawCase(records.version, records.header, records.titles, dict(original.records), original)
    case = restore(case, records.behind, findings)
    original.sections = dict(case.sections)
    return Reading(case, findings, Source(name, sha256(data).hexdigest(), "psse.raw", str(records.version)))


def _layout_version(chunk: Chunk, declared: int, findings: list[Finding]) -> int:
    """Return the version whose layout the section's records follow, the declared one if it fits."""
    best, fit = declared, misfit(chunk, declared)
    for version in schema.READ_VERSIONS if fit else ():
        if chunk.section in schema.order(version) and misfit(chunk, version) < fit:
            best, fit = version, misfit(chunk, version)
    if best != declared:
        text = f"The records of {chunk.section} have the layout of version {best}, not {declared}; they are read so."
        hint = "Repair the file's layout: every section is then written as its version has it."
        where = Where(section=chunk.section, line=int(chunk.places[0]) + 1)
        findings.append(Finding("psse.raw.layout", Severity.WARNING, text, hint, where))
    return best


def _read_section(chunk: Chunk, version: int, findings: list[Finding]) -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
    """Return the tables of a section (a nested one has several) with the lines of each record."""
    if chunk.section in schema.NESTED:
        return nested.READERS[chunk.section](chunk, version, findings)
    heads, sizes = _group(chunk, findings)
    columns: Columns = {}
    numbers = chunk.places + 1
    for line in sorted({f.line for f in schema.fields()[chunk.section]}):
        layout = schema.layout(chunk.section, version, line)
        rows = np.flatnonzero(sizes >= line)
        at = heads[rows] + line - 1
        part = parse([chunk.lines[i] for i in at], numbers[at], layout, findings)
        columns |= {n: v if len(rows) == len(heads) else _spread(v, rows, len(heads)) for n, v in part.items()}
    last = heads + sizes - 1
    spans = np.column_stack([chunk.places[heads], chunk.places[last] + 1]) if len(heads) else np.empty((0, 2), int)
    return {chunk.section: _with_keys(chunk.section, pd.DataFrame(columns), spans, findings)}


def _spread(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """Return the column with missing values for the records that don't have the line."""
    wide = np.full(count, None, dtype=object) if values.dtype == object else np.full(count, np.nan)
    wide[rows] = values
    return wide


def _group(chunk: Chunk, findings: list[Finding]) -> tuple[np.ndarray, np.ndarray]:
    """Return where each record begins and how many lines it has."""
    count = len({f.line for f in schema.fields()[chunk.section]})
    n = len(chunk.lines)
    if chunk.section == "transformer":
        return nested.transformer_records(chunk, findings)
    heads = np.arange(0, n - n % count, count)
    if n % count:
        _truncated(chunk, n - n % count, findings)
    return heads, np.full(len(heads), count)


def _with_keys(
    section: str, table: pd.DataFrame, spans: np.ndarray, findings: list[Finding]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Leave out records without the fields that identify them, and say which defaults stand."""
    keys = [name for name in schema.required(section) if name in table]
    missing = np.zeros(len(table), dtype=bool)
    for name in keys:
        missing |= np.asarray(table[name].isna())
    for row in np.flatnonzero(missing)[:20]:
        text = f"The record has no {' or '.join(keys)}; it is left out."
        where = Where(section=section, line=int(spans[row, 0]) + 1)
        findings.append(Finding("psse.raw.no_key", Severity.ERROR, text, "Complete the record.", where))
    if missing.any():
        table, spans = table[~missing].reset_index(drop=True), spans[~missing]
        for name in keys:
            table[name] = table[name].astype(np.int64)
    _defaults(section, table, spans, findings)
    return table, spans


def _defaults(section: str, table: pd.DataFrame, spans: np.ndarray, findings: list[Finding]) -> None:
    """Say which fields have PSS/E's default and from which line on, once for those that the same records leave out."""
    left: dict[bytes, tuple[np.ndarray, list[str]]] = {}
    for f in schema.fields()[section]:
        if f.default and f.type != "text" and f.name in table and f.line < 3:
            rows = np.flatnonzero(_is_left_out(table, f))
            names = left.setdefault(rows.tobytes(), (rows, []))[1]
            names += [f.name] if f.name not in names else []
    for rows, names in left.values():
        if len(rows):
            where = Where(section=section, line=int(spans[rows[0], 0]) + 1, column=names[0])
            text = f"{counted(len(rows), 'record')} of {section} without {', '.join(names)}; PSS/E's defaults stand."
            findings.append(Finding("psse.raw.default", Severity.INFO, text, "", where))


def _is_left_out(table: pd.DataFrame, f: schema.Field) -> np.ndarray:
    """Return which records that have a place for the field leave it out."""
    missing = np.asarray(table[f.name].isna())
    if f.section == "transformer" and f.line == 2 and not f.name.endswith("1-2"):
        missing = missing & np.asarray(table["K"].fillna(0) != 0)  # two windings have one impedance and no star point
    return missing


def _truncated(chunk: Chunk, row: int, findings: list[Finding]) -> None:
    text = f"The last record of {chunk.section} is cut off; it is left out."
    where = Where(section=chunk.section, line=int(chunk.places[row]) + 1)
    findings.append(Finding("psse.raw.truncated", Severity.ERROR, text, "Complete the record's lines.", where))


def _repeated(chunk: Chunk, findings: list[Finding]) -> None:
    if chunk.lines:
        text = f"Section {chunk.section} comes a second time; its {len(chunk.lines)} lines are not read."
        where = Where(section=chunk.section, line=int(chunk.places[0]) + 1)
        findings.append(Finding("psse.raw.section_twice", Severity.ERROR, text, "Join the two sections.", where))
