"""PSS/E's contingency and subsystem files (``.con``, ``.sub``) as typed lists.

Both spellings of an outage are read: ``OPEN|DISCONNECT|TRIP BRANCH|LINE FROM BUS 1 TO BUS 2 CKT|CIRCUIT 1`` and
``REMOVE|TRIP MACHINE|UNIT 1 FROM BUS 1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core.findings import Reading
from core.formats.psse.statements import (
    BUS,
    NAME,
    NUMBER,
    Lines,
    Placed,
    Statement,
    Statements,
    named,
    quoted,
    read_statements,
    spelled_number,
)

_CKT = rf"(?:\s+(?:CKT|CIRCUIT|CKTID|ID)\s+(?P<ckt>{NAME}))?"
#: The buses at the ends of a branch and its circuit, 1 where it is left out.
BRANCH = (
    rf"(?:FROM|AT)\s+BUS\s+(?P<bus>{BUS})\s+TO\s+(?:BUS\s+)?(?P<to>{BUS})"
    rf"(?:\s+TO\s+(?:BUS\s+)?(?P<third>{BUS}))?{_CKT}"
)
_TAKE_OUT = "(?:OPEN|DISCONNECT|TRIP|REMOVE)"
_AT_BUS = rf"\s+FROM\s+BUS\s+(?P<bus>{BUS})"
_ANY_AT_BUS = rf"(?:\s+(?P<ckt>(?!FROM\b){NAME}))?{_AT_BUS}"
_EVENTS: tuple[tuple[str, str], ...] = (
    ("branch", rf"{_TAKE_OUT}\s+(?:BRANCH|LINE|THREEWINDING)\s+{BRANCH}"),
    ("machine", rf"(?:REMOVE|TRIP|DISCONNECT)\s+(?:MACHINE|UNIT)\s+(?P<ckt>{NAME}){_AT_BUS}"),
    ("load", rf"(?:REMOVE|TRIP|DISCONNECT)\s+LOAD{_ANY_AT_BUS}"),
    ("shunt", rf"(?:REMOVE|TRIP|DISCONNECT)\s+SHUNT{_ANY_AT_BUS}"),
    ("swshunt", rf"(?:REMOVE|TRIP|DISCONNECT)\s+SWSHUNT{_ANY_AT_BUS}"),
    ("bus", rf"{_TAKE_OUT}\s+BUS\s+(?P<bus>{BUS})"),
)
_SETS = re.compile(
    r"(?P<order>SINGLE|DOUBLE|BUSDOUBLE|PARALLEL)\s+(?P<what>BRANCH|LINE|UNIT|MACHINE|TIE)(?:S|ES)?"
    rf"\s+(?:IN|FOR|FROM)\s+(?:(?:SUBSYSTEM|SYSTEM)\s+)?(?P<subsystem>(?:AREA|ZONE|OWNER|BUS|KV)\s+{NUMBER}|{NAME})",
    re.IGNORECASE,
)
_SORTS = {"MACHINE": "UNIT", "LINE": "BRANCH"}
_MEMBERS = re.compile(rf"(?P<kind>AREA|ZONE|OWNER|BUS|KV|KVRANGE)(?:S|ES)?(?P<values>(?:[\s,]+{NUMBER})+)")
#: A line that opens a subsystem and goes on with who is in it.
_OPENED = re.compile(rf"(?P<opens>(?:SUB)?SYSTEM\s+{NAME})\s+(?P<more>.+)", re.IGNORECASE)
_MORE = re.compile(r"\s+(?=[A-Z])", re.IGNORECASE)
#: Conditions on buses by kind; ranges as pairs of numbers in a row.
Members = tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class Outage:
    """One element that a contingency takes out of service."""

    kind: str  # branch, machine, load, shunt, swshunt or bus
    bus: int
    to: int | None = None
    third: int | None = None
    ckt: str = "1"  # of loads and shunts, none for all that are at the bus


@dataclass(frozen=True, slots=True)
class Contingency(Statement):
    """A named set of outages, or an automatic one: every single or double outage in a subsystem."""

    name: str
    outages: tuple[Outage, ...] = ()
    automatic: str = ""  # "SINGLE BRANCH", "DOUBLE UNIT", …
    subsystem: str = ""
    understood: bool = field(default=True, compare=False)  # whether every line of it was

    def spelled(self) -> str:
        """Return the statement in PSS/E's first spelling."""
        if self.automatic:
            return f"{self.automatic} IN SUBSYSTEM {quoted(self.subsystem)}\n"
        return "\n".join([f"CONTINGENCY {quoted(self.name)}", *map(spelled_outage, self.outages), "END\n"])


@dataclass(frozen=True, slots=True)
class Subsystem(Statement):
    """A named part of the network: buses that meet one of the members or all kinds of a join, and no skip."""

    name: str
    members: Members = ()
    joins: tuple[Members, ...] = ()
    skips: Members = ()
    understood: bool = field(default=True, compare=False)  # whether every line of it was

    def spelled(self) -> str:
        """Return the statement in PSS/E's first spelling."""
        joins = [
            line
            for number, join in enumerate(self.joins, start=1)
            for line in (f"JOIN 'GROUP {number}'", *_spelled_members(join), "END")
        ]
        lines = [*_spelled_members(self.members), *joins, *_spelled_members(self.skips, "SKIP ")]
        return "\n".join([f"SUBSYSTEM {quoted(self.name)}", *lines, "END\n"])


