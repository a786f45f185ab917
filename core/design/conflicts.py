"""Why a requirement can't be met: a minimal set of limits that contradict each other, in words."""

from __future__ import annotations

from collections.abc import Collection
from time import perf_counter

from core.design.branching import choose
from core.design.profiles import Year
from core.design.requirement import Requirement
from core.design.sizing_model import GROUPS, build, largest_units

FEASIBILITY_TIME_S = 20.0
ANY_GAP = 1.0  # the first design found will do
ALWAYS = frozenset({"firm", "reserve", "balance"})

#: The bounds that each group of constraints comes from.
GROUP_BOUNDS = {
    "firm": ("redundancy_level", "firm_capacity_mw"),
    "reserve": ("spinning_reserve_mw",),
    "inertia": ("inertia_mva_s",),
    "unit_size": ("max_unit_size_mw",),
    "battery": ("bess_min_mw", "bess_min_mwh"),
    "budget": ("budget_usd",),
    "land": ("land_ha",),
    "emissions": ("emission_cap_t",),
    "renewables": ("renewable_share",),
    "balance": ("grid_max_mw",),
}


def conflicting_groups(requirement: Requirement, year: Year) -> tuple[str, ...]:
    """Return a minimal set of constraint groups that contradict each other (deletion filter).

    Groups are left out one by one; what can be left out while the rest stays contradictory is not part of the set.
    """
    left_out = {group for group in GROUPS if not _present(requirement, group)}
    for group in GROUPS:
        if group not in left_out and not _feasible(requirement, year, left_out | {group}):
            left_out.add(group)
    return tuple(group for group in GROUPS if group not in left_out)


def _present(requirement: Requirement, group: str) -> bool:
    """Return whether the requirement asks for a group at all: the load and the loss of a unit are always there."""
    if group == "counts":
        return any(requirement.minimum_counts.values())
    return group in ALWAYS or any(name in requirement.bounds for name in GROUP_BOUNDS[group])


def _feasible(requirement: Requirement, year: Year, left_out: Collection[str]) -> bool:
    """Return whether there is a design of any largest unit; one that the solver can't decide in time counts as one."""
    sizing = build(requirement, year, left_out=left_out)
    cases = largest_units(requirement, size_limit="unit_size" not in left_out)
    return choose(sizing, perf_counter() + FEASIBILITY_TIME_S, cases=cases, gap=ANY_GAP).status != "infeasible"


def conflict_text(requirement: Requirement, conflict: tuple[str, ...]) -> str:
    """Return the contradiction in words, with the values of the bounds."""
    words = []
    for group in conflict:
        bounds = [name for name in GROUP_BOUNDS.get(group, ()) if name in requirement.bounds]
        values = [f"{name} = {requirement.bounds[name]:g}" for name in bounds]
        if group == "counts":
            values += [f"{name} ≥ {count}" for name, count in requirement.minimum_counts.items()]
        if group in ("balance", "firm"):
            values.insert(0, f"peak = {requirement.peak_mw:g} MW")
        words.append(f"{GROUPS[group]} ({', '.join(values)})" if values else GROUPS[group])
    if not words:
        return "the catalogue has nothing that serves the load"
    if len(words) == 1:
        return f"the catalogue has nothing that meets this: {words[0]}"
    return "these can't hold together: " + "; ".join(words)
