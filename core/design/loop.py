"""The closed loop: design, plant, studies, verdicts, constraint updates, and again until every stage passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from core.criteria import CriteriaSet, Override, State
from core.design.design import Design
from core.design.ledger import Applied, apply, constraints
from core.design.placement import place
from core.design.requirement import Requirement
from core.design.sizing import size
from core.documents import digest
from core.embedded import embedded_study
from core.findings import Finding
from core.plant import Plant
from core.settings import HOURS_PER_YEAR
from core.validation import Validation, validate

ROUNDS = 12
STUDIES = ("load_flow", "short_circuit", "power_flow", "availability")

#: A start that fails on purpose: no redundancy, the smallest breakers, no banks, taps the wrong way.
WEAK_BOUNDS = {"redundancy_level": 0.0}
WEAK_EQUIPMENT = {"*": {"breaker_limit_ka": 10.0, "reactive_support_mvar": 0.0, "hall_tap_pct": 2.5, "v_set_pu": 1.0}}


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
        stages = self.validation.stages if self.validation else []
        return {
            "number": self.number,
            "constraints": self.constraints,
            "design": self.design.as_dict(),
            "cost": self.design.cost(),
            "overall": str(self.validation.overall) if self.validation else None,
            "stages": [stage.as_dict() for stage in stages],
            "updates": [update.as_dict() for update in self.updates],
            "plant_sha256": self.plant.digest() if self.plant else None,
        }


@dataclass(frozen=True, slots=True)
class LoopResult:
    """How the loop ended: ``passed``, ``infeasible``, ``no update left``, ``oscillation`` or ``round limit``."""

    ended: str
    reason: str
    rounds: list[Round]

    @property
    def converged(self) -> bool:
        """Return whether every stage of the last round passes."""
        return self.ended == "passed"

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
            "ended": self.ended,
            "reason": self.reason,
            "rounds": [each.as_dict() for each in self.rounds],
        }


def weak_start(requirement: Requirement) -> Requirement:
    """Return the requirement with a start that the studies will refuse."""
    bounds = {**requirement.bounds, **WEAK_BOUNDS}
    return replace(requirement, bounds=bounds, equipment={**requirement.equipment, **WEAK_EQUIPMENT})


def run_loop(
    requirement: Requirement, *, rounds: int = ROUNDS, after_round: Callable[[Round], None] = lambda _: None
) -> LoopResult:
    """Turn until every stage passes, no update is left, the constraints come back, or the rounds are used up."""
    seen: dict[str, int] = {}
    done: list[Round] = []
    design: Design | None = None
    for number in range(1, rounds + 1):
        seen[_state(requirement)] = number
        design = _resized(requirement, design, done)
        this, following = _turn(number, requirement, design)
        done.append(this)
        after_round(this)
        ended = _ended(this, following, seen) or _standing_still(done)
        if ended:
            return LoopResult(*ended, done)
        requirement = following
    return LoopResult("round limit", f"{rounds} rounds did not bring every stage to PASS", done)


def _resized(requirement: Requirement, design: Design | None, done: list[Round]) -> Design:
    """Return the design of the round before where nothing changed that sizes are chosen by."""
    if design is not None and done:
        before = [row for row in done[-1].constraints if row["element"] == "PLANT"]
        if before == [row for row in constraints(requirement) if row["element"] == "PLANT"]:
            return design
    return size(requirement)


def _turn(number: int, requirement: Requirement, design: Design) -> tuple[Round, Requirement]:
    """Return one round and the requirement that its updates make."""
    held = constraints(requirement)
    if not design.feasible:
        return Round(number, held, design), requirement
    plant = place(design, requirement)
    validation = judged(plant, requirement)
    following, applied = apply(requirement, validation.constraint_updates)
    return Round(number, held, design, plant, validation, applied), following


def judged(plant: Plant, requirement: Requirement) -> Validation:
    """Return what the hub's own studies say of a plant in all its scenarios."""
    scenarios = list(plant["scenario"]["id"])
    results = [embedded_study(plant, study, scenarios) for study in STUDIES]
    return validate(plant, results, _criteria(requirement))


def _criteria(requirement: Requirement) -> CriteriaSet:
    """Return the shipped criteria with the requirement's own availability target."""
    target = requirement.availability_target
    if target == Requirement().availability_target:
        return CriteriaSet.default()
    reason = f"the requirement asks for {target * 100:g} %"
    own = CriteriaSet.default().override(Override("availability", reason, low=target))
    return own.override(Override("annual_downtime_h", reason, high=(1 - target) * HOURS_PER_YEAR))


def _ended(this: Round, following: Requirement, seen: dict[str, int]) -> tuple[str, str] | None:
    """Return how the loop ends after a round and why, ``None`` when it goes on."""
    if this.validation is None:
        return "infeasible", this.design.conflict_text
    if this.validation.overall is State.PASS:
        return "passed", f"every stage passes in round {this.number}"
    failing = ", ".join(stage.name for stage in this.validation.stages if stage.verdict is not State.PASS)
    before = seen.get(_state(following))
    if not this.updates or before == this.number:
        return "no update left", f"no update is left that changes the design; not PASS: {failing}"
    if before is not None:
        return "oscillation", f"the constraints of round {before} come back after round {this.number}: {_between(this)}"
    return None


def _standing_still(done: list[Round]) -> tuple[str, str] | None:
    """Return the end of a loop whose last updates left the plant as it was."""
    plants = [each.plant.digest() for each in done[-2:] if each.plant]
    if len(plants) < 2 or plants[0] != plants[1]:
        return None
    names = ", ".join(sorted({update.change.name for update in done[-2].updates}))
    return "no update left", f"the updates of round {done[-2].number} ({names}) no longer change the plant"


def _between(this: Round) -> str:
    """Return what the loop swings between."""
    swings = (f"{u.change.name} of {u.change.element}: {u.change.old:g} ↔ {u.change.new:g}" for u in _moved(this))
    return "; ".join(swings)


def _moved(this: Round) -> Iterator[Applied]:
    for update in this.updates:
        if update.takes and update.change.old is not None and update.change.old != update.change.new:
            yield update


def _state(requirement: Requirement) -> str:
    return digest(constraints(requirement))


def findings_of(result: LoopResult) -> list[Finding]:
    """Return what the last round's sizing and studies remark, each once."""
    last = result.rounds[-1]
    found = [*last.design.findings, *(last.validation.findings if last.validation else [])]
    return list({(finding.code, finding.text): finding for finding in found}.values())
