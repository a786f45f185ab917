"""The worker in the tests' own process, with threads in place of processes: enough where runs are only shown."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

from core.jobs.worker import Worker
from core.store import Store


class Threads:
    """A pool of threads."""

    slots = 2

    def __init__(self) -> None:
        self.executor: Executor = ThreadPoolExecutor(self.slots)

    def restart(self) -> None:
        self.executor = ThreadPoolExecutor(self.slots)

    def close(self) -> None:
        self.executor.shutdown()


def finish_runs(store: Store) -> None:
    """Execute what is queued."""
    worker = Worker(store, idle_s=0.1)
    worker.pool = Threads()
    worker.work()
    worker.close()
