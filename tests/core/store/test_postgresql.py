from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.store import Store, metadata, open_store

ROOT = Path(__file__).resolve().parents[3]


def test_files_are_kept_and_found_again(postgresql_store: Store) -> None:
    sha = postgresql_store.keep(b"content", "a.csv")
    again = open_store(postgresql_store.settings)
    assert again.content(sha) == b"content"
    again.close()


@pytest.mark.filterwarnings("ignore:Did not recognize type")  # PostGIS's geometry
def test_the_migrated_schema_is_what_the_rooms_declare(postgresql_store: Store) -> None:
    for path in sorted((ROOT / "core").rglob("tables.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    with postgresql_store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
