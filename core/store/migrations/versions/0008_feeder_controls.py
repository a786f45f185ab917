"""The phase that a capacitor's control measures, and when regulators take a flow for reverse."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns; models kept before have none of it."""
    op.add_column("capacitors", sa.Column("control_phase", sa.Text(), nullable=True))
    for name in ("reverse_threshold_kw", "reverse_delay_s"):
        op.add_column("regulators", sa.Column(name, sa.Double(), nullable=True))
    op.add_column("regulators", sa.Column("reverse_neutral", sa.Boolean(), nullable=True))
