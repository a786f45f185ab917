"""Sections whose records take several lines or hold other records: transformers, DC grids, tables, GNE, substations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where
from core.formats.psse import schema
from core.formats.psse.fieldtext import none_for_missing, parse, tokens
from core.formats.psse.records import Chunk

Tables = dict[str, tuple[pd.DataFrame, np.ndarray]]
SUBSTATION_PARTS = ("substation_node", "substation_switch", "substation_terminal")


def transformer_records(chunk: Chunk, findings: list[Finding]) -> tuple[np.ndarray, np.ndarray]:
    """Return where each transformer begins and its number of lines: 4 with two windings, 5 with three."""
    lines, n = chunk.lines, len(chunk.lines)
    quoted = ["'" in line or '"' in line for line in lines]
    heads: list[int] = []
    sizes: list[int] = []
    i = 0
    while i < n:
        parts: Sequence[str | None] = lines[i].split(",", 3)
        if len(parts) < 4 or " " in str(parts[0]).strip():
            parts = tokens(lines[i])
        third = str(parts[2] or "0").strip() if len(parts) > 2 else "?"
        size = 4 if third in ("0", "") else 5
        again = next((j for j in range(i + 1, min(i + size, n)) if quoted[j]), None)
        cut = again is not None or i + size > n
        if cut or not third.lstrip("+-").isdigit():
            text = "The lines of a transformer are incomplete or out of step; they are left out."
            where = Where(section="transformer", line=int(chunk.places[i]) + 1)
            findings.append(Finding("psse.raw.truncated", Severity.ERROR, text, "Complete its lines.", where))
            i = again if again is not None else i + 1
            while i < n and not quoted[i] and any(quoted[i:]):
                i += 1
            if again is None and not any(quoted[i:]):
                break
            continue
        heads.append(i)
        sizes.append(size)
        i += size
    return np.asarray(heads, dtype=np.int64), np.asarray(sizes, dtype=np.int64)


def read_system_wide(chunk: Chunk, version: int, findings: list[Finding]) -> Tables:
    """Read the keyword lines of the system-wide block."""
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in schema.SYSTEM_WIDE}
    spans: dict[str, list[int]] = {name: [] for name in schema.SYSTEM_WIDE}
    for line, place in zip(chunk.lines, chunk.places, strict=True):
        parts = tokens(line)
        name = str(parts[0] if parts else "").lower()
        if name not in rows:
            text = f"Keyword {name.upper()!r} of the system-wide block is unknown; the line is kept but not read."
            where = Where(section="system_wide", line=int(place) + 1)
            findings.append(Finding("psse.raw.unknown_keyword", Severity.INFO, text, "", where))
            continue
        rows[name].append(_keywords(name, parts[1:], int(place), findings))
        spans[name].append(int(place))
    return {name: (_frame(name, rows[name]), _single(spans[name])) for name in schema.SYSTEM_WIDE if rows[name]}


def _keywords(name: str, parts: Sequence[str | None], place: int, findings: list[Finding]) -> dict[str, object]:
    """Return the values of one keyword line: ``KEY=value`` in any order, or values in the schema's order."""
    layout = schema.layout(name, 35)
    row: dict[str, object] = {}
    for position, text in enumerate(parts):
        key, equals, value = (text or "").partition("=")
        f = next((f for f in layout if equals and f.name == key.strip().upper()), None)
        if f is None and not equals and position < len(layout):
            f, value = layout[position], text or ""
        if f is None:
            what = f"Parameter {text!r} of {name.upper()} is unknown; it is not used."
            where = Where(section="system_wide", line=place + 1)
            findings.append(Finding("psse.raw.unknown_keyword", Severity.INFO, what, "", where))
            continue
        row[f.name] = _number(value, f)
    return row


def _number(text: str | None, f: schema.Field) -> object:
    """Return the value in the field's type, missing where it can't be read."""
    if f.type == "text":
        return text
    try:
        value = float((text or "").strip().upper().replace("D", "E"))
    except ValueError:
        return None
    if not np.isfinite(value):
        return None
    return int(value) if f.type == "int" and value == int(value) else value


