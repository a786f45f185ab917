"""Simulations: begun, carried forward step by step, finished, found again, removed; one that broke off says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from core.errors import NotFound
from core.results.database.software import SOFTWARE, software_key
from core.results.database.tables import RESULTS, grid_simulations, simulation_progress
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
    row = {
        "case_name": case_name,
        "software": SOFTWARE[software_key(software)],
        "sbase_mva": float(sbase_mva),
        "timestamp_start": timestamp_start,
        "simulation_notes": notes,
    }
    with store.writing() as connection:
        number = connection.execute(insert(grid_simulations).values(row)).inserted_primary_key
        sim = int(number[0]) if number else 0
        progress = {"state": RUNNING, "steps": steps, "steps_done": 0, "heartbeat_at": now(), "inputs": inputs or {}}
        connection.execute(insert(simulation_progress).values(grid_sim_id=sim, **progress))
    return sim


@contextmanager
def all_or_nothing(store: Store, sim: int) -> Iterator[None]:
    """Remove the simulation when what is done inside breaks off, whatever the reason: half an import is none.

    It counts as interrupted until it is finished: what kills this process can't be told.
    """
    set_state(store, sim, INTERRUPTED)
    try:
        yield
    except BaseException:
        remove(store, sim)
        raise


def set_state(store: Store, sim: int, state: str) -> None:
    """Set a simulation's state."""
    with store.writing() as connection:
        _change(connection, sim, {"state": state})


def advance(connection: Connection, sim: int, steps: int) -> None:
    """Count in the writer's own transaction the steps that it wrote."""
    _change(connection, sim, {"steps_done": simulation_progress.c.steps_done + steps})


def finish(store: Store, sim: int, timestamp_end: str) -> None:
    """Mark a simulation as done: its last step is written."""
    with store.writing() as connection:
        _change(connection, sim, {"state": DONE})
        own = grid_simulations.c.grid_sim_id == sim
        connection.execute(update(grid_simulations).where(own).values(timestamp_end=timestamp_end))


def _change(connection: Connection, sim: int, values: dict[str, Any]) -> None:
    own = simulation_progress.c.grid_sim_id == sim
    if not connection.execute(update(simulation_progress).where(own).values(heartbeat_at=now(), **values)).rowcount:
        raise NotFound(f"there is no simulation {sim}", hint="see them with: results list")


def simulations(store: Store) -> list[Simulation]:
    """Return all simulations, the newest first."""
    with store.reading() as connection:
        rows = connection.execute(_joined().order_by(grid_simulations.c.grid_sim_id.desc())).all()
    return [_simulation(row) for row in rows]


def simulation(store: Store, sim: int) -> Simulation:
    """Return one simulation."""
    with store.reading() as connection:
        row = connection.execute(_joined().where(grid_simulations.c.grid_sim_id == sim)).first()
    if row is None:
        raise NotFound(f"there is no simulation {sim}", hint="see them with: results list")
    return _simulation(row)


def remove(store: Store, sim: int) -> None:
    """Remove a simulation with all its results."""
    with store.writing() as connection:
        if not connection.execute(delete(grid_simulations).where(grid_simulations.c.grid_sim_id == sim)).rowcount:
            raise NotFound(f"there is no simulation {sim}", hint="see them with: results list")


def software_of(store: Store, sim: int) -> list[str]:
    """Return every software that a simulation has results of."""
    return [software for software, component in _tables_of(store, sim) if component == "bus"]


def components_of(store: Store, sim: int, software: str) -> list[str]:
    """Return the components that a simulation has results of by one software."""
    return [component for own, component in _tables_of(store, sim) if own == software]


def _tables_of(store: Store, sim: int) -> list[tuple[str, str]]:
    with store.reading() as connection:
        return [
            name
            for name, table in RESULTS.items()
            if connection.execute(select(table.c.id).where(table.c.grid_sim_id == sim).limit(1)).first()
        ]


def _joined() -> Select[Any]:
    progress = [column for column in simulation_progress.c if column.name != "grid_sim_id"]
    return select(*grid_simulations.c, *progress).join(simulation_progress)


def _simulation(row: Row[Any]) -> Simulation:
    values = dict(row._mapping)
    silent = now() - values.pop("heartbeat_at")
    if values["state"] == RUNNING and silent > SILENCE:
        values["state"] = INTERRUPTED
    return Simulation(**values | {"software": software_key(values["software"])})
