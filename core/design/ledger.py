"""The constraints of a loop: what an update sets, which of its alternatives is taken, and what holds in a round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.constraints import Alternative, ConstraintUpdate
from core.design.requirement import BOUNDS, EQUIPMENT_BOUNDS, Requirement

AT_BUS = frozenset({"breaker_rating_ka", "breaker_dc_pct", "reactive_support_mvar", "parallel_circuits"})


@dataclass(frozen=True, slots=True)
class Applied:
    """An update with the change that was taken of it: its own, or one of its alternatives."""

    update: ConstraintUpdate
    change: ConstraintUpdate | Alternative
    takes: bool  # whether the optimiser or the placement knows such a bound

    def as_dict(self) -> dict[str, Any]:
        """Return the update as JSON documents carry it, with what was taken."""
        taken = {"name": self.change.name, "element": self.change.element, "value": self.change.new}
        return self.update.as_dict() | {"taken": taken if self.takes else None}


def cheapest(update: ConstraintUpdate) -> ConstraintUpdate | Alternative:
    """Return the cheapest change that cures the failure; the update itself where costs are not known."""
    own = update.evidence.get("cost_usd")
    known = [other for other in update.alternatives if other.cost is not None and _takes(other)]
    if own is None or not known:
        return update
    best = min(known, key=lambda other: other.cost or 0.0)
    return best if (best.cost or 0.0) < float(own) else update


def apply(requirement: Requirement, updates: Sequence[ConstraintUpdate]) -> tuple[Requirement, list[Applied]]:
    """Return the requirement with the updates in it, each by its cheapest change."""
    applied = []
    for update in updates:
        change = cheapest(update)
        takes = _takes(change)
        applied.append(Applied(update, change, takes))
        if takes:
            requirement = _with(requirement, change, update.evidence)
    return requirement, applied


def _takes(change: ConstraintUpdate | Alternative) -> bool:
    return change.new is not None and (change.name in BOUNDS or change.name in EQUIPMENT_BOUNDS)


def _with(requirement: Requirement, change: ConstraintUpdate | Alternative, evidence: Mapping[str, Any]) -> Requirement:
    value = float(change.new or 0.0)
    if change.name in BOUNDS:
        return requirement.with_bound(change.name, value)
    bus = evidence.get("computed_from", {}).get("bus")
    elements = [str(bus)] if bus and change.name in AT_BUS else [each.strip() for each in change.element.split(",")]
    equipment = {element: dict(bounds) for element, bounds in requirement.equipment.items()}
    for element in elements:
        equipment.setdefault(element, {})[change.name] = value
    return replace(requirement, equipment=equipment)


def constraints(requirement: Requirement) -> list[dict[str, Any]]:
    """Return every bound that holds: of the plant (element ``PLANT``) and of its equipment (``*`` means all)."""
    rows = [{"name": name, "element": "PLANT", "value": value} for name, value in requirement.bounds.items()]
    rows += [
        {"name": name, "element": element, "value": value}
        for element, bounds in requirement.equipment.items()
        for name, value in bounds.items()
    ]
    return sorted(rows, key=lambda row: (row["element"], row["name"]))
