"""A project's own technologies and equipment prices."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; projects kept before have the catalogue that ships."""
    op.add_column("projects", sa.Column("catalogue", sa.JSON(), nullable=True))
