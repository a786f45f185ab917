"""The constraints of a loop: what an update may set, which of its changes is taken, and what holds in a round.

Updates are documents here, as the project's ledger keeps them: an update itself is its change number 0, its
alternatives are numbers 1, 2, …
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.design.requirement import BOUNDS, EQUIPMENT_BOUNDS, Requirement
from core.findings import Finding, Severity
from core.plant import Plant

Change = Mapping[str, Any]  # name, element, old, new, unit, reason, and of an alternative its cost

#: What a study asks for under another name than the optimiser's bound.
BOUND_OF = {"bess_response_mw": "bess_min_mw"}

#: The bound that becomes a minimum count of the technology that its element is of.
UNIT_COUNT = "unit_count"

#: What a bound means, in words with its unit.
MEANINGS = {**BOUNDS, **EQUIPMENT_BOUNDS, UNIT_COUNT: "units at least"}

EQUIPMENT_TABLES = ("bus", "unit", "transformer", "cable", "reliability")

AT_BUS = frozenset(
    {"breaker_rating_ka", "breaker_dc_pct", "reactive_support_mvar", "parallel_circuits", "equipment_rating_factor"}
)


@dataclass(frozen=True, slots=True)
class Applied:
    """An update with the number of the change that was taken of it."""

    update: Mapping[str, Any]
    choice: int = 0

    @property
    def change(self) -> Change:
        """Return the change that was taken."""
        return changes(self.update)[self.choice]

    @property
    def takes(self) -> bool:
        """Return whether the optimiser or the placement knows such a bound."""
        return takes(self.change)

    def as_dict(self) -> dict[str, Any]:
        """Return the update as JSON documents carry it, with what was taken."""
        taken = {"name": self.change["name"], "element": self.change["element"], "value": self.change["new"]}
        return {**self.update, "taken": taken if self.takes else None}


def changes(update: Mapping[str, Any]) -> list[Change]:
    """Return the changes that cure a failure: the update itself, then its alternatives."""
    return [update, *update.get("alternatives", [])]


def meaning_of(name: str) -> str:
    """Return what a bound, or an update that sets one, means; of other updates the name."""
    return MEANINGS.get(BOUND_OF.get(name, name), name)


def takes(change: Change) -> bool:
    """Return whether the optimiser or the placement knows such a bound."""
    name = _bound(change)
    return change["new"] is not None and name in MEANINGS


def without_bound(updates: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Say which changes neither the optimiser nor the placement can make: they are the engineer's to make."""
    kinds = sorted({str(change["name"]) for update in updates for change in changes(update) if not takes(change)})
    hint = "enter it in the plant by hand, or let the loop take another change"
    return [
        Finding("design.ledger.no_bound", Severity.INFO, f"{kind} is no bound of the optimiser or the placement", hint)
        for kind in kinds
    ]


def sizes_by(change: Change) -> bool:
    """Return whether the change is a bound of the plant as a whole, which the optimiser chooses sizes by."""
    return takes(change) and _bound(change) not in EQUIPMENT_BOUNDS


def _bound(change: Change) -> str:
    return BOUND_OF.get(change["name"], str(change["name"]))


def cheapest(update: Mapping[str, Any]) -> int:
    """Return the number of the cheapest change; where costs are not known the first that can be made."""
    if not takes(update):
        return next((number for number, change in enumerate(changes(update)) if takes(change)), 0)
    own = update["evidence"].get("cost_usd")
    costs = {n: float(each["cost"]) for n, each in enumerate(changes(update)) if n and _priced(each)}
    if own is None or not costs:
        return 0
    best = min(costs, key=lambda number: costs[number])
    return best if costs[best] < float(own) else 0


def _priced(change: Change) -> bool:
    return change.get("cost") is not None and takes(change)


def with_updates(requirement: Requirement, applied: Sequence[Applied]) -> Requirement:
    """Return the requirement with what was taken of each update."""
    for each in applied:
        if each.takes:
            requirement = _with(requirement, each.change, each.update["evidence"])
    return requirement


def _with(requirement: Requirement, change: Change, evidence: Mapping[str, Any]) -> Requirement:
    name, value = _bound(change), float(change["new"])
    if name in BOUNDS:
        return requirement.with_bound(name, value)
    if name == UNIT_COUNT:
        kind = technology_of(change["element"])
        least = max(int(value), requirement.minimum_counts.get(kind, 0))
        return replace(requirement, minimum_counts={**requirement.minimum_counts, kind: least})
    bus = evidence.get("computed_from", {}).get("bus")
    elements = [str(bus)] if bus and name in AT_BUS else [each.strip() for each in change["element"].split(",")]
    equipment = {element: dict(bounds) for element, bounds in requirement.equipment.items()}
    for element in elements:
        held = equipment.setdefault(element, {})
        held[name] = value * held.get(name, 1.0) if name == "equipment_rating_factor" else value
    return replace(requirement, equipment=equipment)


def technology_of(element: str) -> str:
    """Return the technology of a placed unit, ``GEN_RECIP_18_01`` → ``RECIP_18``; a technology is itself."""
    return element.removeprefix("GEN_").rpartition("_")[0] if element.startswith("GEN_") else element


def without_element(held: Iterable[Mapping[str, Any]], plant: Plant) -> list[Finding]:
    """Say which bounds on equipment bind nothing, because the plant has no such element."""
    known = {"PLANT", "*"}.union(*(plant[table]["id"] for table in EQUIPMENT_TABLES))
    lost = [row for row in held if row["name"] in EQUIPMENT_BOUNDS and row["element"] not in known]
    return [
        Finding(
            "design.ledger.no_element",
            Severity.WARNING,
            f"{row['name']} of {row['element']} binds nothing: the plant has no such element",
            "ids are those of the placed plant, such as BUS_HALL_1; * means all",
            element=row["element"],
        )
        for row in lost
    ]


def constraints(requirement: Requirement) -> list[dict[str, Any]]:
    """Return every bound that holds: of the plant (element ``PLANT``) and of its equipment (``*`` means all)."""
    rows = [{"name": name, "element": "PLANT", "value": value} for name, value in requirement.bounds.items()]
    counts = requirement.minimum_counts.items()
    rows += [{"name": UNIT_COUNT, "element": name, "value": float(count)} for name, count in counts if count]
    rows += [
        {"name": name, "element": element, "value": value}
        for element, bounds in requirement.equipment.items()
        for name, value in bounds.items()
    ]
    return sorted(rows, key=lambda row: (row["element"], row["name"]))
