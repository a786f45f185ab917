"""Choose the equipment: sizes on representative days, then every hour of the year with the counts fixed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from core.design.checks import assumed, check_requirement
from core.design.conflicts import conflict_text, conflicting_groups
from core.design.design import Design, design_of, sizes_of
from core.design.growth import over_the_years
from core.design.profiles import Year, in_spells, representative_days, whole_year
from core.design.requirement import Requirement
from core.design.sizing_model import SizingModel, build, largest_units
from core.design.solving import GAP, Outcome, solve
from core.errors import BadInput
from core.findings import Finding, Severity, counted

DAYS = 12
MOST_DAYS = 365
RESIZING_DAYS = 36
RELAXATION_TIME_S = 20.0
VERIFICATION_TIME_S = 120.0
#: Energy to raise sun and wind by for what the year lacks of the share, time after time: some of it is curtailed.
CURTAILED = (1.25, 2.0, 4.0, 8.0, 0.0)
LEAST_SHORT_MWH = 1e-3
NOTHING_FOUND = "no design was found before the time was over"


@dataclass(slots=True)
class _Choice:
    """Sizes for the hours of a year, with the largest unit that they are for."""

    sizing: SizingModel
    largest_mw: float
    outcome: Outcome

    @property
    def usd(self) -> float:
        """Return the yearly cost [USD]."""
        return float(self.outcome.usd_per_year or 0.0)


def size(requirement: Requirement, *, days: int = DAYS, time_limit_s: float = 60.0, direct: bool = False) -> Design:
    """Choose the cheapest equipment that meets the requirement.

    Parameters
    ----------
    requirement
        Checked first; errors in it are raised together.
    days
        Representative days of the first stage; more are taken where the year shows that they don't represent it.
    time_limit_s
        When it runs out, the best design found is returned, marked as such.
    direct
        Choose the sizes on the whole year instead of representative days; slow, for comparison.
    """
    findings = check_requirement(requirement)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise _refusal(findings)
    requirement, left_out = assumed(requirement)
    begin = perf_counter()
    year = whole_year(requirement)
    found = None
    while found is None:
        represented = year if direct else representative_days(year, days)
        choice = _choose(requirement, represented, begin + time_limit_s)
        if choice is None:
            found = _contradiction(requirement, represented)
        elif not choice.outcome.solved:
            found = Design("time limit", conflict_text=NOTHING_FOUND)
        else:
            found = _verified(requirement, year, choice)
            if found is None and days >= MOST_DAYS:
                found = _contradiction(requirement, year)
        days *= 3
    if requirement.growth and found.feasible:
        found = over_the_years(requirement, found)
    remarks = (*findings, *left_out, *found.findings, *_late(found))
    return replace(found, seconds=perf_counter() - begin, findings=remarks)


def _late(design: Design) -> list[Finding]:
    """Say of a design that the solver did not finish with how far it may be from the best."""
    if design.status != "time limit":
        return []
    code, hint = "design.time_limit", "a longer --time-limit or a shorter catalogue"
    if not design.feasible:
        return [Finding(code, Severity.ERROR, NOTHING_FOUND, hint)]
    text = f"the time was over: this is the best design found, at most {(design.gap or 0.0) * 100:.1f} % over the best"
    return [Finding(code, Severity.WARNING, text, hint)]


def _refusal(findings: list[Finding]) -> BadInput:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    more = f" – and {counted(len(errors) - 1, 'more error')}" if len(errors) > 1 else ""
    return BadInput(errors[0].text + more, hint=errors[0].hint, where=errors[0].where, findings=findings)


def _choose(requirement: Requirement, year: Year, end_s: float) -> _Choice | None:
    """Return the best sizes for the hours of a year, ``None`` when there are none.

    Every size of the largest unit is a case of its own; its relaxation tells which can be the best at all. A case whose
    relaxation is not solved in time has no bound but zero, and is tried last. When the time is over before anything is
    found, the choice has no solution.
    """
    sizing = build(requirement, year)
    cases = sorted(_relaxations(sizing), key=lambda case: (not case.outcome.solved, case.usd, case.largest_mw))
    bounds = [case.usd for case in cases]
    best: _Choice | None = None
    late = False
    for place, case in enumerate(cases):
        if best and case.outcome.solved and bounds[place] >= best.usd * (1 - GAP):
            continue
        choice = _integer(case, end_s - perf_counter())
        if choice is None:
            bounds[place] = math.inf
            continue
        if not choice.outcome.solved:
            late = True
            continue
        late |= choice.outcome.status == "time limit"
        bounds[place] = max(bounds[place], choice.outcome.bound_usd_per_year or 0.0)
        best = choice if best is None or choice.usd < best.usd else best
    if best is None:
        return _Choice(sizing, 0.0, Outcome("time limit")) if late else None
    status = "time limit" if late else "optimal"
    best.outcome = replace(best.outcome, status=status, bound_usd_per_year=min(*bounds, best.usd))
    return best


def _relaxations(sizing: SizingModel) -> list[_Choice]:
    """Return each case with fractions of units; those that have no solution are left out."""
    cases = []
    for largest in largest_units(sizing.requirement):
        sizing.restrict(largest)
        outcome = solve(sizing, RELAXATION_TIME_S, relaxed=True)
        if outcome.status != "infeasible":
            cases.append(_Choice(sizing, largest, outcome if outcome.status == "optimal" else Outcome("time limit")))
    return cases


def _integer(case: _Choice, time_s: float) -> _Choice | None:
    """Return the best whole counts, ``None`` when there are none.

    When the time is over before there are any, it is the relaxed ones rounded up; without these it has no solution.
    """
    sizing = case.sizing
    if time_s > 0:
        sizing.restrict(case.largest_mw)
        outcome = solve(sizing, time_s)
        if outcome.solved:
            return replace(case, outcome=outcome)
        if outcome.status == "infeasible":
            return None
    if not case.outcome.solved:
        return case
    counts = case.outcome.solution["count"]
    rounded = {t.id: math.ceil(float(counts.sel(technology=t.id)) - 1e-6) for t in sizing.technologies}
    sizing.restrict(case.largest_mw, rounded)
    outcome = solve(sizing, RELAXATION_TIME_S, relaxed=True)
    return replace(case, outcome=replace(outcome, status="time limit", bound_usd_per_year=None))


def _verified(requirement: Requirement, year: Year, choice: _Choice) -> Design | None:
    """Return the design with the counts run through every hour of the year; ``None`` when they don't get through."""
    sizing, outcome = choice.sizing, choice.outcome
    solution = outcome.solution
    counts, sizes = sizes_of(sizing, solution)
    if not sizing.year.lossless:
        built = _with_only(requirement, counts)
        sizing = build(built, in_spells(year))
        if any(sizes.values()):
            sizes = _resized(built, year, choice, counts) or sizes
        verified = _operated(sizing, choice, counts, sizes)
        if verified is None:
            return None
        if not verified.solved:
            return _unverified(choice)
        solution = verified.solution
    return _judged(sizing, solution, choice)


