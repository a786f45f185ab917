"""Tables of grid simulations and their results: one family of result tables a software."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION
from sqlalchemy.types import REAL, TypeEngine

from core.results.database.software import KEYS, SOFTWARE, columns, components
from core.store import Document, Moment, metadata

#: Eight bytes everywhere: PostgreSQL's REAL has four.
NUMBER: TypeEngine[float] = REAL().with_variant(DOUBLE_PRECISION(), "postgresql")
TYPES: dict[str, TypeEngine[Any]] = {"int": Integer(), "text": Text(), "float": NUMBER}


def _of_simulation(**options: Any) -> Column[int]:
    return Column("grid_sim_id", Integer, ForeignKey("grid_simulations.grid_sim_id", ondelete="CASCADE"), **options)


def _created_at() -> Column[str]:
    return Column("created_at", Text, server_default=text("CURRENT_TIMESTAMP"))


grid_simulations = Table(
    "grid_simulations",
    metadata,
    Column("grid_sim_id", Integer, primary_key=True),
    Column("case_name", Text, nullable=False),
    Column("software", Text, nullable=False),
    Column("sbase_mva", NUMBER, nullable=False),
    Column("timestamp_start", Text, nullable=False),
    Column("timestamp_end", Text),  # null until the simulation is done
    Column("simulation_notes", Text),
    _created_at(),
    sqlite_autoincrement=True,
)

wec_simulations = Table(
    "wec_simulations",
    metadata,
    Column("wec_sim_id", Integer, primary_key=True),
    _of_simulation(),
    Column("wec_farm_name", Text, nullable=False),
    Column("wecsim_case", Text),
    Column("power_output_mw", NUMBER),
    Column("timestamp", Text, nullable=False),
    _created_at(),
    Index(None, "grid_sim_id"),
    sqlite_autoincrement=True,
)

#: How far a simulation is, beside its specified row.
simulation_progress = Table(
    "simulation_progress",
    metadata,
    _of_simulation(primary_key=True),
    Column("state", Text, nullable=False),  # running, interrupted, done
    Column("steps", Integer),  # null: not known beforehand
    Column("steps_done", Integer, nullable=False),
    Column("heartbeat_at", Moment, nullable=False),
    Column("inputs", Document, nullable=False),
)


def _result_table(software: str, component: str) -> Table:
    return Table(
        f"{software}_{component}_results",
        metadata,
        Column("id", Integer, primary_key=True),
        _of_simulation(nullable=False),
        Column("timestamp", Text, nullable=False),
        *(Column(c.name, TYPES[c.type], nullable=not c.required) for c in columns(software, component)),
        UniqueConstraint("grid_sim_id", "timestamp", KEYS[component]),
        sqlite_autoincrement=True,
    )


#: The result tables by software and component.
RESULTS = {
    (software, component): _result_table(software, component)
    for software in SOFTWARE
    for component in components(software)
}
