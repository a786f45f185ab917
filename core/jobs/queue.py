"""Runs as everybody sees them: submit one, watch it, cancel, resume or remove it."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, delete, insert, null, select, update

from core.documents import digest, dump
from core.errors import Conflict, NotFound
from core.jobs.kinds import FAILED, address
from core.jobs.process import start_worker, worker_runs
from core.jobs.tables import runs as table
from core.jobs.tables import units
from core.project.records import new_id, user
from core.project.tables import projects, revisions
from core.steps import step
from core.store import Store, now
from core.store.files import write_whole


class State(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    INTERRUPTED = "interrupted"  # its worker is gone; never stored
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    FAILED = "failed"


#: What a worker has to do something about.
OPEN = (State.QUEUED, State.RUNNING, State.CANCELLING)
#: What a run calculates from, in its folder.
INPUTS = "inputs.json"


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run at this moment."""

    id: str
    project: str | None
    kind: str
    title: str
    who: str
    state: State
    total: int | None  # units; ``None`` until planned
    done: int  # units that ended, failed ones too
    failed: int
    rate_per_s: float | None  # units a second since the run was started or resumed
    left_s: float | None
    stale: bool  # the project's plant has changed since
    message: str
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None  # the worker's last sign of life
    inputs_sha256: str
    result: dict[str, Any] | None

    @property
    def is_active(self) -> bool:
        """Say whether something is happening or about to."""
        return self.state in OPEN


def submit(
    store: Store,
    kind: str,
    inputs: dict[str, Any],
    *,
    project: str | None = None,
    title: str = "",
    priority: int = 0,
) -> str:
    """Queue a run, see to it that a worker is there, and return the run's id.

    The same inputs submitted again while their run is under way give that run. When the inputs have a ``"plant"``, the
    run counts as stale once the project's plant differs from it.
    """
    address(kind)  # says which kinds there are
    sha256 = digest(inputs)
    same = (
        table.c.kind == kind,
        table.c.inputs_sha256 == sha256,
        table.c.project == project,
        table.c.state.in_(OPEN[:2]),
    )
    with store.writing() as connection:
        id = connection.execute(select(table.c.id).where(*same)).scalar()
        if id is None:
            id = new_id()
            where = folder(store, id)
            where.mkdir(parents=True, exist_ok=True)
            write_whole(where / INPUTS, dump(inputs).encode("utf-8"))
            who = {
                "id": id,
                "project": project,
                "kind": kind,
                "title": title or kind,
                "priority": priority,
                "who": user(),
            }
            what = {"inputs_sha256": sha256, "plant_sha256": digest(inputs.get("plant") or "")}
            counts = {"done": 0, "failed": 0, "done_before": 0}
            row = {**who, **what, **counts, "state": State.QUEUED, "message": "", "submitted_at": now()}
            connection.execute(insert(table).values(row))
    start_worker(store.settings)
    return str(id)


def status(store: Store, run: str) -> RunStatus:
    """Return how a run stands."""
    with store.reading() as connection:
        row = connection.execute(_query().where(table.c.id == run)).first()
    if row is None:
        raise NotFound(f"there is no run {run!r}", hint="see the runs with: jobs list")
    return _status(row, worker_runs(store.settings))


def runs(store: Store, project: str | None = None, *, results: bool = True) -> list[RunStatus]:
    """Return all runs, or a project's, the newest first; without ``results`` those are not read."""
    query = _query(results=results).order_by(table.c.submitted_at.desc(), table.c.id)
    with store.reading() as connection:
        rows = connection.execute(query if project is None else query.where(table.c.project == project)).all()
    alive = bool(rows) and worker_runs(store.settings)
    return [_status(row, alive) for row in rows]


def find(store: Store, kind: str, inputs: dict[str, Any]) -> RunStatus | None:
    """Return the newest run of a kind with these inputs, ``None`` when there is none."""
    same = (table.c.kind == kind, table.c.inputs_sha256 == digest(inputs))
    with store.reading() as connection:
        row = connection.execute(_query().where(*same).order_by(table.c.submitted_at.desc()).limit(1)).first()
    return None if row is None else _status(row, worker_runs(store.settings))


def has_open_runs(store: Store) -> bool:
    """Say whether there is anything for a worker to do."""
    with store.reading() as connection:
        return connection.execute(select(table.c.id).where(table.c.state.in_(OPEN)).limit(1)).first() is not None


def continue_runs(store: Store) -> None:
    """See to it that what was queued or interrupted goes on, as after a restart of the computer."""
    if has_open_runs(store):
        start_worker(store.settings)


def result(store: Store, run: str) -> dict[str, Any]:
    """Return a finished run's result."""
    document = status(store, run).result
    if document is None:
        raise NotFound(f"the run {run!r} has no result yet")
    return document


def inputs(store: Store, run: str) -> dict[str, Any]:
    """Return what a run calculates from."""
    document: dict[str, Any] = json.loads((folder(store, run) / INPUTS).read_text(encoding="utf-8"))
    return document


