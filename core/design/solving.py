"""Solve a sizing problem or its relaxation with HiGHS, silently, within a time; each goes on from the one before."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.design.sizing_model import SizingModel

LEAST_TIME_S = 0.01
NO_DESIGN = frozenset({"kInfeasible", "kUnboundedOrInfeasible", "kUnbounded"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the solver says: ``status`` is "optimal", "time limit" or "infeasible"."""

    status: str
    usd_per_year: float = 0.0  # of the solution, where there is one
    solution: Any = None  # by name, the values of the variables
    prices: dict[str, float] = field(default_factory=dict)  # of the limits of a year, by group [USD a unit]

    @property
    def solved(self) -> bool:
        """Return whether there is a solution to read."""
        return self.solution is not None


def solve(sizing: SizingModel, time_limit_s: float, *, whole: bool = False) -> Outcome:
    """Solve the problem as it is restricted now; unless ``whole``, with fractions of units where a count is free."""
    highs = prepared(sizing)
    highs.setOptionValue("solve_relaxation", not whole)
    highs.setOptionValue("time_limit", highs.getRunTime() + max(time_limit_s, LEAST_TIME_S))  # of all runs together
    highs.run()
    status = highs.getModelStatus().name
    if status in NO_DESIGN:
        return Outcome("infeasible")
    if status != "kOptimal":
        return Outcome("time limit")
    found = highs.getSolution()
    usd = float(highs.getInfo().objective_function_value) * 1e3 + sizing.fixed_usd_per_year
    prices = {} if whole else {group: -found.row_dual[row] for group, row in _limit_rows(sizing).items()}
    return Outcome("optimal", usd, _solution(sizing, np.asarray(found.col_value)), prices)


def prepared(sizing: SizingModel) -> Any:
    """Return the solver with the problem as it is restricted now; its last basis stays to begin with."""
    if sizing.highs is None:
        with _silent_output():
            sizing.highs = sizing.model.to_highspy()
        sizing.highs.setOptionValue("output_flag", False)
        sizing.highs.setOptionValue("threads", 1)
        sizing.columns = _places(sizing.model.matrices.vlabels)
        sizing.rows = _places(sizing.model.matrices.clabels)
    for name in sizing.decisions:
        variable = sizing.model.variables[name]
        shape = variable.labels.shape
        columns = sizing.columns[variable.labels.values.ravel()]
        lower, upper = (
            np.broadcast_to(each.values, shape).ravel().astype(float) for each in (variable.lower, variable.upper)
        )
        sizing.highs.changeColsBounds(len(columns), columns, lower, upper)
    for group, row in _limit_rows(sizing).items():
        sizing.highs.changeRowBounds(row, -np.inf, sizing.aims[group])
    return sizing.highs


def row_numbers(sizing: SizingModel, name: str) -> np.ndarray:
    """Return the solver's rows of a constraint, in the order of its labels."""
    rows: np.ndarray = sizing.rows[sizing.model.constraints[name].labels.values.ravel()]
    return rows


def _limit_rows(sizing: SizingModel) -> dict[str, int]:
    """Return the solver's row of each limit of a year that is a constraint of the problem."""
    there = [group for group in sizing.yearly if group in sizing.model.constraints]
    return {group: int(row_numbers(sizing, group)[0]) for group in there}


def _places(labels: np.ndarray) -> np.ndarray:
    """Return the solver's number of every label of linopy's."""
    places = np.full(int(labels.max()) + 1, -1, dtype=np.int32)
    places[labels] = np.arange(len(labels), dtype=np.int32)
    return places


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
