"""The optimiser against closed forms and the direct formulation, and how it answers to more load and tighter bounds."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from core.design import branching
from core.design.at_once import size_at_once
from core.design.checks import check_requirement
from core.design.defaults import shipped_rows
from core.design.electrical import electrical_amounts
from core.design.formulation import annuity
from core.design.requirement import Requirement
from core.design.requirement_file import read_requirement, requirement_document, restored_requirement
from core.design.sensitivity import size_and_place
from core.design.sizing import size
from core.design.solving import Outcome
from core.design.sources import sources
from core.design.technology import OFFERED, shipped_technologies
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
    electrical = (count * (transformer + 2 * bay) + halls) * annuity(0.067, 30)
    yearly = electrical + count * 18300 * (engine.capex_usd_per_kw * annuity(0.067, 25) + engine.fixed_usd_per_kw_year)
    expected = yearly + fuel_gj * 3.7 + 8760 * demand * engine.variable_usd_per_mwh
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


YEAR = re.compile(r"\((?:[^()]* )?(?:19|20)\d\d(?:, updated)?\)")


@pytest.mark.parametrize("technology", shipped_technologies(), ids=lambda t: t.id)
def test_every_field_of_the_catalogue_that_claims_something_names_one_source_and_its_year(technology):
    named = []
    for segment in technology.source.split("; "):
        fields, _, source = segment.partition(": ")
        assert YEAR.search(source), segment
        named += fields.split(", ")
    assert len(named) == len(set(named))
    claims = {name for name, value in asdict(technology).items() if value and name not in OFFERED}
    ours = {"unit_mw", "rated_kv"} if technology.kind in {"PV", "WIND", "GRID"} else set()  # blocks of our layout
    steady = {"distribution"} | ({"weibull_beta"} if technology.weibull_beta == 1 else set())  # one failure rate
    no_limit = {"ramp_pct_per_min"} if technology.ramp_pct_per_min == 100 else set()
    assert set(named) | ours | steady | no_limit == claims | ours | steady | no_limit
    assert 2010 <= technology.price_year <= 2026


@pytest.mark.parametrize("table", ["equipment_prices", "defaults", "electrical_parts"])
def test_every_price_and_every_number_of_a_requirement_names_its_source_and_year(table):
    rows = shipped_rows(table)
    assert all(YEAR.search(row["source"]) for row in rows)
    assert not any(
        word in row["source"].lower() for row in rows for word in ("engineering assum", "not checked", "unverified")
    )


def test_what_a_requirement_changes_is_as_given_and_the_rest_keeps_its_source():
    asked = {"discount_rate": 0.05, "technologies": [{"id": "AERO_50", "mtbf_h": 5000}, "RECIP_18"]}
    requirement = read_requirement(json.dumps(asked).encode(), "r.json").value
    told = {row["of"]: row["source"] for row in sources(requirement)}
    assert told["discount_rate"] == "as given"
    assert "EIA" in told["fuel_usd_per_gj.gas"]
    assert told["AERO_50"].startswith("mtbf_h: as given; the others: capex_usd_per_kw")
    assert told["RECIP_18"] == ENGINES[0].source
    again = restored_requirement(requirement_document(requirement))
    assert sources(again) == sources(requirement)


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
    plain, sized = size_and_place(requirement).design, size_and_place(asked)
    placed = sized.design
    assert placed.electrical["CAPACITOR_BANK"] - plain.electrical["CAPACITOR_BANK"] == pytest.approx(10 * 55556)
    mva = 63.0  # two feeds of 0.4 ohm at 13.8 kV
    assert electrical_amounts(sized.plant, asked)["REACTOR"] == pytest.approx(2 * (mva / 13.8) ** 2 * 0.4, rel=1e-6)
    assert placed.electrical["REACTOR"] == 0
    assert [finding.element for finding in placed.findings] == ["REACTOR"]
    priced = replace(asked, equipment_prices={**asked.equipment_prices, "REACTOR": 20000.0})
    more = size_and_place(priced).design
    assert more.electrical["REACTOR"] == pytest.approx(2 * (mva / 13.8) ** 2 * 0.4 * 20000, rel=1e-6)
    assert not more.findings


def test_relaxed_counts_that_no_rounding_makes_a_design_of_in_time_are_no_contradiction(monkeypatch):
    monkeypatch.setattr(branching._Search, "round_up", lambda *_: None)
    design = size(replace(Requirement(), technologies=shipped_technologies()[:2]), time_limit_s=0.0)
    assert (design.status, design.feasible, design.conflict) == ("time limit", False, ())
