"""A run on the spot, in this process: what the command line does, and one unit as the workers execute it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from core.documents import plain
from core.errors import GridproofError
from core.jobs.kinds import FAILED, RunKind, address, import_kind
from core.steps import step

LOG = logging.getLogger(__name__)


def run_inline(kind: str, inputs: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Plan, execute and finish a run here and now, and return its result."""
    loaded = import_kind(address(kind))
    folder.mkdir(parents=True, exist_ok=True)
    units = loaded.plan(inputs)
    summaries: list[dict[str, Any]] = []
    for unit in units:
        step(f"{loaded.name}: {len(summaries)} of {len(units)} parts done")
        summaries.append(execute(loaded, inputs, unit, folder))
    result: dict[str, Any] = plain(loaded.finish(inputs, summaries, folder))
    return result


def execute(kind: RunKind, inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Execute one unit and return its summary; what goes wrong is its message, so that the other units go on."""
    try:
        summary: dict[str, Any] = plain(kind.unit(inputs, unit, folder))
    except Exception as error:
        LOG.debug("a unit of %s failed: %s", kind.name, unit, exc_info=True)
        return {FAILED: message(error)}
    return summary


def message(error: BaseException) -> str:
    """Return the error in one line for a person."""
    return str(error) if isinstance(error, GridproofError) else f"{type(error).__name__}: {error}".rstrip(": ")
