"""Whether the counts of a design get through every hour of the year, and the megawatts that go with them.

The megawatts are chosen on days that stand for the year, and the plant is run through all its hours. Where the year
exceeds one of its limits (too little renewable energy, too much CO2) the days are asked for more, until a run keeps to
all of them; what lies between that run and the one before is a design too, and the cheapest that just keeps to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from core.design.design import Design, sizes_of
from core.design.profiles import SPELL_DAYS, Year, in_spells, representative_days
from core.design.requirement import Requirement
from core.design.sizing_model import SizingModel, build
from core.design.solving import solve
from core.design.standing import Run, StandingPlant

DAYS = 36
ATTEMPTS = 8
TIGHTENED = 1.3  # times what the year exceeds a limit by
DEARER = 1.05  # the price of a limit's unit from one attempt to the next
SLACK = 1e-4  # of the cost, that room to a limit may be worth
HARD_SPELLS = 3  # that are added to the days at once


@dataclass(frozen=True, slots=True)
class Passage:
    """A plant and its run through the year: none where its counts don't get through, or where it came late."""

    plant: StandingPlant
    run: Run | None
    late: bool = False

    def design(self, status: str) -> Design:
        """Return the design that got through."""
        assert self.run is not None
        return self.plant.design(self.run, status)


def through_the_year(
    requirement: Requirement, year: Year, largest_mw: float, counts: Mapping[str, int], end_s: float
) -> Passage:
    """Return the way of a plant with given units through every hour of the year."""
    plant = StandingPlant(requirement, in_spells(year), largest_mw, counts)
    days = _sized_by(requirement, year, largest_mw, counts)
    kept: Run | None = None
    short: Run | None = None
    sizes: dict[str, float] = {}
    dearer, hard = 1.0, []  # what prices are raised by; days that the load can't be met on with the sizes so far
    for _ in range(ATTEMPTS):
        outcome = solve(days, end_s - perf_counter())
        if outcome.solved:
            sizes, prices, usd = sizes_of(days, outcome.solution)[1], outcome.prices, outcome.usd_per_year
        if not sizes or outcome.status == "time limit":
            return Passage(plant, kept, late=kept is None and outcome.status == "time limit")
        run = plant.run(sizes, {group: price * dearer for group, price in prices.items()}, end_s)
        if run is None:
            return Passage(plant, kept, late=kept is None)
        if run.stuck:
            hard += [spell * SPELL_DAYS + day for spell in run.stuck[:HARD_SPELLS] for day in range(SPELL_DAYS)]
            aims, days = days.aims, _sized_by(requirement, year, largest_mw, counts, hard)
            days.aims |= aims
            continue
        over = plant.over(run)
        if any(more > 0 for more in over.values()):
            short, dearer = run, dearer * DEARER
        else:
            kept = run
            if not short and -1e3 * sum(prices[group] * more for group, more in over.items()) <= SLACK * usd:
                return Passage(plant, kept)
        if kept and short:
            return Passage(plant, plant.between(kept, short))
        for group, more in over.items():
            days.aims[group] -= TIGHTENED * more if prices[group] or more > 0 else 0.0
    return Passage(plant, kept)


def _sized_by(
    requirement: Requirement, year: Year, largest_mw: float, counts: Mapping[str, int], hard: Sequence[int] = ()
) -> SizingModel:
    """Return the problem that chooses the megawatts for given units, on days that stand for the year and hard ones."""
    days = build(requirement, representative_days(year, DAYS, hard))
    days.fix(largest_mw, counts)
    return days
