"""The closed loop: design, plant, studies, verdicts, constraint updates, and again until every stage passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from core.criteria import STAGES, CriteriaSet, Override, State
from core.design.choosing import chosen
from core.design.design import Design
from core.design.electrical import with_electrical
from core.design.ending import End, Ending, Past, ending_of, limit_reason, standstill
from core.design.ledger import Applied, constraints, with_updates, without_bound, without_element
from core.design.placement import place
from core.design.requirement import EQUIPMENT_BOUNDS, Requirement
from core.design.sizing import size
from core.embedded import as_power_flow, embedded_study
from core.errors import BadInput
from core.findings import Finding
from core.plant import Plant
from core.results.study_result import StudyResult
from core.settings import HOURS_PER_YEAR
from core.validation import Validation, validate

ROUNDS = 12
STUDIES = tuple(stage.study for stage in STAGES if stage.study != "screening")

#: A start that fails on purpose: no redundancy, the smallest breakers, no banks, taps the wrong way.
WEAK_BOUNDS = {"redundancy_level": 0.0}
WEAK_EQUIPMENT = {"*": {"breaker_limit_ka": 10.0, "reactive_support_mvar": 0.0, "hall_tap_pct": 2.5, "v_set_pu": 1.0}}

Report = Callable[[str], None]  # takes what is being done now


def silent(_: str) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Round:
    """One turn: the constraints that went in, the design, the plant, what the studies say, the updates that go out."""

    number: int
    constraints: list[dict[str, Any]]
    design: Design
    plant: Plant | None = None  # none where no design meets the constraints
    validation: Validation | None = None
    updates: list[Applied] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the round as JSON documents carry it; the keys are a contract."""
        return round_document(
            self.number,
            self.constraints,
            self.design.as_dict(),
            self.validation.as_dict() if self.validation else None,
            self.updates,
            self.plant.digest() if self.plant else None,
        )

    def past(self) -> Past:
        """Return what of the round tells whether the loop can go on."""
        stages = [stage.as_dict() for stage in self.validation.stages] if self.validation else []
        return Past(self.number, self.constraints, self.plant.digest() if self.plant else "", stages, self.updates)


def round_document(
    number: int,
    held: Sequence[Mapping[str, Any]],
    design: Mapping[str, Any],
    validation: Mapping[str, Any] | None,
    updates: Sequence[Applied],
    plant_sha256: str | None,
) -> dict[str, Any]:
    """Return a round as JSON documents carry it."""
    return {
        "number": number,
        "constraints": list(held),
        "design": dict(design),
        "cost": design["cost"],
        "overall": validation["overall"] if validation else None,
        "stages": validation["stages"] if validation else [],
        "updates": [update.as_dict() for update in updates],
        "plant_sha256": plant_sha256,
    }


@dataclass(frozen=True, slots=True)
class LoopResult:
    """How the loop ended, and its rounds."""

    ended: End
    reason: str
    rounds: list[Round]
    requirement: Requirement  # of the last round

    @property
    def converged(self) -> bool:
        """Return whether every stage of the last round passes."""
        return self.ended is End.PASSED

    @property
    def overall(self) -> State:
        """Return the verdict of the last round."""
        last = self.rounds[-1].validation
        return last.overall if last else State.FAIL

    def as_dict(self) -> dict[str, Any]:
        """Return the loop as JSON documents carry it; the keys are a contract."""
        return {
            "converged": self.converged,
            "overall": str(self.overall),
            "ended": str(self.ended),
            "reason": self.reason,
            "rounds": [each.as_dict() for each in self.rounds],
        }


def weak_start(requirement: Requirement) -> Requirement:
    """Return the requirement with a start that the studies will refuse."""
    bounds = {**requirement.bounds, **WEAK_BOUNDS}
    return replace(requirement, bounds=bounds, equipment={**requirement.equipment, **WEAK_EQUIPMENT})


def run_loop(requirement: Requirement, *, rounds: int = ROUNDS, report: Report = silent) -> LoopResult:
    """Turn until every stage passes, no update is left, the constraints come back, or the rounds are used up."""
    done: list[Round] = []
    for number in range(1, rounds + 1):
        before = (done[-1].constraints, done[-1].design) if done else None
        report(f"round {number}: sizing")
        this, following = _turn(number, requirement, designed(requirement, before), report)
        done.append(this)
        if ending := _ending(this) or standstill([each.past() for each in done], following):
            return LoopResult(ending.end, ending.reason, done, requirement)
        held, requirement = requirement, following
    return LoopResult(End.ROUND_LIMIT, limit_reason(rounds), done, held)


