"""The run of an availability study: the plant's diagram with MW and simulation, and what would reach the target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.documents import plain
from core.errors import BadInput
from core.findings import Severity
from core.jobs.kinds import FAILED, RunKind
from core.plant import Plant
from core.results.study_result import Status
from core.studies.availability import (
    AvailabilityOptions,
    Goal,
    as_document,
    plant_model,
    reach_target,
    standard_options,
    study_availability,
)

STUDY, MEASURES = "study", "measures"


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the two parts of the run."""
    return [{"part": STUDY}, {"part": MEASURES}]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Calculate one part for ``inputs["plant"]`` with ``inputs["options"]`` and ``inputs["target"]``."""
    model = plant_model(Plant.from_document(inputs["plant"]))
    options = AvailabilityOptions(**inputs["options"])
    if unit["part"] == STUDY:
        result = study_availability(model, options)
        if result.status is not Status.SOLVED:
            errors = [finding for finding in result.findings if finding.severity is Severity.ERROR]
            raise BadInput(errors[0].text, hint=errors[0].hint, findings=result.findings)
        document: dict[str, Any] = plain(as_document(result))
        return document
    goal = Goal(options.required_mw, options.bess_mw, options.mtbf_means)
    search = reach_target(model, inputs["target"], standard_options(model), goal=goal)
    rows = [
        {
            "measures": found.text,
            "cost": found.cost,
            "availability": found.availability,
            "downtime_h_per_year": found.downtime_h,
            "reaches": found.reaches,
        }
        for found in search.alternatives
    ]
    return {"availability": search.availability, "alternatives": rows, "findings": plain(search.findings)}


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return both parts; without the study there is no result."""
    study, measures = summaries
    if FAILED in study:
        raise BadInput(study[FAILED], hint="correct the plant's reliability data and blocks")
    return {**study, "target": inputs["target"], "measures": measures}


AVAILABILITY = RunKind("availability", plan, unit, finish)
