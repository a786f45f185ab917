"""Where units are executed: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import threading
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Protocol

from core.errors import EngineError
from core.settings import Settings

DASK_TIMEOUT = "10s"

#: One thread a process: the units are what runs side by side.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Pool(Protocol):
    """An executor that knows how much it takes at once and can be made to drop what it does."""

    executor: Executor
    slots: int

    def restart(self) -> None:
        """End what is being executed and be ready again."""

    def close(self) -> None:
        """Let the executor go."""


def open_pool(settings: Settings) -> Pool:
    """Return the cluster that the settings name, or processes of this machine."""
    return DaskPool(settings.dask) if settings.dask else LocalPool()


class LocalPool:
    """Processes of this machine, one a core.

    They are not renewed after a number of units (``max_tasks_per_child``): that can hang the pool of Python 3.11 [1]_.

    .. [1] https://github.com/python/cpython/issues/115634
    """

    executor: Executor

    def __init__(self) -> None:
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        self.slots = _cores()
        self.executor = self._open()

    def restart(self) -> None:
        """Kill the processes, whatever they are at, and have new ones."""
        self.close()
        self.executor = self._open()

    def close(self) -> None:
        """Kill the processes."""
        for process in multiprocessing.active_children():
            process.kill()
        self.executor.shutdown(wait=True, cancel_futures=True)

    def _open(self) -> Executor:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.slots, mp_context=spawn, initializer=prepare_process)


class DaskPool:
    """A Dask cluster; its workers see the same workspace folder and have this program installed."""

    executor: Executor

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise EngineError(
                "Dask is not installed", hint="pip install distributed, or unset GRIDPROOF_DASK"
            ) from error
        try:
            self._client = Client(address, timeout=DASK_TIMEOUT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            hint = "start the cluster, or unset GRIDPROOF_DASK to use this machine's processes"
            raise EngineError(f"no Dask scheduler answers at {address}", hint=hint) from error
        self.slots = 2 * max(1, sum(self._client.nthreads().values()))
        self.executor = self._client.get_executor(pure=False)

    def restart(self) -> None:
        """Drop what is queued; a cluster's worker ends the unit that it is at."""
        self.executor.shutdown(wait=False)  # cancels what is queued
        self.executor = self._client.get_executor(pure=False)

    def close(self) -> None:
        """Leave the cluster."""
        with contextlib.suppress(Exception):  # it may be gone already
            self._client.close()


def prepare_process() -> None:
    """Let a pool's process log what its units raise, and end when the worker is killed instead of waiting for ever."""
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("core.jobs").setLevel(logging.DEBUG)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
