"""How devices become rows: where a device lies, and the tables that its rows go to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.findings import Severity
from core.formats.cyme.equipment import Library
from core.formats.cyme.records import Record

Rows = dict[str, list[dict[str, Any]]]
#: The phases between which a delta unit "of phase A" lies (notes on the formats, trap 8).
DELTA = {"A": "AB", "B": "BC", "C": "CA"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device lies."""

    feeder: str
    section: str
    from_bus: str
    to_bus: str
    phases: str
    mid_bus: str = ""  # where its loads midway stand


@dataclass(slots=True)
class Rowing:
    """Collects rows by table; ids are unique within a table, whatever the device's class and its letters' case."""

    rows: Rows = field(default_factory=dict)
    taken: dict[str, dict[str, str]] = field(default_factory=dict)  # by table: ids by their lower case
    alike: list[str] = field(default_factory=list)  # numbers that differ from another's only in case
    in_amperes: set[str] = field(default_factory=set)  # loads whose power still is a current times its power factor

    def add(self, table: str, **values: Any) -> None:
        """Append one row."""
        self.rows.setdefault(table, []).append(values)

    def name(self, table: str, wanted: str, kind: str) -> str:
        """Return an id that the table doesn't have: the device's number, or with its kind in brackets."""
        taken = self.taken.setdefault(table, {})
        name, count = wanted, 1
        if taken.get(wanted.lower(), wanted) != wanted:
            self.alike.append(wanted)
        while name.lower() in taken:
            name = f"{wanted} ({kind})" if count == 1 else f"{wanted} ({kind} {count})"
            count += 1
        taken[name.lower()] = name
        return name


@dataclass(frozen=True, slots=True)
class Site:
    """One device of the export at its place, with the equipment it may be made of and the rows it becomes."""

    rowing: Rowing
    library: Library
    device: Record
    place: Place

    def add(self, table: str, **values: Any) -> None:
        """Append a row that comes from this device."""
        self.rowing.add(table, **values, **self.device.provenance)

    def add_branch(self, name: str, **values: Any) -> None:
        """Append a branch between the device's buses."""
        place = self.place
        row = {
            "id": name,
            "feeder": place.feeder,
            "section": place.section,
            "from_bus": place.from_bus,
            "to_bus": place.to_bus,
            "phases": place.phases,
            "length_km": 0.0,
            "origin": "ideal",
            "in_service": self.in_service,
        }
        self.add("branches", **{**row, **values})

    def add_link(self, wanted: str, phases: str, **values: Any) -> None:
        """Append a connection without impedance for some of the phases."""
        name = self.rowing.name("branches", wanted, "link")
        self.add_branch(name, kind="link", phases=phases, closed_phases=phases, **values)

    def remark(self, code: str, severity: Severity, text: str, hint: str = "") -> None:
        """Note a finding on the device."""
        self.library.remark(code, severity, text, self.device, hint)

    @property
    def in_service(self) -> bool:
        """Say whether the device is connected."""
        return self.device.text("status", "connected") != "disconnected"


def delta_pair(phase: str, phases: str) -> str:
    """Return the two phases of a delta unit: a section of two phases leaves no choice."""
    return phases if len(phases) == 2 else DELTA[phase]
