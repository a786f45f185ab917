from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from core import jobs
from core.jobs import State
from core.jobs.executors import DaskPool
from core.jobs.worker import Worker
from core.settings import Settings
from core.store import open_store
from tests.core.jobs.conftest import kill_worker

distributed = pytest.importorskip("distributed", reason="distributed is a development dependency")


@pytest.mark.slow  # three processes import the hub
def test_a_cluster_of_two_workers_executes_a_run(settings: Settings) -> None:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        store = open_store(replace(settings, dask=cluster.scheduler_address))
        run = jobs.submit(store, "squares", {"count": 8, "fails": [3], "seconds": 0.2})
        seen = jobs.wait(store, run, timeout=120)
        assert (seen.state, seen.result) == (State.FINISHED, {"sum": 131, "failed": 1})
        ours = {int(path.read_text()) for path in Path(jobs.folder(store, run)).glob("calculated-*")}
        assert len(ours) == 2  # both workers took part
        cancelled = jobs.submit(store, "squares", {"count": 50, "seconds": 0.5})
        while jobs.status(store, cancelled).done < 1:
            time.sleep(0.1)
        jobs.cancel(store, cancelled)
        assert jobs.wait(store, cancelled, timeout=120).state is State.CANCELLED
        kill_worker(store)
        store.close()
        pool = DaskPool(cluster.scheduler_address)
        pool.restart()
        assert pool.executor.submit(abs, -2).result(timeout=120) == 2
        pool.close()


def test_a_cluster_that_does_not_answer_fails_the_run_with_a_hint(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.executors.DASK_TIMEOUT", "1s")
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    store = open_store(replace(settings, dask="tcp://127.0.0.1:1"))
    run = jobs.submit(store, "squares", {"count": 1})
    Worker(store, idle_s=0.1).work()
    seen = jobs.status(store, run)
    assert seen.state is State.FAILED
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in seen.message
    assert "unset GRIDPROOF_DASK" in seen.message
    store.close()
