"""What each requirement of a loop's last design costs, as a run: one unit is the best design without one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.design.requirement_file import requirement_document, restored_requirement
from core.documents import plain
from core.errors import BadInput
from core.jobs.kinds import FAILED, RunKind
from core.jobs.queue import submit
from core.project import Project
from core.project.loops import Loop, requirement_of


def start(project: Project, loop: Loop) -> str:
    """Let the costs of the loop's last design be found in the background; return the run's id."""
    if not loop.rounds or loop.rounds[-1].revision is None:
        raise BadInput("the loop has no design yet", hint="turn it first")
    last, document = loop.rounds[-1], requirement_document(requirement_of(loop))
    inputs = {"requirement": document, "base": dict(last.design), "loop": loop.id, "round": last.number}
    return submit(project.store, COSTS.name, inputs, project=project.id, title="Cost of each requirement")


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a unit for each requirement in force."""
    from core.design.requirement_costs import in_force  # loads the optimiser

    return [{"name": name} for name in in_force(restored_requirement(inputs["requirement"]))]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Size without one requirement."""
    from core.design.design import Design
    from core.design.requirement_costs import size_without
    from core.design.sensitivity import SizedPlant

    requirement = restored_requirement(inputs["requirement"])
    base = SizedPlant(requirement, Design.from_dict(inputs["base"]))
    return {**unit, "design": plain(size_without(requirement, unit["name"], base).as_dict())}


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return a row for each requirement, the dearest first."""
    from core.design.requirement_costs import cost_rows

    done = [(summary["name"], summary["design"]) for summary in summaries if FAILED not in summary]
    rows = cost_rows(restored_requirement(inputs["requirement"]), inputs["base"], done)
    failed = [str(summary[FAILED]) for summary in summaries if FAILED in summary]
    return {"loop": inputs["loop"], "round": inputs["round"], "rows": rows, "failed": failed}


COSTS = RunKind("requirement_costs", plan, unit, finish)
