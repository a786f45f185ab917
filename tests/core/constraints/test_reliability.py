"""A missed availability asks for the smallest change that the plant's own block diagram says is enough."""

from __future__ import annotations

import itertools

import pytest

from core.constraints import advise
from core.criteria import CriteriaSet, judge
from core.plant import Plant, sample_plant
from core.results.study_result import StudyResult, result_table
from core.studies.availability.plant import plant_model
from core.studies.availability.search import Goal, standard_options, with_measures

CRITERIA = CriteriaSet.default()


def updates(plant: Plant, **system: float):
    rows = [{"block": "SYSTEM", **system}]
    result = StudyResult("availability", {"blocks": result_table("availability", "blocks", rows)})
    verdicts, _ = judge(result, CRITERIA, plant)
    return advise(verdicts, plant, [result])


def two_of_three(mttr_h: float = 50.0) -> Plant:
    """Three units of A = 0.95 each, two needed: A = 3·0.95²·0.05 + 0.95³ = 0.99275."""
    units = [
        {"id": f"G{i}", "type": "GAS_TURBINE", "bus": "B", "rated_mw": 50, "rated_mva": 60, "rated_kv": 10}
        for i in (1, 2, 3)
    ]
    parts = [{"id": f"G{i}", "type": "GAS_TURBINE", "mtbf_h": 950, "mttr_h": mttr_h} for i in (1, 2, 3)]
    blocks = [{"id": "SYSTEM", "type": "PARALLEL_K_OF_N", "members": "G1,G2,G3", "k": 2}]
    return Plant.of("Three turbines", {"unit": units, "reliability": parts, "block": blocks})


def test_the_reason_reads_as_in_the_specification():
    found = updates(sample_plant(), availability=0.9972, downtime_h=24.5)
    assert found[0].reason.startswith("availability 99.72 % is under the 99.95 % target")
    more_units = [each for each in found[0].alternatives if each.name == "redundancy_level"]
    assert [(each.old, each.new) for each in more_units] == [(1, 2)]


@pytest.mark.parametrize("failed", [0.9972, 0.999, 0.9993])
def test_the_proposal_is_the_cheapest_of_all_sets(failed: float):
    """Every set of the standard measures, tried one by one."""
    plant = two_of_three()
    model = plant_model(plant)
    found = updates(plant, availability=failed)
    options = standard_options(model)
    ratio = (1 - failed) / (1 - Goal().availability(model))
    costs = [
        sum(option.cost * count for option, count in zip(options, counts, strict=True))
        for counts in itertools.product(*(range(option.limit + 1) for option in options))
        if 1 - (1 - Goal().availability(with_measures(model, _taken(options, counts)))) * ratio >= 0.9995 - 1e-12
    ]
    assert found[0].evidence["cost_usd"] == pytest.approx(min(costs))
    assert all(each.cost >= min(costs) - 0.01 for each in found[0].alternatives)


def _taken(options, counts):
    return tuple((option, count) for option, count in zip(options, counts, strict=True) if count)


def test_the_change_reaches_the_target_by_the_closed_form():
    plant = two_of_three()
    own = Goal().availability(plant_model(plant))
    assert own == pytest.approx(3 * 0.95**2 * 0.05 + 0.95**3, abs=1e-12)
    # 2 of 5: 1 - [C(5,1) 0.95 0.05^4 + 0.05^5] = 0.99997; 2 of 4 is 0.99952: already enough for 0.9995
    found = updates(plant, availability=own)
    assert found[0].evidence["computed_from"]["unavailability_ratio"] == pytest.approx(1.0)
    assert [(u.name, u.new) for u in found] in ([("redundancy_level", 2)], [("spares", 1)], [("mttr_h", 25)])
    two_of_four = 1 - (4 * 0.95 * 0.05**3 + 0.05**4)
    assert two_of_four >= 0.9995 or found[0].name != "redundancy_level"


def test_a_worse_tool_result_asks_for_more_than_the_plants_own():
    own = Goal().availability(plant_model(two_of_three()))
    mild, grave = updates(two_of_three(), availability=own), updates(two_of_three(), availability=0.9)
    assert len(grave) >= len(mild)
    assert grave[0].evidence["computed_from"]["unavailability_ratio"] == pytest.approx(0.1 / (1 - own))


def test_downtime_alone_is_enough_to_ask():
    found = updates(sample_plant(), downtime_h=24.5)
    assert found[0].reason.startswith("annual downtime 24.5 h is over 4.38 h")


def test_a_plant_without_blocks_gets_one_level_more():
    (update,) = updates(sample_plant().with_table("block", []), availability=0.99)
    assert (update.name, update.old, update.new) == ("redundancy_level", 1, 2)
    assert "names no measure" in update.reason


def test_each_alternative_is_priced():
    (first, *_) = updates(sample_plant(), availability=0.9972)
    assert first.evidence["cost_usd"] > 0
    assert all(alternative.cost and alternative.cost > 0 for alternative in first.alternatives)
