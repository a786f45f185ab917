"""The worker: takes queued runs by priority, executes their units side by side, and records each as it ends.

One loop, one thread. All code of studies runs in the pool's processes, so that neither a crash nor a hang of an engine
stops the worker from recording, cancelling and saying that it lives.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import replace
from typing import Any

from core.errors import GridproofError
from core.jobs import steps
from core.jobs.executors import Pool, open_pool
from core.jobs.inline import message
from core.jobs.kinds import FAILED
from core.jobs.records import ActiveRun, Records, Step, Task
from core.store import Store

LOG = logging.getLogger("core.jobs")

TICK_S = 0.3
HEARTBEAT_S = 2.0
#: How long a cancelled run's units may go on before their processes are killed.
GRACE_S = 3.0


class Worker:
    """Executes the workspace's runs until nothing is left for a while."""

    def __init__(self, store: Store, *, idle_s: float) -> None:
        self.records = Records(store)
        self.settings = store.settings
        self.idle_s = idle_s
        self.pool: Pool | None = None
        self.runs: dict[str, ActiveRun] = {}
        self.tasks: dict[Future[Any], Task] = {}
        self.suspects: deque[Task] = deque()  # were under way when a process died: tried again one by one

    def work(self) -> None:
        """Work until there has been nothing to do for ``idle_s``."""
        busy_at = beat_at = time.monotonic()
        while time.monotonic() - busy_at < self.idle_s:
            self._take_up()
            self._cancel()
            self._fill()
            if self.tasks:
                ended, _ = wait(self.tasks, timeout=TICK_S, return_when=FIRST_COMPLETED)
                self._collect(ended)
            elif not self.runs:
                time.sleep(TICK_S)
            if self.runs:
                busy_at = time.monotonic()
            if time.monotonic() - beat_at > HEARTBEAT_S:
                self.records.beat(self.runs)
                beat_at = time.monotonic()

    def close(self) -> None:
        """Let the pool go."""
        if self.pool:
            self.pool.close()

    # ── the loop's parts ──

    def _take_up(self) -> None:
        """Take up what is queued, or was left by a worker that is gone."""
        for run in self.records.take_up(known=self.runs):
            LOG.info("%s: taken up, %s", run.id, run.kind)
            self.runs[run.id] = run
            if self.pool is None:
                self._open_pool()

    def _open_pool(self) -> None:
        try:
            self.pool = open_pool(self.settings)
        except GridproofError as error:
            for run in list(self.runs.values()):
                self._end_failed(run, message(error))

    def _cancel(self) -> None:
        """Drop the work of runs that are to be cancelled; kill what doesn't end by itself."""
        for id in self.records.to_cancel(self.runs):
            run = self.runs[id]
            if run.cancelled_at is None:
                run.cancelled_at = time.monotonic()
                run.waiting.clear()
                run.under_way -= sum(task.run is run for task in self.suspects)
                self.suspects = deque(task for task in self.suspects if task.run is not run)
        overdue = {r.id for r in self.runs.values() if r.cancelled_at and time.monotonic() - r.cancelled_at > GRACE_S}
        if any(task.run.id in overdue for task in self.tasks.values()):
            self._restart(suspect=False)
        for run in list(self.runs.values()):
            if run.cancelled_at is not None and not run.under_way:
                self.records.cancelled(run)
                del self.runs[run.id]

    def _fill(self) -> None:
        """Keep the pool full with the units of the most important runs; with suspects around, one at a time."""
        if self.pool is None:
            return
        if self.suspects:
            if not self.tasks:
                self._start(self.suspects.popleft())
            return
        for run in sorted(self.runs.values(), key=lambda run: run.order):
            while len(self.tasks) < self.pool.slots and (task := run.next_task()):
                self._start(task)

    def _start(self, task: Task) -> None:
        assert self.pool is not None
        submit, place = self.pool.executor.submit, (task.run.address, task.run.folder)
        try:
            if task.step is Step.PLAN:
                future: Future[Any] = submit(steps.plan, *place)
            elif task.step is Step.UNIT:
                future = submit(steps.unit, *place, task.parameters)
            else:
                future = submit(steps.finish, *place, self.records.summaries(task.run))
        except BrokenExecutor:  # a process died before it got this
            self.suspects.append(task)
            self._restart(suspect=True)
        else:
            self.tasks[future] = task

    def _collect(self, ended: set[Future[Any]]) -> None:
        """Record what has ended; when a process died, find out which unit kills it."""
        broken = {future for future in ended if isinstance(_error(future), BrokenExecutor)}
        units = []
        for future in ended - broken:
            task = self.tasks.pop(future)
            task.run.under_way -= 1
            if task.run.cancelled_at is not None:
                continue
            if task.step is Step.UNIT:
                units.append((task, *_unit_answer(future)))
            else:
                self._advance(task, future)
        self.records.units_ended(units)
        if broken:
            self._restart(suspect=True)

    def _advance(self, task: Task, future: Future[Any]) -> None:
        """Take note that a run is planned or finished, or failed in that."""
        if (error := _error(future)) is not None:
            LOG.error("%s: %s failed", task.run.id, task.step, exc_info=error)
            self._end_failed(task.run, message(error))
        elif task.step is Step.PLAN:
            self.records.planned(task.run, future.result())
        else:
            self.records.finished(task.run, future.result())
            self.runs.pop(task.run.id, None)

    def _restart(self, *, suspect: bool) -> None:
        """Have a new pool; what was under way is done again, each alone: what kills its process then has failed."""
        assert self.pool is not None
        tasks = list(self.tasks.values())
        self.tasks.clear()
        for task in tasks:
            if task.run.cancelled_at is not None:
                task.run.under_way -= 1
            elif suspect and task.is_retry:
                task.run.under_way -= 1
                self._deadly(task)
            else:
                self.suspects.append(replace(task, is_retry=suspect))
        self.pool.restart()

    def _deadly(self, task: Task) -> None:
        text = "its process died: the engine crashed or the memory ran out"
        if task.step is Step.UNIT:
            self.records.units_ended([(task, {FAILED: text}, 0.0)])
        else:
            self._end_failed(task.run, text)

    def _end_failed(self, run: ActiveRun, text: str) -> None:
        self.records.failed(run, text)
        self.runs.pop(run.id, None)


def _unit_answer(future: Future[Any]) -> tuple[dict[str, Any], float]:
    """Return a unit's summary and seconds; an error here came on the way, the unit's own are in its summary."""
    if (error := _error(future)) is not None:
        return {FAILED: message(error)}, 0.0
    summary, seconds = future.result()
    return summary, seconds


def _error(future: Future[Any]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:
        return error
