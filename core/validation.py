"""A validation: results of every stage against the criteria, and what follows for the optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.constraints import ConstraintUpdate, advise
from core.criteria import CriteriaSet, StageVerdict, State, Verdict, judge, overall, screen, stage_verdicts
from core.criteria.criterion import worst_state
from core.embedded import discrepancies
from core.findings import Finding, counted
from core.plant import Plant
from core.results.plausibility import check_against, known_in
from core.results.reconcile import Agreement, Discrepancy
from core.results.study_result import StudyResult

#: Stages that judge every bus → their study; the others judge the plant as a whole.
BUS_STAGES = {"2a": "load_flow", "2b": "short_circuit", "2c": "power_flow"}


@dataclass(frozen=True, slots=True)
class Validation:
    """What a validation says: the whole, its stages, every verdict, the updates and the findings."""

    overall: State
    stages: list[StageVerdict]
    verdicts: list[Verdict]
    constraint_updates: list[ConstraintUpdate]
    findings: list[Finding]
    discrepancies: list[Discrepancy]

    def as_dict(self) -> dict[str, Any]:
        """Return the validation as JSON documents carry it; the keys are a contract."""
        return {
            "overall": str(self.overall),
            "stages": [stage.as_dict() for stage in self.stages],
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "constraint_updates": [update.as_dict() for update in self.constraint_updates],
            "discrepancies": [discrepancy.as_dict() for discrepancy in self.discrepancies],
            "findings": [finding.as_dict() for finding in self.findings],
        }


def validate(
    plant: Plant,
    results: Sequence[StudyResult],
    criteria: CriteriaSet | None = None,
    *,
    reconciled: bool = False,
    reasons: Mapping[str, str] | None = None,
    finishing: bool = False,
) -> Validation:
    """Judge a plant and its results.

    Parameters
    ----------
    plant
        The design; stage 1 judges it by itself.
    results
        Results of files or engines, any number for each study.
    criteria
        The project's criteria; without them those that ship with the hub.
    reconciled
        Set every uploaded value against the hub's own study of the same plant.
    reasons
        By stage id, why the engineer accepts that a stage is contradicted.
    finishing
        Where nothing fails, also ask for updates that take loadings out of their warning band.
    """
    criteria = criteria or CriteriaSet.default()
    verdicts, findings = screen(plant, criteria)
    for result in results:
        judged, remarks = judge(result, criteria, plant)
        verdicts += judged
        findings += [*result.findings, *check_against(result, known_in(plant, result.study)), *remarks]
    brought = [result for result in results if result.provenance.run is None and result.provenance.source]
    differing = discrepancies(plant, brought) if reconciled else []
    stages = stage_verdicts(verdicts, criteria)
    stages = [_covered(stage, plant, results) for stage in stages]
    stages = [_reconciled(stage, differing, (reasons or {}).get(stage.id, "")) for stage in stages]
    updates = advise(verdicts, plant, results, finishing=finishing)
    return Validation(overall(stages), stages, verdicts, updates, findings, differing)


def _covered(stage: StageVerdict, plant: Plant, results: Sequence[StudyResult]) -> StageVerdict:
    """Return the stage with how much of the plant its results leave out: without a bus of the plant it is no PASS."""
    study = BUS_STAGES.get(stage.id)
    mine = [result for result in results if result.study == study]
    known = known_in(plant, study) if study and mine else None
    if known is None or not (lacking := known.lacking(mine)):
        return stage
    nothing = not any(known.own(result).notna().any() for result in mine)
    verdict = worst_state([stage.verdict, State.NOT_CHECKED]) if nothing else stage.verdict
    text = f"{len(lacking)} of the plant's buses have no result"
    return StageVerdict(stage.id, stage.name, verdict, f"{stage.note}; {text}" if stage.note else text)


def _reconciled(stage: StageVerdict, differing: Sequence[Discrepancy], reason: str) -> StageVerdict:
    """Return the stage with what the hub's own studies say of it: a contradicted stage is no PASS without a reason."""
    mine = [discrepancy for discrepancy in differing if discrepancy.stage == stage.id]
    contradicted = sum(discrepancy.agreement is Agreement.CONTRADICTS for discrepancy in mine)
    unexplained = sum(discrepancy.agreement is Agreement.EXPLAIN for discrepancy in mine)
    if not contradicted and not unexplained:
        return stage
    counts = (contradicted, "contradicted by the hub's own study"), (unexplained, "to be explained beside it")
    text = ", ".join(f"{counted(number, 'value')} {what}" for number, what in counts if number)
    if reason:
        return StageVerdict(stage.id, stage.name, stage.verdict, f"{stage.note}; {text}; accepted: {reason}")
    floor = State.FAIL if contradicted else State.WARN
    verdict = max(stage.verdict, floor, key=list(State).index)
    return StageVerdict(stage.id, stage.name, verdict, f"{stage.note}; {text}")
