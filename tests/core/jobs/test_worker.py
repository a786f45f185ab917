from __future__ import annotations

import shutil
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from core import jobs
from core.errors import StoreError
from core.jobs import State
from core.jobs.__main__ import main
from core.jobs.records import Records
from core.jobs.worker import Worker
from core.store import Store
from tests.core.jobs.on_the_spot import Threads


class Fragile(ThreadPoolExecutor):
    """An executor that is found broken when its n-th task is handed in."""

    def __init__(self, breaks_at: int) -> None:
        super().__init__(2)
        self.left = breaks_at

    def submit(self, *words: Any, **named: Any) -> Future[Any]:  # type: ignore[override]
        self.left -= 1
        if self.left == 0:
            raise BrokenExecutor("a process died")
        return super().submit(*words, **named)


@pytest.mark.parametrize("breaks_at", [1, 2, 3, 4])
def test_a_pool_that_breaks_between_two_tasks_costs_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, breaks_at: int
) -> None:
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    run = jobs.submit(store, "squares", {"count": 2})
    worker = Worker(store, idle_s=0.1)
    worker.pool = Threads()
    worker.pool.executor = Fragile(breaks_at)
    worker.work()
    worker.close()
    seen = jobs.status(store, run)
    assert (seen.state, seen.result) == (State.FINISHED, {"sum": 1, "failed": 0})


def test_a_run_without_its_files_fails_and_leaves_the_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    lost, whole = (jobs.submit(store, "squares", {"count": count}) for count in (1, 2))
    shutil.rmtree(store.settings.workspace / "runs" / lost)
    worker = Worker(store, idle_s=0.1)
    worker.pool = Threads()
    worker.work()
    worker.close()
    assert [jobs.status(store, run).state for run in (lost, whole)] == [State.FAILED, State.FINISHED]
    assert "its files are gone" in jobs.status(store, lost).message


def test_a_worker_that_can_not_be_started_is_told_and_the_run_stays_queued(store: Store) -> None:
    (store.settings.workspace / "worker.log").mkdir()
    with pytest.raises(StoreError, match="no worker process could be started"):
        jobs.submit(store, "squares", {"count": 2})
    assert [seen.state for seen in jobs.runs(store)] == [State.QUEUED]


def test_a_database_that_is_held_too_long_does_not_end_the_worker(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    monkeypatch.setattr("core.jobs.worker.open_pool", lambda settings: Threads())
    monkeypatch.setattr("core.jobs.__main__.RETRY_S", 0.0)
    workspace = str(store.settings.workspace)
    monkeypatch.setattr("sys.argv", ["core.jobs", "--workspace", workspace, "--idle", "0.1"])
    record, refusals = Records.units_ended, iter([StoreError("the database is locked")])

    def refuse_once(self: Records, ended: Any) -> None:
        if ended and (error := next(refusals, None)):
            raise error
        record(self, ended)

    monkeypatch.setattr(Records, "units_ended", refuse_once)
    run = jobs.submit(store, "squares", {"count": 2})
    main()
    seen = jobs.status(store, run)
    assert (seen.state, seen.result) == (State.FINISHED, {"sum": 1, "failed": 0})
