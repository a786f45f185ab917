"""The schema of PSS/E power-flow files: sections and fields of versions 29 to 35 and RAWX, from two data files.

``sections.csv`` orders the sections of each version, ``fields.csv`` the fields of each record's lines. A field has its
v33 name everywhere (``RATEA``, also where v34 calls it ``RATE1``); ``title`` and ``rawx`` give the other names.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Versions that are read. The order is that of preference where a file doesn't say and its records fit several.
READ_VERSIONS = (33, 35, 34, 32, 31, 30, 29)
WRITE_VERSIONS = (33, 34, 35)
RAWX = 1000  # the version number that stands for RAWX, whose tables have every field of v35 and their keys

#: Sections whose records take several lines, or whose children are nested in them.
NESTED = frozenset({"impedance_correction", "multi_terminal_dc", "gne", "substation", "system_wide"})

#: The parameters of the system-wide block, one record each; left out, they have their defaults.
PARAMETERS = ("general", "gauss", "newton", "adjust", "tysl")
SYSTEM_WIDE = (*PARAMETERS, "solver", "rating")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record."""

    section: str
    line: int
    name: str
    type: str  # int, float or text
    default: str  # empty: none; "@…": from elsewhere in the file
    unit: str
    since: int
    until: int
    title: str
    rawx: str
    help: str

    def is_in(self, version: int) -> bool:
        """Say whether the version has the field."""
        return self.since <= version <= self.until

    def heading(self, version: int) -> str:
        """Return the name that the version's column comments give the field."""
        return self.title if self.title and version >= 34 else self.name


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a file."""

    name: str
    rawx: str
    title: str
    aliases: tuple[str, ...]
    since: int
    until: int
    order: dict[int, int]  # first version with the order → place
    parent: str
    keys: tuple[str, ...]  # fields that identify a record
    help: str


def _number(text: str, default: int) -> int:
    return RAWX if text == "rawx" else int(text or default)


@cache
def sections() -> dict[str, Section]:
    """Return all sections by name."""
    with Path(__file__).with_name("sections.csv").open(encoding="utf-8", newline="") as handle:
        return {row["section"]: _section(row) for row in csv.DictReader(handle)}


def _section(row: dict[str, str]) -> Section:
    return Section(
        name=row["section"],
        rawx=row["rawx"],
        title=row["title"],
        aliases=tuple(part for part in row["aliases"].split("|") if part),
        since=_number(row["since"], 0),
        until=_number(row["until"], RAWX),
        order={version: int(row[f"order_{version}"]) for version in (29, 31, 34) if row[f"order_{version}"]},
        parent=row["parent"],
        keys=tuple(part for part in row["keys"].split("|") if part),
        help=row["help"],
    )


@cache
def fields() -> dict[str, tuple[Field, ...]]:
    """Return the fields of every section in the order of the file."""
    found: dict[str, list[Field]] = defaultdict(list)
    with Path(__file__).with_name("fields.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            found[row["section"]].append(
                Field(
                    section=row["section"],
                    line=int(row["line"]),
                    name=row["field"],
                    type=row["type"],
                    default=row["default"],
                    unit=row["unit"],
                    since=_number(row["since"], 0),
                    until=_number(row["until"], RAWX),
                    title=row["title"],
                    rawx=row["rawx"],
                    help=row["help"],
                )
            )
    return {name: tuple(content) for name, content in found.items()}


@cache
def layout(section: str, version: int, line: int | None = None) -> tuple[Field, ...]:
    """Return the fields of a section (or of one line of its records) in a version."""
    return tuple(f for f in fields()[section] if f.is_in(version) and line in (None, f.line))


@cache
def order(version: int) -> tuple[str, ...]:
    """Return the sections of a version in their order, without the system-wide block."""
    key = 29 if version < 31 else 31 if version < 34 else 34
    present = [s for s in sections().values() if key in s.order and s.since <= version <= s.until]
    return tuple(s.name for s in sorted(present, key=lambda s: s.order[key]))


@cache
def titles() -> dict[str, str]:
    """Return the section of each title and alias that terminators and comments use."""
    found = {"SYSTEM-WIDE": "system_wide", "SYSTEM WIDE": "system_wide"}
    for section in sections().values():
        for title in (section.title, *section.aliases):
            if title:
                found[title] = section.name
    return found


@cache
def field(section: str, name: str) -> Field:
    """Return a field by section and name."""
    return next(f for f in reversed(fields()[section]) if f.name == name)


@cache
def required(section: str) -> tuple[str, ...]:
    """Return the numbers that a record of a section can't do without: they say which element it is."""
    whole = (f for f in fields()[section] if f.type == "int" and not f.default and f.line == 1)
    return tuple(f.name for f in whole if not f.name.startswith("DUM"))


@cache
def names(section: str) -> tuple[str, ...]:
    """Return the distinct field names of a section in the order of RAWX."""
    return tuple(dict.fromkeys(f.name for f in fields()[section] if f.until >= 35)) + tuple(
        dict.fromkeys(f.name for f in fields()[section] if f.until < 35 and f.name not in _current(section))
    )


@cache
def _current(section: str) -> frozenset[str]:
    return frozenset(f.name for f in fields()[section] if f.until >= 35)
