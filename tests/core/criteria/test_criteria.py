"""Limits at their boundaries, stages, overrides: the semantics of the integration package's criteria tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.criteria import CriteriaSet, Override, State, firm_capacity_mw, judge, overall, screen, stage_verdicts
from core.criteria.criterion import ORDER, urgency
from core.errors import BadInput
from core.plant import Plant, sample_plant
from core.results.study_result import Provenance, Status, StudyResult, result_table

CRITERIA = CriteriaSet.default()


def state(criterion: str, value: float) -> str:
    rule = next(c for c in CRITERIA.criteria if c.criterion == criterion)
    return str(rule.states(np.array([value]))[0])


@pytest.mark.parametrize(
    ("criterion", "value", "expected"),
    [
        ("voltage_pu", 0.95, "PASS"),
        ("voltage_pu", 1.05, "PASS"),
        ("voltage_pu", 0.9499, "FAIL"),
        ("voltage_pu", 1.0501, "FAIL"),
        ("voltage_pu", 0.1 + 0.85, "PASS"),  # 0.9499999999999999 in binary
        ("loading_pct", 79.99, "PASS"),
        ("loading_pct", 80.0, "WARN"),
        ("loading_pct", 100.0, "WARN"),
        ("loading_pct", 100.01, "FAIL"),
        ("breaker_duty_pct", 79.99, "PASS"),
        ("breaker_duty_pct", 80.0, "WARN"),
        ("breaker_duty_pct", 100.0, "WARN"),
        ("breaker_duty_pct", 113.8, "FAIL"),
        ("x_r_ratio", 14.9, "PASS"),
        ("x_r_ratio", 15.0, "WARN"),
        ("x_r_ratio", 25.0, "WARN"),
        ("x_r_ratio", 25.1, "FAIL"),
        ("angle_deg", 29.9, "PASS"),
        ("angle_deg", 30.0, "WARN"),
        ("angle_deg", 60.0, "WARN"),
        ("angle_deg", 61.0, "FAIL"),
        ("availability", 0.9995, "PASS"),
        ("availability", 0.99949, "FAIL"),
        ("annual_downtime_h", 4.38, "PASS"),
        ("annual_downtime_h", 4.39, "FAIL"),
        ("availability", float("nan"), "NOT CHECKED"),
    ],
)
def test_boundaries_are_as_written(criterion, value, expected):
    assert state(criterion, value) == expected


@given(st.floats(-1e3, 1e3), st.floats(0, 1e3))
def test_more_duty_is_never_better(duty, more):
    assert ORDER.index(State(state("breaker_duty_pct", duty))) <= ORDER.index(
        State(state("breaker_duty_pct", duty + more))
    )


def power_flow(angles: dict[str, float], **extra: object) -> StudyResult:
    rows = [{"bus": bus, "angle_deg": angle, "v_pu": 1.0} for bus, angle in angles.items()]
    return StudyResult("power_flow", {"buses": result_table("power_flow", "buses", rows)}, **extra)  # type: ignore[arg-type]


def angle_states(angles: dict[str, float], plant: Plant | None = None) -> dict[str, str]:
    verdicts, _ = judge(power_flow(angles), CRITERIA, plant)
    return {v.element: str(v.verdict) for v in verdicts if v.criterion == "angle_deg"}


def test_an_angle_of_61_degrees_to_the_slack_fails():
    assert angle_states({"100": 61.0, "200": 0.0}) == {"100": "FAIL", "200": "PASS"}


@pytest.mark.parametrize("shift", [0.0, 50.0, -170.0, 359.0])
@pytest.mark.parametrize("plant", [None, sample_plant()])
def test_angles_count_from_the_slack_wherever_the_tool_put_zero(shift, plant):
    angles = {"120": 0.0, "100": 2.3, "200": -3.0, "301": -27.0}
    assert set(angle_states({bus: a + shift for bus, a in angles.items()}, plant).values()) == {"PASS"}


def test_without_a_slack_each_angle_is_judged_against_the_farthest_bus():
    verdicts, findings = judge(power_flow({"1": 10.0, "2": 45.0, "3": 75.0}), CRITERIA)
    assert [f.code for f in findings] == ["criteria.slack.unknown"]
    assert {v.element: v.value for v in verdicts if v.criterion == "angle_deg"} == {"1": 65, "2": 35, "3": 65}


def test_a_result_that_did_not_converge_is_not_checked_whatever_it_prints():
    verdicts, _ = judge(power_flow({"1": 0.0}, status=Status.NOT_CONVERGED), CRITERIA)
    assert {str(v.verdict) for v in verdicts} == {"NOT CHECKED"}


def short_circuit(**row: object) -> StudyResult:
    return StudyResult(
        "short_circuit", {"faults": result_table("short_circuit", "faults", [{"bus": "BUS_200", **row}])}
    )


def test_the_worse_of_printed_and_calculated_duty_is_judged():
    verdicts, _ = judge(short_circuit(duty_pct=40.0, duty_calc_pct=113.8, x_r=10.0), CRITERIA)
    assert {v.criterion: str(v.verdict) for v in verdicts} == {"breaker_duty_pct": "FAIL", "x_r_ratio": "PASS"}


def availability(rows: list[dict[str, object]]) -> StudyResult:
    return StudyResult(
        "availability", {"blocks": result_table("availability", "blocks", rows)}, provenance=Provenance("Windchill")
    )


def test_only_the_whole_system_is_judged_for_availability():
    rows = [{"block": "GEN", "availability": 0.99}, {"block": "SYSTEM", "availability": 0.9996, "downtime_h": 3.5}]
    verdicts, findings = judge(availability(rows), CRITERIA)  # type: ignore[arg-type]
    assert [(v.element, v.criterion, str(v.verdict)) for v in verdicts] == [
        ("SYSTEM", "availability", "PASS"),
        ("SYSTEM", "annual_downtime_h", "PASS"),
    ]
    assert findings == []


def test_without_a_system_block_the_last_one_is_judged_and_said():
    verdicts, findings = judge(
        availability([{"block": "A", "availability": 0.9}, {"block": "B", "availability": 1.0}]), CRITERIA
    )
    assert {v.element for v in verdicts} == {"B"}
    assert [f.code for f in findings] == ["criteria.system.assumed"]


def test_buses_are_judged_by_their_own_limits_beside_the_criteria():
    rows = [
        {"bus": "A", "v_pu": 1.055, "v_min_pu": 0.94, "v_max_pu": 1.06},
        {"bus": "B", "v_pu": 1.04, "v_min_pu": 0.97, "v_max_pu": 1.03},
        {"bus": "C", "v_pu": 1.04},
    ]
    tables = {"buses": result_table("load_flow", "buses", rows)}
    verdicts, _ = judge(StudyResult("load_flow", tables, Status.SOLVED, Provenance(tool="newton")), CRITERIA)
    found = {(v.element, v.criterion): (str(v.verdict), v.limit) for v in verdicts if v.value is not None}
    assert found == {
        ("A", "voltage_pu"): ("FAIL", 1.05),
        ("B", "voltage_pu"): ("PASS", 1.05),
        ("C", "voltage_pu"): ("PASS", 1.05),
        ("A", "own_voltage_pu"): ("PASS", 1.06),
        ("B", "own_voltage_pu"): ("FAIL", 1.03),
    }


def test_a_block_that_the_plant_lacks_is_not_judged_as_its_system():
    verdicts, findings = judge(availability([{"block": "FOO", "availability": 0.9999}]), CRITERIA, sample_plant())
    assert verdicts == []
    assert [f.code for f in findings] == ["criteria.system.none"]


def test_a_stage_without_result_is_not_checked_and_so_is_the_whole():
    verdicts, _ = screen(sample_plant(), CRITERIA)
    stages = stage_verdicts(verdicts, CRITERIA)
    assert [(s.id, str(s.verdict)) for s in stages] == [
        ("1", "PASS"),
        ("2a", "NOT CHECKED"),
        ("2b", "NOT CHECKED"),
        ("2c", "NOT CHECKED"),
        ("3", "NOT CHECKED"),
    ]
    assert overall(stages) is State.NOT_CHECKED


def test_a_stage_that_lacks_one_criterion_is_no_pass():
    verdicts, _ = judge(short_circuit(duty_pct=40.0), CRITERIA)
    stage = next(s for s in stage_verdicts(verdicts, CRITERIA) if s.id == "2b")
    assert stage.verdict is State.NOT_CHECKED
    assert "X/R" in stage.note


def test_firm_capacity_leaves_out_the_largest_units():
    # 8 x 18.3 + 2 x 50 + 30 MW of a four-hour battery; N+1 leaves out a turbine, N+2 both
    assert firm_capacity_mw(sample_plant()) == pytest.approx(226.4)
    assert firm_capacity_mw(sample_plant(), redundancy_level=2) == pytest.approx(176.4)
    assert firm_capacity_mw(sample_plant().with_settings(firm_battery_h=5)) == pytest.approx(196.4 + 120 / 5)


def test_screening_fails_when_firm_capacity_is_short():
    verdicts, _ = screen(sample_plant().with_settings(redundancy_level=2), CRITERIA)
    firm = next(v for v in verdicts if v.criterion == "firm_capacity_mw")
    assert (firm.verdict, firm.limit) == (State.FAIL, 202.0)


def test_an_override_shows_its_reason_wherever_it_counts():
    changed = CRITERIA.override(Override("breaker_duty_pct", "owner accepts full rating", warn=100.0))
    verdicts, _ = judge(short_circuit(duty_pct=90.0, x_r=5.0), changed)
    duty = next(v for v in verdicts if v.criterion == "breaker_duty_pct")
    assert duty.verdict is State.PASS
    assert "owner accepts" in duty.note


def test_a_band_without_an_end_warns_however_much_it_is_until_a_project_ends_it():
    rows = [{"outage": name, "lost_load_mw": mw} for name, mw in zip("abcd", (0, 10, 30, None), strict=True)]
    lost = StudyResult("contingency", {"outages": result_table("contingency", "outages", rows)})
    shipped = {v.element: v for v in judge(lost, CRITERIA)[0] if v.criterion == "contingency_lost_load_mw"}
    assert [str(v.verdict) for v in shipped.values()] == ["PASS", "WARN", "WARN", "NOT CHECKED"]
    assert (shipped["b"].limit, shipped["b"].margin) == (0.001, pytest.approx(-9.999))
    ended = CRITERIA.override(Override("contingency_lost_load_mw", "customers agreed to 20 MW", high=20))
    own = [str(v.verdict) for v in judge(lost, ended)[0] if v.criterion == "contingency_lost_load_mw"]
    assert own == ["PASS", "WARN", "FAIL", "NOT CHECKED"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Override("nonsense", "because"), "no criterion"),
        (Override("voltage_pu", " ", low=0.9), "needs a reason"),
        (Override("availability", "because", high=1.0), "no limit high"),
        (Override("voltage_pu", "because", low=1.2), "contradict"),
        (Override("voltage_pu", "because", low=float("nan")), "must be numbers"),
    ],
)
def test_a_wrong_override_is_refused(change, message):
    with pytest.raises(BadInput, match=message):
        CRITERIA.override(change)


def test_a_failure_comes_before_any_warning_and_the_smallest_margin_first():
    listed = [("WARN", -184.0), ("FAIL", -0.01), ("PASS", 1.0), ("FAIL", None), ("NOT CHECKED", None), ("FAIL", -0.1)]
    order = [listed.index(each) for each in sorted(listed, key=lambda verdict: urgency(*verdict))]
    assert order == [3, 5, 1, 0, 4, 2]


def test_margins_are_positive_inside_and_negative_outside():
    voltage = next(c for c in CRITERIA.criteria if c.criterion == "voltage_pu")
    assert (voltage.limit(0.94), voltage.margin(0.94)) == (0.95, pytest.approx(-0.01))
    assert (voltage.limit(1.04), voltage.margin(1.04)) == (1.05, pytest.approx(0.01))