def read_contingencies(data: bytes, name: str) -> Reading[Statements[Contingency]]:
    """Read a ``.con`` file."""
    return read_statements(data, name, "psse.con", _contingencies)


def read_subsystems(data: bytes, name: str) -> Reading[Statements[Subsystem]]:
    """Read a ``.sub`` file."""
    return read_statements(data, name, "psse.sub", _subsystems)


def _spelled_members(members: Members, word: str = "") -> list[str]:
    return [f"{word}{kind} {' '.join(map(spelled_number, values))}" for kind, values in members]


def spelled_outage(outage: Outage) -> str:
    """Return an outage as the files say it."""
    ckt = spelled_ckt(outage.ckt)
    if outage.kind == "bus":
        return f"DISCONNECT BUS {outage.bus}"
    if outage.kind == "branch":
        ends = "".join(f" TO BUS {end}" for end in (outage.to, outage.third) if end is not None)
        return f"OPEN BRANCH FROM BUS {outage.bus}{ends} CKT {ckt}"
    return " ".join(filter(None, ("REMOVE", outage.kind.upper(), ckt, f"FROM BUS {outage.bus}")))


def spelled_ckt(ckt: str) -> str:
    """Return a circuit or an identifier, in quotes where it needs them."""
    return ckt if ckt.isalnum() or not ckt else quoted(ckt)


def _contingencies(source: Lines) -> Placed[Contingency]:
    name: str | None = None
    outages: list[Outage] = []
    begin, understood = 0, True
    for number, line in source.lines:
        upper = line.upper()
        if upper.startswith("CONTINGENCY"):
            if name is not None:
                source.unknown(number, f"CONTINGENCY {name} has no END")
                yield Contingency(name, tuple(outages), understood=understood), begin, number - 1
            name, outages, begin, understood = named(line[len("CONTINGENCY") :]), [], number, True
        elif upper == "END":
            if name is not None:
                yield Contingency(name, tuple(outages), understood=understood), begin, number
            name = None
        elif (found := _SETS.fullmatch(line)) and name is None:
            what = found["what"].upper()
            order = f"{found['order'].upper()} {_SORTS.get(what, what)}"
            yield Contingency(order, automatic=order, subsystem=named(found["subsystem"])), number, number
        elif name is not None and (outage := _outage(upper)):
            outages.append(outage)
        else:
            understood = False
            source.unknown(number, line)
    if name is not None:
        last = source.lines[-1][0]
        source.unknown(last, f"CONTINGENCY {name} has no END")
        yield Contingency(name, tuple(outages), understood=understood), begin, last


def _outage(line: str) -> Outage | None:
    for kind, pattern in _EVENTS:
        if found := re.fullmatch(pattern, line):
            parts = found.groupdict()
            ends = [int(parts[key]) if parts.get(key) else None for key in ("to", "third")]
            ckt = named(parts.get("ckt") or "") or ("" if kind in ("load", "shunt", "swshunt") else "1")
            return Outage(kind, int(parts["bus"]), ends[0], ends[1], ckt)
    return None


def _subsystems(source: Lines) -> Placed[Subsystem]:
    found: Subsystem | None = None
    begin, block = 0, ""
    for number, line in _pieces(source):
        upper = line.upper()
        if upper.startswith(("SUBSYSTEM", "SYSTEM")):
            if found is not None:
                source.unknown(number, f"SUBSYSTEM {found.name} has no END")
                yield found, begin, number - 1
            found, begin, block = Subsystem(named(line[upper.index("SYSTEM") + 6 :])), number, ""
        elif upper == "END" and block:
            block = ""
        elif upper == "END":
            if found is not None:
                yield found, begin, number
            found = None
        elif found is None:
            source.unknown(number, line)
        elif not block and upper.startswith(("JOIN", "PARTICIPATE")):
            block = "JOIN" if upper.startswith("JOIN") else "PARTICIPATE"
            found = replace(found, joins=(*found.joins, ())) if block == "JOIN" else found
        elif block != "PARTICIPATE":  # a dispatch makes no bus a member
            found, understood = _with_line(found, upper, block)
            if not understood:
                source.unknown(number, line)
    if found is not None:
        last = source.lines[-1][0]
        source.unknown(last, f"SUBSYSTEM {found.name} has no END")
        yield found, begin, last


def _pieces(source: Lines) -> Iterator[tuple[int, str]]:
    """Yield the lines; one that opens a subsystem and says more (``SUBSYSTEM A AREA 5 END``) piece by piece."""
    for number, line in source.lines:
        opened = _OPENED.fullmatch(line)
        yield number, opened["opens"] if opened else line
        if opened:
            yield from ((number, piece) for piece in re.split(_MORE, opened["more"]))


def _with_line(subsystem: Subsystem, line: str, block: str) -> tuple[Subsystem, bool]:
    """Return the subsystem with a line on who is in it, inside a JOIN or outside, and whether it was understood."""
    skips = line.startswith("SKIP ") and not block
    if found := _MEMBERS.fullmatch(line.removeprefix("SKIP ").strip() if skips else line):
        member = found["kind"], tuple(float(value) for value in re.findall(NUMBER, found["values"]))
        if skips:
            return replace(subsystem, skips=(*subsystem.skips, member)), True
        if block:
            return replace(subsystem, joins=(*subsystem.joins[:-1], (*subsystem.joins[-1], member))), True
        return replace(subsystem, members=(*subsystem.members, member)), True
    if line == "ALL BUSES" and not block:
        return subsystem, True
    return replace(subsystem, understood=False), False