def read_impedance_correction(chunk: Chunk, version: int, findings: list[Finding]) -> Tables:
    """Read correction tables: pairs up to v33, from v34 triples that go on over lines up to a triple of zeros."""
    width = 3 if version >= 34 else 2
    rows: list[dict[str, object]] = []
    spans: list[tuple[int, int]] = []
    table: float | None = None
    opened = 0
    for line, place in zip(chunk.lines, chunk.places, strict=True):
        values = [_number(part or "0", schema.field("impedance_correction", "T")) for part in tokens(line)]
        if any(value is None for value in values):
            _lost(chunk.section, int(place), "a correction table with text", findings)
            continue
        numbers = [float(str(value)) for value in values]
        if table is None and numbers:
            table, numbers, opened = numbers[0], numbers[1:], int(place)
        for k in range(0, len(numbers) - width + 1, width):
            point = numbers[k : k + width]
            if not any(point) and (width == 3 or k > 0):
                if width == 3:
                    table = None
                break
            if table is not None:
                rows.append({"I": int(table), "T": point[0], "F": point[1], "FI": point[2] if width == 3 else None})
                spans.append((opened, int(place) + 1))
        if width == 2:
            table = None
    found = np.asarray(spans, dtype=np.int64).reshape(-1, 2)
    return {chunk.section: (_frame(chunk.section, rows), found)}


def read_multi_terminal_dc(chunk: Chunk, version: int, findings: list[Finding]) -> Tables:
    """Read multi-terminal DC lines with their converters, buses and links."""
    names = ("multi_terminal_dc", *(f"multi_terminal_dc_{part}" for part in ("converter", "bus", "link")))
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in names}
    places: dict[str, list[int]] = {name: [] for name in names}
    i = 0
    while i < len(chunk.lines):
        head = _rows(chunk, [i], names[0], version, findings)
        name = head["NAME"].iloc[0]
        counts = [int(n) if n == n and n is not None else 0 for n in head[["NCONV", "NDCBS", "NDCLN"]].iloc[0]]
        stop = i + 1 + sum(counts)
        if stop > len(chunk.lines) or min(counts) < 0:
            _lost(chunk.section, int(chunk.places[i]), "a multi-terminal line that is cut off", findings)
            break
        parts[names[0]].append(head)
        places[names[0]].append(i)
        at = i + 1
        for section, count in zip(names[1:], counts, strict=True):
            lines = list(range(at, at + count))
            parts[section].append(_rows(chunk, lines, section, version, findings).assign(NAME=name))
            places[section] += lines
            at += count
        i = stop
    return {
        name: (
            pd.concat(parts[name], ignore_index=True) if parts[name] else _frame(name, []),
            _single([int(chunk.places[k]) for k in places[name]]),
        )
        for name in names
    }


def _rows(chunk: Chunk, lines: list[int], section: str, version: int, findings: list[Finding]) -> pd.DataFrame:
    columns = parse([chunk.lines[k] for k in lines], chunk.places[lines] + 1, schema.layout(section, version), findings)
    return pd.DataFrame(columns)


