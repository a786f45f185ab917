"""What all tests share: a workspace of their own, so that nobody's projects are ever touched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest

from core.settings import Settings, load_settings
from core.store import Store, open_store
from tests.databases import postgresql, postgresql_programs

# A slow example on a busy machine is no defect; a hanging one is found by the tests' own time limit.
hypothesis.settings.register_profile("gridproof", deadline=None)
hypothesis.settings.load_profile("gridproof")


@pytest.fixture(autouse=True)
def _main_module_stays() -> Iterator[None]:
    """Undo what AppTest leaves behind: with its script as the main module, no process could be spawned any more."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDPROOF_HOME", str(tmp_path / "workspace"))
    monkeypatch.delenv("GRIDPROOF_DATABASE_URL", raising=False)
    monkeypatch.delenv("GRIDPROOF_DASK", raising=False)


@pytest.fixture
def settings() -> Settings:
    return load_settings()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Give the address of a PostgreSQL server that lives as long as the tests."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed")
    with postgresql(programs) as url:
        yield url


@pytest.fixture
def postgresql_store(postgresql_server: str, settings: Settings) -> Iterator[Store]:
    """Give a store on an empty PostgreSQL database."""
    import psycopg

    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    opened = open_store(replace(settings, database_url=postgresql_server))
    yield opened
    opened.close()
