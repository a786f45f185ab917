"""Results into and out of the tables; callers name the component, never the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.errors import BadInput
from core.results.database.grid_state import GridState, conformed, stacked
from core.results.database.rows import read_outline, read_rows, write_rows
from core.results.database.simulations import advance, simulation
from core.results.database.software import KEYS, software_key
from core.results.database.tables import RESULTS, Result, WecSimulation
from core.store import Store

#: States written in one transaction.
BATCH = 500


def insert_grid_state(store: Store, sim: int, state: GridState, software: str | None = None) -> None:
    """Write one state; see :func:`insert_grid_states`."""
    insert_grid_states(store, sim, [state], software)


def insert_grid_states(store: Store, sim: int, states: Iterable[GridState], software: str | None = None) -> None:
    """Write states in batches, each whole or not at all, into the tables of ``software`` or the simulation's own."""
    own = simulation(store, sim)
    key, remaining = software_key(software or own.software), iter(states)
    while batch := list(islice(remaining, BATCH)):
        insert_tables(store, sim, stacked(batch), software=key, steps=len(batch) if key == own.software else 0)


def insert_tables(
    store: Store,
    sim: int,
    tables: Mapping[str, pd.DataFrame],
    *,
    software: str | None = None,
    farms: pd.DataFrame | None = None,
    steps: int = 0,
) -> None:
    """Write frames by component, with a column ``timestamp``, in one transaction.

    ``farms`` are rows of ``wec_simulations``; ``steps`` is how many steps the simulation is further with them.
    """
    key = software_key(software or simulation(store, sim).software)
    checked = {component: conformed(frame, key, component) for component, frame in tables.items()}
    try:
        with store.writing() as connection:
            for component, frame in checked.items():
                write_rows(connection, RESULTS[key, component].__table__, sim, frame)
            if farms is not None and len(farms):
                write_rows(connection, WecSimulation.__table__, sim, farms)
            if steps:
                advance(connection, sim, steps)
    except IntegrityError as error:
        raise BadInput(
            f"simulation {sim} has results of {key} at one of these time stamps already",
            hint="an element has one row a time stamp; remove the simulation, or begin another one",
        ) from error


def has_step(store: Store, sim: int, timestamp: str) -> bool:
    """Say whether a step's results are written: its transaction has all of them or none."""
    bus = RESULTS[simulation(store, sim).software, "bus"]
    query = select(bus.id).where(bus.grid_sim_id == sim, bus.timestamp == timestamp)
    with store.reading() as connection:
        return connection.execute(query.limit(1)).first() is not None


def count_unsolved(store: Store, sim: int) -> int:
    """Return how many written steps have no solution: no bus has a power."""
    bus = RESULTS[simulation(store, sim).software, "bus"]
    every = select(func.count(bus.timestamp.distinct())).where(bus.grid_sim_id == sim)
    solved_ones = every.where(bus.__table__.c.p.isnot(None))
    with store.reading() as connection:
        written, solved = (connection.execute(query).scalar_one() for query in (every, solved_ones))
    return int(written - solved)


def get_data(
    store: Store,
    sim: int,
    component: str,
    software: str | None = None,
    *,
    at: str | None = None,
    numbers: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return a component's results in the order of time and number, in the table's columns without its keys.

    All of them, those of one time stamp, or those of the elements of some numbers.
    """
    table = _model(store, sim, component, software).__table__
    with store.reading() as connection:
        return read_rows(connection, table, sim, KEYS[component], at=at, numbers=numbers)


def get_outline(
    store: Store, sim: int, component: str, software: str, names: Sequence[str]
) -> tuple[list[str], pd.DataFrame]:
    """Return a component's time stamps, and its elements in the columns of ``names``, their number first."""
    table = _model(store, sim, component, software).__table__
    with store.reading() as connection:
        return read_outline(connection, table, sim, names)


def _model(store: Store, sim: int, component: str, software: str | None) -> type[Result]:
    key = software_key(software or simulation(store, sim).software)
    model = RESULTS.get((key, component))
    if model is None:
        known = [name for prefix, name in RESULTS if prefix == key]
        raise BadInput(f"{key} has no table {component!r}", hint=f"tables are {', '.join(known)}")
    return model


def get_bus_data(store: Store, sim: int, software: str | None = None) -> pd.DataFrame:
    """Return the buses' results, of the simulation's software or of the one that is named."""
    return get_data(store, sim, "bus", software)


def get_generator_data(store: Store, sim: int, software: str | None = None) -> pd.DataFrame:
    """Return the generators' results."""
    return get_data(store, sim, "generator", software)


def get_load_data(store: Store, sim: int, software: str | None = None) -> pd.DataFrame:
    """Return the loads' results."""
    return get_data(store, sim, "load", software)


def get_line_data(store: Store, sim: int, software: str | None = None) -> pd.DataFrame:
    """Return the lines' and transformers' results."""
    return get_data(store, sim, "line", software)


def get_link_data(store: Store, sim: int, software: str | None = None) -> pd.DataFrame:
    """Return the links' results."""
    return get_data(store, sim, "link", software)


def get_farm_data(store: Store, sim: int) -> pd.DataFrame:
    """Return the power of the wave-energy or other plants that fed the simulation."""
    farm = WecSimulation
    chosen = [farm.timestamp, farm.wec_farm_name, farm.wecsim_case, farm.power_output_mw]
    query = select(*chosen).where(farm.grid_sim_id == sim).order_by(farm.timestamp, farm.wec_farm_name)
    with store.reading() as connection:
        rows = connection.execute(query).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=[column.key for column in chosen])
    return frame.astype({"power_output_mw": float})
