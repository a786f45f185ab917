"""Jobs: runs that outlive the page that asked for them.

A run is a row; its units are rows; a finished unit is never calculated again. A worker process
(``python -m core.jobs``) executes them and ends when nothing is left. How to add a kind of run: :class:`RunKind`.
"""

from core.jobs.inline import run_inline
from core.jobs.kinds import FAILED, KINDS, RunKind
from core.jobs.queue import (
    RunStatus,
    State,
    cancel,
    continue_runs,
    failures,
    find,
    folder,
    inputs,
    log,
    remove,
    result,
    resume,
    runs,
    status,
    submit,
    wait,
)

__all__ = [
    "FAILED",
    "KINDS",
    "RunKind",
    "RunStatus",
    "State",
    "cancel",
    "continue_runs",
    "failures",
    "find",
    "folder",
    "inputs",
    "log",
    "remove",
    "result",
    "resume",
    "run_inline",
    "runs",
    "status",
    "submit",
    "wait",
]
