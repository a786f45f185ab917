"""Grid simulations and the result tables of each software."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION

revision = "0005"
down_revision = "0004"

NUMBER: sa.types.TypeEngine[float] = sa.REAL().with_variant(DOUBLE_PRECISION(), "postgresql")
SOFTWARE = ("psse", "pypsa", "pandapower", "opendss", "etap", "lightsim2grid", "newton")
KEYS = {"bus": "bus", "generator": "gen", "load": "load", "line": "line", "link": "link"}
INTEGERS = {"bus", "gen", "load", "line", "link", "ibus", "jbus", "bus0", "bus1", "status"}
REQUIRED = INTEGERS - {"status"}
TEXTS = {"bus_name", "gen_name", "load_name", "line_name", "link_name", "type", "carrier"}
CORE = {
    "bus": "bus bus_name type p q v_mag angle_deg vbase",
    "generator": "gen gen_name bus p q mbase status",
    "load": "load load_name bus p q status",
    "line": "line line_name ibus jbus line_pct status",
}
OWN = {
    ("pypsa", "bus"): "marginal_price carrier",
    ("pypsa", "generator"): "p_nom p_min_pu p_max_pu efficiency carrier capital_cost marginal_cost",
    ("pypsa", "link"): "link link_name bus0 bus1 p0 p1 efficiency status",
}


def upgrade() -> None:
    """Create the tables of simulations and one table for every software and component."""
    op.create_table(
        "grid_simulations",
        sa.Column("grid_sim_id", sa.Integer(), nullable=False),
        sa.Column("case_name", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("sbase_mva", NUMBER, nullable=False),
        sa.Column("timestamp_start", sa.Text(), nullable=False),
        sa.Column("timestamp_end", sa.Text()),
        sa.Column("simulation_notes", sa.Text()),
        _created_at(),
        sa.PrimaryKeyConstraint("grid_sim_id", name="pk_grid_simulations"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "wec_simulations",
        sa.Column("wec_sim_id", sa.Integer(), nullable=False),
        sa.Column("grid_sim_id", sa.Integer()),
        sa.Column("wec_farm_name", sa.Text(), nullable=False),
        sa.Column("wecsim_case", sa.Text()),
        sa.Column("power_output_mw", NUMBER),
        sa.Column("timestamp", sa.Text(), nullable=False),
        _created_at(),
        _of_simulation("wec_simulations"),
        sa.PrimaryKeyConstraint("wec_sim_id", name="pk_wec_simulations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wec_simulations_grid_sim_id", "wec_simulations", ["grid_sim_id"])
    op.create_table(
        "simulation_progress",
        sa.Column("grid_sim_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("steps", sa.Integer()),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        _of_simulation("simulation_progress"),
        sa.PrimaryKeyConstraint("grid_sim_id", name="pk_simulation_progress"),
    )
    for software in SOFTWARE:
        for component in KEYS:
            names = f"{CORE.get(component, '')} {OWN.get((software, component), '')}".split()
            if names:
                _create_results(f"{software}_{component}_results", KEYS[component], names)


def _create_results(table: str, key: str, names: list[str]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grid_sim_id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        *(sa.Column(name, _type(name), nullable=name not in REQUIRED) for name in names),
        _of_simulation(table),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("grid_sim_id", "timestamp", key, name=f"uq_{table}_grid_sim_id_timestamp_{key}"),
        sqlite_autoincrement=True,
    )


def _type(name: str) -> sa.types.TypeEngine[Any]:
    if name in INTEGERS:
        return sa.Integer()
    return sa.Text() if name in TEXTS else NUMBER


def _created_at() -> sa.Column[str]:
    return sa.Column("created_at", sa.Text(), server_default=sa.text("CURRENT_TIMESTAMP"))


def _of_simulation(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_grid_sim_id_grid_simulations"
    return sa.ForeignKeyConstraint(["grid_sim_id"], ["grid_simulations.grid_sim_id"], name=name, ondelete="CASCADE")
