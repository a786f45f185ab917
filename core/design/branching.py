"""The best whole counts of units: branch and bound over the problem's relaxations, the least bound first."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from time import perf_counter

import numpy as np

from core.design.sizing_model import SizingModel, largest_units
from core.design.solving import Outcome, solve

GAP = 1e-3
WHOLE = 1e-5  # counts nearer than this to a whole number are whole
FIRST_TIME_S = 5.0  # for all relaxations, and for rounding one up, when the time is over before there is a design


@dataclass(frozen=True, slots=True)
class Choice:
    """The best sizes for the hours of a problem, with the largest unit that they are for."""

    sizing: SizingModel
    status: str  # "optimal", "time limit" or "infeasible"
    largest_mw: float = 0.0
    outcome: Outcome | None = None  # of the best whole counts, where any were found
    bound_usd_per_year: float = math.inf  # no whole counts cost less

    @property
    def gap(self) -> float:
        """Return how far the best counts may be from the bound, of their cost [1]."""
        usd = self.outcome.usd_per_year if self.outcome else 0.0
        return max(0.0, usd - self.bound_usd_per_year) / usd if usd else 0.0


@dataclass(frozen=True, slots=True)
class _Branch:
    """A part of the problem: a largest unit, the least and the most units of each kind."""

    largest_mw: float
    least: np.ndarray
    most: np.ndarray
    units: np.ndarray | None = None  # of its relaxation; none when that was not solved in time

    def halves(self) -> list[_Branch]:
        """Return both sides of the count that is farthest from a whole number; what was not solved, as it is."""
        if self.units is None:
            return [self]
        place = int(np.abs(self.units - np.round(self.units)).argmax())
        below, above = self.most.copy(), self.least.copy()
        below[place] = math.floor(self.units[place])
        above[place] = below[place] + 1
        return [_Branch(self.largest_mw, self.least, below), _Branch(self.largest_mw, above, self.most)]


class _Search:
    """The open branches by their bounds, and the best whole counts so far."""

    def __init__(self, sizing: SizingModel, end_s: float, gap: float) -> None:
        self.sizing, self.end_s, self.gap = sizing, end_s, gap
        self.open: list[tuple[float, int, _Branch]] = []
        self.order = count()
        self.closed_usd = math.inf  # the least bound of the branches that were not worth looking into
        self.best: tuple[float, Outcome] | None = None  # the largest unit and what the solver said
        self.tried: set[tuple[float, bytes]] = set()

    @property
    def best_usd(self) -> float:
        """Return the yearly cost of the best counts [USD]."""
        return self.best[1].usd_per_year if self.best else math.inf

    @property
    def worth_it(self) -> bool:
        """Return whether an open branch may hold counts that are better by more than the gap."""
        return bool(self.open) and (self.best is None or self.open[0][0] < self.best_usd * (1 - self.gap))

    def look(self, branch: _Branch, least_time_s: float = 0.0) -> None:
        """Solve a branch's relaxation, and keep it where better counts may be in it."""
        self.sizing.restrict(branch.largest_mw, branch.least, branch.most)
        outcome = solve(self.sizing, max(self.end_s - perf_counter(), least_time_s))
        if not outcome.solved:
            if outcome.status == "time limit":
                heapq.heappush(self.open, (0.0, next(self.order), branch))
            return
        usd, units = outcome.usd_per_year, outcome.solution["count"].values
        if np.abs(units - np.round(units)).max(initial=0.0) <= WHOLE:
            if usd < self.best_usd:
                self.best = branch.largest_mw, outcome
        elif self.best and usd >= self.best_usd * (1 - self.gap):
            self.closed_usd = min(self.closed_usd, usd)
        else:
            heapq.heappush(self.open, (usd, next(self.order), replace(branch, units=units)))

    def round_up(self, branch: _Branch, least_time_s: float = 0.0) -> None:
        """Try the counts of a relaxation rounded up: a design, where no limit is broken."""
        if branch.units is None:
            return
        units = np.ceil(branch.units - WHOLE)
        key = (branch.largest_mw, units.tobytes())
        if key not in self.tried:
            self.tried.add(key)
            self.look(_Branch(branch.largest_mw, units, units), least_time_s)

    def split(self) -> None:
        """Take the branch with the least bound apart; one that was not solved in time is tried again."""
        _, _, branch = heapq.heappop(self.open)
        self.round_up(branch)
        for part in branch.halves():
            self.look(part)

    def choice(self) -> Choice:
        """Return the best counts that were found, and what may be left to find."""
        status = "time limit" if self.worth_it else "optimal" if self.best else "infeasible"
        if self.best is None:
            return Choice(self.sizing, status)
        bounds = [self.best_usd, self.closed_usd, *(bound for bound, _, _ in self.open)]
        return Choice(self.sizing, status, *self.best, min(bounds))


def choose(sizing: SizingModel, end_s: float, *, cases: Sequence[float] | None = None, gap: float = GAP) -> Choice:
    """Return the best whole counts over every size of the largest unit, to a gap or until the time is over.

    The best relaxation is rounded up first, whatever the time, so that there is a design early.
    """
    search = _Search(sizing, end_s, gap)
    first_s = perf_counter() + FIRST_TIME_S
    for largest in largest_units(sizing.requirement) if cases is None else cases:
        most = sizing.most_counts(largest)
        search.look(_Branch(largest, np.zeros_like(most), most), first_s - perf_counter())
    solved = next((branch for *_, branch in sorted(search.open) if branch.units is not None), None)
    if solved:
        search.round_up(solved, FIRST_TIME_S)
    while search.worth_it and perf_counter() < end_s:
        search.split()
    return search.choice()
