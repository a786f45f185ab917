from __future__ import annotations

import importlib
import multiprocessing
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select, text

from core.errors import NotFound, StoreError
from core.settings import Settings, load_settings
from core.store import Document, Moment, Store, head, metadata, open_store
from core.store.schema import MIGRATIONS, revisions

ROOT = Path(__file__).resolve().parents[3]


def test_a_file_is_kept_untouched_under_its_sha256(store: Store) -> None:
    content = b"bus,kV\r\n\xff\x00"
    sha = store.keep(content, "result.csv")
    assert sha == sha256(content).hexdigest()
    assert store.path(sha).read_bytes() == content == store.content(sha)


def test_the_same_content_is_kept_once(store: Store) -> None:
    assert store.keep(b"x", "a.csv") == store.keep(b"x", "b.csv")
    assert [p.name for p in (store.settings.workspace / "files").rglob("*") if p.is_file()] == [
        sha256(b"x").hexdigest()
    ]


def test_a_kept_file_that_was_changed_on_disk_is_not_handed_out(store: Store) -> None:
    sha = store.keep(b"truth", "a.csv")
    store.path(sha).write_bytes(b"wrong")
    with pytest.raises(StoreError, match="changed on disk"):
        store.content(sha)


@pytest.mark.parametrize("sha", ["", "../../etc/passwd", "0" * 64, "Z" * 64])
def test_an_unknown_file_is_not_found(store: Store, sha: str) -> None:
    with pytest.raises(NotFound):
        store.path(sha)


def test_writing_keeps_all_or_nothing(store: Store) -> None:
    def interrupted() -> None:
        with store.writing() as connection:
            connection.execute(text("INSERT INTO files VALUES ('a', 'a', 1, '2026-01-01')"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM files")).scalar() == 0


def test_foreign_keys_and_wal_are_on(store: Store) -> None:
    with store.writing() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_moments_keep_their_instant_and_documents_their_value(store: Store) -> None:
    table = Table("t", MetaData(), Column("id", Integer, primary_key=True), Column("at", Moment), Column("d", Document))
    at = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with store.writing() as connection:
        table.create(connection)
        connection.execute(insert(table).values(id=1, at=at, d={"a": [1, float("nan")]}))
        row = connection.execute(select(table)).one()
    assert (row.at, row.d) == (datetime(2026, 7, 1, 10, tzinfo=UTC), {"a": [1, None]})


def test_the_migrations_are_one_line_and_their_file_names_say_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS.as_posix())
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [head()]
    assert tuple(reversed([r.revision for r in script.walk_revisions()])) == revisions()


def test_the_migrated_schema_is_what_the_rooms_declare(store: Store) -> None:
    for path in sorted((ROOT / "core").rglob("tables.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_of_a_newer_schema_is_refused_with_a_hint(store: Store, settings: Settings) -> None:
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"9999.*newer") as caught:
        open_store(settings)
    assert "update Gridproof" in caught.value.hint


@pytest.mark.parametrize("revision", revisions()[:-1])
def test_a_database_of_an_older_schema_is_migrated_and_kept_as_it_was(revision: str, settings: Settings) -> None:
    settings.workspace.mkdir(parents=True)
    config = Config(attributes={"connection": None})
    config.set_main_option("script_location", MIGRATIONS.as_posix())
    config.set_main_option("path_separator", "os")
    with create_engine(settings.database_url).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.execute(text("INSERT INTO files VALUES ('a', 'kept.raw', 1, '2026-01-01')"))
    for _ in range(2):  # the second time there is nothing to do
        store = open_store(settings)
        with store.reading() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == head()
            assert connection.execute(text("SELECT name FROM files")).scalar() == "kept.raw"
        store.close()
    (copy,) = settings.workspace.glob(f"gridproof-schema-{revision}-*.sqlite")
    with create_engine(f"sqlite:///{copy}").connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == revision
        assert connection.execute(text("SELECT name FROM files")).scalar() == "kept.raw"


def test_another_programs_database_is_refused_and_left_as_it_is(settings: Settings) -> None:
    settings.workspace.mkdir(parents=True)
    with create_engine(settings.database_url).begin() as connection:
        connection.execute(text("CREATE TABLE grid_simulations (sim_name TEXT)"))
    with pytest.raises(StoreError, match="already exists") as caught:
        open_store(settings)
    assert "results import" in caught.value.hint
    with create_engine(settings.database_url).connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    assert names == ["grid_simulations"]


def test_a_locked_database_is_said_to_be_locked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.store.store.BUSY_TIMEOUT_S", 0.1)
    other = sqlite3.connect(str(store.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    second = open_store(store.settings)  # reading goes on beside a writer
    with pytest.raises(StoreError, match="locked") as caught:
        second.keep(b"x", "x.raw")
    assert "another program" in caught.value.hint
    other.close()
    second.keep(b"x", "x.raw")
    second.close()


def test_a_file_that_is_no_database_is_refused_with_a_hint(settings: Settings) -> None:
    settings.workspace.mkdir()
    (settings.workspace / "gridproof.sqlite").write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(StoreError, match="not a database") as caught:
        open_store(settings)
    assert "move it away" in caught.value.hint


def test_a_workspace_that_cannot_be_made_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="can't be made") as caught:
        open_store(load_settings(tmp_path / "file" / "workspace"))
    assert "--workspace" in caught.value.hint


@pytest.mark.parametrize("address", ["nonsense", "mysql://user@host/hub"])
def test_an_address_of_another_database_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDPROOF_DATABASE_URL", address)
    with pytest.raises(StoreError, match="GRIDPROOF_DATABASE_URL"):
        open_store(load_settings())


def _open(workspace: str) -> str:
    opened = open_store(load_settings(workspace))
    opened.close()
    return "fine"


def test_processes_that_open_a_new_workspace_at_once_do_not_collide(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_open, [str(tmp_path / "new")] * 2) == ["fine"] * 2
    with sqlite3.connect(tmp_path / "new" / "gridproof.sqlite") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(head(),)]
    connection.close()
