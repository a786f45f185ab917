"""Limits with their source, and the verdicts that follow from them."""

from core.criteria.criterion import CriteriaSet, Criterion, Override, State, Verdict
from core.criteria.judge import judge
from core.criteria.screening import firm_capacity_mw, screen
from core.criteria.stages import STAGES, Stage, StageVerdict, overall, stage_verdicts

__all__ = [
    "STAGES",
    "CriteriaSet",
    "Criterion",
    "Override",
    "Stage",
    "StageVerdict",
    "State",
    "Verdict",
    "firm_capacity_mw",
    "judge",
    "overall",
    "screen",
    "stage_verdicts",
]
