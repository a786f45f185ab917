"""How many steps of a simulation have no solution."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column; of simulations that ended before it is not known."""
    op.add_column("simulation_progress", sa.Column("unsolved", sa.Integer(), nullable=True))
