"""From a requirement to a plant, and rounds until every stage passes, or why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.constraints import Alternative, ConstraintUpdate
from core.criteria import StageVerdict, State, Verdict
from core.criteria.screening import firm_capacity_mw, required_mw
from core.design import loop
from core.design.design import Design
from core.design.ledger import Applied, changes, cheapest, constraints, with_updates, without_bound
from core.design.loop import run_loop, weak_start
from core.design.placement import place
from core.design.redundancy import reliability_of
from core.design.requirement import Requirement
from core.design.requirement_file import requirement_document, restored_requirement
from core.design.sizing import size
from core.design.technology import shipped_technologies
from core.documents import plain
from core.findings import Severity
from core.plant import Plant, check_plant
from core.validation import Validation

SMALL = Requirement(
    load_mw=(40.0,), technologies=tuple(t for t in shipped_technologies() if t.id in {"RECIP_18", "BESS"})
)


@pytest.fixture(scope="module")
def weak():
    return run_loop(weak_start(SMALL))


def test_a_weak_start_ends_with_every_stage_passing(weak):
    assert weak.ended == "passed"
    first, last = weak.rounds[0].validation, weak.rounds[-1].validation
    assert {stage.id for stage in first.stages if stage.verdict is State.FAIL} == {"2a", "2b", "2c", "3", "4"}
    assert {stage.verdict for stage in last.stages} == {State.PASS}


def test_every_failure_of_the_weak_start_sends_a_constraint_back(weak):
    assert {each.update["name"] for each in weak.rounds[0].updates} == {
        "redundancy_level",
        "bess_response_mw",
        "breaker_rating_ka",
        "breaker_dc_pct",
        "reactive_support_mvar",
    }
    before, after = weak.rounds[0].constraints, weak.rounds[1].constraints
    assert {"name": "redundancy_level", "element": "PLANT", "value": 0.0} in before
    assert {"name": "redundancy_level", "element": "PLANT", "value": 1.0} in after


@pytest.mark.slow
def test_the_sample_requirement_passes_from_a_weak_start():
    """Slow: three rounds of sizing and of 25 to 30 scenarios."""
    result = run_loop(weak_start(Requirement()))
    assert result.converged
    assert result.overall is State.PASS


def test_the_plant_of_a_design_has_no_errors_and_the_designs_capacity():
    design = size(SMALL)
    plant = place(design, SMALL)
    assert [finding for finding in check_plant(plant) if finding.severity is Severity.ERROR] == []
    assert plant["unit"]["rated_mw"].sum() == pytest.approx(design.counts["RECIP_18"] * 18.3)
    assert plant["load"]["p_mw"].sum() == pytest.approx(40.0)
    assert firm_capacity_mw(plant) >= required_mw(plant)
    assert place(design, SMALL).digest() == plant.digest()


def test_rounds_that_are_used_up_are_no_pass(monkeypatch):
    def more(plant, requirement, report):
        old = requirement.equipment.get("BUS_HALL_1", {}).get("reactive_support_mvar", 0.0)
        update = ConstraintUpdate("reactive_support_mvar", "BUS_HALL_1", old, old + 1, "Mvar", "voltage", {})
        return Validation(State.FAIL, [], [], [update], [], [])

    monkeypatch.setattr(loop, "judged", more)
    result = run_loop(SMALL, rounds=2)
    assert (result.ended, result.converged, len(result.rounds)) == ("round limit", False, 2)


def test_a_requirement_without_a_design_ends_the_loop_with_the_contradiction():
    result = run_loop(SMALL.with_bound("budget_usd", 1e6))
    assert result.ended == "infeasible"
    assert "budget" in result.reason


def test_constraints_that_come_back_are_an_oscillation(monkeypatch):
    def swing(plant, requirement, report):
        old = requirement.equipment.get("BUS_HALL_1", {}).get("reactive_support_mvar", 5.0)
        update = ConstraintUpdate(
            "reactive_support_mvar", "BUS_HALL_1", old, 15.0 - old, "Mvar", "voltage", {"computed_from": {}}
        )
        return Validation(State.FAIL, [], [], [update], [], [])

    monkeypatch.setattr(loop, "judged", swing)
    result = run_loop(replace(SMALL, equipment={"BUS_HALL_1": {"reactive_support_mvar": 5.0}}))
    assert result.ended == "oscillation"
    assert "BUS_HALL_1: 10 ↔ 5" in result.reason
    assert "between rounds 1 and 2" in result.reason


def test_a_warning_without_a_failure_is_said_to_be_one(monkeypatch):
    stages = [StageVerdict("2b", "ETAP Short Circuit", State.WARN, "1 WARN")]
    duty = Verdict("2b", "duty_pct", "BUS_MAIN_A", 85.0, "%", 100.0, 15.0, State.WARN)
    monkeypatch.setattr(
        loop, "judged", lambda plant, requirement, report: Validation(State.WARN, stages, [duty], [], [], [])
    )
    result = run_loop(SMALL)
    assert (result.ended, result.converged, result.overall) == ("warnings left", False, State.WARN)
    assert "2b ETAP Short Circuit WARN: duty_pct of BUS_MAIN_A 85 %" in result.reason


def test_a_design_and_a_requirement_read_back_place_the_same_plant():
    design = size(SMALL)
    document = plain(design.as_dict())
    again = restored_requirement(requirement_document(SMALL))
    assert place(Design.from_dict(document), again).digest() == place(design, SMALL).digest()
    assert plain(Design.from_dict(document).as_dict()) == {**document, "findings": []}


def test_the_cheapest_change_is_taken_where_costs_are_known():
    dear = Alternative("mttr_h", "GEN_RECIP_18_01", 24, 12, "h", "", 900.0)
    cheap = Alternative("spares", "GEN_RECIP_18_01", 0, 1, "spares", "", 100.0)
    unpriced = Alternative("parallel_units", "CTRL_PLANT", 1, 2, "units", "")
    update = ConstraintUpdate(
        "redundancy_level", "GEN_RECIP_18_01", 1, 2, "units", "", {"cost_usd": 500.0}, (dear, cheap, unpriced)
    )
    document = update.as_dict()
    assert changes(document)[cheapest(document)] == cheap.as_dict()
    assert cheapest(replace(update, evidence={}).as_dict()) == 0
    taken = Applied(document, cheapest(document))
    changed = with_updates(SMALL, [taken])
    assert {"name": "spares", "element": "GEN_RECIP_18_01", "value": 1.0} in constraints(changed)
    assert taken.as_dict()["taken"]["name"] == "spares"


def test_a_spare_shortens_the_repair_that_the_ledger_asked_for_before():
    both = replace(SMALL, equipment={"CTRL_PLANT": {"mttr_h": 2.0, "spares": 1.0}})
    units = [{"id": "GEN_RECIP_18_01", "bus": "B", "rated_mw": 18.3, "rated_kv": 13.8, "rated_mva": 21.5}]
    rows = {row["id"]: row for row in reliability_of(Plant.of("one", {"unit": units}), both)}
    assert rows["CTRL_PLANT"]["mttr_h"] == 0.5
    assert rows["SWGR_MAIN_A"]["mttr_h"] == 24.0


def test_changes_that_nothing_can_make_are_said():
    update = {"name": "breaker_rating_ka", "new": 40.0, "alternatives": [{"name": "x_dpp_min", "new": 0.1}]}
    assert [finding.text for finding in without_bound([update])] == [
        "x_dpp_min is no bound of the optimiser or the placement"
    ]
