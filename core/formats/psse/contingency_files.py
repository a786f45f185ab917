"""PSS/E's contingency, subsystem and monitoring files (``.con``, ``.sub``, ``.mon``) as typed lists.

Both spellings of an outage are read: ``OPEN|DISCONNECT|TRIP BRANCH|LINE FROM BUS 1 TO BUS 2 CKT|CIRCUIT 1`` and
``REMOVE|TRIP MACHINE|UNIT 1 FROM BUS 1``. A line that is not understood is a finding with its number, never dropped in
silence. Statements keep their lines: what isn't changed is written as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import PurePath
from typing import Any, TypeVar

from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.psse.dynamics import before_slash
from core.formats.psse.records import decode

T = TypeVar("T")

_CKT = r"(?:\s+(?:CKT|CIRCUIT|CKTID|ID)\s+(?P<ckt>'[^']*'|\S+))?"
_TAKE_OUT = "(?:OPEN|DISCONNECT|TRIP|REMOVE)"
_EVENTS: tuple[tuple[str, str], ...] = (
    (
        "branch",
        rf"{_TAKE_OUT}\s+(?:BRANCH|LINE)\s+FROM\s+BUS\s+(?P<bus>\d+)\s+TO\s+BUS\s+(?P<to>\d+)"
        rf"(?:\s+TO\s+BUS\s+(?P<third>\d+))?{_CKT}",
    ),
    ("machine", r"(?:REMOVE|TRIP|DISCONNECT)\s+(?:MACHINE|UNIT)\s+(?P<ckt>'[^']*'|\S+)\s+FROM\s+BUS\s+(?P<bus>\d+)"),
    ("load", r"(?:REMOVE|TRIP|DISCONNECT)\s+LOAD\s+(?P<ckt>'[^']*'|\S+)\s+FROM\s+BUS\s+(?P<bus>\d+)"),
    (
        "shunt",
        r"(?:REMOVE|TRIP|DISCONNECT)\s+(?:SHUNT|SWSHUNT)(?:\s+(?P<ckt>'[^']*'|\S+))?\s+FROM\s+BUS\s+(?P<bus>\d+)",
    ),
    ("bus", rf"{_TAKE_OUT}\s+BUS\s+(?P<bus>\d+)"),
)
_SETS = re.compile(
    r"(?P<order>SINGLE|DOUBLE|BUSDOUBLE|PARALLEL)\s+(?P<what>BRANCH|LINE|UNIT|MACHINE|TIE)(?:S|ES)?"
    r"\s+(?:IN|FOR|FROM)\s+(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|(?:AREA|ZONE|OWNER|BUS|KV)\s+[\d.]+|\S+)"
)  # fmt: skip
_SORTS = {"MACHINE": "UNIT", "LINE": "BRANCH"}
_MONITORS: tuple[tuple[str, str], ...] = (
    ("branches", r"MONITOR\s+(?:BRANCHES|LINES|ALL BRANCHES)\s+IN\s+(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+)"),
    ("ties", r"MONITOR\s+TIES(?:\s+FROM)?(?:\s+(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+))?"),
    ("voltage range", r"MONITOR\s+VOLTAGE\s+RANGE\s+(?:IN\s+)?(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+)"
     r"\s+(?P<low>[\d.]+)(?:\s+(?P<high>[\d.]+))?"),
    ("voltage deviation", r"MONITOR\s+VOLTAGE\s+DEVIATION\s+(?:IN\s+)?(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+)"
     r"\s+(?P<low>[\d.]+)(?:\s+(?P<high>[\d.]+))?"),
)  # fmt: skip
MONITOR_WORDS = {
    "branches": "MONITOR BRANCHES IN SUBSYSTEM",
    "ties": "MONITOR TIES FROM SUBSYSTEM",
    "voltage range": "MONITOR VOLTAGE RANGE SUBSYSTEM",
    "voltage deviation": "MONITOR VOLTAGE DEVIATION SUBSYSTEM",
}
_MEMBERS = re.compile(r"(?P<kind>AREA|ZONE|OWNER|BUS|KV|KVRANGE)(?:S|ES)?\s+(?P<values>[\d.\s,]+)")
#: Conditions on buses by kind; ranges as pairs of numbers in a row.
Members = tuple[tuple[str, tuple[float, ...]], ...]
_COMMENT = re.compile(r"^\s*(?:COM\b|/|!)")


@dataclass(frozen=True, slots=True)
class Outage:
    """One element that a contingency takes out of service."""

    kind: str  # branch, machine, load, shunt or bus
    bus: int
    to: int | None = None
    third: int | None = None
    ckt: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    """Where a statement stands and how the file spells it; a new or changed one has no text."""

    before: str = field(default="", compare=False)  # comments and lines that weren't understood in front
    text: str = field(default="", compare=False)


class Statements(list[T]):
    """A file's statements, and the lines behind the last one."""

    tail: str = ""
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Contingency(_Statement):
    """A named set of outages, or an automatic one: every single or double outage in a subsystem."""

    name: str
    outages: tuple[Outage, ...] = ()
    automatic: str = ""  # "SINGLE BRANCH", "DOUBLE UNIT", …
    subsystem: str = ""
    understood: bool = field(default=True, compare=False)  # whether every line of it was


