"""Reads an uploaded file in a process of its own: one that hangs, eats memory or crashes takes nothing else with it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, ParamSpec, TypeVar

from core.errors import BadInput, GridproofError, UnsafeFile
from core.steps import heard_by, step

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 120.0
MAX_MEMORY = 8 * 1024**3

#: What stands before the name of a part of the work that begins, on a line of the process's error output.
PART = "gridproof part:"

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
    with TemporaryFile() as asked, TemporaryFile() as answered:
        asked.write(call)
        asked.seek(0)
        with subprocess.Popen(
            [sys.executable, "-m", "core.formats.isolated"],
            stdin=asked,
            stdout=answered,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd=_ROOT,
            env=environment,
        ) as process:
            is_late = _followed(process)
        answered.seek(0)
        content = answered.read()
    if is_late:
        raise UnsafeFile(f"reading the file took more than {SECONDS:.0f} s", hint="split the file or export less of it")
    if process.returncode != 0:
        raise BadInput("the file can't be read: its reader broke down", hint="export it again, a workbook as CSV")
    answer: T | GridproofError = pickle.loads(content)  # from our own process, which unpickles nothing of the file
    if isinstance(answer, GridproofError):
        raise answer
    return answer


def _followed(process: subprocess.Popen[str]) -> bool:
    """Pass on the parts that a process says begin, until it ends or is ended; say whether it was ended."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(SECONDS, end)
    timer.start()
    try:
        for line in process.stderr or ():
            if line.startswith(PART):
                step(line.removeprefix(PART).strip())
    except BaseException:  # the page that waits was closed, or asks for something else
        process.kill()
        raise
    finally:
        timer.cancel()
    return late.is_set()


def _answer(call: bytes) -> bytes:
    """Return the pickled answer of a pickled call, or the error that it ended with."""
    module, name, arguments, options = pickle.loads(call)
    function: Callable[..., Any] = getattr(__import__(module, fromlist=[name]), name)
    try:
        with heard_by(_tell):
            return pickle.dumps(function(*arguments, **options))
    except GridproofError as error:
        return pickle.dumps(error)


def _tell(part: str) -> None:
    """Say to the process that waits which part of the work begins."""
    sys.stderr.write(f"{PART} {part}\n")
    sys.stderr.flush()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


if __name__ == "__main__":
    _limit_memory()
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read()))
