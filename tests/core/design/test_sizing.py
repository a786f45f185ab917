"""The optimiser against closed forms and the direct formulation, and how it answers to more load and tighter bounds."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from core.design import branching
from core.design.at_once import size_at_once
from core.design.checks import check_requirement
from core.design.formulation import annuity
from core.design.prices import price_rows
from core.design.requirement import Requirement
from core.design.sensitivity import size_and_place
from core.design.sizing import size
from core.design.solving import Outcome
from core.design.technology import shipped_technologies
from core.errors import BadInput

ENGINES = tuple(t for t in shipped_technologies() if t.id == "RECIP_18")
SAMPLE = Requirement(technologies=ENGINES)


def wave(low: float, high: float) -> tuple[float, ...]:
    """Return a year of days that swing between two loads, a tenth higher at the turn of the year."""
    hour = np.arange(8760)
    daily = (low + high) / 2 + (high - low) / 2 * np.sin(2 * np.pi * (hour % 24 - 8) / 24)
    return tuple(daily * (1 + 0.1 * np.cos(2 * np.pi * hour / 8760)))


def test_constant_load_and_one_engine_follow_the_closed_form():
    design = size(replace(SAMPLE, load_mw=(90.0,)))
    engine, demand = ENGINES[0], 90.0 * 1.01
    count = math.ceil(demand / engine.unit_mw) + 1  # one of them may be out
    running = (demand + engine.unit_mw) / engine.unit_mw  # what spins in reserve for the largest takes no-load fuel
    fuel_gj = 8760 * (engine.fuel_slope_gj_mwh * demand + engine.fuel_no_load_gj_h * running)
    transformer, bay = 31.5 * 28380, 100_000  # 21.5 MVA / 0.8, the next standard size; two bays at 38 kV or less
    halls = 2 * 2 * (63 * 28380 + 2 * bay) + 2 * 4.5 * 55556 + bay  # 45 MW / 0.95 / 0.8 each, 0.1 Mvar/MW, a tie
    electrical = (count * (transformer + 2 * bay) + halls) * annuity(0.08, 20)
    yearly = electrical + count * 18300 * (engine.capex_usd_per_kw * annuity(0.08, 25) + engine.fixed_usd_per_kw_year)
    expected = yearly + fuel_gj * 4.0 + 8760 * demand * engine.variable_usd_per_mwh
    assert design.status == "optimal"
    assert design.counts == {"RECIP_18": count}
    assert design.cost_usd_per_year == pytest.approx(expected, rel=1e-6)
    assert design.cost_usd_per_year == pytest.approx(design.bound_usd_per_year, rel=1e-3)


def test_annuity_is_the_payment_that_pays_a_loan_back():
    debt = 1.0
    for _ in range(25):
        debt = debt * 1.08 - annuity(0.08, 25)
    assert debt == pytest.approx(0, abs=1e-12)
    assert annuity(0.0, 20) == pytest.approx(0.05)


def test_more_load_and_more_redundancy_never_cost_less():
    costs = [size(replace(SAMPLE, load_mw=(load,))).cost_usd_per_year for load in (50.0, 52.0, 70.0)]
    assert costs == sorted(costs)
    levels = [
        size(replace(SAMPLE, load_mw=(50.0,)).with_bound("redundancy_level", k)).cost_usd_per_year for k in (0, 2)
    ]
    assert levels == sorted(levels)


@pytest.mark.parametrize("level", [1, 2])
def test_two_stages_are_within_a_thousandth_of_the_direct_formulation(level):
    requirement = replace(SAMPLE, load_mw=wave(20, 40)).with_bound("redundancy_level", level)
    two, direct = size(requirement), size_at_once(requirement)
    assert two.counts == direct.counts
    assert two.cost_usd_per_year == pytest.approx(direct.cost_usd_per_year, rel=1e-3)
    supply = two.dispatch[["RECIP_18_mw", "pv_mw", "wind_mw", "grid_mw"]].sum(axis=1)
    assert np.allclose(supply, two.dispatch["load_mw"] * 1.01, atol=1e-4)


def test_contradictory_limits_are_named_and_no_others():
    requirement = replace(SAMPLE, load_mw=(90.0,), minimum_counts={"RECIP_18": 2})
    design = size(requirement.with_bound("budget_usd", 1e8).with_bound("land_ha", 1000))
    assert design.status == "infeasible"
    assert "budget" in design.conflict
    assert not {"land", "counts"} & set(design.conflict)
    assert "budget_usd = 1e+08" in design.conflict_text


def test_a_time_out_gives_the_best_design_marked_as_such():
    design = size(replace(Requirement(), technologies=shipped_technologies()[:2]), time_limit_s=0.0)
    assert design.status == "time limit"
    assert design.gap is not None
    assert 0 < design.gap < 0.3
    assert sum(n * t.unit_mw for t in shipped_technologies()[:2] for n in [design.counts[t.id]]) >= 202
    assert "design.time_limit" in [finding.code for finding in design.findings]


def test_a_year_that_is_not_solved_in_time_gives_the_days_design_marked_as_such():
    design = size(replace(SAMPLE, load_mw=wave(20, 40)), time_limit_s=0.0)
    assert design.status == "time limit"
    assert design.counts["RECIP_18"] >= 3
    assert {"design.year", "design.time_limit"} <= {finding.code for finding in design.findings}


def test_a_search_that_finds_nothing_in_time_says_so_and_builds_nothing(monkeypatch):
    monkeypatch.setattr(branching, "solve", lambda *_: Outcome("time limit"))
    design = size(replace(SAMPLE, load_mw=wave(20, 40)), time_limit_s=0.1)
    assert (design.status, design.feasible, design.units()) == ("time limit", False, [])
    assert "before the time was over" in design.conflict_text


def test_a_load_that_looks_like_another_unit_is_warned_of():
    codes = [[f.code for f in check_requirement(replace(SAMPLE, load_mw=(mw,)))] for mw in (0.001, 40.0, 10_000.0)]
    assert codes == [["design.load.small"], [], ["design.load.large"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"load_mw": (-5.0,)}, "hour 1"),
        ({"load_mw": (math.nan,)}, "hour 1"),
        ({"load_mw": (1.0,) * 8759}, "8759 hours"),
        ({"technologies": ()}, "no technology"),
        ({"technologies": (replace(ENGINES[0], capex_usd_per_kw=0.0),)}, "costs nothing"),
        ({"minimum_counts": {"RECIP_18": 99}}, "at most 60"),
        ({"minimum_counts": {"RECIP_18": 1.5}}, "at least 1.5"),
        ({"minimum_counts": {"RECIP_18": 2}, "bounds": {"max_unit_size_mw": 10}}, "no unit over 10 MW"),
        ({"bounds": {"bess_min_mw": 50}}, "bess_min_mw is 50 and the catalogue allows 0"),
        ({"bounds": {"redundancy_level": 1.5}}, "redundancy_level is 1.5"),
        ({"technologies": (replace(ENGINES[0], min_load_pct=150.0),)}, "runs from 150 %"),
        ({"technologies": (replace(ENGINES[0], heat_rate_full_gj_mwh=None),)}, "no heat rate"),
        ({"bounds": {"redundancy": 1}}, "no bound"),
        ({"power_factor": 1.2}, "power factor"),
        ({"pv_yield": (1.5,) * 8760}, "leaves 0 to 1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_solving(change, words):
    with pytest.raises(BadInput, match=words):
        size(replace(SAMPLE, **change))


def test_sun_without_yields_is_left_out_and_said():
    technologies = tuple(t for t in shipped_technologies() if t.id in {"RECIP_18", "PV"})
    design = size(replace(SAMPLE, technologies=technologies, load_mw=(20.0,)))
    assert [finding.element for finding in design.findings] == ["PV"]
    assert design.sizes["pv_mw"] == 0


def test_every_default_of_the_catalogue_and_the_price_list_names_its_source_and_year():
    rows = [(t.id, t.source, t.price_year) for t in shipped_technologies()]
    rows += [(row["id"], row["source"], int(row["price_year"])) for row in price_rows()]
    for name, source, year in rows:
        assert re.search(r"\((?:\d+ )?(?:[A-Z][a-z]+ )?20[0-2]\d\)", source), name
        assert 2010 <= year <= 2026, name


def test_the_placed_plant_costs_what_the_optimiser_counted_where_the_ledger_asks_for_nothing():
    requirement = replace(SAMPLE, load_mw=(90.0,))
    counted = size(requirement)
    placed = size_and_place(requirement).design
    assert placed.costs == pytest.approx(counted.costs)
    assert sum(placed.electrical.values()) == pytest.approx(sum(counted.electrical.values()))
    assert placed.cost()["investment_usd"] == pytest.approx(counted.cost()["investment_usd"])
    dearer = replace(requirement, equipment_prices={**requirement.equipment_prices, "TRANSFORMER": 2 * 28380.0})
    more = size_and_place(dearer).design
    transformers = placed.electrical["TRANSFORMER"]
    assert more.investment_usd - placed.investment_usd == pytest.approx(transformers)


def test_what_the_ledger_asks_of_equipment_is_in_the_cost():
    requirement = replace(SAMPLE, load_mw=(40.0,))
    asked = replace(requirement, equipment={"BUS_HALL_1": {"reactor_ohm": 0.2, "reactive_support_mvar": 14.0}})
    plain, placed = size_and_place(requirement).design, size_and_place(asked).design
    assert placed.electrical["CAPACITOR_BANK"] - plain.electrical["CAPACITOR_BANK"] == pytest.approx(10 * 55556)
    mva = 63.0  # two feeds of 0.4 ohm at 13.8 kV
    assert placed.electrical["REACTOR"] == pytest.approx(2 * (mva / 13.8) ** 2 * 0.4 * 20000, rel=1e-6)


def test_relaxed_counts_that_no_rounding_makes_a_design_of_in_time_are_no_contradiction(monkeypatch):
    monkeypatch.setattr(branching._Search, "round_up", lambda *_: None)
    design = size(replace(Requirement(), technologies=shipped_technologies()[:2]), time_limit_s=0.0)
    assert (design.status, design.feasible, design.conflict) == ("time limit", False, ())
