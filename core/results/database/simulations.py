"""Simulations: begun, carried forward step by step, finished, found again, removed; one that broke off says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.results.database.software import SOFTWARE, software_key
from core.results.database.tables import RESULTS, GridSimulation, SimulationProgress
from core.store import Store, now

RUNNING, INTERRUPTED, DONE = "running", "interrupted", "done"
#: A simulation that says it runs but wrote nothing for so long was killed.
SILENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation as the database has it; ``software`` is the prefix of its tables."""

    grid_sim_id: int
    case_name: str
    software: str
    sbase_mva: float
    timestamp_start: str
    timestamp_end: str | None
    simulation_notes: str | None
    created_at: str
    state: str
    steps: int | None
    steps_done: int
    unsolved: int | None
    inputs: dict[str, Any]


def begin(
    store: Store,
    case_name: str,
    software: str,
    sbase_mva: float,
    timestamp_start: str,
    *,
    steps: int | None = None,
    notes: str | None = None,
    inputs: dict[str, Any] | None = None,
) -> int:
    """Enter a simulation as running and return its number."""
    own = GridSimulation(
        case_name=case_name,
        software=SOFTWARE[software_key(software)],
        sbase_mva=float(sbase_mva),
        timestamp_start=timestamp_start,
        simulation_notes=notes,
        progress=SimulationProgress(state=RUNNING, steps=steps, inputs=inputs or {}),
    )
    with _changing(store) as session:
        session.add(own)
        session.flush()
        return own.grid_sim_id


@contextmanager
def all_or_nothing(store: Store, sim: int) -> Iterator[None]:
    """Remove the simulation when what is done inside breaks off, whatever the reason: half an import is none.

    It counts as interrupted until it is finished: what kills this process can't be told.
    """
    with _changing(store) as session:
        _found(session, sim).progress.state = INTERRUPTED
    try:
        yield
    except BaseException:
        remove(store, sim)
        raise


def advance(connection: Connection, sim: int, steps: int) -> None:
    """Count in the writer's own transaction the steps that it wrote."""
    further = update(SimulationProgress).values(steps_done=SimulationProgress.steps_done + steps)
    connection.execute(further.where(SimulationProgress.grid_sim_id == sim))


def finish(store: Store, sim: int, timestamp_end: str, unsolved: int | None = None) -> None:
    """Mark a simulation as done: its last step is written, some perhaps without a solution."""
    with _changing(store) as session:
        own = _found(session, sim)
        own.timestamp_end, own.progress.state, own.progress.unsolved = timestamp_end, DONE, unsolved


def remove(store: Store, sim: int) -> None:
    """Remove a simulation; the database removes all its results with it."""
    with _changing(store) as session:
        session.delete(_found(session, sim))


def simulations(store: Store) -> list[Simulation]:
    """Return all simulations, the newest first."""
    with store.reading() as connection, Session(connection) as session:
        every = session.scalars(select(GridSimulation).order_by(GridSimulation.grid_sim_id.desc()))
        return [_simulation(own) for own in every]


def simulation(store: Store, sim: int) -> Simulation:
    """Return one simulation."""
    with store.reading() as connection, Session(connection) as session:
        return _simulation(_found(session, sim))


def software_of(store: Store, sim: int) -> list[str]:
    """Return every software that a simulation has results of."""
    return [software for software, component in _results_of(store, sim) if component == "bus"]


def components_of(store: Store, sim: int, software: str) -> list[str]:
    """Return the components that a simulation has results of by one software."""
    return [component for own, component in _results_of(store, sim) if own == software]


def _results_of(store: Store, sim: int) -> list[tuple[str, str]]:
    with store.reading() as connection:
        return [
            name
            for name, model in RESULTS.items()
            if connection.execute(select(model.id).where(model.grid_sim_id == sim).limit(1)).first()
        ]


@contextmanager
def _changing(store: Store) -> Iterator[Session]:
    """Give a session whose changes are kept together at the end, or not at all after an error."""
    with store.writing() as connection, Session(connection) as session, session.begin():
        yield session


def _found(session: Session, sim: int) -> GridSimulation:
    own = session.get(GridSimulation, sim)
    if own is None:
        raise NotFound(f"there is no simulation {sim}", hint="see them with: results list")
    return own


def _simulation(own: GridSimulation) -> Simulation:
    """Return a simulation by value: it stays as it was seen."""
    progress = own.progress
    silent = progress.state == RUNNING and now() - progress.heartbeat_at > SILENCE
    return Simulation(
        own.grid_sim_id,
        own.case_name,
        software_key(own.software),
        own.sbase_mva,
        own.timestamp_start,
        own.timestamp_end,
        own.simulation_notes,
        own.created_at,
        INTERRUPTED if silent else progress.state,
        progress.steps,
        progress.steps_done,
        progress.unsolved,
        progress.inputs,
    )