def _turn(number: int, requirement: Requirement, design: Design, report: Report) -> tuple[Round, Requirement]:
    """Return one round and the requirement that its updates make."""
    held = constraints(requirement)
    if not design.feasible:
        return Round(number, held, design), requirement
    plant = place(design, requirement)
    design = with_electrical(design, plant, requirement)
    validation = judged(plant, requirement, report=lambda study: report(f"round {number}: {study}"))
    report(f"round {number}: updates")
    applied = chosen(requirement, [update.as_dict() for update in validation.constraint_updates])
    return Round(number, held, design, plant, validation, applied), with_updates(requirement, applied)


def _ending(this: Round) -> Ending | None:
    if this.validation is None:
        return Ending(End.INFEASIBLE, this.design.conflict_text)
    return ending_of(this.validation.as_dict(), [each.update for each in this.updates])


def designed(requirement: Requirement, before: tuple[Sequence[Mapping[str, Any]], Design] | None) -> Design:
    """Return the cheapest design; that of the round before where nothing changed that sizes are chosen by."""
    if before is not None and _sizing_rows(before[0]) == _sizing_rows(constraints(requirement)):
        return before[1]
    try:
        return size(requirement)
    except BadInput as error:
        if before is None:
            raise
        return Design("infeasible", conflict_text=f"{error.message} ({error.hint})")  # what the ledger asks for


def _sizing_rows(held: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in held if row["name"] not in EQUIPMENT_BOUNDS]


def judged(
    plant: Plant,
    requirement: Requirement,
    *,
    uploaded: Mapping[str, Sequence[StudyResult]] | None = None,
    criteria: CriteriaSet | None = None,
    reasons: Mapping[str, str] | None = None,
    report: Report = silent,
) -> Validation:
    """Return what the studies say of a plant in all its scenarios.

    Parameters
    ----------
    plant, requirement
        The design, and what it is for.
    uploaded
        By study, results of outside tools that stand in the place of the hub's own; they are set against these.
    criteria, reasons
        The project's criteria, and why contradicted stages stand, as in :func:`core.validation.validate`.
    report
        Takes the name of each study when it begins.
    """
    uploaded = uploaded or {}
    scenarios = list(plant["scenario"]["id"])
    results: dict[str, Sequence[StudyResult]] = {}
    for study in STUDIES:
        report(study.replace("_", " "))
        if uploaded.get(study):
            results[study] = uploaded[study]
        elif study == "power_flow" and not uploaded.get("load_flow"):
            results[study] = [as_power_flow(results["load_flow"][0])]  # the same calculation
        else:
            results[study] = [embedded_study(plant, study, scenarios)]
    own = criteria_of(requirement, criteria or CriteriaSet.default())
    brought = list(chain(*results.values()))
    return validate(plant, brought, own, reconciled=bool(uploaded), reasons=reasons, finishing=True)


def criteria_of(requirement: Requirement, criteria: CriteriaSet) -> CriteriaSet:
    """Return the criteria with the requirement's own availability target, unless the project set one."""
    target = requirement.availability_target
    overridden = {change.criterion for change in criteria.overrides}
    reason = f"the requirement asks for {target * 100:g} %"
    wanted = (
        Override("availability", reason, low=target),
        Override("annual_downtime_h", reason, high=(1 - target) * HOURS_PER_YEAR),
    )
    if target == Requirement().availability_target:
        return criteria
    for change in wanted:
        criteria = criteria if change.criterion in overridden else criteria.override(change)
    return criteria


def findings_of(result: LoopResult) -> list[Finding]:
    """Return what the last round's sizing and studies remark, and which changes nothing can make; each once.

    Bounds of the requirement on elements that the plant hasn't got are said; those of earlier rounds' plants are past.
    """
    last = result.rounds[-1]
    found = [*last.design.findings, *(last.validation.findings if last.validation else [])]
    found += without_bound(each.update for one in result.rounds for each in one.updates)
    found += without_element(result.rounds[0].constraints, last.plant) if last.plant else []
    return list({(finding.code, finding.text): finding for finding in found}.values())
