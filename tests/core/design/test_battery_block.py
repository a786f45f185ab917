"""A battery counts among the largest units with the block that is built of it, not with the catalogue's."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from core.design.design import Design
from core.design.formulation import annuity, spinning_rating_mw
from core.design.placement import place
from core.design.prices import distribution_usd, step_up_usd
from core.design.requirement import Requirement
from core.design.sizing import size
from core.design.technology import Technology, shipped_technologies

SHIPPED = {t.id: t for t in shipped_technologies()}
BLOCK = SHIPPED["BESS"].unit_mw
ENGINES = (SHIPPED["RECIP_09"], SHIPPED["RECIP_18"])
NEED_MW = 60 * 1.01
RATE, YEARS, GAS = 0.067, 30, 3.7  # defaults.csv


def asked(least_mw: float, *engines: Technology, block_mw: float = BLOCK) -> Requirement:
    """Return a load of 60 MW that asks for a battery of some megawatts."""
    battery = replace(SHIPPED["BESS"], unit_mw=block_mw)
    return replace(Requirement(), load_mw=(60.0,), technologies=(*engines, battery)).with_bound("bess_min_mw", least_mw)


def built(design: Design) -> float:
    """Return the yearly cost without step-ups and switchgear, whose prices go by the size of a block [USD]."""
    return design.cost_usd_per_year - design.costs["electrical"]


def cheapest(requirement: Requirement) -> float:
    """Return the least yearly cost over all counts and numbers of blocks, each a small linear programme [USD]."""
    prices, parts = requirement.equipment_prices, requirement.electrical_parts
    halls = distribution_usd(60, requirement.power_factor, prices, parts) * annuity(RATE, YEARS)
    blocks = (False, True) if requirement.bounds["bess_min_mw"] <= BLOCK else (True,)
    cases = product(range(11), range(7), blocks)
    return halls + min(_usd_per_year(requirement, *case) for case in cases)


def _usd_per_year(r: Requirement, small: int, large: int, several_blocks: bool) -> float:
    """Return the least cost with given engines; unknown: running and power of each, battery MW, MWh, held, largest."""
    n, mw, battery = np.array([small, large]), np.array([t.unit_mw for t in ENGINES]), SHIPPED["BESS"]
    least = mw * [t.min_load_pct / 100 for t in ENGINES]
    running = [8760 * GAS * t.fuel_no_load_gj_h for t in ENGINES]
    power = [8760 * (GAS * t.fuel_slope_gj_mwh + t.variable_usd_per_mwh) for t in ENGINES]
    step = {t.id: step_up_usd(t, 60, r.equipment_prices) * annuity(RATE, YEARS) for t in (*ENGINES, battery)}
    of_battery = annuity(RATE, battery.life_years)
    per_mw = 1000 * (battery.capex_usd_per_kw * of_battery + battery.fixed_usd_per_kw_year) + step["BESS"] / BLOCK
    cost = [*running, *power, per_mw, 1000 * battery.capex_usd_per_kwh * of_battery, 0, 0]
    rows = [[-mw[0], 0, 1, 0, 0, 0, 0, 0], [0, -mw[1], 0, 1, 0, 0, 0, 0]]  # power below rating
    rows += [[least[0], 0, -1, 0, 0, 0, 0, 0], [0, least[1], 0, -1, 0, 0, 0, 0]]
    rows += [[-mw[0], -mw[1], 1, 1, 0, 0, -1, 1]]  # the reserve is not under the largest
    rows += [[0, 0, 0, 0, -1, 0, 1, 0], [0, 0, 0, 0, 0, -1, r.reserve_battery_h, 0]]  # what is held has power, energy
    rows += [[0, 0, 0, 0, 0, 0, 0, 1]]  # the heaviest day is carried without the battery and the largest
    rows += [[0, 0, 0, 0, 0 if several_blocks else 1, 0, 0, -1]]  # one block is lost with all its megawatts
    limits = [0, 0, 0, 0, 0, 0, 0, n @ mw - NEED_MW, 0]
    asked_mw = r.bounds["bess_min_mw"]
    of_mw = (max(asked_mw, BLOCK), None) if several_blocks else (asked_mw, BLOCK)
    largest = max(mw[n > 0].max(initial=0.0), BLOCK if several_blocks else 0.0)
    energy = (asked_mw * r.reserve_battery_h, None)
    bounds = [(0, small), (0, large), (0, None), (0, None), of_mw, energy, (0, None), (largest, None)]
    found = linprog(cost, rows, limits, [[0, 0, 1, 1, 0, 0, 0, 0]], [NEED_MW], bounds)
    investment = [
        1000 * t.unit_mw * (t.capex_usd_per_kw * annuity(RATE, t.life_years) + t.fixed_usd_per_kw_year) + step[t.id]
        for t in ENGINES
    ]
    return float(found.fun + n @ investment) if found.success else np.inf


@pytest.mark.parametrize("least_mw", [1.3, 12.0, 25.0, 45.0])
def test_the_chosen_plant_is_the_cheapest_of_all_counts_and_the_bound_is_under_it(least_mw):
    requirement = asked(least_mw, *ENGINES)
    design, best = size(requirement), cheapest(requirement)
    assert design.cost_usd_per_year == pytest.approx(best, rel=1e-3)
    assert design.bound_usd_per_year <= best * (1 + 1e-6)


def test_a_battery_below_every_unit_is_the_same_plant_whatever_the_block_of_the_catalogue():
    designs = [size(asked(1.3, ENGINES[0], block_mw=block)) for block in (BLOCK, 9.5, 1.3)]
    assert [design.counts for design in designs] == [{"RECIP_09": 8}] * 3
    assert [built(design) for design in designs] == pytest.approx([built(designs[0])] * 3, rel=1e-6)


@pytest.mark.parametrize("least_mw", [1.3, 25.0, 45.0])
def test_no_block_of_the_placed_plant_is_larger_than_the_one_that_counts(least_mw):
    requirement = asked(least_mw, *ENGINES)
    design = size(requirement)
    units = place(design, requirement)["unit"]
    blocks = units.loc[units["id"].str.contains("BESS"), "rated_mw"]
    assert blocks.sum() == pytest.approx(design.sizes["bess_mw"], abs=2e-3)
    assert blocks.max() <= min(BLOCK, design.sizes["bess_mw"]) + 1e-3


def test_a_spinning_reserve_is_kept_when_the_block_of_a_battery_is_the_largest_unit():
    requirement = asked(17.0, ENGINES[0]).with_bound("spinning_reserve_mw", 15)
    design = size(requirement)
    battery_mw = design.sizes["bess_mw"]
    assert ENGINES[0].unit_mw < battery_mw <= BLOCK
    rated_mw = design.counts["RECIP_09"] * ENGINES[0].unit_mw + battery_mw
    assert rated_mw >= spinning_rating_mw(requirement, np.array(battery_mw)) - 1e-6
