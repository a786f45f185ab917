"""The closed loop round by round, which change of an update is taken, and which plant an import belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables of loops; add the chosen alternative of proposals and the plant of imports."""
    op.create_table(
        "loops",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("project", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("start", sa.String(), nullable=False),
        sa.Column("requirement", sa.JSON(), nullable=False),
        sa.Column("uploaded", sa.JSON(), nullable=False),
        sa.Column("round_limit", sa.Integer(), nullable=False),
        sa.Column("manual", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_loops_project_projects", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_loops"),
    )
    op.create_index("ix_loops_project", "loops", ["project"])
    op.create_table(
        "loop_rounds",
        sa.Column("loop", sa.String(length=12), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("constraints", sa.JSON(), nullable=False),
        sa.Column("design", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("plant_sha256", sa.String(length=64), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["loop"], ["loops.id"], name="fk_loop_rounds_loop_loops", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("loop", "number", name="pk_loop_rounds"),
    )
    op.add_column("proposals", sa.Column("choice", sa.Integer(), server_default="0", nullable=False))
    op.add_column("imports", sa.Column("plant_sha256", sa.String(length=64), server_default="", nullable=False))
