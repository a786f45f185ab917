"""PSS/E's monitoring files (``.mon``): branches, voltages and interfaces that are watched, as typed lists.

PSS/E's manual of these files is not public. What is read is what public files and readers of them agree on; any other
line is an error: what it wants watched is not judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from core.findings import Reading, Severity
from core.formats.psse.contingency_files import BRANCH, spelled_ckt
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

_NUMBERED = rf"(?:AREA|ZONE|OWNER|BUS|KV)\s+{NUMBER}"
_SCOPE = (
    rf"(?:ALL(?:\s+BUSES)?|(?:SUBSYSTEM|SYSTEM)\s+{NAME}|{_NUMBERED}"
    rf"|(?!(?:ALL|SUBSYSTEM|SYSTEM|AREA|ZONE|OWNER|BUS|KV|FROM|IN)\b){NAME})"
)
_IN = rf"(?:IN|FROM)\s+(?P<subsystem>{_SCOPE})"
_OF = rf"(?:IN\s+)?(?P<subsystem>{_SCOPE})"
_LIMITS = rf"\s+(?P<low>{NUMBER})(?:\s+(?P<high>{NUMBER}))?"
_KINDS: tuple[tuple[str, str], ...] = (
    ("branches", rf"(?:(?:BRANCHES|LINES|ALL\s+BRANCHES|ALL\s+LINES)\s+{_IN}|ALL\s+(?:BRANCHES|LINES))"),
    ("branches", rf"(?:BRANCH|LINE|THREEWINDING)\s+{BRANCH}"),
    ("breakers", rf"(?:BREAKERS\s+{_IN}|ALL\s+BREAKERS)"),
    ("buses", rf"(?:BUSES\s+{_IN}|ALL\s+BUSES)"),
    ("ties", rf"TIES\s+(?:(?:FROM|IN)\s+)?(?P<subsystem>{_SCOPE})(?:\s+TO\s+(?P<beyond>{_SCOPE}))?"),
    ("voltage range", rf"VOLTAGE\s+RANGE\s+{_OF}{_LIMITS}"),
    ("voltage deviation", rf"VOLTAGE\s+DEVIATION\s+{_OF}{_LIMITS}"),
    ("voltage limit", rf"VOLTAGE\s+LIMITS?\s+{_OF}"),
)
_OPENS = re.compile(
    rf"MONITOR\s+(?:(?:BRANCHES|LINES)|INTERFACE\s+(?P<name>{NAME})(?:\s+RATING\s+(?P<rating>{NUMBER})(?:\s+MW)?)?)",
    re.IGNORECASE,
)
_MEMBERS = (
    re.compile(rf"(?:(?:MONITOR\s+)?(?:BRANCH|LINE|THREEWINDING)\s+)?{BRANCH}", re.IGNORECASE),
    re.compile(
        rf"(?P<bus>{BUS})\s+(?P<to>{BUS})(?:\s+(?P<third>\d{{3,9}}))?(?:\s+(?:(?:CKT|CIRCUIT)\s+)?(?P<ckt>{NAME}))?",
        re.IGNORECASE,
    ),
)


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch by its buses and its circuit; its flow runs from the first bus."""

    bus: int
    to: int
    third: int | None = None
    ckt: str = "1"


@dataclass(frozen=True, slots=True)
class Monitor(Statement):
    """What is watched in a subsystem, or in all of the network without one; voltage limits in pu."""

    kind: str  # branches, breakers, buses, ties, voltage range, voltage deviation, voltage limit or interface
    subsystem: str = ""
    low: float | None = None
    high: float | None = None
    beyond: str = ""  # ties: the subsystem at their other end
    branches: tuple[Branch, ...] = ()
    name: str = ""  # of an interface
    rating_mw: float | None = None
    understood: bool = field(default=True, compare=False)  # whether every line of it was

    def spelled(self) -> str:
        """Return the statement in PSS/E's first spelling."""
        if self.kind == "interface" or self.branches:
            return "\n".join([f"MONITOR {self._opening()}", *map(spelled_branch, self.branches), "END\n"])
        if not self.subsystem and self.kind in ("branches", "breakers", "buses"):
            return f"MONITOR ALL {self.kind.upper()}\n"
        place = {"ties": "FROM ", "branches": "IN ", "breakers": "IN ", "buses": "IN "}.get(self.kind, "")
        words = ["MONITOR", self.kind.upper(), place + _spelled_scope(self.subsystem)]
        words += [f"TO {_spelled_scope(self.beyond)}"] * bool(self.beyond)
        words += [spelled_number(limit) for limit in (self.low, self.high) if limit is not None]
        return " ".join(words) + "\n"

    def _opening(self) -> str:
        if self.kind != "interface":
            return "BRANCHES"
        rating = "" if self.rating_mw is None else f" RATING {spelled_number(self.rating_mw)} MW"
        return f"INTERFACE {quoted(self.name)}{rating}"


