"""What a plant costs over the years of a growth path: its sizes are those of the highest year."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.design.design import Design, design_of
from core.design.profiles import representative_days, whole_year
from core.design.requirement import Requirement
from core.design.sizing_model import GROUPS, OF_OPERATION, build, largest_of
from core.design.solving import solve
from core.findings import Finding, Severity

DAYS = 12
YEAR_TIME_S = 20.0


def over_the_years(requirement: Requirement, design: Design) -> Design:
    """Return the design with the load and the cost of every year, and its worth today over the path.

    The load between two years of the path is on the line between them, after the last as in the last.
    """
    years = sorted(int(year) for year in requirement.growth)
    span = [years[0] + n for n in range(requirement.project_years)]
    loads = np.interp(span, years, [requirement.growth[str(year)] for year in years])
    operated = {load: _operated(requirement, design, float(load)) for load in sorted(set(loads))}
    rows = [
        {"year": year, "load_mw": float(load), "usd_per_year": cost, "energy_mwh": float(load) * 8760}
        for year, load in zip(span, loads, strict=True)
        for cost in [operated[load]]
    ]
    stuck = [row for row in rows if row["usd_per_year"] is None]
    if not stuck:
        return _valued(requirement, replace(design, growth=tuple(rows)))
    text = f"the plant can't run at the {stuck[0]['load_mw']:g} MW of {stuck[0]['year']}: the load is too low for it"
    finding = Finding("design.growth.low", Severity.WARNING, text, "the worth today is that of the highest year")
    return replace(design, growth=tuple(rows), findings=(*design.findings, finding))


def with_more_each_year(requirement: Requirement, design: Design, usd: float) -> Design:
    """Return the design, whose yearly cost is so much more by now, with that in every year of its path."""
    rows = [
        row if row["usd_per_year"] is None else row | {"usd_per_year": row["usd_per_year"] + usd}
        for row in design.growth
    ]
    changed = replace(design, growth=tuple(rows))
    return changed if any(row["usd_per_year"] is None for row in rows) else _valued(requirement, changed)


def _valued(requirement: Requirement, design: Design) -> Design:
    """Return the design with its worth today over the path: of costs, and of a megawatt-hour."""
    discount = (1 + requirement.discount_rate) ** -np.arange(1, len(design.growth) + 1)
    worth = float(discount @ [row["usd_per_year"] for row in design.growth])
    energy = float(discount @ [row["energy_mwh"] for row in design.growth])
    factor = worth / design.cost_usd_per_year
    return replace(design, net_present_factor=factor, levelised_usd_per_mwh=worth / energy)


def _operated(requirement: Requirement, design: Design, load_mw: float) -> float | None:
    """Return the yearly cost of the standing plant at a load [USD]; ``None`` when it can't run at it."""
    if load_mw <= 0:
        return sum(design.costs[kind] for kind in ("investment", "fixed", "electrical"))
    lower = replace(requirement, load_mw=(load_mw,))
    days = representative_days(whole_year(lower), DAYS)
    sizing = build(lower, days, left_out=GROUPS.keys() - OF_OPERATION)
    sizing.fix(largest_of(requirement, design.counts, design.sizes), design.counts, design.sizes)
    outcome = solve(sizing, YEAR_TIME_S)
    return design_of(sizing, outcome.solution, outcome.status).cost_usd_per_year if outcome.solved else None
