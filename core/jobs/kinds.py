"""Kinds of runs: how one is cut into units, what a unit calculates, and what the run says at the end.

To add a kind, write a :class:`RunKind` beside the study that it runs and name it in :data:`KINDS`; it is imported only
where it is executed, so that no page loads an engine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInput

#: The key of a unit's summary when the unit failed: ``{"failed": message}`` stands in its place.
FAILED = "failed"

#: The key of a unit's parameters that makes it wait for the units before it.
IN_TURN = "in_turn"


@dataclass(frozen=True, slots=True)
class RunKind:
    """One kind of run. The callables are module-level functions: they are called in other processes.

    Attributes
    ----------
    plan
        ``plan(inputs) -> units``: JSON-able parameters of each unit; cheap, called once in the worker. A unit with
        ``"in_turn": True`` begins when all before it have ended.
    unit
        ``unit(inputs, unit, folder) -> summary``: one unit's work, small and JSON-able; big tables go to the run's
        folder as Parquet by :func:`core.store.files.write_whole` under a name of the unit's own. It may be called again
        for a unit whose process died.
    finish
        ``finish(inputs, summaries, folder) -> result``: the run's JSON result from the units' summaries in the plan's
        order; a unit that failed has the summary ``{"failed": message}``.
    """

    name: str
    plan: Callable[[dict[str, Any]], list[dict[str, Any]]]
    unit: Callable[[dict[str, Any], dict[str, Any], Path], dict[str, Any]]
    finish: Callable[[dict[str, Any], list[dict[str, Any]], Path], dict[str, Any]]


#: Name → ``package.module:ATTRIBUTE``.
KINDS: dict[str, str] = {
    "availability": "core.jobs.availability:AVAILABILITY",
    "feeder": "core.jobs.feeders:FEEDER",
    "simulation": "core.jobs.simulation:SIMULATION",
    "sizing": "core.jobs.sizing:SIZING",
    "loop": "core.jobs.loop:LOOP",
    "requirement_costs": "core.jobs.requirement_costs:COSTS",
    "study": "core.jobs.studies:STUDY",
    "time_series": "core.jobs.time_series:RUN",
}


def address(name: str) -> str:
    """Return where a kind of run is defined."""
    if name not in KINDS:
        raise BadInput(f"there is no kind of run {name!r}", hint=f"kinds are {', '.join(KINDS) or 'none yet'}")
    return KINDS[name]


def import_kind(address: str) -> RunKind:
    """Import a kind of run."""
    module, _, attribute = address.partition(":")
    kind: RunKind = getattr(importlib.import_module(module), attribute)
    return kind
