"""Outages and watched elements as PSS/E's contingency, subsystem and monitoring files state them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from core.engines.bus_case import Links, links_of
from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.psse import contingency_files as files
from core.formats.psse.monitor_files import Branch, Monitor, read_monitors
from core.network import Network
from core.network.network import TERMINALS
from core.studies.contingency.outages import (
    BASE,
    MOST_OUTAGES,
    Outage,
    branch_outages,
    generator_outages,
    joined,
)
from core.studies.load_flow.tables import link_names, row_names

_BRANCHES = ("branch", "transformer", "switch", "transformer3w")
#: Which tables hold an element that a statement takes out at a bus.
_AT_BUS = {
    "machine": ("generator",),
    "load": ("load",),
    "shunt": ("shunt", "switched_shunt"),
    "swshunt": ("switched_shunt",),
}
_COLUMNS = {"AREA": "area", "ZONE": "zone", "OWNER": "owner", "BUS": "bus", "KV": "base_kv", "KVRANGE": "base_kv"}


@dataclass(frozen=True, slots=True)
class Statements:
    """What the three files say."""

    contingencies: tuple[files.Contingency, ...]
    subsystems: tuple[files.Subsystem, ...] = ()
    monitors: tuple[Monitor, ...] = ()


#: A file's content and name.
File = tuple[bytes, str]


def read_statements(con: File, sub: File | None = None, mon: File | None = None) -> tuple[Statements, list[Finding]]:
    """Return the statements of the files; what was not understood is among the findings."""
    contingencies = files.read_contingencies(*con)
    if not contingencies.value:
        raise BadInput(
            "the file states no contingency", hint="name a .con file", where=contingencies.findings[-1].where
        )
    subsystems = files.read_subsystems(*sub) if sub else None
    monitors = read_monitors(*mon) if mon else None
    readings = [reading for reading in (contingencies, subsystems, monitors) if reading]
    statements = Statements(
        tuple(contingencies.value),
        tuple(subsystems.value) if subsystems else (),
        tuple(monitors.value) if monitors else (),
    )
    return statements, [finding for reading in readings for finding in reading.findings]


def stated_count(network: Network, statements: Statements) -> int:
    """Return how many outages the statements are in a network, the case without one included."""
    links = links_of(network)
    return len(Meaning(network, links, link_names(network, links), statements).outages())


@dataclass(slots=True)
class Meaning:
    """What statements mean in a network; what they name and the network doesn't have is found."""

    network: Network
    links: Links
    names: np.ndarray
    statements: Statements
    findings: list[Finding] = field(default_factory=list)

    def outages(self) -> list[Outage]:
        """Return the case without an outage and all that the contingencies state, in their order."""
        found = [Outage(BASE)]
        for contingency in self.statements.contingencies:
            found += list(self._automatic(contingency)) if contingency.automatic else [self._stated(contingency)]
            if len(found) > MOST_OUTAGES:
                raise BadInput(f"the contingencies are more than {MOST_OUTAGES:,}", hint="take a smaller subsystem")
        return found

    def members(self, name: str, where: Where) -> np.ndarray:
        """Return which buses are in a subsystem, all of them without one; ``AREA 1`` and the like are subsystems."""
        if not name:
            return np.ones(len(self.network["bus"]), dtype=bool)
        for subsystem in self.statements.subsystems:
            if subsystem.name.upper() == name.upper():
                return self._inside(subsystem)
        kind, _, value = name.upper().partition(" ")
        if kind in _COLUMNS and value.replace(".", "", 1).isdigit():
            inside = self._among(kind, (float(value),))
            if not inside.any():
                self.missing("place", f"the network has no bus of {name}", "Compare it with the case.", where)
            return inside
        self.missing("subsystem", f"there is no subsystem {name!r}; it has no bus", "Give the .sub file.", where)
        return np.zeros(len(self.network["bus"]), dtype=bool)

    def branch(self, branch: Branch, where: Where) -> tuple[str, int] | None:
        """Return table and row of a watched branch, nothing where the network does not have it."""
        ends = {bus for bus in (branch.bus, branch.to, branch.third) if bus is not None}
        found = self._branch(ends, branch.ckt)
        if found is None:
            text = f"the network has no branch {'-'.join(map(str, sorted(ends)))} {branch.ckt} to watch"
            self.missing("element", text, "Compare the numbers with the case.", where)
        return found

    def _branch(self, ends: set[int], ckt: str) -> tuple[str, int] | None:
        for table in _BRANCHES:
            if rows := self._rows(table, ends, ckt):
                return table, rows[0]
        return None

    def _inside(self, subsystem: files.Subsystem) -> np.ndarray:
        """Return the buses of a subsystem; one that was understood in part only is refused."""
        if not subsystem.understood:
            text = f"subsystem {subsystem.name!r} has lines that were not understood"
            raise BadInput(
                text, hint="`network read` on the .sub file lists them; a study can't go by the others alone"
            )
        every = np.ones(len(self.network["bus"]), dtype=bool)
        joins = [self._all_kinds(join) for join in subsystem.joins]
        parts = [*(self._among(*member) for member in subsystem.members), *joins]
        inside = np.any(parts, axis=0) if parts else every
        for skip in subsystem.skips:
            inside = inside & ~self._among(*skip)
        return np.asarray(inside, dtype=bool)

    def _all_kinds(self, join: files.Members) -> np.ndarray:
        """Return the buses that meet a condition of every kind in a JOIN."""
        inside = np.full(len(self.network["bus"]), bool(join))
        for kind in {kind for kind, _ in join}:
            inside &= np.any([self._among(*member) for member in join if member[0] == kind], axis=0)
        return inside

    def _among(self, kind: str, values: tuple[float, ...]) -> np.ndarray:
        """Return the buses of an area, zone, owner, number or voltage; two values are a range."""
        column = self.network.values("bus", _COLUMNS[kind])
        if len(values) == 2:
            return np.asarray((column >= min(values)) & (column <= max(values)))
        return np.isin(column, values)

    def _stated(self, contingency: files.Contingency) -> Outage:
        if not contingency.understood:
            text = f"contingency {contingency.name} has lines that were not understood"
            hint = "It is not calculated: the others alone would be another contingency."
            self.missing("statement", text, hint, contingency.where)
            return Outage(contingency.name, known=False)
        outage, known = Outage(contingency.name), True
        for event in contingency.outages:
            part = self._event(event)
            if part is None:
                known = False
                text = f"contingency {contingency.name}: the network has no {_words(event)}"
                hint = "It is not calculated: compare the numbers with the case."
                self.missing("element", text, hint, contingency.where)
            else:
                outage = joined(outage, part, contingency.name)
        for name in self._opened_in_part(outage):
            known = False
            text = f"contingency {contingency.name} opens one winding of {name}, which is not calculated"
            hint = "Take the whole transformer out: OPEN THREEWINDING FROM BUS i TO BUS j TO BUS k CKT c."
            self.missing("winding", text, hint, contingency.where)
        if not contingency.outages:
            text = f"contingency {contingency.name} takes nothing out"
            self.missing("empty", text, "See what was not understood.", contingency.where)
        return outage if known and contingency.outages else Outage(contingency.name, known=False)

    def _opened_in_part(self, outage: Outage) -> list[str]:
        """Return the three-winding transformers with links out and others left: these stand for all windings in."""
        out = np.isin(np.arange(len(self.links.row)), outage.links)
        star = self.links.table == "transformer3w"
        rows = np.intersect1d(self.links.row[star & out], self.links.row[star & ~out])
        return [str(name) for name in row_names(self.network, "transformer3w", rows)]

    def _event(self, event: files.Outage) -> Outage | None:
        """Return what one statement takes out, nothing where the network does not have it."""
        if event.kind == "bus":
            at = np.flatnonzero(self.network.values("bus", "bus") == event.bus)
            gone = np.isin(self.links.from_, at) | np.isin(self.links.to, at)
            return Outage("", tuple(np.flatnonzero(gone).tolist())) if len(at) else None
        if event.kind == "branch":
            found = self._branch({bus for bus in (event.bus, event.to, event.third) if bus is not None}, event.ckt)
            if found is None:
                return None
            own = (self.links.table == found[0]) & (self.links.row == found[1])
            return Outage("", tuple(np.flatnonzero(own).tolist()))
        for table in _AT_BUS[event.kind]:
            if rows := self._rows(table, {event.bus}, event.ckt):
                return Outage("", elements=tuple((table, row) for row in rows))
        return None

    def _rows(self, table: str, buses: set[int], ckt: str) -> list[int]:
        """Return the rows between the buses, whichever end comes first: that of the circuit or identifier, or all."""
        ends = np.sort(np.stack([self.network.values(table, column) for column in TERMINALS[table]]), axis=0)
        if len(buses) != len(ends):
            return []
        at = np.flatnonzero((ends == np.array(sorted(buses))[:, None]).all(axis=0)).tolist()
        named = [row for row in at if str(self.network[table]["ckt"].iloc[row]).strip().upper() == ckt.strip().upper()]
        return named[:1] if ckt else at

    def _automatic(self, contingency: files.Contingency) -> Iterator[Outage]:
        """Return every single outage in a subsystem or at its ties, or every two of them."""
        order, what = contingency.automatic.split()
        inside = self.members(contingency.subsystem, contingency.where)
        if what == "UNIT":
            at = self.network.terminals("generator")[0]
            single = [each for each in generator_outages(self.network) if inside[at[each.machines]].all()]
        else:
            single = branch_outages(self.links, self.names)
            within = [inside[self._buses(each)] for each in single]
            chosen = [part.all() if what == "BRANCH" else part.any() and not part.all() for part in within]
            single = [each for each, wanted in zip(single, chosen, strict=True) if wanted]
        if order == "SINGLE":
            yield from single
            return
        if len(single) ** 2 / 2 > MOST_OUTAGES and order == "DOUBLE":
            raise BadInput(f"{len(single)} outages make more than {MOST_OUTAGES:,} pairs", hint="take a subsystem")
        together: dict[str, Callable[[set[int], set[int]], bool]] = {
            "DOUBLE": lambda a, b: True,
            "BUSDOUBLE": lambda a, b: bool(a & b),
            "PARALLEL": lambda a, b: a == b,
        }
        buses = {each.name: set(self._buses(each).tolist()) for each in single}
        for a, b in combinations(single, 2):
            if together[order](buses[a.name], buses[b.name]):
                yield joined(a, b)

    def _buses(self, outage: Outage) -> np.ndarray:
        links = list(outage.links)
        machines = self.network.terminals("generator")[0][outage.machines]
        return np.unique(np.concatenate([self.links.from_[links], self.links.to[links], machines]))

    def missing(self, code: str, text: str, hint: str, where: Where) -> None:
        """Say what a statement names and the network or the files don't have: the study leaves it unanswered."""
        finding = Finding(f"contingency.{code}.unknown", Severity.ERROR, text, hint, where)
        if finding not in self.findings:
            self.findings.append(finding)


def _words(event: files.Outage) -> str:
    if event.kind == "bus":
        return f"bus {event.bus}"
    ends = "-".join(str(bus) for bus in (event.bus, event.to, event.third) if bus is not None)
    return f"{event.kind} {ends} {event.ckt}".strip()
