"""The sizing of a plant as a run: one unit is one design, so that a sweep is a run of several."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from core.design.requirement_file import read_requirement
from core.design.sensitivity import size_for, varied
from core.documents import dump, plain
from core.errors import BadInput
from core.jobs.kinds import FAILED, RunKind
from core.store.files import write_whole

#: The files of design number N in the run's folder.
DISPATCH, PLANT = "dispatch_{}.parquet", "plant_{}.json"


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a unit for every value of ``inputs["sweep"]`` (``quantity`` and ``values``), else one."""
    sweep = inputs.get("sweep")
    if not sweep:
        return [{"number": 0}]
    quantity = sweep["quantity"]
    return [{"number": n, "quantity": quantity, "value": value} for n, value in enumerate(sweep["values"])]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Size for ``inputs["requirement"]``, as requirement files have it; dispatch and plant go to the folder."""
    reading = read_requirement(dump(inputs["requirement"]).encode(), "requirement")
    requirement, quantity = reading.value, unit.get("quantity")
    if quantity:
        requirement = varied(requirement, quantity, unit["value"])
    sized = size_for(quantity, requirement, time_limit_s=inputs.get("time_limit_s", 60.0))
    number = unit["number"]
    if sized.plant is not None:
        buffer = io.BytesIO()
        sized.design.dispatch.to_parquet(buffer)
        write_whole(folder / DISPATCH.format(number), buffer.getvalue())
        write_whole(folder / PLANT.format(number), dump(sized.plant.to_document()).encode())
    remarks = [finding.as_dict() for finding in (*reading.findings, *sized.design.findings)]
    return {**unit, "design": plain(sized.as_dict() | {"findings": remarks})}


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return the designs; values that couldn't be sized stand in ``failed`` with their reason."""
    failed = [str(summary[FAILED]) for summary in summaries if FAILED in summary]
    designs = [summary for summary in summaries if FAILED not in summary]
    if not designs:
        raise BadInput(failed[0])
    return {"designs": designs, "failed": failed, "sweep": inputs.get("sweep")}


SIZING = RunKind("sizing", plan, unit, finish)
