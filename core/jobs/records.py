"""What the worker reads and writes: its view of runs, their units, and the log of each."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from core.errors import GridproofError, NotFound
from core.jobs.inline import message
from core.jobs.kinds import FAILED, IN_TURN, address
from core.jobs.queue import INPUTS, OPEN, State, folder
from core.jobs.tables import runs as table
from core.jobs.tables import units
from core.store import Store, now


class Step(StrEnum):
    """What is done for a run in a pool's process."""

    PLAN = "plan"
    UNIT = "unit"
    FINISH = "finish"


@dataclass(slots=True)
class ActiveRun:
    """A run that the worker has taken up."""

    id: str
    kind: str
    address: str
    folder: str
    order: tuple[Any, ...]  # the most important first
    next_step: Step
    waiting: deque[tuple[int, dict[str, Any]]] = field(default_factory=deque)
    under_way: int = 0  # tasks that were handed out and have not ended, those to be tried again included
    cancelled_at: float | None = None

    def next_task(self) -> Task | None:
        """Hand out what may be done next, ``None`` when that depends on what is under way."""
        in_turn = bool(self.waiting) and self.waiting[0][1].get(IN_TURN, False)
        if self.cancelled_at is not None or (self.under_way and (in_turn or not self.waiting)):
            return None
        task = Task(self, Step.UNIT, *self.waiting.popleft()) if self.waiting else Task(self, self.next_step)
        self.under_way += 1
        return task


@dataclass(frozen=True, slots=True)
class Task:
    """One step of a run; of a unit, its number and parameters."""

    run: ActiveRun
    step: Step
    number: int = -1
    parameters: dict[str, Any] = field(default_factory=dict)
    is_retry: bool = False  # a process died when it was under way; now it is tried alone


class Records:
    """The store's rows of runs as the worker changes them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.worker = f"{socket.gethostname()}:{os.getpid()}"

    def take_up(self, known: Iterable[str]) -> list[ActiveRun]:
        """Return the open runs that this worker doesn't have yet: new ones, and what a worker left that is gone.

        The workspace's lock makes this worker the only one.
        """
        mine = (table.c.state.in_(OPEN), table.c.id.not_in(list(known)))
        with self.store.reading() as connection:
            if connection.execute(select(table.c.id).where(*mine).limit(1)).first() is None:
                return []
        with self.store.writing() as connection:
            rows = connection.execute(select(table).where(*mine)).all()
            return [run for row in rows if (run := self._take(connection, row))]

    def _take(self, connection: Connection, row: Row[Any]) -> ActiveRun | None:
        moment, home = now(), folder(self.store, row.id)
        try:
            where = address(row.kind)
            if not (home / INPUTS).exists():
                raise NotFound(f"its files are gone: the workspace has no runs/{row.id}/{INPUTS}")
        except GridproofError as error:
            self._set(connection, row.id, state=State.FAILED, ended_at=moment, message=message(error))
            return None
        state = State.RUNNING if row.state == State.QUEUED else row.state
        beat = {"worker": self.worker, "heartbeat_at": moment, "resumed_at": moment, "done_before": row.done}
        self._set(connection, row.id, state=state, started_at=row.started_at or moment, **beat)
        order = (-row.priority, row.submitted_at, row.id)
        run = ActiveRun(row.id, row.kind, where, str(home), order, Step.PLAN)
        if row.total is not None:
            left = select(units.c.number, units.c.parameters).where(units.c.run == row.id, units.c.state == "waiting")
            run.waiting.extend((u.number, u.parameters) for u in connection.execute(left.order_by(units.c.number)))
            run.next_step = Step.FINISH
        self.log(run.id, f"{'resumed' if row.done else 'started'} by {self.worker}")
        return run

    def planned(self, run: ActiveRun, parameters: list[dict[str, Any]]) -> None:
        """Write the run's units down."""
        rows = [{"run": run.id, "number": n, "state": "waiting", "parameters": p} for n, p in enumerate(parameters)]
        with self.store.writing() as connection:
            if rows:
                connection.execute(insert(units), rows)
            self._set(connection, run.id, total=len(rows), resumed_at=now())
        run.waiting.extend(enumerate(parameters))
        run.next_step = Step.FINISH
        self.log(run.id, f"planned {len(rows)} units")

    def units_ended(self, ended: Sequence[tuple[Task, dict[str, Any], float]]) -> None:
        """Record units with their summaries and seconds, and how far their runs are."""
        if not ended:
            return
        rows = [
            {"of": task.run.id, "n": task.number, "summary": summary, "seconds": seconds, "state": _state(summary)}
            for task, summary, seconds in ended
        ]
        one = update(units).where(units.c.run == bindparam("of"), units.c.number == bindparam("n"))
        with self.store.writing() as connection:
            connection.execute(one, rows)
            for run in {task.run.id for task, _, _ in ended}:
                states = [row["state"] for row in rows if row["of"] == run]
                counts = {"done": table.c.done + len(states), "failed": table.c.failed + states.count("failed")}
                self._set(connection, run, heartbeat_at=now(), **counts)
        for task, summary, _ in ended:
            if FAILED in summary:
                self.log(task.run.id, f"unit {task.number} failed: {summary[FAILED]}")

    def summaries(self, run: ActiveRun) -> list[dict[str, Any]]:
        """Return the units' summaries in the plan's order."""
        query = select(units.c.summary).where(units.c.run == run.id).order_by(units.c.number)
        with self.store.reading() as connection:
            return list(connection.execute(query).scalars())

    def finished(self, run: ActiveRun, result: dict[str, Any]) -> None:
        """Record the run's result."""
        self._end(run, State.FINISHED, result=result)

    def failed(self, run: ActiveRun, text: str) -> None:
        """Record that the run itself failed."""
        self._end(run, State.FAILED, text)

    def cancelled(self, run: ActiveRun) -> None:
        """Record that the run was cancelled."""
        self._end(run, State.CANCELLED)

    def to_cancel(self, runs: Mapping[str, ActiveRun]) -> list[str]:
        """Return which of the runs somebody wants cancelled."""
        if not runs:
            return []
        stopped = (State.CANCELLING, State.CANCELLED)
        query = select(table.c.id).where(table.c.id.in_(runs), table.c.state.in_(stopped))
        with self.store.reading() as connection:
            return list(connection.execute(query).scalars())

    def beat(self, runs: Iterable[str]) -> None:
        """Say that the runs are in living hands."""
        ids = list(runs)
        if ids:
            with self.store.writing() as connection:
                connection.execute(update(table).where(table.c.id.in_(ids)).values(heartbeat_at=now()))

    def log(self, run: str, text: str) -> None:
        """Add a line to the run's log."""
        home = folder(self.store, run)
        home.mkdir(parents=True, exist_ok=True)  # somebody may have taken it away: no reason to leave the other runs
        with (home / "run.log").open("a", encoding="utf-8") as file:
            file.write(f"{now():%Y-%m-%d %H:%M:%S}Z {text}\n")

    def _end(self, run: ActiveRun, state: State, text: str = "", **values: Any) -> None:
        with self.store.writing() as connection:
            self._set(connection, run.id, state=state, ended_at=now(), message=text, **values)
        self.log(run.id, f"{state}{': ' if text else ''}{text}")

    def _set(self, connection: Connection, run: str, **values: Any) -> None:
        connection.execute(update(table).where(table.c.id == run).values(values))


def _state(summary: Mapping[str, Any]) -> str:
    return "failed" if FAILED in summary else "done"
