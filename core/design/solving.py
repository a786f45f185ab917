"""Solve a sizing problem with HiGHS, silently, within a time; cases of one problem go on from the one before."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.design.sizing_model import SizingModel

GAP = 1e-3
LEAST_TIME_S = 0.01
NO_DESIGN = frozenset({"kInfeasible", "kUnboundedOrInfeasible", "kUnbounded"})
FEASIBLE = 2  # HiGHS's kSolutionStatusFeasible


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the solver says: ``status`` is "optimal", "time limit" or "infeasible"."""

    status: str
    usd_per_year: float | None = None  # of the solution, where there is one
    bound_usd_per_year: float | None = None  # no solution costs less
    solution: Any = None  # by name, the values of the variables

    @property
    def solved(self) -> bool:
        """Return whether there is a solution to read."""
        return self.usd_per_year is not None


def solve(sizing: SizingModel, time_limit_s: float, *, relaxed: bool = False, gap: float = GAP) -> Outcome:
    """Solve the problem, with fractions of units where ``relaxed``."""
    highs = _highs(sizing)
    highs.setOptionValue("time_limit", max(time_limit_s, LEAST_TIME_S))
    highs.setOptionValue("mip_rel_gap", gap)
    highs.setOptionValue("solve_relaxation", relaxed)
    highs.run()
    status, info = highs.getModelStatus().name, highs.getInfo()
    if status in NO_DESIGN:
        return Outcome("infeasible")
    if info.primal_solution_status != FEASIBLE:
        return Outcome("time limit")
    optimal = status == "kOptimal"
    usd = float(info.objective_function_value) * 1e3 + sizing.fixed_usd_per_year
    bound = float(info.mip_dual_bound) * 1e3 + sizing.fixed_usd_per_year if not relaxed else usd if optimal else -np.inf
    solution = _solution(sizing, np.asarray(highs.getSolution().col_value))
    return Outcome("optimal" if optimal else "time limit", usd, bound if np.isfinite(bound) else None, solution)


def _highs(sizing: SizingModel) -> Any:
    """Return the solver with the problem as it is restricted now; its last basis stays to begin with."""
    if sizing.highs is None:
        with _silent_output():
            sizing.highs = sizing.model.to_highspy()
        sizing.highs.setOptionValue("output_flag", False)
        sizing.highs.setOptionValue("threads", 1)
        sizing.columns = _columns(sizing)
        return sizing.highs
    for name in sizing.decisions:
        variable = sizing.model.variables[name]
        shape = variable.labels.shape
        columns = sizing.columns[variable.labels.values.ravel()]
        lower, upper = (
            np.broadcast_to(each.values, shape).ravel().astype(float) for each in (variable.lower, variable.upper)
        )
        sizing.highs.changeColsBounds(len(columns), columns, lower, upper)
    return sizing.highs


def _columns(sizing: SizingModel) -> np.ndarray:
    """Return the solver's column of every label of linopy's."""
    labels = sizing.model.matrices.vlabels
    columns = np.full(int(labels.max()) + 1, -1, dtype=np.int32)
    columns[labels] = np.arange(len(labels), dtype=np.int32)
    return columns


def _solution(sizing: SizingModel, values: np.ndarray) -> dict[str, Any]:
    labels = {name: variable.labels for name, variable in sizing.model.variables.items()}
    return {name: each.copy(data=values[sizing.columns[each.values]]) for name, each in labels.items()}


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
