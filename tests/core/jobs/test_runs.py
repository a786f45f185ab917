from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from core import jobs
from core.errors import BadInput, Conflict, NotFound
from core.jobs import RunStatus, State, process
from core.jobs.tables import units
from core.project import Workspace
from core.store import Store
from tests.core.jobs.conftest import kill_worker, worker_of

#: How often each unit was calculated is written in the run's folder.
TRACE = "calculated-{}"


def finish(store: Store, **inputs: Any) -> RunStatus:
    return jobs.wait(store, jobs.submit(store, "squares", inputs), timeout=120)


def calculated(store: Store, run: str) -> dict[int, int]:
    """Return how often each unit was calculated."""
    traces = Path(jobs.folder(store, run)).glob(TRACE.format("*"))
    return {int(path.name.split("-")[1]): len(path.read_text().splitlines()) for path in traces}


def until(store: Store, run: str, done: int) -> RunStatus:
    """Wait until so many units are done."""
    for _ in range(1200):
        if (seen := jobs.status(store, run)).done >= done:
            return seen
        time.sleep(0.1)
    raise AssertionError(f"still {seen.done} of {seen.total} done, {seen.state}")


class TestWithAWorker:
    def test_a_run_is_planned_executed_and_finished(self, shared: Store) -> None:
        seen = finish(shared, count=5)
        assert (seen.state, seen.result) == (State.FINISHED, {"sum": 30, "failed": 0})
        assert (seen.total, seen.done, seen.failed) == (5, 5, 0)
        log = jobs.log(shared, seen.id)
        assert [line.split("Z ")[1].split(" ")[0] for line in log.splitlines()] == ["started", "planned", "finished"]

    def test_a_failing_unit_is_recorded_with_its_message_and_does_not_stop_the_others(self, shared: Store) -> None:
        seen = finish(shared, count=5, fails=[2])
        assert (seen.state, seen.result, seen.failed) == (State.FINISHED, {"sum": 26, "failed": 1}, 1)
        assert "unit 2 failed: number 2 does not converge (choose another)" in jobs.log(shared, seen.id)
        assert "Traceback" not in jobs.log(shared, seen.id)

    def test_a_unit_that_kills_its_process_is_found_out_and_does_not_stop_the_others(self, shared: Store) -> None:
        seen = finish(shared, count=6, dies=[1], seconds=0.05)
        assert (seen.state, seen.result, seen.failed) == (State.FINISHED, {"sum": 54, "failed": 1}, 1)
        assert "unit 1 failed: its process died" in jobs.log(shared, seen.id)

    def test_a_run_without_units_is_finished_at_once(self, shared: Store) -> None:
        assert finish(shared, count=0).result == {"sum": 0, "failed": 0}

    def test_a_run_that_can_not_be_planned_or_finished_has_failed_with_its_message(self, shared: Store) -> None:
        unplanned, unfinished = finish(shared), finish(shared, count=1, unfinishable=True)
        assert (unplanned.state, unplanned.message) == (State.FAILED, "KeyError: 'count'")
        assert (unfinished.state, unfinished.message) == (State.FAILED, "nothing to add up")

    def test_an_error_that_does_not_survive_the_way_back_is_told_all_the_same(self, shared: Store) -> None:
        seen = finish(shared, count=1, unpicklable=True)
        assert (seen.state, seen.message) == (State.FAILED, "Stubborn: can't be sent")

    def test_a_cancelled_run_stops_and_goes_on_where_it_was(self, shared: Store) -> None:
        run = jobs.submit(shared, "squares", {"count": 12, "seconds": 0.2})
        until(shared, run, 3)
        jobs.cancel(shared, run)
        assert jobs.wait(shared, run, timeout=120).state is State.CANCELLED
        before = jobs.status(shared, run).done
        assert before < 12
        time.sleep(0.5)
        assert jobs.status(shared, run).done == before
        jobs.resume(shared, run)
        seen = jobs.wait(shared, run, timeout=120)
        assert (seen.state, seen.result) == (State.FINISHED, {"sum": 506, "failed": 0})

    def test_a_unit_that_hangs_does_not_outlive_its_cancelled_run(self, shared: Store) -> None:
        run = jobs.submit(shared, "squares", {"count": 1, "seconds": 1000})
        for _ in range(600):
            if jobs.status(shared, run).total == 1:
                break
            time.sleep(0.1)
        jobs.cancel(shared, run)
        assert jobs.wait(shared, run, timeout=120).state is State.CANCELLED

    def test_failed_units_are_tried_again_and_no_others(self, shared: Store) -> None:
        seen = finish(shared, count=3, fails=[1], tag="again")
        jobs.resume(shared, seen.id)
        assert jobs.wait(shared, seen.id, timeout=120).failed == 1
        assert calculated(shared, seen.id) == {0: 1, 1: 2, 2: 1}

    def test_progress_tells_the_rate_and_the_time_left(self, shared: Store) -> None:
        run = jobs.submit(shared, "squares", {"count": 10, "seconds": 0.25})
        seen = until(shared, run, 3)
        assert seen.state is State.RUNNING
        assert seen.rate_per_s is not None
        assert seen.left_s == pytest.approx((10 - seen.done) / seen.rate_per_s)
        jobs.wait(shared, run, timeout=120)

    def test_the_more_important_run_goes_first(self, shared: Store) -> None:
        slow = jobs.submit(shared, "squares", {"count": 16, "seconds": 0.2, "tag": "slow"})
        until(shared, slow, 1)
        urgent = jobs.submit(shared, "squares", {"count": 2, "tag": "urgent"}, priority=5)
        assert jobs.wait(shared, urgent, timeout=120).state is State.FINISHED
        assert jobs.status(shared, slow).state is State.RUNNING
        jobs.cancel(shared, slow)
        jobs.wait(shared, slow, timeout=120)

    def test_the_same_inputs_under_way_are_one_run(self, shared: Store) -> None:
        first = jobs.submit(shared, "squares", {"count": 2, "seconds": 0.3})
        assert jobs.submit(shared, "squares", {"seconds": 0.3, "count": 2}) == first
        jobs.wait(shared, first, timeout=120)
        assert jobs.submit(shared, "squares", {"count": 2, "seconds": 0.3}) != first

    def test_a_run_that_is_under_way_or_finished_well_is_not_resumed_or_removed_by_mistake(self, shared: Store) -> None:
        run = jobs.submit(shared, "squares", {"count": 3, "seconds": 0.2})
        with pytest.raises(Conflict, match="cancel it first"):
            jobs.remove(shared, run)
        jobs.wait(shared, run, timeout=120)
        with pytest.raises(Conflict, match="nothing in it failed"):
            jobs.resume(shared, run)
        with pytest.raises(Conflict, match="can't be cancelled"):
            jobs.cancel(shared, run)
        jobs.remove(shared, run)
        assert not jobs.folder(shared, run).exists()
        with pytest.raises(NotFound):
            jobs.status(shared, run)

    def test_an_unknown_kind_is_refused(self, shared: Store) -> None:
        with pytest.raises(BadInput, match="no kind of run 'cubes'"):
            jobs.submit(shared, "cubes", {})