def read_monitors(data: bytes, name: str) -> Reading[Statements[Monitor]]:
    """Read a ``.mon`` file."""
    return read_statements(data, name, "psse.mon", _monitors)


def spelled_branch(branch: Branch) -> str:
    """Return a branch as the files say it."""
    ends = [branch.bus, branch.to, *([branch.third] if branch.third is not None else [])]
    return f"BRANCH FROM BUS {' TO BUS '.join(map(str, ends))} CKT {spelled_ckt(branch.ckt)}"


def _spelled_scope(subsystem: str) -> str:
    if not subsystem:
        return "ALL BUSES"
    return subsystem if re.fullmatch(_NUMBERED, subsystem) else f"SUBSYSTEM {quoted(subsystem)}"


def _monitors(source: Lines) -> Placed[Monitor]:
    block: Monitor | None = None
    begin, last = 0, 0
    for number, line in source.lines:
        opened = _OPENS.fullmatch(line)
        if block is not None and (opened or ((monitor := _monitor(line)) and not monitor.branches)):
            source.unknown(begin, f"MONITOR {block.kind.upper()} has no END", Severity.ERROR)
            yield replace(block, understood=False), begin, last
            block = None
        if opened:
            block, begin = _block(opened), number
        elif line.upper() == "END":
            if block is not None:
                yield block, begin, number
            block = None
        elif block is not None:
            branch = _branch(line)
            block = replace(block, branches=(*block.branches, branch)) if branch else replace(block, understood=False)
            if branch is None:
                source.unknown(number, line, Severity.ERROR)
        elif monitor := _monitor(line):
            yield monitor, number, number
        else:
            source.unknown(number, line, Severity.ERROR)
        last = number
    if block is not None:
        source.unknown(begin, f"MONITOR {block.kind.upper()} has no END", Severity.ERROR)
        yield replace(block, understood=False), begin, last


def _block(opened: re.Match[str]) -> Monitor:
    if opened["name"] is None:
        return Monitor("branches")
    rating = opened["rating"]
    return Monitor("interface", name=named(opened["name"]), rating_mw=None if rating is None else float(rating))


def _monitor(line: str) -> Monitor | None:
    """Return what a line of its own watches, nothing where it isn't understood."""
    for kind, pattern in _KINDS:
        found = re.fullmatch(rf"MONITOR\s+{pattern}", line, re.IGNORECASE)
        if found is None:
            continue
        parts = found.groupdict()
        if "bus" in parts:
            return Monitor(kind, branches=(_with_ends(parts),))
        low, high = (float(parts[key]) if parts.get(key) else None for key in ("low", "high"))
        if kind == "voltage range" and low is not None and high is not None and low > high:
            return None
        return Monitor(kind, _scope(parts.get("subsystem")), low, high, _scope(parts.get("beyond")))
    return None


def _branch(line: str) -> Branch | None:
    found = next(filter(None, (pattern.fullmatch(line) for pattern in _MEMBERS)), None)
    return _with_ends(found.groupdict()) if found else None


def _with_ends(parts: dict[str, str]) -> Branch:
    third = int(parts["third"]) if parts["third"] else None
    return Branch(int(parts["bus"]), int(parts["to"]), third, named(parts["ckt"] or "").upper() or "1")


def _scope(text: str | None) -> str:
    """Return a subsystem's name, ``AREA 1`` and the like as they are, nothing for all buses."""
    if not text or re.fullmatch(r"ALL(\s+BUSES)?", text, re.IGNORECASE):
        return ""
    if re.fullmatch(_NUMBERED, text, re.IGNORECASE):
        return " ".join(text.upper().split())
    return named(re.sub(r"^(SUBSYSTEM|SYSTEM)\s+", "", text, flags=re.IGNORECASE))
