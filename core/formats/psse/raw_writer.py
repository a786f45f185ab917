"""Case → RAW text: versions 33, 34 and 35 as PSS/E reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np
import pandas as pd

from core.formats.psse import schema
from core.formats.psse.case import RawCase
from core.formats.psse.kept import kept_lines
from core.formats.psse.nested import SUBSTATION_PARTS
from core.formats.psse.versions import POINTS, fitted

Column = str | list[str]


def whole_lines(case: RawCase, version: int, headed: Collection[str]) -> Iterator[str]:
    """Yield all lines of a file of the version, with the names of the columns over the sections that are ``headed``.

    The names are comment lines from version 34 on, and comments behind line 1 and the terminators before.
    """
    whole, case = case, fitted(case, version)
    order = schema.order(version)
    names = {name: list(_headings(name, version)) if name in headed else [] for name in order}
    if version >= 34:
        yield "@!IC,SBASE,REV,XFRRAT,NXFRAT,BASFRQ"
        beside = dict.fromkeys(order, "")
    else:
        beside = {name: " / " + " / ".join(lines) if lines else "" for name, lines in names.items()}
    yield header_line(case, version) + beside["bus"]
    yield from (title.replace("\n", " ") for title in case.titles)
    if version >= 34:
        yield from system_wide_lines(case)
        yield "0 / END OF SYSTEM-WIDE DATA, BEGIN BUS DATA"
    for name, following in zip(order, (*order[1:], ""), strict=True):
        if version >= 34:
            yield from (f"@!{line}" for line in names[name])
        yield from section_lines(case, name, version)
        begin = f", BEGIN {schema.sections()[following].title} DATA{beside[following]}" if following else ""
        yield f"0 / END OF {schema.sections()[name].title} DATA{begin}"
    yield "Q"
    yield from kept_lines(whole, version)


def header_line(case: RawCase, version: int) -> str:
    """Return line 1."""
    head = case.header
    numbers = (int(head.get("IC") or 0), float(head.get("SBASE") or 100.0), version)
    flags = (int(head.get("XFRRAT") or 0), int(head.get("NXFRAT") or 0), float(head.get("BASFRQ") or 60.0))
    comment = str(head.get("comment") or "").strip()
    return ", ".join(map(str, (*numbers, *flags))) + (f" / {comment}" if comment else " / ")


def system_wide_lines(case: RawCase) -> Iterator[str]:
    """Yield the keyword lines of the system-wide block; parameters that the file leaves out have their defaults."""
    for name in schema.SYSTEM_WIDE:
        table = case[name]
        if name == "rating":
            for number, short, words in zip(*(case.values(name, f) for f in ("IRATE", "NAME", "DESC")), strict=True):
                yield f'RATING,{_plain(number, schema.field(name, "IRATE"))},"{short}","{words}"'
            continue
        layout = schema.layout(name, 35)
        if name == "solver":
            if len(table):
                options = [f"{f.name}={_plain(case.values(name, f.name)[0], f)}" for f in layout[1:]]
                yield ",".join(["SOLVER", str(case.values(name, "METHOD")[0]), *options])
            continue
        values = (case.values(name, f.name)[0] if len(table) else float(f.default) for f in layout)
        yield f"{name.upper()}," + ",".join(f"{f.name}={_plain(v, f)}" for f, v in zip(layout, values, strict=True))


def _headings(name: str, version: int) -> Iterator[str]:
    """Yield the names of the columns of a section, line by line, and of the records that are nested in it."""
    for part in (name, *(child for child, parent in CHILDREN.items() if parent == name)):
        for line in sorted({f.line for f in schema.layout(part, version)}):
            yield ",".join(f.heading(version) for f in schema.layout(part, version, line))


def section_lines(case: RawCase, name: str, version: int) -> Iterator[str]:
    """Yield the lines of all records of a section."""
    if case[name].empty:
        return iter(())
    if name in NESTED:
        return NESTED[name](case, version)
    return chain.from_iterable(record_lines(case, name, version))


def record_lines(case: RawCase, name: str, version: int) -> list[tuple[str, ...]]:
    """Return the lines of each record of a section without nested records."""
    every = np.arange(len(case[name]))
    lines = sorted({f.line for f in schema.fields()[name]})
    if name != "transformer":
        return list(zip(*(_rows(case, name, version, line, every) for line in lines), strict=True))
    found: list[tuple[str, ...]] = [()] * len(every)
    three = case.integers(name, "K") != 0
    for rows, wide in ((every[~three], False), (every[three], True)):
        kept = lines if wide else lines[:4]
        parts = [_rows(case, name, version, line, rows, _width(line, wide)) for line in kept]
        for row, record in zip(rows.tolist(), zip(*parts, strict=True), strict=True):
            found[row] = record
    return found


def _width(line: int, wide: bool) -> int | None:
    """Return how many fields of a transformer's line are written: two windings need fewer."""
    return None if wide else {2: 3, 4: 2}.get(line)


def _rows(case: RawCase, name: str, version: int, line: int, rows: np.ndarray, width: int | None = None) -> list[str]:
    """Return one line of each record."""
    layout = schema.layout(name, version, line)[:width]
    columns = [_column(case.values(name, f.name)[rows], f) for f in layout]
    open_end = not layout[-1].default and layout[-1].type != "text"  # dummy buses, values of generic elements
    joined = _joined(columns, len(rows))
    return [text.rstrip(",") for text in joined] if open_end else joined


