"""Choose the equipment: sizes on representative days, then every hour of the year with the counts fixed."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from core.design.branching import Choice, choose
from core.design.checks import assumed, check_requirement
from core.design.conflicts import conflict_text, conflicting_groups
from core.design.design import Design, design_of, sizes_of
from core.design.growth import over_the_years
from core.design.profiles import Year, representative_days, whole_year
from core.design.requirement import Requirement
from core.design.sizing_model import build
from core.design.verifying import through_the_year
from core.errors import BadInput
from core.findings import Finding, Severity, counted

DAYS = 12
MOST_DAYS = 365
CHOOSING = 0.6  # of the time, after which the counts that are best so far go through the year
NOTHING_FOUND = "no design was found before the time was over"


def size(requirement: Requirement, *, days: int = DAYS, time_limit_s: float = 60.0) -> Design:
    """Choose the cheapest equipment that meets the requirement.

    Parameters
    ----------
    requirement
        Checked first; errors in it are raised together.
    days
        Representative days of the first stage; more are taken where the year shows that they don't represent it.
    time_limit_s
        When it runs out, the best design found is returned, marked as such.
    """
    findings = check_requirement(requirement)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise _refusal(findings)
    requirement, left_out = assumed(requirement)
    begin = perf_counter()
    year = whole_year(requirement)
    found = None
    while found is None:
        represented = representative_days(year, days)
        choice = choose(build(requirement, represented), begin + time_limit_s * CHOOSING)
        if choice.status == "infeasible":
            found = _contradiction(requirement, represented)
        elif choice.outcome is None:
            found = Design("time limit", conflict_text=NOTHING_FOUND)
        else:
            found = _verified(requirement, year, choice, begin + time_limit_s)
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


def _verified(requirement: Requirement, year: Year, choice: Choice, end_s: float) -> Design | None:
    """Return the design with the counts run through every hour of the year; ``None`` when they don't get through."""
    assert choice.outcome is not None
    counts, _ = sizes_of(choice.sizing, choice.outcome.solution)
    if choice.sizing.year.lossless:
        return _bounded(design_of(choice.sizing, choice.outcome.solution, choice.status), choice, counts)
    if perf_counter() > end_s:
        return _unverified(choice, counts)
    built = replace(requirement, technologies=tuple(t for t in requirement.technologies if counts.get(t.id, 1)))
    passage = through_the_year(built, year, choice.largest_mw, counts, end_s)
    if passage.late:
        return _unverified(choice, counts)
    return _bounded(passage.design(choice.status), choice, counts) if passage.run else None


def _unverified(choice: Choice, counts: dict[str, int]) -> Design:
    """Return the design as the days that stand for the year say it, for its year was not solved in time."""
    assert choice.outcome is not None
    days = choice.sizing.year.load_mw.shape[0]
    text = f"the year was not solved in time: cost, energy and dispatch are those of {days} days that stand for it"
    finding = Finding(
        "design.year", Severity.WARNING, text, "not every hour is confirmed; a shorter catalogue is faster"
    )
    design = design_of(choice.sizing, choice.outcome.solution, "time limit")
    return replace(_bounded(design, choice, counts), findings=(finding,))


def _bounded(design: Design, choice: Choice, counts: dict[str, int]) -> Design:
    """Return the design with the bound and the gap of the days that chose its sizes."""
    return replace(design, counts=counts, bound_usd_per_year=choice.bound_usd_per_year, gap=choice.gap)


def _contradiction(requirement: Requirement, year: Year) -> Design:
    conflict = conflicting_groups(requirement, year)
    return Design("infeasible", conflict=conflict, conflict_text=conflict_text(requirement, conflict))
