"""What must hold of every design: minimal conflicts, merit order, limits of the dispatch, monotony, two stages."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from core.design.at_once import size_at_once
from core.design.branching import choose
from core.design.conflicts import conflicting_groups
from core.design.profiles import representative_days, whole_year
from core.design.requirement import Requirement
from core.design.sizing import size
from core.design.sizing_model import GROUPS, build
from core.design.technology import shipped_technologies
from tests.core.design.test_sizing import ENGINES, SAMPLE, wave

SHIPPED = {t.id: t for t in shipped_technologies()}


def mixed(*ids: str, **changes: object) -> Requirement:
    """Return a small requirement with a swinging load, sun and wind."""
    hour = np.arange(8760)
    sun = tuple(np.maximum(0.0, np.sin(2 * np.pi * (hour % 24 - 6) / 24)))
    wind = tuple(0.35 + 0.25 * np.sin(2 * np.pi * hour / 8760) * np.cos(2 * np.pi * (hour % 24) / 24))
    chosen = tuple(SHIPPED[name] for name in ids)
    return replace(SAMPLE, technologies=chosen, load_mw=wave(20, 40), pv_yield=sun, wind_yield=wind, **changes)


def test_a_conflict_contradicts_itself_alone_and_without_any_one_of_it_no_more():
    requirement = replace(SAMPLE, load_mw=(90.0,)).with_bound("budget_usd", 1e8)
    year = representative_days(whole_year(requirement), 12)
    conflict = conflicting_groups(requirement, year)
    assert len(conflict) >= 2

    def feasible(left_out: set[str]) -> bool:
        return choose(build(requirement, year, left_out=left_out), perf_counter() + 20.0, gap=1.0).outcome is not None

    others = GROUPS.keys() - set(conflict)
    assert not feasible(others)
    assert all(feasible(others | {group}) for group in conflict)


def test_of_two_kinds_the_cheaper_fuel_runs_first():
    flat = {"heat_rate_min_gj_mwh": None, "min_load_pct": 0.0}
    cheap = replace(ENGINES[0], id="CHEAP", heat_rate_full_gj_mwh=8.0, max_count=2, **flat)
    dear = replace(ENGINES[0], id="DEAR", heat_rate_full_gj_mwh=10.0, **flat)
    requirement = replace(SAMPLE, technologies=(cheap, dear), load_mw=wave(20, 60))
    dispatch = size(replace(requirement, minimum_counts={"CHEAP": 2, "DEAR": 3})).dispatch
    demand = dispatch["load_mw"] * 1.01
    assert np.allclose(dispatch["CHEAP_mw"], np.minimum(demand, 2 * cheap.unit_mw), atol=1e-3)
    assert np.allclose(dispatch["DEAR_mw"], np.maximum(demand - 2 * cheap.unit_mw, 0), atol=1e-3)


def test_the_dispatch_stays_within_what_is_built_and_the_battery_keeps_its_energy():
    requirement = mixed("RECIP_18", "BESS", "PV").with_bound("bess_min_mw", 5).with_bound("bess_min_mwh", 20)
    design = size(requirement)
    d, battery = design.dispatch, SHIPPED["BESS"]
    assert (d["RECIP_18_mw"] <= design.counts["RECIP_18"] * 18.3 + 1e-6).all()
    assert (d["pv_mw"] <= design.sizes["pv_mw"] * np.array(requirement.pv_yield) + 1e-6).all()
    assert d[["charge_mw", "discharge_mw"]].max().max() <= design.sizes["bess_mw"] + 1e-6
    assert d["soc_mwh"].between(-1e-6, design.sizes["bess_mwh"] + 1e-6).all()
    change = battery.charge_efficiency * d["charge_mw"] - d["discharge_mw"] / battery.discharge_efficiency
    assert np.allclose(d["soc_mwh"], np.roll(d["soc_mwh"], 1) + change, atol=1e-4)


def test_dearer_fuel_never_costs_less():
    costs = [size(replace(SAMPLE, load_mw=(50.0,), fuel_usd_per_gj={"gas": p})).cost_usd_per_year for p in (2, 4, 9)]
    assert costs == sorted(costs)


@pytest.mark.slow  # the year solved at once, with a battery, takes twenty seconds
@pytest.mark.parametrize(
    "requirement",
    [
        mixed("RECIP_18", "BESS", carbon_usd_per_t=60.0),
        mixed("RECIP_18", "PV").with_bound("renewable_share", 0.1),
    ],
    ids=["storage and a carbon price", "a share of renewables"],
)
def test_two_stages_are_within_a_thousandth_of_the_direct_formulation(requirement):
    two, direct = size(requirement), size_at_once(requirement)
    assert two.cost_usd_per_year == pytest.approx(direct.cost_usd_per_year, rel=1e-3)


def test_a_flat_growth_path_is_worth_as_much_as_one_number_and_a_rising_one_less():
    one = size(replace(SAMPLE, load_mw=(50.0,)))
    flat = size(replace(SAMPLE, load_mw=(50.0,), growth={"2027": 50.0}))
    rising = size(replace(SAMPLE, load_mw=(50.0,), growth={"2027": 30.0, "2030": 50.0}))
    assert flat.cost()["net_present_usd"] == pytest.approx(one.cost()["net_present_usd"], rel=1e-6)
    assert flat.cost()["usd_per_mwh"] == pytest.approx(one.cost()["usd_per_mwh"], rel=1e-6)
    assert rising.counts == one.counts
    assert rising.cost()["net_present_usd"] < one.cost()["net_present_usd"]
    assert rising.cost()["usd_per_mwh"] > one.cost()["usd_per_mwh"]
    assert [row["load_mw"] for row in rising.growth[:4]] == pytest.approx([30, 110 / 3, 130 / 3, 50])


def test_asked_inertia_is_kept_without_the_largest_machine():
    requirement = replace(SAMPLE, load_mw=(50.0,))
    engine = ENGINES[0].h_s * ENGINES[0].unit_mw / ENGINES[0].power_factor
    assert size(requirement).counts == {"RECIP_18": 4}
    assert size(requirement.with_bound("inertia_mva_s", 5 * engine)).counts == {"RECIP_18": 6}


def test_a_minimum_count_of_what_is_sized_in_megawatts_is_kept():
    design = size(replace(mixed("RECIP_18", "PV"), load_mw=(40.0,), minimum_counts={"PV": 2}))
    assert design.sizes["pv_mw"] >= 2 * SHIPPED["PV"].unit_mw - 1e-6


def test_a_grid_connection_says_what_its_fault_level_is_assumed_to_be():
    design = size(replace(mixed("RECIP_18", "GRID"), load_mw=(20.0,)).with_bound("grid_max_mw", 20))
    assert "design.grid.fault_level" in [finding.code for finding in design.findings]


def test_a_share_of_renewables_is_reached_in_the_year_and_hardly_exceeded():
    cloudy = np.random.default_rng(3).uniform(0.3, 1, 365).repeat(24)
    requirement = mixed("RECIP_18", "PV", "WIND").with_bound("renewable_share", 0.3)
    requirement = replace(requirement, pv_yield=tuple(np.array(requirement.pv_yield) * cloudy))
    design = size(requirement)
    used = design.dispatch[["pv_mw", "wind_mw"]].sum().sum() / (design.dispatch["load_mw"].sum() * 1.01)
    assert 0.3 - 1e-6 <= used <= 0.3 * 1.005


def test_an_emission_cap_that_binds_is_kept_in_the_year_and_hardly_undercut():
    free = size(mixed("RECIP_18", "PV", "WIND"))
    cap = 0.8 * free.emissions_t
    design = size(mixed("RECIP_18", "PV", "WIND").with_bound("emission_cap_t", cap))
    assert design.status == "optimal"
    assert 0.99 * cap <= design.emissions_t <= cap * (1 + 1e-6)
    assert design.cost_usd_per_year > free.cost_usd_per_year


def test_yields_of_the_days_that_stand_for_a_year_have_the_mean_of_the_year():
    year = whole_year(mixed("RECIP_18", "PV", "WIND"))
    days = representative_days(year, 6)
    for of_year, of_days in ((year.pv_yield, days.pv_yield), (year.wind_yield, days.wind_yield)):
        assert days.weight @ of_days.mean(axis=1) / 365 == pytest.approx(of_year.mean(), rel=2e-2)
