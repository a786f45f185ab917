"""The PowerModels network data dictionary: its components, and how they are looked up.

The dictionary is ``{"baseMVA": …, "per_unit": …, "bus": {"1": {…}, …}, "load": {…}, …}``: components are dictionaries
of dictionaries, keyed by the text of the component's ``index``. Functions of this package that take a dictionary change
it in place, as their Julia namesakes with an exclamation mark do, and return findings where those log.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from core.errors import BadInput
from core.findings import Finding, Severity, Where

Data: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Component:
    """One kind of component."""

    name: str
    order: int
    status: str  # the field that says whether it is active
    inactive: int  # the value of that field when it is not
    buses: tuple[str, ...]  # the fields that hold a bus number
    required: tuple[str, ...]
    defaults: dict[str, str]  # what stands for a field that a file leaves out; "@field": as there


def _read() -> dict[str, Component]:
    with Path(__file__).with_name("components.csv").open(encoding="utf-8", newline="") as handle:
        return {
            row["component"]: Component(
                row["component"], int(row["order"]), row["status"], int(row["inactive"]),
                tuple(row["buses"].split()), tuple(row["required"].split()),
                dict(pair.split("=") for pair in row["defaults"].split()),
            )
            for row in csv.DictReader(handle)
        }  # fmt: skip


COMPONENTS = _read()
EDGES = ("branch", "dcline", "switch")
INJECTIONS = ("load", "shunt", "gen", "storage")


def items(data: Data, component: str) -> list[tuple[str, Item]]:
    """Return the components of one kind by rising index; none when the dictionary doesn't have them."""
    return sorted(data.get(component, {}).items(), key=lambda pair: _number(pair[0]))


def active(data: Data, component: str) -> Iterator[Item]:
    """Yield the active components of one kind by rising index."""
    kind = COMPONENTS[component]
    return (item for _, item in items(data, component) if item[kind.status] != kind.inactive)


def deactivate(component: str, item: Item) -> None:
    """Switch a component off."""
    kind = COMPONENTS[component]
    item[kind.status] = kind.inactive


def is_active(component: str, item: Item) -> bool:
    """Return whether a component takes part."""
    kind = COMPONENTS[component]
    return bool(item[kind.status] != kind.inactive)


def active_buses(data: Data) -> set[int]:
    """Return the numbers of the active buses."""
    return {bus["index"] for bus in active(data, "bus")}


def single(data: Data, what: str) -> None:
    """Refuse a multinetwork where one network is needed."""
    if data.get("multinetwork"):
        raise BadInput(f"{what} takes one network, not a multinetwork", hint="take one of the networks under “nw”")


def networks(data: Data) -> list[Data]:
    """Return the networks of a multinetwork, or the one network."""
    return [network for _, network in items(data, "nw")] if data.get("multinetwork") else [data]


def note(code: str, severity: Severity, text: str, component: str, key: object) -> Finding:
    """Return a finding about one component."""
    where = Where(section=component, row=None)
    return Finding(f"powermodels.{code}", severity, text, where=where, element=f"{component} {key}")


def warn(code: str, text: str, component: str, key: object) -> Finding:
    """Return a warning about one component."""
    return note(code, Severity.WARNING, text, component, key)


def _number(key: str) -> tuple[int, str]:
    return (int(key), "") if key.lstrip("-").isdigit() else (2**62, key)
