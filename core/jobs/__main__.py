"""``python -m core.jobs --workspace DIR``: the workspace's worker; ends by itself when there is nothing left to do."""

from __future__ import annotations

import argparse
import logging
import time

from core.errors import StoreError
from core.jobs.process import IDLE_S, WorkerLock
from core.jobs.queue import has_open_runs
from core.jobs.worker import Worker
from core.settings import load_settings
from core.store import open_store

#: Somebody who only looks whether a worker runs holds the lock for a moment.
PATIENCE_S = 2.0

#: How often, and after which time, the worker begins anew when the database was held for longer than it waits.
RETRIES = 5
RETRY_S = 5.0

LOG = logging.getLogger("core.jobs")


def main() -> None:
    """Work as the one worker of the workspace."""
    parser = argparse.ArgumentParser(prog="python -m core.jobs", description=__doc__)
    parser.add_argument("--workspace", metavar="DIR")
    parser.add_argument("--idle", type=float, default=IDLE_S, metavar="SECONDS", help="end after so long without work")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    store = open_store(load_settings(arguments.workspace))
    lock = WorkerLock(store.settings)
    retries = RETRIES
    while _take(lock):
        worker = Worker(store, idle_s=arguments.idle)
        try:
            worker.work()
        except StoreError:
            if not retries:
                raise
            retries -= 1
            LOG.exception("the worker begins anew: what has ended is recorded")
            time.sleep(RETRY_S)
            continue
        finally:
            worker.close()
            lock.release()
        if not has_open_runs(store):  # one that came in the last moment saw our lock and relies on us
            return


def _take(lock: WorkerLock) -> bool:
    end = time.monotonic() + PATIENCE_S
    while not lock.take():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


if __name__ == "__main__":
    main()
