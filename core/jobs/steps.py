"""The steps of a run as other processes execute them; they get paths, not documents, and read the inputs once."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.documents import plain
from core.jobs.inline import execute
from core.jobs.kinds import import_kind


def plan(kind: str, folder: str) -> list[dict[str, Any]]:
    """Return the parameters of the run's units."""
    units: list[dict[str, Any]] = plain(import_kind(kind).plan(_inputs(folder)))
    return units


def unit(kind: str, folder: str, parameters: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Execute one unit; return its summary and how long it took [s]."""
    begun = time.perf_counter()
    summary = execute(import_kind(kind), _inputs(folder), parameters, Path(folder))
    return summary, time.perf_counter() - begun


def finish(kind: str, folder: str, summaries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the run's result."""
    result: dict[str, Any] = plain(import_kind(kind).finish(_inputs(folder), summaries, Path(folder)))
    return result


@lru_cache(maxsize=4)
def _inputs(folder: str) -> dict[str, Any]:
    inputs: dict[str, Any] = json.loads((Path(folder) / "inputs.json").read_text(encoding="utf-8"))
    return inputs