def read_gne(chunk: Chunk, version: int, findings: list[Finding]) -> Tables:
    """Read generic network elements: a head with terminals and counts, then ten values a line."""
    rows: list[dict[str, object]] = []
    spans: list[tuple[int, int]] = []
    i = 0
    while i < len(chunk.lines):
        head = tokens(chunk.lines[i])
        terminals = 2 if len(head) > 2 and str(head[2]).strip() == "2" else 1
        names = ["NAME", "MODEL", "NTERM", "BUS1", *(["BUS2"] if terminals == 2 else []), "NREAL", "NINTG", "NCHAR"]
        row = _named(chunk.section, names, head)
        counts = [int(str(row.get(name) or 0)) if str(row.get(name) or 0).isdigit() else 0 for name in names[-3:]]
        stop = i + 2 + sum(-(-count // 10) for count in counts)
        if stop > len(chunk.lines):
            _lost(chunk.section, int(chunk.places[i]), "a generic element that is cut off", findings)
            break
        row |= _named(chunk.section, ["STATUS", "OWNER", "NMETR"], tokens(chunk.lines[i + 1]))
        at = i + 2
        for word, count in zip(("REAL", "INTG", "CHAR"), counts, strict=True):
            more = -(-count // 10)
            values = [value for line in chunk.lines[at : at + more] for value in tokens(line)]
            row |= _named(chunk.section, [f"{word}{k + 1}" for k in range(min(count, 10))], values)
            at += more
        rows.append(row)
        spans.append((int(chunk.places[i]), int(chunk.places[stop - 1]) + 1))
        i = stop
    return {chunk.section: (_frame(chunk.section, rows), np.asarray(spans, dtype=np.int64).reshape(-1, 2))}


def read_substation(chunk: Chunk, version: int, findings: list[Finding]) -> Tables:
    """Read substations: one record, then its nodes, switches and terminals, each part closed by a zero."""
    names = ("substation", *SUBSTATION_PARTS)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in names}
    places: dict[str, list[int]] = {name: [] for name in names}
    station: object = None
    part = 0
    for line, place in zip(chunk.lines, chunk.places, strict=True):
        values = tokens(line)
        if values[:1] == ["0"] and len(values) == 1:
            part = (part + 1) % 4 if station is not None else 0
            station = station if part else None
            continue
        if station is None:
            row = _named("substation", [f.name for f in schema.layout("substation", 35)], values)
            station, part = row.get("IS"), 1
            rows["substation"].append(row)
            places["substation"].append(int(place))
            continue
        section = SUBSTATION_PARTS[part - 1]
        layout = [f.name for f in schema.layout(section, 35)]
        rows[section].append({"IS": station, **_named(section, _terminal(layout, values), values)})
        places[section].append(int(place))
    for name in names:
        empty = [k for k, row in enumerate(rows[name]) if row.get("IS") is None]
        for k in empty:
            _lost(name, places[name][k], "a record without its substation", findings)
        rows[name] = [row for k, row in enumerate(rows[name]) if k not in empty]
        places[name] = [place for k, place in enumerate(places[name]) if k not in empty]
    return {name: (_frame(name, rows[name]), _single(places[name])) for name in names if rows[name] or name == names[0]}


def _terminal(layout: list[str], values: Sequence[str | None]) -> list[str]:
    """Return the fields of a line: a terminal has no J or K unless it is one of a branch or a transformer."""
    if "TYP" not in layout:
        return layout
    return ["I", "NI", "TYP", *["J", "K"][: max(0, len(values) - 4)], "ID"]


def _named(section: str, names: Sequence[str], values: Sequence[str | None]) -> dict[str, object]:
    return {
        name: _number(value, schema.field(section, name))
        for name, value in zip(names, values, strict=False)
        if value is not None
    }


def _frame(section: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return the rows as a table with the section's fields and their types."""
    frame = pd.DataFrame(rows, columns=list(schema.names(section)))
    for f in schema.fields()[section]:
        if f.type == "text":
            frame[f.name] = none_for_missing(frame[f.name])
        else:
            numbers = pd.to_numeric(frame[f.name], errors="coerce").astype(float)
            whole = f.type == "int" and not numbers.isna().any()
            frame[f.name] = numbers.astype(np.int64) if whole else numbers
    return frame


def _single(places: list[int]) -> np.ndarray:
    starts = np.asarray(places, dtype=np.int64)
    return np.column_stack([starts, starts + 1])


def _lost(section: str, place: int, what: str, findings: list[Finding]) -> None:
    where = Where(section=section, line=place + 1)
    findings.append(Finding("psse.raw.truncated", Severity.ERROR, f"{what} is left out.".capitalize(), "", where))


READERS: dict[str, Callable[[Chunk, int, list[Finding]], Tables]] = {
    "system_wide": read_system_wide,
    "impedance_correction": read_impedance_correction,
    "multi_terminal_dc": read_multi_terminal_dc,
    "gne": read_gne,
    "substation": read_substation,
}
