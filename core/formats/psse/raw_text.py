"""Case → RAW text: the original with only the lines of edited records changed, or a whole file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core.formats.psse import schema
from core.formats.psse.case import Original, RawCase
from core.formats.psse.kept import MARK, kept_lines, labels
from core.formats.psse.raw_writer import (
    CHILDREN,
    NESTED,
    header_line,
    record_lines,
    section_lines,
    system_wide_lines,
    whole_lines,
)
from core.formats.psse.versions import fitted


def write_raw_case(case: RawCase, version: int | None = None) -> str:
    """Return the case as RAW text.

    Without a version (or with the version that it was read in) only lines of edited records differ from the original.
    """
    if case.original is not None and not case.original.is_rawx and version in (None, case.version):
        patched = _patched(case, case.original)
        if patched is not None:
            return patched
    version = version or max(case.version, 33)
    headed = schema.order(version) if version >= 34 else ()
    return "".join(f"{line}\n" for line in whole_lines(case, version, headed))


def _patched(case: RawCase, original: Original) -> str | None:
    """Return the original text with the lines of edited records replaced; nothing if sections came or went."""
    if case.is_untouched:
        return "".join(original.lines)
    lines: list[str] = list(original.lines)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    as_read = replace(case, header=original.header, sections=original.sections)
    if _patch_kept(case, as_read, lines, newline):
        original = replace(original, sections=_as_in_file(as_read, original).sections)
        case = _as_in_file(case, original)
    edited = {CHILDREN.get(name, name) for name in _edited(case.sections, original.sections)}
    if case.titles != original.titles or not edited <= set(original.ends):
        return None
    if case.header != original.header:
        first = next(place for place, line in enumerate(lines) if line.strip() and not line.startswith("@!"))
        lines[first] = header_line(case, case.version) + newline
    for name in edited:
        _patch(case, original, name, lines, newline)
    return "".join(lines)


def _edited(now: dict[str, pd.DataFrame], before: dict[str, pd.DataFrame]) -> set[str]:
    """Return the sections that are not as they were; one without records is as one that isn't there."""
    changed = {name for name in {*now, *before} if now.get(name) is not before.get(name)}
    filled = {name: [each[name] for each in (now, before) if name in each and len(each[name])] for name in changed}
    return {name for name, tables in filled.items() if len(tables) == 1 or (tables and not tables[0].equals(tables[1]))}


def _as_in_file(case: RawCase, original: Original) -> RawCase:
    """Return the case without what rides along, its records under the labels of the file's own."""
    present = set(schema.order(case.version))
    case = fitted(case, case.version)
    sections = {}
    for name, table in case.sections.items():
        if CHILDREN.get(name, name) not in present and name not in original.records:
            continue
        own = original.records.get(name)
        sections[name] = table if own is None or name in NESTED else _labelled(name, table, own)
    return replace(case, sections=sections)


def _labelled(section: str, table: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the labels of the records of the same keys, new ones for others."""
    keys = [key for key in schema.sections()[section].keys if key in table and key in own]
    if not keys:
        return table
    wanted, known = (_numbered(labels(frame, keys)) for frame in (table, own))
    at = known.get_indexer(wanted)
    fresh = own.index.max() + 1 + np.arange(len(table))
    return table.set_axis(np.where(at >= 0, own.index.to_numpy()[at], fresh))


def _numbered(words: pd.Index) -> pd.Index:
    """Return words with how many like them stand in front."""
    column = pd.Series(words)
    return pd.Index((column + "\t" + column.groupby(column).cumcount().astype(str)).to_list())


def _patch_kept(case: RawCase, as_read: RawCase, lines: list[str], newline: str) -> bool:
    """Replace the lines behind Q that say something else now, and return whether there were some."""
    places = [place for place, line in enumerate(lines) if line.startswith(MARK)]
    before, now = ([f"{line}{newline}" for line in kept_lines(each, each.version)] for each in (as_read, case))
    if before != now:
        as_written = dict(zip(before, (lines[place] for place in places), strict=False))
        for place in places:
            lines[place] = ""
        lines += [as_written.get(line, line) for line in now]
    return bool(places)


def _patch(case: RawCase, original: Original, name: str, lines: list[str], newline: str) -> None:
    """Replace the lines of a section's changed, removed and new records in place; line numbers stay as they are."""
    version = original.versions[name]
    end = original.ends[name]
    if name in NESTED or name == "system_wide":
        parts = [n for n in original.spans if n == name or CHILDREN.get(n) == name]
        places = [k for n in parts for span in original.spans[n] for k in range(*span)]
        new = list(system_wide_lines(case)) if name == "system_wide" else list(section_lines(case, name, version))
        first = min(places, default=end)
        for k in range(first, end if places else first):
            lines[k] = ""
        _insert(lines, first, new, newline, before=True)
        return
    old, table, spans = original.sections[name], case[name], original.spans[name]
    kept = table.index.intersection(old.index)
    same = _equal_rows(old.loc[kept], table.loc[kept], [f.name for f in schema.layout(name, version)])
    changed = [*kept[~same], *table.index.difference(old.index)]
    texts = record_lines(case.with_section(name, table.loc[changed]), name, version)
    new_text = dict(zip(changed, texts, strict=True))
    position = {label: row for row, label in enumerate(original.records[name].index)}
    for label in old.index.difference(table.index).append(kept[~same]):
        start, stop = spans[position[label]]
        for k in range(start, stop):
            lines[k] = ""
        _insert(lines, start, list(new_text.pop(label, ())), newline)
    _insert(lines, end, [line for record in new_text.values() for line in record], newline, before=True)


def _insert(lines: list[str], place: int, new: list[str], newline: str, *, before: bool = False) -> None:
    """Put lines at a place without moving the others."""
    text = "".join(line + newline for line in new)
    if place >= len(lines):
        lines.append(text)
    else:
        lines[place] = text + (lines[place] if before else "")


def _equal_rows(old: pd.DataFrame, new: pd.DataFrame, fields: list[str]) -> np.ndarray:
    """Return which rows have the same values in the fields of the version."""
    same = np.ones(len(old), dtype=bool)
    for column in {*old.columns, *new.columns} & {*fields}:
        if column not in old or column not in new:
            both = (new if column in new else old)[column]
            same &= np.asarray(both.isna())
            continue
        a, b = old[column], new[column]
        same &= np.asarray((a == b) | (a.isna() & b.isna()))
    return same
