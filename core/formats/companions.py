"""Files that go with a network: dynamics, contingencies, subsystems, monitored sets. The ending says which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from core.findings import Reading
from core.formats.psse.contingency_files import Contingency, read_contingencies, read_subsystems
from core.formats.psse.dynamics import Dynamics, read_dynamics, write_dynamics
from core.formats.psse.monitor_files import read_monitors
from core.formats.psse.statements import Statements, write_statements

#: What the statements keep of their file, and a list of them doesn't show.
KEPT = ("before", "text", "behind", "where")


@dataclass(frozen=True, slots=True)
class Companion:
    """A sort of file."""

    ending: str
    title: str
    read: Callable[[bytes, str], Reading[Any]]


COMPANIONS = {
    each.ending: each
    for each in (
        Companion(".dyr", "PSS/E dynamics", read_dynamics),
        Companion(".con", "PSS/E contingencies", read_contingencies),
        Companion(".sub", "PSS/E subsystems", read_subsystems),
        Companion(".mon", "PSS/E monitored sets", read_monitors),
    )
}


def companion_of(name: str) -> Companion | None:
    """Return the sort of file that goes with a network, or nothing if the ending is none of theirs."""
    return COMPANIONS.get(PurePath(name).suffix.lower())


def write_companion(value: Dynamics | Statements[Any]) -> bytes:
    """Return the file: what isn't changed as it was read."""
    text = write_dynamics(value) if isinstance(value, Dynamics) else write_statements(value)
    return text.encode(value.encoding)


def counts(value: Dynamics | Statements[Any]) -> dict[str, int]:
    """Return how many records or statements there are, in all and by kind."""
    if isinstance(value, Dynamics):
        typed = sum(bool(record.parameters) for record in value.records)
        kinds = Counter(record.kind for record in value.records)
        return {"record": len(value.records), "typed": typed, **dict(sorted(kinds.items()))}
    found = Counter(type(each).__name__.lower() for each in value)
    for each in value:
        if isinstance(each, Contingency):
            found.update(outage.kind for outage in each.outages)
            found["automatic"] += bool(each.automatic)
    return dict(found)


def rows(value: Dynamics | Statements[Any]) -> list[dict[str, Any]]:
    """Return the records or statements with their fields."""
    found = value.records if isinstance(value, Dynamics) else value
    return [{name: getattr(each, name) for name in _fields(each) if name not in KEPT} for each in found]


def _fields(value: Any) -> list[str]:
    own = [name for name in value.__dataclass_fields__ if name not in KEPT]
    return [*own, "kind"] if hasattr(value, "kind") and "kind" not in own else own
