"""Solve a sizing problem with HiGHS, silently, within a time."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.design.sizing_model import SizingModel

GAP = 1e-3
LEAST_TIME_S = 0.01
NO_DESIGN = frozenset({"infeasible", "infeasible_or_unbounded", "unbounded"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the solver says: ``status`` is "optimal", "time limit" or "infeasible"."""

    status: str
    usd_per_year: float | None = None  # of the solution, where there is one
    bound_usd_per_year: float | None = None  # no solution costs less
    solution: Any = None  # values of the variables, a data set of linopy's

    @property
    def solved(self) -> bool:
        """Return whether there is a solution to read."""
        return self.usd_per_year is not None


def solve(
    sizing: SizingModel, time_limit_s: float, *, relaxed: bool = False, fixed: bool = False, gap: float = GAP
) -> Outcome:
    """Solve the problem, with fractions of units where ``relaxed``.

    Without whole numbers it goes by the interior point method, which suits many alike hours; where all sizes are
    ``fixed`` nothing binds the hours of a year together and the simplex method is many times faster.
    """
    m = sizing.model
    relaxed = relaxed or fixed
    method: dict[str, Any] = {"mip_rel_gap": gap}
    if relaxed:
        method = {"solver": "simplex" if fixed else "ipm", "solve_relaxation": True}
    logging.getLogger("linopy").setLevel(logging.ERROR)  # its remarks on statuses are in the outcome
    with warnings.catch_warnings(), _silent_output():
        warnings.simplefilter("ignore")
        m.solve(
            solver_name="highs",
            io_api="direct",
            set_names=False,
            progress=False,
            output_flag=False,
            time_limit=max(time_limit_s, LEAST_TIME_S),
            threads=1,
            **method,
        )
    condition = str(m.termination_condition)
    if condition in NO_DESIGN:
        return Outcome("infeasible")
    value = m.objective.value
    status = "optimal" if condition == "optimal" else "time limit"
    if value is None or not np.isfinite(value):
        return Outcome("time limit")
    usd = float(value) * 1e3
    if relaxed:
        return Outcome(status, usd, usd if status == "optimal" else None, m.solution)
    bound = float(m.solver_model.getInfo().mip_dual_bound) * 1e3
    return Outcome(status, usd, bound if np.isfinite(bound) else None, m.solution)


@contextlib.contextmanager
def _silent_output() -> Iterator[None]:
    """Keep the banner off the standard output: it is printed when the problem is passed, before options are read."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
