"""Models of grid simulations and their results: one family of result tables a software."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import ForeignKey, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine

from core.results.database.software import KEYS, SOFTWARE, columns, components
from core.store import NUMBER, Base, now

Number = Annotated[int, mapped_column(primary_key=True)]
OfSimulation = Annotated[int, mapped_column(ForeignKey("grid_simulations.grid_sim_id", ondelete="CASCADE"))]
CreatedAt = Annotated[str, mapped_column(nullable=True, server_default=text("CURRENT_TIMESTAMP"))]
TYPES: dict[str, TypeEngine[Any]] = {"int": Integer(), "text": Text(), "float": NUMBER}
#: A number stays with its row: none is given again after the row is gone.
NEVER_REUSED = {"sqlite_autoincrement": True}


class GridSimulation(Base):
    """What was simulated, by which software and when; the database removes what belongs to it with it."""

    __tablename__ = "grid_simulations"
    __table_args__ = NEVER_REUSED

    grid_sim_id: Mapped[Number]
    case_name: Mapped[str]
    software: Mapped[str]
    sbase_mva: Mapped[float]
    timestamp_start: Mapped[str]
    timestamp_end: Mapped[str | None]  # null until the simulation is done
    simulation_notes: Mapped[str | None]
    created_at: Mapped[CreatedAt] = mapped_column(default=lambda: now().strftime("%Y-%m-%d %H:%M:%S"))  # as SQLite's

    progress: Mapped[SimulationProgress] = relationship(lazy="joined", innerjoin=True, passive_deletes="all")


class WecSimulation(Base):
    """The power of a wave-energy or other plant at one time stamp of a simulation."""

    __tablename__ = "wec_simulations"
    __table_args__ = NEVER_REUSED

    wec_sim_id: Mapped[Number]
    grid_sim_id: Mapped[OfSimulation | None] = mapped_column(index=True)
    wec_farm_name: Mapped[str]
    wecsim_case: Mapped[str | None]
    power_output_mw: Mapped[float | None]
    timestamp: Mapped[str]
    created_at: Mapped[CreatedAt]


class SimulationProgress(Base):
    """How far a simulation is, beside its specified row."""

    __tablename__ = "simulation_progress"

    grid_sim_id: Mapped[OfSimulation] = mapped_column(primary_key=True)
    state: Mapped[str]  # running, interrupted, done
    steps: Mapped[int | None]  # null: not known beforehand
    steps_done: Mapped[int] = mapped_column(default=0)
    unsolved: Mapped[int | None]  # steps without a solution; null until the end, and where it is not known
    heartbeat_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    inputs: Mapped[dict[str, Any]]


class Result(Base):
    """The results of one element at one time stamp of a simulation."""

    __abstract__ = True

    id: Mapped[Number]
    grid_sim_id: Mapped[OfSimulation]
    timestamp: Mapped[str]


def _results(software: str, component: str) -> type[Result]:
    """Return the model of a software's results of a component, with the columns of ``columns.csv``."""
    own = {c.name: mapped_column(TYPES[c.type], nullable=not c.required) for c in columns(software, component)}
    table = {
        "__tablename__": f"{software}_{component}_results",
        "__table_args__": (UniqueConstraint("grid_sim_id", "timestamp", KEYS[component]), NEVER_REUSED),
    }
    return type(f"{software.title()}{component.title()}Result", (Result,), table | own)


#: The models of results by software and component.
RESULTS = {
    (software, component): _results(software, component) for software in SOFTWARE for component in components(software)
}