@dataclass(frozen=True, slots=True)
class Subsystem(_Statement):
    """A named part of the network: buses that meet one of the members or all kinds of a join, and no skip."""

    name: str
    members: Members = ()
    joins: tuple[Members, ...] = ()
    skips: Members = ()
    understood: bool = field(default=True, compare=False)  # whether every line of it was


@dataclass(frozen=True, slots=True)
class Monitor(_Statement):
    """What is watched in a subsystem; voltage limits in pu."""

    kind: str  # branches, ties, voltage range or voltage deviation
    subsystem: str = ""
    low: float | None = None
    high: float | None = None


def read_contingencies(data: bytes, name: str) -> Reading[Statements[Contingency]]:
    """Read a ``.con`` file."""
    return _reading(data, name, "psse.con", _contingencies)


def read_subsystems(data: bytes, name: str) -> Reading[Statements[Subsystem]]:
    """Read a ``.sub`` file."""
    return _reading(data, name, "psse.sub", _subsystems)


def read_monitors(data: bytes, name: str) -> Reading[Statements[Monitor]]:
    """Read a ``.mon`` file."""
    return _reading(data, name, "psse.mon", _monitors)


def write_statements(statements: Statements[Any]) -> str:
    """Return the file's text: statements that have their lines as they were, others in PSS/E's first spelling."""
    newline = "\r\n" if any(each.text.endswith("\r\n") for each in statements) else "\n"
    texts = (each.before + (each.text or _spelled(each).replace("\n", newline)) for each in statements)
    return "".join(texts) + statements.tail


def _spelled(statement: Contingency | Subsystem | Monitor) -> str:
    if isinstance(statement, Monitor):
        words = MONITOR_WORDS[statement.kind] + (f" '{statement.subsystem}'" if statement.subsystem else "")
        limits = (f"{limit:g}" for limit in (statement.low, statement.high) if limit is not None)
        return " ".join([words, *limits]) + "\n"
    if isinstance(statement, Subsystem):
        joins = [
            line
            for number, join in enumerate(statement.joins, start=1)
            for line in (f"JOIN 'GROUP {number}'", *_spelled_members(join), "END")
        ]
        lines = [*_spelled_members(statement.members), *joins, *_spelled_members(statement.skips, "SKIP ")]
        return "\n".join([f"SUBSYSTEM '{statement.name}'", *lines, "END\n"])
    if statement.automatic:
        return f"{statement.automatic} IN SUBSYSTEM '{statement.subsystem}'\n"
    return "\n".join([f"CONTINGENCY '{statement.name}'", *map(spelled_outage, statement.outages), "END\n"])


def _spelled_members(members: Members, word: str = "") -> list[str]:
    return [f"{word}{kind} {' '.join(f'{value:g}' for value in values)}" for kind, values in members]


def spelled_outage(outage: Outage) -> str:
    """Return an outage as the files say it."""
    ckt = outage.ckt if outage.ckt.isalnum() else f"'{outage.ckt}'"
    if outage.kind == "bus":
        return f"DISCONNECT BUS {outage.bus}"
    if outage.kind == "branch":
        ends = "".join(f" TO BUS {end}" for end in (outage.to, outage.third) if end is not None)
        return f"OPEN BRANCH FROM BUS {outage.bus}{ends} CKT {ckt}"
    return f"REMOVE {outage.kind.upper()} {ckt} FROM BUS {outage.bus}"


S = TypeVar("S", Contingency, Subsystem, Monitor)
#: A statement with its first and last line.
Placed = Iterator[tuple[S, int, int]]


