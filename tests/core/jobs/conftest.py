from __future__ import annotations

import time
from collections.abc import Iterator

import psutil
import pytest

from core.jobs import KINDS, process
from core.settings import load_settings
from core.store import Store, open_store


@pytest.fixture(autouse=True)
def _squares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "squares", "tests.core.jobs.kinds_for_tests:SQUARES")
    monkeypatch.setattr(process, "WORKER", "tests.core.jobs.worker_for_tests")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A workspace whose worker serves all tests of a module."""
    store = open_store(load_settings(tmp_path_factory.mktemp("jobs")))
    yield store
    kill_worker(store)
    store.close()


def worker_of(store: Store) -> psutil.Process:
    """Return the workspace's worker process, as soon as it is there."""
    for _ in range(600):
        for found in psutil.process_iter(["cmdline"]):
            words = found.info["cmdline"] or []
            if "tests.core.jobs.worker_for_tests" in words and str(store.settings.workspace) in words:
                return found
        time.sleep(0.1)
    raise AssertionError("no worker came")


def kill_worker(store: Store) -> list[psutil.Process]:
    """Kill the worker as ``kill -9`` does; return the processes of its pool."""
    if not process.worker_runs(store.settings):
        return []
    worker = worker_of(store)
    pool = worker.children()
    worker.kill()
    worker.wait(10)
    return pool
