"""The database's schema: brought up to date by the migrations shipped beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from core.errors import StoreError
from core.findings import Where
from core.store.backup import backup
from core.store.types import now

MIGRATIONS = Path(__file__).parent / "migrations"
#: Any number, the same for all: PostgreSQL's name of "somebody is migrating".
ADVISORY_LOCK = 4_715_233


@cache
def revisions() -> tuple[str, ...]:
    """Return the schema revisions in order: the numbers that the migrations' file names begin with."""
    return tuple(sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def head() -> str:
    """Return the newest schema revision that this program knows."""
    return revisions()[-1]


def bring_up_to_date(engine: Engine) -> None:
    """Migrate the database to :func:`head`, keeping a copy of an older file; an up-to-date one costs one query."""
    with engine.connect() as connection:
        if _current(connection) == head():
            return
    with engine.connect().execution_options(writing=True, migrating=True) as connection, connection.begin():
        _wait_for_turn(connection)
        current = _current(connection)
        if current == head():  # another process has done it meanwhile
            return
        if current is not None and engine.dialect.name == "sqlite":
            _keep(engine, current)
        _migrate(connection)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision not in revisions():
        raise StoreError(
            f"the database is of schema {revision}, newer than this program's {head()}",
            hint="update Gridproof, or choose another workspace with --workspace",
            where=Where(file=connection.engine.url.database),
        )
    return revision


def _wait_for_turn(connection: Connection) -> None:
    """Let one process migrate at a time. On SQLite the write transaction itself is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def _keep(engine: Engine, revision: str) -> None:
    """Keep a copy of the database as it is before it is migrated."""
    file = Path(str(engine.url.database))
    backup(engine, file.with_stem(f"{file.stem}-schema-{revision}-{now():%Y%m%dT%H%M%S}"))


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", MIGRATIONS.as_posix())
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