def test_a_run_is_stale_once_the_plant_of_its_project_has_changed(shared: Store) -> None:
    plant = {"name": "Plant", "tables": {"unit": [{"id": "G1", "rated_mw": 10.0}]}}
    project = Workspace(shared).create("Campus", plant)
    run = jobs.submit(shared, "squares", {"count": 1, "plant": plant}, project=project.id)
    plain = jobs.submit(shared, "squares", {"count": 1}, project=project.id)
    assert not jobs.wait(shared, run, timeout=120).stale
    changed = {"name": "Plant", "tables": {"unit": [{"id": "G1", "rated_mw": 12.0}]}}
    project.save_plant(changed, "uprate", expected_revision=1)
    assert jobs.status(shared, run).stale
    assert not jobs.status(shared, plain).stale
    project.undo()
    assert not jobs.status(shared, run).stale
    jobs.wait(shared, plain, timeout=120)
    answer = {"sum": 0, "failed": 0}
    assert {seen.id: seen.result for seen in jobs.runs(shared, project.id)} == {run: answer, plain: answer}
    assert {seen.result for seen in jobs.runs(shared, project.id, results=False)} == {None}


def test_a_killed_worker_loses_nothing_that_was_finished(store: Store) -> None:
    run = jobs.submit(store, "squares", {"count": 16, "seconds": 0.15})
    until(store, run, 5)
    pool = kill_worker(store)
    seen = jobs.status(store, run)
    assert seen.state is State.INTERRUPTED
    assert psutil.wait_procs(pool, timeout=10)[1] == []  # the pool's processes don't stay behind
    with store.reading() as connection:
        query = select(units.c.number).where(units.c.run == run, units.c.state == "done")
        finished = set(connection.execute(query).scalars())
    assert 5 <= len(finished) < 16
    jobs.resume(store, run)
    ended = jobs.wait(store, run, timeout=120)
    assert (ended.state, ended.result) == (State.FINISHED, {"sum": 1240, "failed": 0})
    times = calculated(store, run)
    assert set(times) == set(range(16))
    assert {number for number in finished if times[number] != 1} == set()
    kill_worker(store)


def test_runs_are_kept_on_postgresql_too_and_an_idle_worker_ends(
    postgresql_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.process.IDLE_S", 0.5)
    run = jobs.submit(postgresql_store, "squares", {"count": 4, "fails": [1]})
    worker = worker_of(postgresql_store)
    seen = jobs.wait(postgresql_store, run, timeout=120)
    assert (seen.state, seen.result) == (State.FINISHED, {"sum": 13, "failed": 1})
    worker.wait(60)
    assert not process.worker_runs(postgresql_store.settings)
