"""Reads an uploaded file in a process of its own: one that hangs, eats memory or crashes takes nothing else with it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from core.errors import BadInput, GridproofError, UnsafeFile

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 120.0
MAX_MEMORY = 8 * 1024**3

_ROOT = Path(__file__).resolve().parents[2]


def isolated(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Return what a module's function returns, called in a process that is ended after :data:`SECONDS`.

    Parameters
    ----------
    function
        A function at the top of a module; its arguments and its answer must be picklable.
    *arguments, **options
        What it is called with.

    Raises
    ------
    GridproofError
        Whatever the function raises of that tree.
    UnsafeFile
        If it takes too long.
    BadInput
        If the process ends without an answer.
    """
    call = pickle.dumps((function.__module__, function.__qualname__, arguments, options))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "core.formats.isolated"],
            input=call,
            capture_output=True,
            timeout=SECONDS,
            cwd=_ROOT,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        text = f"reading the file took more than {SECONDS:.0f} s"
        raise UnsafeFile(text, hint="split the file or export fewer columns") from error
    if done.returncode != 0:
        raise BadInput("the file can't be read: its reader broke down", hint="export it again, a workbook as CSV")
    answer: T | GridproofError = pickle.loads(done.stdout)  # from our own process, which unpickles nothing of the file
    if isinstance(answer, GridproofError):
        raise answer
    return answer


def _answer(call: bytes) -> bytes:
    """Return the pickled answer of a pickled call, or the error that it ended with."""
    module, name, arguments, options = pickle.loads(call)
    function: Callable[..., Any] = getattr(__import__(module, fromlist=[name]), name)
    try:
        return pickle.dumps(function(*arguments, **options))
    except GridproofError as error:
        return pickle.dumps(error)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


if __name__ == "__main__":
    _limit_memory()
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read()))
