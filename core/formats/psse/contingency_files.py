"""PSS/E's contingency, subsystem and monitoring files (``.con``, ``.sub``, ``.mon``) as typed lists.

Both spellings of an outage are read: ``OPEN|DISCONNECT|TRIP BRANCH|LINE FROM BUS 1 TO BUS 2 CKT|CIRCUIT 1`` and
``REMOVE|TRIP MACHINE|UNIT 1 FROM BUS 1``. A line that is not understood is a finding with its number, never dropped in
silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePath
from typing import TypeVar

from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where

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
    r"(?P<order>SINGLE|DOUBLE|BUSDOUBLE|PARALLEL)\s+(?P<what>BRANCH|LINE|UNIT|MACHINE|TIE)S?"
    r"\s+(?:IN|FOR|FROM)\s+(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+)"
)  # fmt: skip
_MONITORS: tuple[tuple[str, str], ...] = (
    ("branches", r"MONITOR\s+(?:BRANCHES|LINES|ALL BRANCHES)\s+IN\s+(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+)"),
    ("ties", r"MONITOR\s+TIES(?:\s+FROM)?(?:\s+(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+))?"),
    ("voltage range", r"MONITOR\s+VOLTAGE\s+RANGE\s+(?:IN\s+)?(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+)"
     r"\s+(?P<low>[\d.]+)(?:\s+(?P<high>[\d.]+))?"),
    ("voltage deviation", r"MONITOR\s+VOLTAGE\s+DEVIATION\s+(?:IN\s+)?(?:SUBSYSTEM\s+)?(?P<subsystem>'[^']*'|\S+)"
     r"\s+(?P<low>[\d.]+)(?:\s+(?P<high>[\d.]+))?"),
)  # fmt: skip
_MEMBERS = re.compile(r"(?P<kind>AREA|ZONE|OWNER|BUS|KV|KVRANGE)(?:S|ES)?\s+(?P<values>[\d.\s,]+)")
_COMMENT = re.compile(r"^\s*(?:COM\b|/|!)")


@dataclass(frozen=True, slots=True)
class Outage:
    """One element that a contingency takes out of service."""

    kind: str  # branch, machine, load, shunt or bus
    bus: int
    to: int | None = None
    third: int | None = None
    ckt: str = "1"


@dataclass(frozen=True, slots=True)
class Contingency:
    """A named set of outages, or an automatic one: every single or double outage in a subsystem."""

    name: str
    outages: tuple[Outage, ...] = ()
    automatic: str = ""  # "SINGLE BRANCH", "DOUBLE UNIT", …
    subsystem: str = ""


@dataclass(frozen=True, slots=True)
class Subsystem:
    """A named part of the network: members by kind, ranges as pairs of numbers in a row."""

    name: str
    members: tuple[tuple[str, tuple[float, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Monitor:
    """What is watched in a subsystem; voltage limits in pu."""

    kind: str  # branches, ties, voltage range or voltage deviation
    subsystem: str = ""
    low: float | None = None
    high: float | None = None


def read_contingencies(data: bytes, name: str) -> Reading[list[Contingency]]:
    """Read a ``.con`` file."""
    return _reading(data, name, "psse.con", _contingencies)


def read_subsystems(data: bytes, name: str) -> Reading[list[Subsystem]]:
    """Read a ``.sub`` file."""
    return _reading(data, name, "psse.sub", _subsystems)


def read_monitors(data: bytes, name: str) -> Reading[list[Monitor]]:
    """Read a ``.mon`` file."""
    return _reading(data, name, "psse.mon", _monitors)


@dataclass(slots=True)
class _Lines:
    """The lines that say something, with their numbers, and what was found on the way."""

    file: str
    lines: list[tuple[int, str]]
    findings: list[Finding] = field(default_factory=list)

    def unknown(self, number: int, text: str) -> None:
        place = Where(file=PurePath(self.file).name, line=number)
        said = f"this line was not understood: {text[:80]}"
        hint = "the hub reads outages of branches, machines, loads, shunts and buses, subsystems and monitored sets"
        self.findings.append(Finding("psse.statement.unknown", Severity.WARNING, said, hint, place))


def _reading(data: bytes, name: str, kind: str, read: Callable[[_Lines], Iterator[T]]) -> Reading[list[T]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text:
        raise BadInput("this is no text file", hint="export it from PSS/E again", where=Where(file=PurePath(name).name))
    numbered = enumerate((line.strip() for line in text.splitlines()), 1)
    lines = _Lines(name, [(number, line) for number, line in numbered if line and not _COMMENT.match(line)])
    value = list(read(lines))
    if not value:
        place = Where(file=PurePath(name).name)
        lines.findings.append(Finding("psse.statements.none", Severity.ERROR, "the file says nothing", "", place))
    return Reading(value, lines.findings, Source(name, sha256(data).hexdigest(), kind))


def _contingencies(source: _Lines) -> Iterator[Contingency]:
    name: str | None = None
    outages: list[Outage] = []
    for number, line in source.lines:
        upper = line.upper()
        if upper.startswith("CONTINGENCY"):
            name, outages = _name(line, "CONTINGENCY"), []
        elif upper == "END":
            if name is not None:
                yield Contingency(name, tuple(outages))
            name = None
        elif (found := _SETS.fullmatch(upper)) and name is None:
            order = f"{found['order']} {'UNIT' if found['what'] in ('UNIT', 'MACHINE') else 'BRANCH'}"
            yield Contingency(order, automatic=order, subsystem=_name(line[found.start("subsystem") :], ""))
        elif name is not None and (outage := _outage(upper)):
            outages.append(outage)
        else:
            source.unknown(number, line)
    if name is not None:
        yield Contingency(name, tuple(outages))
        source.unknown(source.lines[-1][0], f"CONTINGENCY {name} has no END")


def _outage(line: str) -> Outage | None:
    for kind, pattern in _EVENTS:
        if found := re.fullmatch(pattern, line):
            parts = found.groupdict()
            ends = [int(parts[key]) if parts.get(key) else None for key in ("to", "third")]
            return Outage(kind, int(parts["bus"]), ends[0], ends[1], (parts.get("ckt") or "1").strip("' "))
    return None


def _subsystems(source: _Lines) -> Iterator[Subsystem]:
    name: str | None = None
    members: list[tuple[str, tuple[float, ...]]] = []
    for number, line in source.lines:
        upper = line.upper()
        if upper.startswith("SUBSYSTEM"):
            name, members = _name(line, "SUBSYSTEM"), []
        elif upper == "END":
            if name is not None:
                yield Subsystem(name, tuple(members))
            name = None
        elif name is not None and (found := _MEMBERS.fullmatch(upper)):
            members.append((found["kind"], tuple(float(value) for value in re.findall(r"[\d.]+", found["values"]))))
        elif upper not in ("JOIN", "ALL BUSES"):
            source.unknown(number, line)
    if name is not None:
        yield Subsystem(name, tuple(members))
        source.unknown(source.lines[-1][0], f"SUBSYSTEM {name} has no END")


def _monitors(source: _Lines) -> Iterator[Monitor]:
    for number, line in source.lines:
        if line.upper() == "END":
            continue
        monitor = _monitor(line)
        if monitor is None:
            source.unknown(number, line)
        else:
            yield monitor


def _monitor(line: str) -> Monitor | None:
    for kind, pattern in _MONITORS:
        if found := re.fullmatch(pattern, line, re.IGNORECASE):
            parts = found.groupdict()
            low, high = (float(parts[key]) if parts.get(key) else None for key in ("low", "high"))
            return Monitor(kind, _name(parts.get("subsystem") or "", ""), low, high)
    return None


def _name(line: str, word: str) -> str:
    return line[len(word) :].strip().strip("'\"").strip()