def _joined(columns: Sequence[Column], count: int) -> list[str]:
    """Join columns to lines; neighbours that are the same in every line are joined once."""
    parts: list[Column] = []
    for column in columns:
        if parts and isinstance(column, str) and isinstance(parts[-1], str):
            parts[-1] = f"{parts[-1]},{column}"
        else:
            parts.append(column)
    if all(isinstance(part, str) for part in parts):
        return [",".join(str(part) for part in parts)] * count
    return list(map(",".join, zip(*(repeat(p) if isinstance(p, str) else p for p in parts), strict=False)))


def _column(values: np.ndarray, f: schema.Field) -> Column:
    """Return a field's text in every record, or once if it is the same everywhere."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    if len(distinct) > len(values) // 2:
        return [_plain(value, f) for value in values.tolist()]
    words = [_plain(value, f) for value in distinct.tolist()]
    if len(words) == 1:
        return words[0]
    return np.asarray(words, dtype=object)[codes].tolist()  # type: ignore[no-any-return]


def _plain(value: Any, f: schema.Field) -> str:
    """Return one value as PSS/E reads it back without loss."""
    if f.type == "text":
        return quoted(value)
    if value != value or value is None:
        return ""
    return str(round(value)) if f.type == "int" else repr(float(value))


def quoted(value: Any) -> str:
    """Return text in quotes."""
    text = "" if value is None or value != value else str(value)
    text = text.replace("\r", " ").replace("\n", " ")
    return "'" + text.replace("'", "''") + "'"


def _corrections(case: RawCase, version: int) -> Iterator[str]:
    """Yield impedance correction tables: pairs in one line, or triples closed by zeros."""
    frame = pd.DataFrame({n: case.values("impedance_correction", n) for n in ("I", "T", "F", "FI")})
    for number, points in frame.groupby("I", sort=False):
        width = 3 if version >= 34 else 2
        values = points[["T", "F", "FI"][:width]].to_numpy()
        if width == 2:
            yield ",".join([str(int(float(str(number)))), *map(repr, values[:POINTS].ravel().tolist())])
            continue
        values = np.vstack([values, np.zeros(3)])
        for start in range(0, len(values), 6):
            part = ",".join(map(repr, values[start : start + 6].ravel().tolist()))
            yield f"{int(float(str(number)))},{part}" if start == 0 else part


def _multi_terminal(case: RawCase, version: int) -> Iterator[str]:
    """Yield multi-terminal lines, each with its converters, buses and links."""
    parts = {
        part: (case.values(f"multi_terminal_dc_{part}", "NAME"), _flat(case, f"multi_terminal_dc_{part}", version))
        for part in ("converter", "bus", "link")
    }
    heads = _flat(case, "multi_terminal_dc", version)
    for name, head in zip(case.values("multi_terminal_dc", "NAME"), heads, strict=True):
        yield head
        for owners, lines in parts.values():
            yield from (line for owner, line in zip(owners, lines, strict=True) if owner == name)


def _flat(case: RawCase, section: str, version: int) -> list[str]:
    """Return one line a record with the fields that a RAW file has."""
    layout = schema.layout(section, version)
    return _joined([_column(case.values(section, f.name), f) for f in layout], len(case[section]))


def _generic(case: RawCase, version: int) -> Iterator[str]:
    """Yield generic elements: head, status, then ten values a line."""
    table = case["gne"]
    for row in range(len(table)):
        value = {f.name: _plain(case.values("gne", f.name)[row], f) for f in schema.fields()["gne"]}
        second = ["BUS2"] if value["NTERM"] == "2" else []
        yield ",".join(value[n] for n in ("NAME", "MODEL", "NTERM", "BUS1", *second, "NREAL", "NINTG", "NCHAR"))
        yield ",".join(value[n] for n in ("STATUS", "OWNER", "NMETR"))
        for word, count in (("REAL", "NREAL"), ("INTG", "NINTG"), ("CHAR", "NCHAR")):
            filled = [value[f"{word}{k}"] for k in range(1, min(int(value[count] or 0), 10) + 1)]
            if filled:
                yield ",".join(filled)


def _substations(case: RawCase, version: int) -> Iterator[str]:
    """Yield substations, each with its nodes, switches and terminals."""
    titles = [schema.sections()[name].title for name in SUBSTATION_PARTS]
    parts = [(case.integers(name, "IS"), _part(case, name, version)) for name in SUBSTATION_PARTS]
    for number, head in zip(case.integers("substation", "IS"), _flat(case, "substation", version), strict=True):
        yield head
        for (owners, lines), title in zip(parts, titles, strict=True):
            yield from (lines[k] for k in np.flatnonzero(owners == number))
            yield f"0 / END OF {title} DATA"


def _part(case: RawCase, name: str, version: int) -> list[str]:
    """Return the lines of a substation's part; terminals have J and K only where they are not zero."""
    if name != "substation_terminal":
        return _flat(case, name, version)
    rows = zip(*(case.values(name, f) for f in ("I", "NI", "TYP", "J", "K", "ID")), strict=True)
    return [
        ",".join([f"{int(i)},{int(n)},{quoted(t)}", *(str(int(b)) for b in (j, k) if b == b and b), quoted(e)])
        for i, n, t, j, k, e in rows
    ]


NESTED = {
    "impedance_correction": _corrections,
    "multi_terminal_dc": _multi_terminal,
    "gne": _generic,
    "substation": _substations,
}
CHILDREN = {s.name: s.parent for s in schema.sections().values() if s.parent}
