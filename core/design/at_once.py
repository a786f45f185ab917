"""The sizing problem of all 8,760 hours solved at once by HiGHS's own branch and bound: slow, to compare with."""

from __future__ import annotations

from time import perf_counter

from core.design.design import Design, design_of
from core.design.profiles import whole_year
from core.design.requirement import Requirement
from core.design.sizing_model import build, largest_units
from core.design.solving import solve


def size_at_once(requirement: Requirement, *, time_limit_s: float = 300.0) -> Design:
    """Return the cheapest design over every size of the largest unit; "time limit" where one was not solved."""
    end_s = perf_counter() + time_limit_s
    sizing = build(requirement, whole_year(requirement))
    best, status = Design("infeasible"), "optimal"
    for largest in largest_units(requirement):
        sizing.restrict(largest)
        outcome = solve(sizing, end_s - perf_counter(), whole=True)
        if outcome.status == "time limit":
            status = "time limit"
        if outcome.solved:
            design = design_of(sizing, outcome.solution, status)
            best = design if not best.feasible or design.cost_usd_per_year < best.cost_usd_per_year else best
    return best
