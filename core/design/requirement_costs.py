"""What each requirement costs: the yearly cost with it, less that of the cheapest design without it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from core.design.electrical import with_electrical
from core.design.ledger import MEANINGS, UNIT_COUNT, constraints
from core.design.placement import place
from core.design.requirement import EQUIPMENT_BOUNDS, Requirement
from core.design.sensitivity import AVAILABILITY, SizedPlant, size_and_place, size_for_availability

#: What a bound falls back to that holds although nobody sets it.
LEAST = {"redundancy_level": 0.0}
GRID = "grid_max_mw"


def in_force(requirement: Requirement) -> list[str]:
    """Return the names of the requirements that bind a design, those on equipment and on counts once a kind."""
    rows = constraints(requirement)
    binding = [row["name"] for row in rows if row["value"] or row["name"] in (GRID, "max_unit_size_mw")]
    there = {t.kind for t in requirement.technologies}
    return [AVAILABILITY, *(name for name in dict.fromkeys(binding) if name != GRID or "GRID" in there)]


def without(requirement: Requirement, name: str) -> Requirement:
    """Return the requirement without one of what is in force; of the availability target without its last nine."""
    if name == AVAILABILITY:
        return replace(requirement, availability_target=max(0.0, 1 - 10 * (1 - requirement.availability_target)))
    if name == UNIT_COUNT:
        return replace(requirement, minimum_counts={})
    if name in EQUIPMENT_BOUNDS:
        kept = {e: {n: v for n, v in bounds.items() if n != name} for e, bounds in requirement.equipment.items()}
        return replace(requirement, equipment=kept)
    if name == GRID:
        most = sum(t.max_count * t.unit_mw for t in requirement.technologies if t.kind == "GRID")
        return requirement.with_bound(name, most)
    bounds = {key: value for key, value in requirement.bounds.items() if key != name}
    return replace(requirement, bounds=bounds | {key: LEAST[key] for key in LEAST if key == name})


def size_without(requirement: Requirement, name: str, base: SizedPlant | None = None, **options: Any) -> SizedPlant:
    """Return the cheapest design without a requirement; with its sizes where it only binds the placement."""
    free = without(requirement, name)
    if name == AVAILABILITY:
        return size_for_availability(free, most=int(requirement.bound("redundancy_level", 1)), **options)
    if base is None or name not in EQUIPMENT_BOUNDS or not base.design.feasible:
        return size_and_place(free, **options)
    plant = place(base.design, free)
    return SizedPlant(free, with_electrical(base.design, plant, free), plant, base.availability)


def requirement_costs(requirement: Requirement, base: SizedPlant, **options: Any) -> list[dict[str, Any]]:
    """Return the cost of each requirement in force, as JSON documents carry it."""
    free = {name: size_without(requirement, name, base, **options) for name in in_force(requirement)}
    return cost_rows(requirement, base.as_dict(), ((name, sized.as_dict()) for name, sized in free.items()))


def cost_rows(requirement: Requirement, base: Any, free: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each requirement of a design's document and of those without it, the dearest first."""
    rows = [_row(requirement, name, base["cost"]["usd_per_year"], design) for name, design in free]
    return sorted(rows, key=lambda row: -(row["costs_usd_per_year"] or 0.0))


def _row(requirement: Requirement, name: str, usd: float | None, design: Any) -> dict[str, Any]:
    other = design["cost"]["usd_per_year"]
    costs = usd - other if usd is not None and other is not None else None
    said = _said(requirement, name)
    if costs is None:
        text = f"what {said} costs is not known: {'no design meets it' if usd is None else design['conflict_text']}"
    else:
        text = f"{said} costs {costs / 1e6:.2f} M$ a year" if costs >= 5e3 else f"{said} costs nothing that has a price"
    return {"name": name, "usd_per_year_without": other, "costs_usd_per_year": costs, "text": text}


def _said(requirement: Requirement, name: str) -> str:
    """Return a requirement in words."""
    if name == AVAILABILITY:
        return f"the last nine of {requirement.availability_target * 100:g} %"
    rows = [row for row in constraints(requirement) if row["name"] == name]
    values = sorted({row["value"] for row in rows if math.isfinite(row["value"])})
    shown = f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"
    where = (
        ""
        if rows[0]["element"] == "PLANT"
        else f" at {len(rows)} elements"
        if len(rows) > 1
        else f" of {rows[0]['element']}"
    )
    return f"{name} = {shown}{where} ({MEANINGS[name]})"
