"""The steps of a run as other processes execute them; they get paths, not documents, and read the inputs once."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.documents import plain
from core.errors import EngineError
from core.jobs.inline import execute, message
from core.jobs.kinds import import_kind
from core.jobs.queue import INPUTS

LOG = logging.getLogger(__name__)


def plan(kind: str, folder: str) -> list[dict[str, Any]]:
    """Return the parameters of the run's units."""
    with _portable():
        units: list[dict[str, Any]] = plain(import_kind(kind).plan(_inputs(folder)))
    return units


def unit(kind: str, folder: str, parameters: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Execute one unit; return its summary and how long it took [s]."""
    begun = time.perf_counter()
    with _portable():
        summary = execute(import_kind(kind), _inputs(folder), parameters, Path(folder))
    return summary, time.perf_counter() - begun


def finish(kind: str, folder: str, summaries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the run's result."""
    with _portable():
        result: dict[str, Any] = plain(import_kind(kind).finish(_inputs(folder), summaries, Path(folder)))
    return result


@contextmanager
def _portable() -> Iterator[None]:
    """Send an error as its message: an engine's own exception may not survive the way to the worker."""
    try:
        yield
    except Exception as error:
        LOG.debug("a run failed", exc_info=True)
        raise EngineError(message(error)) from None


@lru_cache(maxsize=4)
def _inputs(folder: str) -> dict[str, Any]:
    inputs: dict[str, Any] = json.loads((Path(folder) / INPUTS).read_text(encoding="utf-8"))
    return inputs
