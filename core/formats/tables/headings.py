"""Headings and units: which column of ours a heading of an outside file means.

A heading means a column when it is spelled like one of the column's known headings, or like one followed by a unit
that fits the column. Nothing is found *inside* a heading, so ``Breaker_Rating_kA`` can't pass for a duty.
Case, spaces, underscores, brackets and accents don't matter.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from core.documents import digest

__all__ = ["Dialect", "DialectColumn", "Match", "is_unit", "key", "match_columns", "read_dialects", "signature"]

NEEDS_UNIT = "?"

_LAST_WORD = re.compile(r"(?<=[^A-Za-z0-9])[A-Za-z]+(?=[^A-Za-z0-9]*$)")
_DOUBLE_PRIME = re.compile(r"(?<=^i)(?:''|\"|″)|(?<=^ik)(?:''|\"|″)|(?<=^sk)(?:''|\"|″)")
_WORDS = {
    "%": "pct",
    "‰": "permille",
    "°": "deg",
    "º": "deg",
    "∠": "angle",
    "δ": "angle",
    "λ": "lambda",
    "″": "",
    "'": "",
}


@cache
def key(heading: str) -> str:
    """Return what two spellings of one heading have in common.

    Examples
    --------
    >>> key("Voltage (%)"), key("VOLTAGE_PCT"), key(" X/R ")
    ('voltagepct', 'voltagepct', 'xr')
    """
    text = _DOUBLE_PRIME.sub("ss", heading.casefold())  # Ik'' is not Ik
    text = "".join(_WORDS.get(letter, letter) for letter in text)
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if letter.isalnum())


@cache
def _units() -> dict[str, dict[str, float]]:
    """Return unit → spelling's key → the factor that turns a number in the spelling into the unit."""
    units: dict[str, dict[str, float]] = {}
    with Path(__file__).with_name("units.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            spellings = units.setdefault(row["unit"], {})
            spellings.update({unit_key(text): float(row["factor"]) for text in row["spellings"].split("|")})
    return units


def unit_key(text: str) -> str:
    """Return a unit's spelling without case, spaces and brackets; signs such as ``/`` and ``^`` count."""
    word = text.strip().strip("()[]{}").casefold()
    return "".join(_WORDS.get(letter, letter) for letter in word if not letter.isspace() and letter not in "._,")


@cache
def factor(unit: str, spelling: str) -> float | None:
    """Return what a number in ``spelling`` is multiplied by to be in ``unit``; ``None`` when they don't fit.

    Examples
    --------
    >>> factor("kA", "A"), factor("kA", "MW")
    (0.001, None)
    """
    return _units().get(unit, {}).get(unit_key(spelling))


@cache
def is_unit(text: str) -> bool:
    """Tell whether a cell holds nothing but a unit that the hub knows."""
    return any(unit_key(text) in spellings for spellings in _units().values())


@cache
def stated_unit(heading: str, unit: str) -> tuple[str, str]:
    """Return a heading's key without the unit at its end, and that unit's spelling; "" when it states none that fits.

    Examples
    --------
    >>> stated_unit("Isc (A)", "kA"), stated_unit("Fault_Type", "kA")
    (('isc', 'a'), ('faulttype', ''))
    """
    whole = key(heading)
    last = _LAST_WORD.search(heading)
    for spelling in sorted(_units().get(unit, {}), key=len, reverse=True):
        ending = key(spelling)
        apart = len(ending) > 1 or (last is not None and key(last[0]) == ending)
        if ending and apart and whole.endswith(ending):
            return whole.removesuffix(ending), spelling
    return whole, ""


@dataclass(frozen=True, slots=True)
class DialectColumn:
    """One column of ours in one kind of file: its type, unit and the headings that outside tools print for it."""

    name: str
    type: str  # text or float
    unit: str
    role: str  # "id", "key" (one of these must be there) or ""
    headings: dict[str, tuple[int, str, str]] = field(default_factory=dict)  # key → rank, unit, version

    def rank(self, heading: str) -> tuple[int, str, str] | None:
        """Return how well a heading fits (0 is best), the unit that it states and the tool's version; or ``None``."""
        stem, unit = stated_unit(heading, self.unit)
        whole = self.headings.get(key(heading))
        if whole is not None:
            states = unit if whole[1] in ("", NEEDS_UNIT) else whole[1]
            return (whole[0], states, whole[2]) if states or whole[1] != NEEDS_UNIT else None
        base = self.headings.get(stem) if unit else None
        return None if base is None else (base[0], unit, base[2])


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the tools print one kind of file."""

    kind: str  # "etap.load_flow"
    columns: dict[str, DialectColumn]

    @property
    def ids(self) -> list[str]:
        """Return the columns that name a row's element."""
        return [column.name for column in self.columns.values() if column.role == "id"]

    @property
    def keys(self) -> list[str]:
        """Return the columns of which at least one must be there."""
        return [column.name for column in self.columns.values() if column.role == "key"]

    def means(self, heading: str) -> str | None:
        """Return the column that a heading fits best, if any."""
        ranks = {name: column.rank(heading) for name, column in self.columns.items()}
        fitting = {name: rank[0] for name, rank in ranks.items() if rank is not None}
        return min(fitting, key=lambda name: fitting[name]) if fitting else None


def read_dialects(path: Path) -> dict[str, Dialect]:
    """Read a dialect file: ``kind,column,type,unit,role,version,headings``; several rows may describe one column.

    A heading is written ``Text``, ``Text=unit`` where the unit isn't at its end, or ``Text=?`` where it means this
    column only when it states a unit: ``Voltage`` alone is a ratio, ``Voltage (kV)`` isn't.
    """
    dialects: dict[str, Dialect] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            columns = dialects.setdefault(row["kind"], Dialect(row["kind"], {})).columns
            empty = DialectColumn(row["column"], row["type"], row["unit"], row["role"])
            headings = columns.setdefault(row["column"], empty).headings
            for heading in row["headings"].split("|"):
                text, _, unit = heading.partition("=")
                headings.setdefault(key(text), (len(headings), unit, row["version"]))
    return dialects


@dataclass(frozen=True, slots=True)
class Match:
    """Which heading stands for which column, and what is left."""

    matched: dict[str, int]  # our column → position of the heading
    units: dict[str, str]  # our column → the unit that its heading states, if any
    unmatched: list[int]  # positions that mean nothing to us
    ambiguous: dict[str, list[int]]  # our column → the other positions that fit it too
    unknown: list[str]  # columns or headings of the mapping that don't exist
    version: str = ""  # the tool's version whose headings were met most
    exchanged: int = 0  # how many headings are those of the hub's own exchange format


def match_columns(headings: Sequence[str], dialect: Dialect, mapping: Mapping[str, str] | None = None) -> Match:
    """Match headings to a dialect's columns: the mapping first ("" means none), then the best-ranked heading."""
    chosen, unknown = _mapped(headings, dialect, mapping or {})
    fits: dict[str, list[tuple[int, int, str, str]]] = {}
    free_columns = {name: each for name, each in dialect.columns.items() if name not in (mapping or {})}
    for position, heading in enumerate(headings):
        if position in chosen.values():
            continue
        ranks = {name: column.rank(heading) for name, column in free_columns.items()}
        for name, rank in ranks.items():
            if rank is not None:
                fits.setdefault(name, []).append((rank[0], position, rank[1], rank[2]))
    matched, units, versions, ambiguous = dict(chosen), {}, [], {}
    for name, position in chosen.items():
        rank = dialect.columns[name].rank(headings[position])
        units[name] = rank[1] if rank else stated_unit(headings[position], dialect.columns[name].unit)[1]
    for name in sorted(fits, key=lambda each: min(fits[each])):
        free = sorted(fit for fit in fits[name] if fit[1] not in matched.values())
        if free:
            matched[name], units[name] = free[0][1], free[0][2]
            versions.append(free[0][3])
            ambiguous[name] = [fit[1] for fit in free[1:]]
    taken = set(matched.values())
    ambiguous = {name: [p for p in others if p not in taken] for name, others in ambiguous.items()}
    named = taken.union(*ambiguous.values())
    return Match(
        matched=matched,
        units=units,
        unmatched=[position for position in range(len(headings)) if position not in named and headings[position]],
        ambiguous={name: others for name, others in ambiguous.items() if others},
        unknown=unknown,
        version=max(sorted(set(versions)), key=versions.count, default=""),
        exchanged=versions.count("exchange"),
    )


def _mapped(headings: Sequence[str], dialect: Dialect, mapping: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    """Return the positions that a mapping by hand chooses, and what of it doesn't exist."""
    positions = {heading: position for position, heading in reversed(list(enumerate(headings)))}
    by_key = {key(heading): position for heading, position in positions.items()}
    chosen: dict[str, int] = {}
    unknown: list[str] = []
    for name, heading in mapping.items():
        if not heading and name in dialect.columns:
            continue
        position = positions.get(heading, by_key.get(key(heading)))
        if name not in dialect.columns or position is None:
            unknown.append(f"{name}: {heading}")
        else:
            chosen[name] = position
    return chosen, unknown


def signature(headings: Iterable[str]) -> str:
    """Return the signature of a table's headings, under which a mapping is remembered."""
    return digest([key(heading) for heading in headings])
