"""Plant documents side by side: what changed between two, and two people's changes in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import Conflict

PlantDocument = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that differs; of an added or removed row, the whole row in ``new`` or ``old`` and no column."""

    table: str
    element: str
    column: str | None
    old: Any
    new: Any


def changes(old: PlantDocument, new: PlantDocument) -> list[Change]:
    """Return what differs between two plant documents, cell by cell."""
    before, after = _parts(old), _parts(new)
    return [
        change
        for part in dict.fromkeys([*before, *after])
        if before.get(part) != after.get(part)
        for change in _part_changes(part, before.get(part), after.get(part))
    ]


def merged(base: PlantDocument, theirs: PlantDocument, mine: PlantDocument) -> dict[str, Any]:
    """Return both people's changes since the base together; tables that both changed are a conflict."""
    in_base, in_theirs, in_mine = _parts(base), _parts(theirs), _parts(mine)
    names = dict.fromkeys([*in_base, *in_theirs, *in_mine])
    ours = {name for name in names if in_mine.get(name) != in_base.get(name)}
    both = [n for n in names if n in ours and in_theirs.get(n) not in (in_base.get(n), in_mine.get(n))]
    if both:
        raise Conflict(
            f"somebody else changed {_listed(both)} since you opened the project",
            hint="your change was not saved: look at the project as it is now and make the change again",
        )
    return _whole({name: (in_mine if name in ours else in_theirs).get(name) for name in names})


def _parts(document: PlantDocument) -> dict[str, Any]:
    """Return the document's tables, and its other entries by their own names."""
    others = {key: value for key, value in document.items() if key != "tables"}
    return {f"{key}.": value for key, value in others.items()} | dict(document.get("tables") or {})


def _whole(parts: dict[str, Any]) -> dict[str, Any]:
    others = {name[:-1]: value for name, value in parts.items() if name.endswith(".")}
    return others | {"tables": {name: value for name, value in parts.items() if not name.endswith(".")}}


def _part_changes(part: str, old: Any, new: Any) -> list[Change]:
    if part.endswith("."):
        name = part[:-1]
        if not isinstance(old, Mapping) or not isinstance(new, Mapping):
            return [Change(name, "", None, old, new)]
        return _cells(name, "", old, new)
    before, after = _rows(old or []), _rows(new or [])
    return [
        change
        for element in dict.fromkeys([*before, *after])
        for change in _row_changes(part, element, before.get(element), after.get(element))
    ]


def _rows(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the rows by id; a second row of the same id, or one without, goes by its number."""
    named: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, start=1):
        name = str(row.get("id") or f"row {number}")
        named[name if name not in named else f"{name} (row {number})"] = row
    return named


def _row_changes(table: str, element: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[Change]:
    if old is None or new is None:
        return [Change(table, element, None, old, new)]
    return _cells(table, element, old, new)


def _cells(table: str, element: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    columns = [column for column in dict.fromkeys([*old, *new]) if old.get(column) != new.get(column)]
    return [Change(table, element, column, old.get(column), new.get(column)) for column in columns]


def _listed(names: list[str]) -> str:
    words = [f"the {n[:-1]}" if n.endswith(".") else f"the table {n!r}" for n in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
