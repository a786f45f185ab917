"""The cheapest way to a target availability."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def by_trying_all(model: ReliabilityModel, target: float, options: list[Option]) -> float | None:
    """The cheapest cost among all sets; ``None`` when no set reaches the target."""
    counts = itertools.product(*(range(option.limit + 1) for option in options))
    sets = [tuple((o, c) for o, c in zip(options, chosen, strict=True) if c) for chosen in counts]
    goal = Goal()
    costs = [
        sum(option.cost * count for option, count in measures)
        for measures in sets
        if goal.availability(with_measures(model, measures)) >= target - 1e-12
    ]
    return min(costs, default=None)


@pytest.mark.parametrize("target", [0.985, 0.995, 0.999, 0.9995, 0.99985])
def test_the_first_alternative_is_the_cheapest_of_all_sets(target: float) -> None:
    model = pump_station()
    search = reach_target(model, target, OPTIONS)
    assert search.alternatives[0].cost == by_trying_all(model, target, OPTIONS)
    assert all(found.reaches and found.availability >= target for found in search.alternatives)
    assert [a.cost for a in search.alternatives] == sorted(a.cost for a in search.alternatives)


@st.composite
def systems(draw: st.DrawFn) -> tuple[ReliabilityModel, list[Option]]:
    """Two groups of one or two like units, each a block that needs some, in series; each with measures for sale."""
    components, blocks, options = [], [], []
    for group in range(2):
        count = draw(st.integers(1, 2))
        ids = [f"G{group}U{i}" for i in range(count)]
        data = {"mtbf_h": draw(st.floats(100, 1e4)), "mttr_h": draw(st.floats(5, 200))}
        components += [{"id": name, **data} for name in ids]
        need = draw(st.integers(1, count))
        blocks.append({"id": f"G{group}", "type": "PARALLEL_K_OF_N", "members": ",".join(ids), "k": need})
        price = st.integers(1, 50).map(float)
        options += [
            Option(Action.ADD_UNIT, tuple(ids), draw(price), limit=draw(st.integers(1, 2))),
            Option(Action.SHORTEN_REPAIR, tuple(ids), draw(price), mttr_h=data["mttr_h"] / 2),
        ]
    blocks.append({"id": "SYSTEM", "type": "SERIES", "members": "G0,G1"})
    return ReliabilityModel.from_tables(components, blocks), options


@settings(max_examples=8, deadline=None)
@given(systems(), st.sampled_from([0.9, 0.99, 0.999]))
def test_no_set_of_a_random_system_is_cheaper_than_the_first(
    system: tuple[ReliabilityModel, list[Option]], target: float
) -> None:
    model, options = system
    search = reach_target(model, target, options, effort=10_000)
    cheapest = by_trying_all(model, target, options)
    if search.availability >= target - 1e-12:
        assert cheapest == 0
    elif cheapest is None:
        assert [finding.code for finding in search.findings] == ["search.out_of_reach"]
    else:
        assert search.alternatives[0].cost == cheapest


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
    (found,) = search.alternatives
    assert found.reaches
    assert found.cost >= by_trying_all(pump_station(), 0.9995, OPTIONS)
    for place, (option, count) in enumerate(found.measures):  # nothing of it can be left out
        fewer = [*found.measures[:place], (option, count - 1), *found.measures[place + 1 :]]
        assert Goal().availability(with_measures(pump_station(), [pair for pair in fewer if pair[1]])) < 0.9995


def test_thirty_measures_for_two_hundred_blocks_have_an_answer_within_seconds() -> None:
    parts = [{"id": f"C{i}", "mtbf_h": 2000 + 41 * i, "mttr_h": 80 - i / 9} for i in range(400)]
    blocks = [{"id": f"B{i}", "type": "PARALLEL", "members": f"C{2 * i},C{2 * i + 1}", "k": 1} for i in range(200)]
    system = {"id": "SYSTEM", "members": ",".join(block["id"] for block in blocks)}
    model = ReliabilityModel.from_tables(parts, [*blocks, system])
    options = [Option(Action.SHORTEN_REPAIR, (f"C{2 * i}",), 50.0 + 7 * i, mttr_h=5.0) for i in range(30)]
    now, best = (Goal().availability(with_measures(model, [(o, 1) for o in chosen])) for chosen in ([], options))
    began = time.process_time()
    search = reach_target(model, (now + best) / 2, options)
    assert time.process_time() - began < 20
    assert search.alternatives[0].reaches
    assert len(search.alternatives[0].measures) < 30


def test_the_sample_plant_reaches_its_target_by_standard_measures() -> None:
    model = plant_model(sample_plant())
    assert [finding for finding in check(model) if finding.severity == "error"] == []
    search = reach_target(model, 0.9999, standard_options(model))
    assert search.availability < 0.9999
    assert search.alternatives[0].reaches