def _unverified(choice: _Choice) -> Design:
    """Return the design as the days that stand for the year say it, for its year was not solved in time."""
    late = replace(choice.outcome, status="time limit")
    days = choice.sizing.year.load_mw.shape[0]
    text = f"the year was not solved in time: cost, energy and dispatch are those of {days} days that stand for it"
    finding = Finding(
        "design.year", Severity.WARNING, text, "not every hour is confirmed; a shorter catalogue is faster"
    )
    design = _judged(choice.sizing, late.solution, replace(choice, outcome=late))
    return replace(design, findings=(finding,))


def _judged(sizing: SizingModel, solution: Any, choice: _Choice) -> Design:
    """Return the design of a solution with the bound and the gap of the days that chose its sizes."""
    outcome = choice.outcome
    bound = float(outcome.bound_usd_per_year or 0.0)
    gap = max(0.0, (choice.usd - bound) / choice.usd) if choice.usd else 0.0
    design = design_of(sizing, solution, outcome.status)
    return replace(design, counts=sizes_of(choice.sizing, outcome.solution)[0], bound_usd_per_year=bound, gap=gap)


def _with_only(requirement: Requirement, counts: dict[str, int]) -> Requirement:
    """Return the requirement with the kinds of units that are built, and all that is sized in megawatts."""
    kept = tuple(t for t in requirement.technologies if counts.get(t.id, 1))
    return replace(requirement, technologies=kept)


def _resized(requirement: Requirement, year: Year, choice: _Choice, counts: dict[str, int]) -> dict[str, float] | None:
    """Return the megawatts chosen anew for the counts on more days; ``None`` when there are none in time."""
    sizing = build(requirement, representative_days(year, RESIZING_DAYS))
    sizing.restrict(choice.largest_mw, counts)
    outcome = solve(sizing, VERIFICATION_TIME_S, relaxed=True)
    return sizes_of(sizing, outcome.solution)[1] if outcome.solved else None


def _operated(sizing: SizingModel, choice: _Choice, counts: dict[str, int], sizes: dict[str, float]) -> Outcome | None:
    """Return the operation of every hour with fixed sizes, more sun and wind where the year falls short of the share.

    Where that is not enough the megawatts may still move. ``None`` says that the counts don't get through; an outcome
    without a solution, that the time was over.
    """
    for curtailed in CURTAILED:
        sizing.restrict(choice.largest_mw, counts, sizes)
        outcome = solve(sizing, VERIFICATION_TIME_S, relaxed=True)
        short_mwh = float(outcome.solution["renewable_short_mwh"]) if outcome.solved else 0.0
        if outcome.status != "optimal" or short_mwh <= LEAST_SHORT_MWH:
            break
        sizes = _raised(sizing, outcome, sizes, short_mwh * curtailed)
    if outcome.status == "infeasible" or short_mwh > LEAST_SHORT_MWH:
        freed = build(sizing.requirement, sizing.year)
        freed.restrict(choice.largest_mw, counts)
        outcome = solve(freed, VERIFICATION_TIME_S, relaxed=True)
        if outcome.status == "infeasible":
            return None
    return outcome if outcome.status == "optimal" else Outcome("time limit")


def _raised(sizing: SizingModel, outcome: Outcome, sizes: dict[str, float], more_mwh: float) -> dict[str, float]:
    """Return the megawatts with so much more sun and wind as would give some energy more, as far as there is room."""
    most = {t.kind: t.unit_mw * t.max_count for t in sizing.requirement.technologies}
    given = {kind: float(outcome.solution.get(kind.lower(), np.zeros(1)).sum()) for kind in ("PV", "WIND")}
    names = {f"{kind.lower()}_mw": kind for kind in given if sizes[f"{kind.lower()}_mw"] < most.get(kind, 0.0)}
    energy = sum(given[kind] for kind in names.values())
    factor = 1 + more_mwh / energy if energy else 1.0
    return sizes | {name: min(sizes[name] * factor, most[kind]) for name, kind in names.items()}


def _contradiction(requirement: Requirement, year: Year) -> Design:
    conflict = conflicting_groups(requirement, year)
    return Design("infeasible", conflict=conflict, conflict_text=conflict_text(requirement, conflict))
