"""The worker as a process: one a workspace, started when something is queued, outliving who started it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from core.errors import StoreError
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
WORKER = "core.jobs"
#: How long a worker stays without work: the next run needn't wait for its start.
IDLE_S = 60.0

#: A short-lived program between us and the worker: the worker belongs to nobody who could end before it or have to
#: collect it.
LAUNCH = """
import os, subprocess, sys
kind = {"creationflags": 0x00000208} if os.name == "nt" else {"start_new_session": True}  # detached, own group
log = open(sys.argv[1], "ab")
subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **kind)
"""


class WorkerLock:
    """A workspace's right to run a worker; the system takes it back when its process ends, however it ends."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.workspace / "worker.lock"
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Take the lock; return whether it was free."""
        try:
            file = self._path.open("ab")
        except OSError as error:
            hint = "check the access rights of the workspace folder"
            raise StoreError(f"{self._path} can't be written: {error.strerror}", hint=hint) from error
        if not _lock(file):
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._file:
            self._file.close()
            self._file = None


def worker_runs(settings: Settings) -> bool:
    """Say whether the workspace has a worker now."""
    lock = WorkerLock(settings)
    free = lock.take()
    lock.release()
    return not free


def start_worker(settings: Settings) -> None:
    """Start a worker unless there is one."""
    if worker_runs(settings):
        return
    log = settings.workspace / "worker.log"
    command = [sys.executable, "-m", WORKER, "--workspace", str(settings.workspace), "--idle", str(IDLE_S)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "GRIDPROOF_DATABASE_URL": settings.database_url,
        "GRIDPROOF_DASK": settings.dask or "",
    }
    launcher = [sys.executable, "-S", "-c", LAUNCH, str(log), *command]
    done = subprocess.run(launcher, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        hint = f"check the access rights and the free space of {settings.workspace}; the run stays queued"
        raise StoreError("no worker process could be started", hint=hint)


def _lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
