"""A plant that stands, run through every hour of a year: spell after spell of some days, each in milliseconds.

With units and megawatts given, nothing ties one spell to the next but the limits of a whole year (share of renewables,
emissions). A price takes the place of each: with the right prices every spell by itself does what the year asks for.
Since only load, sun and wind differ, the solver goes from one spell to the next by a few steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr

from core.design.design import Design, design_of
from core.design.profiles import Year
from core.design.requirement import Requirement
from core.design.sizing_model import GROUPS, OF_OPERATION, build
from core.design.solving import NO_DESIGN, prepared, row_numbers

KEPT = 1e-7  # of a limit, that a run may be over it
YIELDS = {"pv": "pv_yield", "wind": "wind_yield"}


@dataclass(frozen=True, slots=True)
class Run:
    """A year of operation."""

    solution: dict[str, xr.DataArray]
    amounts: dict[str, float]  # of what the limits of a year look at, by group
    stuck: tuple[int, ...] = ()  # spells in which the load can't be met

    def mixed(self, other: Run, share: float) -> Run:
        """Return a share of this run and the rest of the other: what both keep to, so does every mixture."""
        solution = {name: share * values + (1 - share) * other.solution[name] for name, values in self.solution.items()}
        return Run(solution, {g: share * mine + (1 - share) * other.amounts[g] for g, mine in self.amounts.items()})


class StandingPlant:
    """The units of a design, to be run through the spells of a year with megawatts and prices that are tried."""

    def __init__(self, requirement: Requirement, spells: Year, largest_mw: float, counts: Mapping[str, int]) -> None:
        mean = spells.load_mw.mean(axis=0, keepdims=True)
        one = Year(mean, np.zeros_like(mean), np.zeros_like(mean), np.array([float(len(spells.load_mw))]))
        self.sizing = build(requirement, one, left_out=GROUPS.keys() - OF_OPERATION)
        self.spells, self.largest_mw, self.counts = spells, largest_mw, counts
        self.load_mw = spells.load_mw * (1 + requirement.loss_allowance_pct / 100)

    def run(self, sizes: Mapping[str, float], prices: Mapping[str, float], end_s: float) -> Run | None:
        """Return the cheapest operation of every hour at prices of the yearly limits; ``None`` when it is late."""
        self.sizing.fix(self.largest_mw, self.counts, sizes)
        highs = prepared(self.sizing)
        amounts = {group: self._coefficients(limit.amount) for group, limit in self.sizing.yearly.items()}
        cost = self._coefficients(self.sizing.model.objective.expression)
        priced = cost + sum(prices.get(group, 0.0) * each for group, each in amounts.items())
        highs.changeColsCost(len(priced), np.arange(len(priced), dtype=np.int32), priced)
        rows = np.concatenate([row_numbers(self.sizing, name) for name in ("balance", *self._given())])
        hours, stuck = [], []
        for spell in range(len(self.load_mw)):
            if perf_counter() > end_s:
                return None
            lower, upper = self._hours(spell, sizes)
            highs.changeRowsBounds(len(rows), rows, lower, upper)
            highs.run()
            if highs.getModelStatus().name in NO_DESIGN:
                stuck.append(spell)
            hours.append(np.asarray(highs.getSolution().col_value))
        if stuck:
            return Run({}, {}, tuple(stuck))
        values = np.array(hours)
        return Run(self._solution(values), {g: float((values @ each).mean()) for g, each in amounts.items()})

    def design(self, run: Run, status: str) -> Design:
        """Return the design of a run."""
        return design_of(replace(self.sizing, year=self.spells), run.solution, status)

    def over(self, run: Run) -> dict[str, float]:
        """Return by how much a run is over each limit of the year, or under it; next to nothing is nothing."""
        over = {group: run.amounts[group] - limit.most for group, limit in self.sizing.yearly.items()}
        return {
            group: more if abs(more) > KEPT * abs(self.sizing.yearly[group].most) else 0.0
            for group, more in over.items()
        }

    def between(self, kept: Run, short: Run) -> Run:
        """Return the mixture that just keeps to the limits, of a run that does and of one that doesn't."""
        over, under = self.over(short), self.over(kept)
        return kept.mixed(short, max(more / (more - under[group]) for group, more in over.items() if more > 0))

    def _given(self) -> list[str]:
        """Return the constraints that say what there is of sun and wind."""
        return [f"{name}_max" for name in YIELDS if name in self.sizing.model.variables]

    def _hours(self, spell: int, sizes: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Return the bounds of the rows of a spell: the load, then what there is of sun and wind [MW]."""
        load = self.load_mw[spell]
        given = [name.removesuffix("_max") for name in self._given()]
        most = [getattr(self.spells, YIELDS[name])[spell] * sizes[f"{name}_mw"] for name in given]
        return np.concatenate([load, *(np.full_like(each, -np.inf) for each in most)]), np.concatenate([load, *most])

    def _coefficients(self, expression: Any) -> np.ndarray:
        """Return the coefficient of every column of the solver in an expression."""
        labels, factors = expression.vars.values.ravel(), expression.coeffs.values.ravel()
        there = labels >= 0
        total = np.zeros(self.sizing.highs.getNumCol())
        np.add.at(total, self.sizing.columns[labels[there]], factors[there])
        return total

    def _solution(self, values: np.ndarray) -> dict[str, xr.DataArray]:
        """Return the variables by name: those of hours for every spell, the others once."""
        found = {}
        for name, variable in self.sizing.model.variables.items():
            labels = variable.labels
            if "segment" not in labels.dims:
                found[name] = labels.copy(data=values[0][self.sizing.columns[labels.values]])
                continue
            one = labels.isel(segment=0, drop=True)
            hours = xr.DataArray(values[:, self.sizing.columns[one.values]], dims=("segment", *one.dims))
            found[name] = hours.assign_coords(one.coords).transpose(*labels.dims)
        return found
