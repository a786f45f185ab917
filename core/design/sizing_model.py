"""The sizing problem as a linear programme with integer counts, for representative days or for every hour.

Its variables, constraints and cost are in :mod:`core.design.formulation`.

The largest unit is a case, not a variable: for each size L in the catalogue one problem is solved in which nothing
larger than L may be built and the largest unit counts as L (or the grid connection, when that is larger). A battery
whose catalogue block is larger than L may be one block, which counts with its own megawatts. The best of them is the
best of all, and none of them needs a yes-or-no variable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from core.design.formulation import (
    ENERGY_KINDS,
    LONGEST_BATTERY_H,
    SIZES,
    Formulation,
    YearlyLimit,
    annuity,
    distribution_of,
    first_of,
    inertia_mva_s,
)
from core.design.profiles import Year
from core.design.requirement import Requirement
from core.design.technology import Technology

ROUNDING = 1e-9

#: Groups of constraints that a requirement can contradict itself in, in the words of an engineer.
GROUPS: dict[str, str] = {
    "firm": "firm capacity with the largest units out",
    "reserve": "spinning reserve for the largest unit",
    "inertia": "inertia of the machines that remain",
    "counts": "minimum counts of units",
    "unit_size": "largest unit size",
    "battery": "least battery power and energy",
    "budget": "budget",
    "land": "land",
    "emissions": "emission cap",
    "renewables": "share of renewables",
    "balance": "load in every hour",
}


#: What a plant that stands must still keep; the other groups only say what may be built.
OF_OPERATION = frozenset({"reserve", "inertia", "balance"})


@dataclass(slots=True)
class SizingModel:
    """The problem in linopy's form with the parts that are read out again."""

    model: Any
    technologies: list[Technology]  # the dispatchable kinds
    requirement: Requirement
    year: Year
    unit_limit_mw: float  # no unit may be larger, whatever the case
    fixed_usd_per_year: float  # what every design costs
    yearly: dict[str, YearlyLimit]  # the limits of a whole year by group
    aims: dict[str, float]  # what each of them is to be kept to
    highs: Any = None  # the solver that has the problem, with its column and row of each of linopy's labels
    columns: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    rows: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    #: The variables whose bounds a case moves.
    decisions = ("count", *SIZES, "other_blocks_mw", "largest_mw", "largest_mva_s")

    def most_counts(self, largest_mw: float) -> np.ndarray:
        """Return how many units of each kind there may be where none is larger than the largest [MW]."""
        limit = min(largest_mw, self.unit_limit_mw) + ROUNDING
        return np.array([float(t.max_count) if t.unit_mw <= limit else 0.0 for t in self.technologies])

    def restrict(
        self,
        largest_mw: float,
        least: np.ndarray | None = None,
        most: np.ndarray | None = None,
        sizes: Mapping[str, float] | None = None,
    ) -> None:
        """Take the case of a largest unit [MW], with the least and the most units of each kind, and given megawatts."""
        most = self.most_counts(largest_mw) if most is None else most
        least = np.zeros_like(most) if least is None else least
        variables, battery = self.model.variables, first_of(self.requirement, "BESS")
        block_mw = battery.unit_mw if battery else 0.0
        more_blocks = battery.max_count - 1 if battery and block_mw <= largest_mw + ROUNDING else 0
        most_bess = block_mw * (1 + more_blocks) if battery and battery.max_count else 0.0
        units = {"technology": [t.id for t in self.technologies]}
        variables["count"].update(
            lower=xr.DataArray(least, coords=units, dims="technology"),
            upper=xr.DataArray(most, coords=units, dims="technology"),
        )
        variables["bess_mw"].update(upper=most_bess)
        variables["bess_mwh"].update(upper=most_bess * LONGEST_BATTERY_H)
        variables["other_blocks_mw"].update(upper=block_mw * max(more_blocks, 0))
        variables["largest_mw"].update(lower=largest_mw)
        inertia = [inertia_mva_s(t) for t, allowed in zip(self.technologies, most, strict=True) if allowed]
        variables["largest_mva_s"].update(lower=max(inertia, default=0.0))
        for name, value in (sizes or {}).items():
            variables[name].update(lower=value, upper=value)

    def fix(self, largest_mw: float, counts: Mapping[str, int], sizes: Mapping[str, float] | None = None) -> None:
        """Take the units of each kind as they are, and where they are given the megawatts."""
        units = np.array([float(counts[t.id]) for t in self.technologies])
        self.restrict(largest_mw, units, units, sizes)


def largest_units(requirement: Requirement, *, size_limit: bool = True) -> list[float]:
    """Return the sizes [MW] that the largest unit of a design can have; zero stands for a design without units."""
    limit = requirement.bound("max_unit_size_mw", np.inf) if size_limit else np.inf
    sizes = {t.unit_mw for t in requirement.technologies if _dispatchable(t) and t.unit_mw <= limit + ROUNDING}
    sizes |= {t.unit_mw for t in requirement.technologies if t.kind == "BESS"}
    return sorted(sizes | {0.0})


def largest_of(requirement: Requirement, counts: Mapping[str, int], sizes: Mapping[str, float]) -> float:
    """Return the case that a design belongs to: its largest unit [MW], or the block of a battery of several."""
    built = [t.unit_mw for t in requirement.technologies if counts.get(t.id)]
    battery = first_of(requirement, "BESS")
    if battery and sizes["bess_mw"] > battery.unit_mw + ROUNDING:
        built.append(battery.unit_mw)
    return max(built, default=0.0)


def build(requirement: Requirement, year: Year, *, left_out: Collection[str] = ()) -> SizingModel:
    """Build the problem for a year of hours, some groups of constraints left out; ``restrict`` it before solving."""
    import linopy

    technologies = [t for t in requirement.technologies if _dispatchable(t)]
    m = linopy.Model()
    parts = Formulation(m, requirement, year, technologies, frozenset(left_out))
    parts.sizes()
    parts.operation()
    parts.energy_kinds()
    parts.battery()
    parts.balance()
    parts.reserve_and_firm()
    parts.limits()
    m.add_objective(parts.cost() / 1e3)  # thousands of USD: numbers that the solver likes
    limit = np.inf if "unit_size" in left_out else requirement.bound("max_unit_size_mw", np.inf)
    fixed = distribution_of(requirement) * annuity(requirement.discount_rate, requirement.project_years)
    aims = {group: each.most for group, each in parts.yearly.items()}
    return SizingModel(m, technologies, requirement, year, limit, fixed, parts.yearly, aims)


def _dispatchable(technology: Technology) -> bool:
    return technology.kind not in ENERGY_KINDS