def folder(store: Store, run: str) -> Path:
    """Return the run's folder: inputs, tables, log."""
    return store.settings.workspace / "runs" / run


def log(store: Store, run: str) -> str:
    """Return the run's log."""
    path = folder(store, run) / "run.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def failures(store: Store, run: str) -> list[tuple[int, str]]:
    """Return the number and message of each unit that failed."""
    query = select(units.c.number, units.c.summary).where(units.c.run == run, units.c.state == "failed")
    with store.reading() as connection:
        rows = connection.execute(query.order_by(units.c.number)).all()
    return [(row.number, row.summary[FAILED]) for row in rows]


def cancel(store: Store, run: str) -> None:
    """Ask for a run's end; what was finished stays, and the run can be resumed."""
    seen = status(store, run).state
    to = State.CANCELLING if seen is State.RUNNING else State.CANCELLED
    _move(store, run, (State.QUEUED, State.RUNNING, State.INTERRUPTED), to, "cancelled")


def resume(store: Store, run: str) -> None:
    """Go on with a run that was cancelled, interrupted or had failures; finished units are not calculated again."""
    states = (State.QUEUED, State.INTERRUPTED, State.CANCELLED, State.FAILED, State.FINISHED)
    seen = status(store, run)
    if seen.state is State.FINISHED and not seen.failed:
        raise Conflict("the run is finished and nothing in it failed", hint="submit a new run to calculate again")
    _move(store, run, states, State.QUEUED, "resumed")
    start_worker(store.settings)


def remove(store: Store, run: str) -> None:
    """Remove a run with its folder."""
    if status(store, run).is_active:
        raise Conflict("the run is under way", hint="cancel it first")
    with store.writing() as connection:
        connection.execute(delete(table).where(table.c.id == run))
    shutil.rmtree(folder(store, run), ignore_errors=True)


def wait(store: Store, run: str, timeout: float | None = None) -> RunStatus:
    """Wait until nothing happens any more with the run, or the timeout [s] is over; return how it stands."""
    end = None if timeout is None else time.monotonic() + timeout
    while (seen := status(store, run)).is_active and (end is None or time.monotonic() < end):
        step(_progress(seen))
        time.sleep(0.2)
    return seen


def _progress(seen: RunStatus) -> str:
    """Return in words how far a run is."""
    done = "" if seen.total is None else f", {seen.done} of {seen.total} parts done"
    left = "" if seen.left_s is None else f", about {seen.left_s:.0f} s left"
    return f"{seen.title} is {seen.state}{done}{left}"


def _move(store: Store, run: str, allowed: tuple[State, ...], to: State, verb: str) -> None:
    """Change a run's state when it is one of the allowed ones."""
    with store.writing() as connection:
        row = connection.execute(_query().where(table.c.id == run)).one()
        state = _status(row, worker_runs(store.settings)).state
        if state not in allowed:
            raise Conflict(f"the run is {state}: it can't be {verb}")
        values: dict[str, Any] = {"state": to, "message": ""}
        if to is State.QUEUED:
            values |= {"worker": None, "ended_at": None, "done": row.done - row.failed, "failed": 0, "result": None}
            again = (units.c.run == run, units.c.state == "failed")
            connection.execute(update(units).where(*again).values(state="waiting", summary=None))
        elif to is State.CANCELLED:
            values |= {"ended_at": now()}
        connection.execute(update(table).where(table.c.id == run).values(values))


def _query(*, results: bool = True) -> Select[Any]:
    """Return the query of runs with the plant that their project has now."""
    columns = [column if results or column is not table.c.result else null().label("result") for column in table.c]
    current = (revisions.c.project == projects.c.id) & (revisions.c.number == projects.c.revision)
    plants = select(projects.c.id, revisions.c.sha256).join(revisions, current).subquery()
    return select(*columns, plants.c.sha256.label("plant_now")).outerjoin(plants, plants.c.id == table.c.project)


def _status(row: Row[Any], alive: bool) -> RunStatus:
    state = State(row.state)
    if state in (State.RUNNING, State.CANCELLING) and not alive:
        state = State.INTERRUPTED
    rate = None
    if state is State.RUNNING and row.resumed_at and row.done > row.done_before:
        rate = (row.done - row.done_before) / max((now() - row.resumed_at).total_seconds(), 1e-3)
    return RunStatus(
        id=row.id,
        project=row.project,
        kind=row.kind,
        title=row.title,
        who=row.who,
        state=state,
        total=row.total,
        done=row.done,
        failed=row.failed,
        rate_per_s=rate,
        left_s=(row.total - row.done) / rate if rate and row.total is not None else None,
        stale=row.plant_now is not None and row.plant_sha256 not in (row.plant_now, digest("")),
        message=row.message,
        submitted_at=row.submitted_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        heartbeat_at=row.heartbeat_at,
        inputs_sha256=row.inputs_sha256,
        result=row.result,
    )
