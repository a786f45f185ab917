"""The run of an availability study: the plant's diagram with MW, what would reach the target, blocks of histories."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.documents import plain
from core.errors import BadInput
from core.findings import Finding, Severity
from core.jobs.kinds import FAILED, RunKind
from core.plant import Plant
from core.reliability import ReliabilityModel
from core.results.study_result import Status
from core.store.files import write_whole
from core.studies.availability import (
    AvailabilityOptions,
    Goal,
    as_document,
    plant_model,
    reach_target,
    standard_options,
    study_availability,
)
from core.studies.availability.simulation import Histories, batch_size, run_histories, summarise
from core.studies.availability.study import simulation_document

STUDY, MEASURES, HISTORIES = "study", "measures", "histories"
#: Histories that one unit takes at least.
HISTORIES_PER_UNIT = 500


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the study, the search for measures, and the blocks of histories, each of some whole batches."""
    histories = int(inputs["options"].get("histories", 0))
    blocks: list[dict[str, Any]] = []
    if histories:
        batch = batch_size(histories)
        count = batch * max(4, -(-HISTORIES_PER_UNIT // batch))
        blocks = [{"part": HISTORIES, "first": first, "count": count} for first in range(0, histories, count)]
    return [{"part": STUDY}, {"part": MEASURES}, *blocks]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Calculate one part for ``inputs["plant"]`` with ``inputs["options"]`` and ``inputs["target"]``."""
    model, options = _asked(inputs)
    if unit["part"] == HISTORIES:
        batches = run_histories(model, options.simulation, unit["first"], unit["count"])
        return _keep(folder / f"histories_{unit['first']}", batches)
    if unit["part"] == MEASURES:
        return _measures(model, options, inputs["target"])
    result = study_availability(model, replace(options, histories=0))
    if result.status is not Status.SOLVED:
        errors = [finding for finding in result.findings if finding.severity is Severity.ERROR]
        raise BadInput(errors[0].text, hint=errors[0].hint, findings=result.findings)
    document: dict[str, Any] = plain(as_document(result))
    return document


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return all parts, and what was remarked when the loads were read; without the study there is no result."""
    study, measures, *blocks = summaries
    if FAILED in study:
        raise BadInput(study[FAILED], hint="correct the plant's reliability data and blocks")
    done = [block for block in blocks if FAILED not in block]
    findings = [*inputs.get("remarks", []), *study["findings"], *_failed(blocks)]
    simulated: dict[str, Any] = {}
    if done:
        model, options = _asked(inputs)
        batches = [_kept(folder / block["kept"]) for block in done]
        simulation = summarise(model, options.simulation, batches)
        simulated = {"simulation": plain(simulation_document(simulation))}
        findings += [finding for finding in plain(simulation.findings) if finding not in findings]
    return {**study, **simulated, "findings": findings, "target": inputs["target"], "measures": measures}


def _asked(inputs: dict[str, Any]) -> tuple[ReliabilityModel, AvailabilityOptions]:
    return plant_model(Plant.from_document(inputs["plant"])), AvailabilityOptions(**inputs["options"])


def _measures(model: ReliabilityModel, options: AvailabilityOptions, target: float) -> dict[str, Any]:
    goal = Goal(options.required_mw, options.bess_mw, options.mtbf_means)
    search = reach_target(model, target, standard_options(model), goal=goal)
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


def _failed(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return why histories are missing, each reason once."""
    reasons = dict.fromkeys(str(block[FAILED]) for block in blocks if FAILED in block)
    found: list[dict[str, Any]] = plain([Finding("simulation.failed", Severity.WARNING, text) for text in reasons])
    return found


def _keep(path: Path, batches: list[Histories]) -> dict[str, Any]:
    """Write batches as one table of histories and one of nodes' downtimes."""
    rows = pd.DataFrame(
        {
            "downtime": np.concatenate([batch.downtime for batch in batches]),
            "failures": np.concatenate([batch.failures for batch in batches]),
            "first_failure": np.concatenate([batch.first_failure for batch in batches]),
        }
    )
    nodes = pd.DataFrame(np.concatenate([batch.node_downtime for batch in batches])).rename(columns=str)
    for suffix, frame in ((".parquet", rows), (".nodes.parquet", nodes)):
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        write_whole(path.with_name(path.name + suffix), buffer.getvalue())
    return {"kept": path.name, "histories": len(rows)}


def _kept(path: Path) -> Histories:
    rows = pd.read_parquet(path.with_name(path.name + ".parquet"))
    nodes = pd.read_parquet(path.with_name(path.name + ".nodes.parquet")).to_numpy()
    downtime, failures, first = (rows[name].to_numpy() for name in ("downtime", "failures", "first_failure"))
    return Histories(downtime, failures, first, nodes)


AVAILABILITY = RunKind("availability", plan, unit, finish)
