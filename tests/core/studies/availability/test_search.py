"""The cheapest way to a target availability."""

from __future__ import annotations

import itertools

import pytest

from core.plant import sample_plant
from core.reliability import ReliabilityModel, check
from core.studies.availability import Action, Goal, Option, deliver, plant_model, reach_target, standard_options
from core.studies.availability.search import with_measures


def pump_station() -> ReliabilityModel:
    components = [
        {"id": "P1", "type": "PUMP", "mtbf_h": 4000, "mttr_h": 40, "capacity_mw": 10},
        {"id": "P2", "type": "PUMP", "mtbf_h": 4000, "mttr_h": 40, "capacity_mw": 10},
        {"id": "VALVE", "type": "VALVE", "mtbf_h": 50000, "mttr_h": 24},
    ]
    blocks = [
        {"id": "PUMPS", "type": "PARALLEL_K_OF_N", "members": "P1,P2", "k": 2, "n": 2},
        {"id": "SYSTEM", "type": "SERIES", "members": "PUMPS,VALVE"},
    ]
    return ReliabilityModel.from_tables(components, blocks)


OPTIONS = [
    Option(Action.ADD_UNIT, ("P1",), 900.0, limit=2),
    Option(Action.SHORTEN_REPAIR, ("P1", "P2"), 300.0, mttr_h=20.0),
    Option(Action.ADD_SPARE, ("VALVE",), 100.0, mttr_h=4.0),
    Option(Action.ADD_UNIT, ("VALVE",), 500.0),
]


def by_trying_all(model: ReliabilityModel, target: float) -> float:
    """The cheapest cost among all sets."""
    counts = itertools.product(*(range(option.limit + 1) for option in OPTIONS))
    sets = [tuple((o, c) for o, c in zip(OPTIONS, chosen, strict=True) if c) for chosen in counts]
    goal = Goal()
    return min(
        sum(option.cost * count for option, count in measures)
        for measures in sets
        if goal.availability(with_measures(model, measures)) >= target
    )


@pytest.mark.parametrize("target", [0.985, 0.995, 0.999, 0.9995, 0.99985])
def test_the_first_alternative_is_the_cheapest_of_all_sets(target: float) -> None:
    model = pump_station()
    search = reach_target(model, target, OPTIONS)
    assert search.alternatives[0].cost == by_trying_all(model, target)
    assert all(found.reaches and found.availability >= target for found in search.alternatives)
    assert [a.cost for a in search.alternatives] == sorted(a.cost for a in search.alternatives)


def test_a_target_that_is_reached_needs_nothing() -> None:
    search = reach_target(pump_station(), 0.9, OPTIONS)
    assert search.alternatives == []
    assert search.availability > 0.9


def test_a_target_out_of_reach_says_so_and_shows_the_best() -> None:
    search = reach_target(pump_station(), 0.9999999, OPTIONS)
    assert [finding.code for finding in search.findings] == ["search.out_of_reach"]
    assert not search.alternatives[0].reaches


def test_an_added_unit_joins_its_redundant_block_and_pairs_up_in_series() -> None:
    model = with_measures(pump_station(), [(OPTIONS[0], 1), (OPTIONS[3], 1)])
    assert model.members["PUMPS"] == ["P1", "P2", "P1 + 1"]
    assert model.members["SYSTEM"] == ["PUMPS", "VALVE with 1 more"]
    assert model.members["VALVE with 1 more"] == ["VALVE", "VALVE + 1"]
    assert check(model) == []


def test_megawatts_can_be_the_goal() -> None:
    model = pump_station()
    search = reach_target(model, 0.9995, OPTIONS, goal=Goal(required_mw=20))
    best = with_measures(model, search.alternatives[0].measures)
    assert deliver(best, 20.0).system_availability >= 0.9995
    assert search.alternatives[0].measures[0][0].action is Action.ADD_UNIT


def test_the_search_says_when_it_stops_early() -> None:
    search = reach_target(pump_station(), 0.9995, OPTIONS, effort=2)
    assert [finding.code for finding in search.findings] == ["search.stopped"]


def test_the_sample_plant_reaches_its_target_by_standard_measures() -> None:
    model = plant_model(sample_plant())
    assert [finding for finding in check(model) if finding.severity == "error"] == []
    search = reach_target(model, 0.9999, standard_options(model))
    assert search.availability < 0.9999
    assert search.alternatives[0].reaches
