"""The run of a project's closed loop: one round a unit, one after the other; what is done is in the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import Conflict
from core.jobs.kinds import FAILED, IN_TURN, RunKind
from core.jobs.queue import runs, submit
from core.project import Project, loops
from core.project.loops import STOPPED, WAITING, Loop
from core.settings import load_settings
from core.store import open_store


def start(project: Project, loop: Loop, *, manual: bool = False) -> str:
    """Let the loop turn in the background, from where it stands, ``manual`` for one round; return the run's id."""
    if loop.ended:
        raise Conflict(f"the loop has ended: {loop.state}", hint="begin a new one")
    done = sum(each.is_whole for each in loop.rounds)
    last = min(done + 1, loop.limit) if manual else loop.limit
    inputs = {"project": project.id, "loop": loop.id, "done": done, "limit": last, "manual": manual}
    return submit(project.store, LOOP.name, inputs, project=project.id, title="Closed loop")


def go_on(project: Project) -> str | None:
    """Turn on the project's loop where the upload that it waited for has arrived; return the run's id."""
    loop = loops.latest(project)
    if loop is None or loop.state != WAITING or loop.manual or loops.uploads(project, loop).due:
        return None
    return start(project, loop)


def is_turning(project: Project) -> bool:
    """Return whether a run of the project's loop is under way."""
    return any(run.kind == LOOP.name and run.is_active for run in runs(project.store, project.id, results=False))


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a unit for each round that the loop may still have."""
    last = max(inputs["limit"], inputs["done"] + 1)
    return [{"round": number, IN_TURN: True} for number in range(inputs["done"] + 1, last + 1)]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Turn one round; a loop that has ended, waits or already has the round is left as it is."""
    from core.project.loop_turn import turn  # loads the optimiser

    store = open_store(load_settings(folder.parents[1]))
    try:
        project = Project(store, inputs["project"])
        loop = loops.read(project, inputs["loop"])
        done = sum(each.is_whole for each in loop.rounds)
        if done + 1 < unit["round"] and loop.state == STOPPED:
            raise Conflict(f"round {done + 1} was not finished", hint="resume the run")
        if not loop.ended and done < unit["round"]:
            loop = turn(project, loop, manual=inputs["manual"], report=lambda text: _report(project, loop, text))
        return {"round": unit["round"], "state": loop.state, "reason": loop.reason}
    finally:
        store.close()


def _report(project: Project, loop: Loop, text: str) -> None:
    loops.set_state(project, loop, progress=text)


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return how the loop stands."""
    done = [summary for summary in summaries if FAILED not in summary]
    last = done[-1] if done else {"state": STOPPED, "reason": "no round was finished"}
    failed = [summary[FAILED] for summary in summaries if FAILED in summary]
    return {"loop": inputs["loop"], "state": last["state"], "reason": last["reason"], "failed": failed}


LOOP = RunKind("loop", plan, unit, finish)
