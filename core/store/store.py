"""The workspace's database and kept files behind one object."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from core.errors import StoreError
from core.settings import Settings
from core.store.files import Files
from core.store.schema import bring_up_to_date
from core.store.tables import files
from core.store.types import now

BUSY_TIMEOUT_S = 30
#: What a connection of SQLite may hold of the database [KiB]: a block of a simulation doesn't go to the disk twice.
CACHE_KIB = 65_536


class Store:
    """Tables through :meth:`reading` and :meth:`writing`, files through :meth:`keep` and :meth:`path`."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self._files = Files(settings.workspace / "files")
        self._reader = engine
        if engine.dialect.name == "postgresql":  # SQLite's readers see one moment anyhow
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for queries: a consistent view that doesn't wait for writers."""
        with _explained(self.engine), self._reader.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together at the end, or not at all after an error."""
        writer = self.engine.execution_options(writing=True)
        with _explained(self.engine), writer.begin() as connection:
            yield connection

    def keep(self, content: bytes, name: str) -> str:
        """Keep a file untouched and return its SHA-256; the same content twice is kept once."""
        sha = self._files.keep(content)
        with self.writing() as connection:
            if connection.execute(select(files.c.sha256).where(files.c.sha256 == sha)).first() is None:
                row = {"sha256": sha, "name": name, "size_bytes": len(content), "kept_at": now()}
                connection.execute(insert(files).values(row))
        return sha

    def path(self, sha: str) -> Path:
        """Return where the kept file is."""
        return self._files.path(sha)

    def content(self, sha: str) -> bytes:
        """Return the kept file's bytes after checking them against their SHA-256."""
        return self._files.content(sha)

    def close(self) -> None:
        """Let the database's connections go."""
        self.engine.dispose()


def open_store(settings: Settings) -> Store:
    """Open the workspace's store, made if missing and brought up to date if old."""
    try:
        settings.workspace.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the workspace folder {settings.workspace} can't be made: {error.strerror}",
            hint="choose a folder that you may write to with --workspace or GRIDPROOF_HOME",
        ) from error
    engine = _engine(settings.database_url)
    with _explained(engine):
        bring_up_to_date(engine)
    return Store(settings, engine)


def _engine(url: str) -> Engine:
    try:
        if not url.startswith("sqlite"):
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(
            "GRIDPROOF_DATABASE_URL is not an address of SQLite or PostgreSQL",
            hint="for example postgresql://user@host/gridproof",
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside one writer, and transactions that begin where we say so, also around changes of the schema."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its turn at the start: what it reads is still true when it writes.

    Migrations rebuild tables, which must not cascade: they run without foreign keys.
    """
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA foreign_keys = {'OFF' if options.get('migrating') else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")


@contextlib.contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    """Say in words what the database refused; a broken rule of a table stays the caller's to explain."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        place = engine.url.render_as_string(hide_password=True)
        reason = " ".join(str(error.orig).split())
        raise StoreError(f"the database {place} can't be used: {reason}", hint=_hint(reason)) from error


def _hint(reason: str) -> str:
    hints = {
        "not a database": "the file is damaged or something else: move it away or choose another workspace",
        "malformed": "the file is damaged: bring back a copy or choose another workspace",
        "locked": "another program holds the database: close it and try again",
        "already exists": "the file is another program's: choose another workspace, and import it with: results import",
        "full": "free some disk space and try again",
        "disk i/o": "check the disk and its free space: what was written before is kept",
        "readonly": "check the access rights of the workspace folder",
        "unable to open": "check the workspace folder and its access rights",
    }
    return next((hint for word, hint in hints.items() if word in reason.lower()), "check that the database is running")
