"""The stages of a validation and what each says as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.criteria.criterion import CriteriaSet, State, Verdict, worst_state


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: a study by one tool."""

    id: str
    name: str
    study: str
    tool: str
    always: bool = True  # NOT CHECKED without a result; else part of a validation only when it has one


STAGES = (
    Stage("1", "Screening", "screening", "Gridproof"),
    Stage("2a", "ETAP Load Flow", "load_flow", "ETAP"),
    Stage("2b", "ETAP Short Circuit", "short_circuit", "ETAP"),
    Stage("2c", "PSS/E Power Flow", "power_flow", "PSS/E"),
    Stage("3", "RAM Analysis", "availability", "Windchill RAM"),
    Stage("4", "Frequency", "frequency", "Gridproof", always=False),
)


@dataclass(frozen=True, slots=True)
class StageVerdict:
    """A stage's verdict and why."""

    id: str
    name: str
    verdict: State
    note: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the stage as JSON documents carry it."""
        return {"id": self.id, "name": self.name, "verdict": str(self.verdict), "note": self.note or None}


def stage_verdicts(verdicts: Iterable[Verdict], criteria: CriteriaSet) -> list[StageVerdict]:
    """Return the verdict of each stage: its worst one, and NOT CHECKED where a criterion has no value at all.

    Stage 4 is the hub's own: it counts where the frequency was studied, and a plant on the grid has none.
    """
    by_stage: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_stage.setdefault(verdict.stage, []).append(verdict)
    held = [stage for stage in STAGES if stage.always or stage.id in by_stage]
    return [_stage_verdict(stage, by_stage.get(stage.id, []), criteria) for stage in held]


def overall(stages: Iterable[StageVerdict]) -> State:
    """Return the worst stage's verdict; PASS needs every stage checked."""
    return worst_state(stage.verdict for stage in stages)


def _stage_verdict(stage: Stage, verdicts: list[Verdict], criteria: CriteriaSet) -> StageVerdict:
    if not verdicts:
        return StageVerdict(stage.id, stage.name, State.NOT_CHECKED, f"no {stage.tool} result yet")
    seen = {verdict.criterion for verdict in verdicts}
    absent = [criterion.label for criterion in criteria.of_stage(stage.id) if criterion.criterion not in seen]
    states = [verdict.verdict for verdict in verdicts] + [State.NOT_CHECKED for _ in absent]
    counts = {state: sum(verdict.verdict is state for verdict in verdicts) for state in State}
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    if absent:
        parts.append(f"no values for {', '.join(absent)}")
    return StageVerdict(stage.id, stage.name, worst_state(states), "; ".join(parts))
