"""Simulations of grids over time as runs: their units are blocks of steps, which the database has whole or not at all.

A simulation has one run, found by its inputs. What is written is not calculated again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import digest, plain
from core.errors import BadInput, Conflict, EngineError
from core.jobs import queue
from core.jobs.kinds import FAILED, RunKind
from core.jobs.queue import RunStatus
from core.results import database
from core.results.database import Simulation
from core.results.database.simulations import DONE, INTERRUPTED, RUNNING
from core.settings import load_settings
from core.store import Store, open_store

if TYPE_CHECKING:
    from core.studies.simulation.run import File, Options  # its engines are slow to load: no page waits for them

NAME = "simulation"
#: A disk with less free space takes no block of a simulation.
FULL_BYTES = 16 * 2**20


def start(
    store: Store, network: File, series: File | None = None, software: str = "newton", options: Options | None = None
) -> int:
    """Enter a simulation and have it calculated in the background; return its number."""
    from core.studies.simulation.run import PLAIN, enter

    sim = enter(store, network, series, software, options or PLAIN)
    resume(store, sim)
    return sim


def resume(store: Store, sim: int) -> str:
    """Have calculated in the background what a simulation lacks; return the run's id."""
    own = database.simulation(store, sim)
    if own.state == DONE:
        raise BadInput(f"simulation {sim} is done")
    if "network" not in own.inputs:
        raise BadInput(f"simulation {sim} was not calculated here", hint="remove it, or import its file again")
    run = run_of(store, own)
    if run and not run.is_active and not (queue.folder(store, run.id) / queue.INPUTS).exists():
        queue.remove(store, run.id)  # the database came here without its runs' folders
        run = None
    if run is None:
        return queue.submit(store, NAME, _inputs(own), title=own.case_name)
    queue.resume(store, run.id)
    return run.id


def cancel(store: Store, sim: int) -> None:
    """Stop a simulation; what is written stays, and it can be resumed."""
    run = run_of(store, database.simulation(store, sim))
    if run is None or not run.is_active:
        raise Conflict(f"simulation {sim} is not under way")
    queue.cancel(store, run.id)


def remove(store: Store, sim: int) -> None:
    """Remove a simulation with its results and its run."""
    run = run_of(store, database.simulation(store, sim))
    if run and run.is_active:
        raise Conflict(f"simulation {sim} is under way", hint=f"stop it first: results cancel {sim}")
    database.remove(store, sim)
    if run:
        queue.remove(store, run.id)


def simulations(store: Store) -> list[Simulation]:
    """Return all simulations, the newest first; running are those whose run is under way."""
    active = {run.inputs_sha256 for run in _runs(store) if run.is_active}
    return [_seen(own, active) for own in database.simulations(store)]


def simulation(store: Store, sim: int) -> Simulation:
    """Return one simulation as :func:`simulations` does."""
    own = database.simulation(store, sim)
    return _seen(own, {run.inputs_sha256 for run in _runs(store) if run.is_active})


def run_of(store: Store, own: Simulation) -> RunStatus | None:
    """Return the run of a simulation: its progress, speed and result."""
    return next((run for run in _runs(store) if run.inputs_sha256 == digest(_inputs(own))), None)


def wait(store: Store, sim: int) -> dict[str, Any]:
    """Wait for a simulation's end and return its result."""
    run = run_of(store, database.simulation(store, sim))
    ended = run and queue.wait(store, run.id)
    if not ended or ended.state is not queue.State.FINISHED:
        reason = ended and (ended.message or f"its run was {ended.state}")
        if shutil.disk_usage(store.settings.workspace).free < FULL_BYTES:  # nobody could record that
            reason = f"{reason}, the disk is full"
        raise EngineError(f"simulation {sim} is not complete: {reason}", hint=f"go on with: results resume {sim}")
    return queue.result(store, ended.id)


def _runs(store: Store) -> list[RunStatus]:
    return [run for run in queue.runs(store, results=False) if run.kind == NAME]


def _seen(own: Simulation, active: set[str]) -> Simulation:
    if own.state == DONE or "network" not in own.inputs:
        return own
    return replace(own, state=RUNNING if digest(_inputs(own)) in active else INTERRUPTED)


def _inputs(own: Simulation) -> dict[str, Any]:
    return {"simulation": own.grid_sim_id, "steps": own.steps, "block": own.inputs.get("block")}


# ── the run ──


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the blocks of ``inputs["steps"]`` steps."""
    from core.studies.simulation.run import blocks

    return [{"first": first, "end": end} for first, end in blocks(inputs["steps"], inputs["block"])]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Calculate and write one block."""
    from core.studies.simulation.run import calculate

    with store_of(folder) as store:
        calculate(store, inputs["simulation"], slice(unit["first"], unit["end"]))
    return {}


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Mark the simulation as done; blocks that failed leave it incomplete."""
    from core.studies.simulation.run import conclude

    failed = [str(summary[FAILED]) for summary in summaries if FAILED in summary]
    with store_of(folder) as store:
        if failed and database.simulation(store, inputs["simulation"]).steps_done < inputs["steps"]:
            raise EngineError(failed[0])
        result: dict[str, Any] = plain(conclude(store, inputs["simulation"]))
    return result


@contextmanager
def store_of(folder: Path) -> Iterator[Store]:
    """Give the store of the workspace that a run's folder is in."""
    store = open_store(load_settings(folder.parents[1]))
    try:
        yield store
    finally:
        store.close()


SIMULATION = RunKind(NAME, plan, unit, finish)