@dataclass(slots=True)
class _Lines:
    """The lines that say something, with their numbers, and what was found on the way."""

    file: str
    lines: list[tuple[int, str]]
    findings: list[Finding]

    def unknown(self, number: int, text: str) -> None:
        place = Where(file=PurePath(self.file).name, line=number)
        said = f"this line was not understood: {text[:80]}"
        hint = "the hub reads outages of branches, machines, loads, shunts and buses, subsystems and monitored sets"
        self.findings.append(Finding("psse.statement.unknown", Severity.WARNING, said, hint, place))


def _reading(data: bytes, name: str, kind: str, read: Callable[[_Lines], Placed[S]]) -> Reading[Statements[S]]:
    findings: list[Finding] = []
    text, encoding = decode(data, findings)
    raw = text.splitlines(keepends=True)
    numbered = ((number, before_slash(line)[0].strip()) for number, line in enumerate(raw, 1))
    lines = _Lines(name, [(number, line) for number, line in numbered if line and not _COMMENT.match(line)], findings)
    value: Statements[S] = Statements()
    end = 0
    for statement, first, last in read(lines):
        front, own = "".join(raw[end : first - 1]), "".join(raw[first - 1 : last])
        value.append(replace(statement, before=front, text=own))
        end = last
    value.tail, value.encoding = "".join(raw[end:]), encoding
    if not value:
        place = Where(file=PurePath(name).name)
        findings.append(Finding("psse.statements.none", Severity.ERROR, "the file says nothing", "", place))
    return Reading(value, findings, Source(name, sha256(data).hexdigest(), kind))


def _contingencies(source: _Lines) -> Placed[Contingency]:
    name: str | None = None
    outages: list[Outage] = []
    begin, understood = 0, True
    for number, line in source.lines:
        upper = line.upper()
        if upper.startswith("CONTINGENCY"):
            if name is not None:
                source.unknown(number, f"CONTINGENCY {name} has no END")
                yield Contingency(name, tuple(outages), understood=understood), begin, number - 1
            name, outages, begin, understood = _name(line, "CONTINGENCY"), [], number, True
        elif upper == "END":
            if name is not None:
                yield Contingency(name, tuple(outages), understood=understood), begin, number
            name = None
        elif (found := _SETS.fullmatch(upper)) and name is None:
            order = f"{found['order']} {_SORTS.get(found['what'], found['what'])}"
            subsystem = _name(line[found.start("subsystem") :], "")
            yield Contingency(order, automatic=order, subsystem=subsystem), number, number
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
            return Outage(kind, int(parts["bus"]), ends[0], ends[1], (parts.get("ckt") or "1").strip("' "))
    return None


def _subsystems(source: _Lines) -> Placed[Subsystem]:
    found: Subsystem | None = None
    begin, block = 0, ""
    for number, line in source.lines:
        upper = line.upper()
        if upper.startswith(("SUBSYSTEM", "SYSTEM")):
            if found is not None:
                source.unknown(number, f"SUBSYSTEM {found.name} has no END")
                yield found, begin, number - 1
            found, begin, block = Subsystem(_name(line, upper[: upper.index("SYSTEM") + 6])), number, ""
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


def _with_line(subsystem: Subsystem, line: str, block: str) -> tuple[Subsystem, bool]:
    """Return the subsystem with a line on who is in it, inside a JOIN or outside, and whether it was understood."""
    skips = line.startswith("SKIP ") and not block
    if found := _MEMBERS.fullmatch(line.removeprefix("SKIP ").strip() if skips else line):
        member = found["kind"], tuple(float(value) for value in re.findall(r"[\d.]+", found["values"]))
        if skips:
            return replace(subsystem, skips=(*subsystem.skips, member)), True
        if block:
            return replace(subsystem, joins=(*subsystem.joins[:-1], (*subsystem.joins[-1], member))), True
        return replace(subsystem, members=(*subsystem.members, member)), True
    if line == "ALL BUSES" and not block:
        return subsystem, True
    return replace(subsystem, understood=False), False


def _monitors(source: _Lines) -> Placed[Monitor]:
    for number, line in source.lines:
        if line.upper() == "END":
            continue
        monitor = _monitor(line)
        if monitor is None:
            source.unknown(number, line)
        else:
            yield monitor, number, number


def _monitor(line: str) -> Monitor | None:
    for kind, pattern in _MONITORS:
        if found := re.fullmatch(pattern, line, re.IGNORECASE):
            parts = found.groupdict()
            low, high = (float(parts[key]) if parts.get(key) else None for key in ("low", "high"))
            return Monitor(kind, _name(parts.get("subsystem") or "", ""), low, high)
    return None


def _name(line: str, word: str) -> str:
    return line[len(word) :].strip().strip("'\"").strip()
