"""Constraint updates are computed from the case: each number follows from the plant and the result."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.constraints import advise, next_standard
from core.constraints.strength import reactance_matrix, reactive_support
from core.criteria import CriteriaSet, judge, screen
from core.plant import Plant, sample_plant
from core.results.study_result import StudyResult, result_table

CRITERIA = CriteriaSet.default()
TABLES = {"load_flow": "buses", "short_circuit": "faults", "power_flow": "buses", "availability": "blocks"}


def updates(study: str, rows: list[dict[str, object]], plant: Plant | None = None, *, finishing: bool = False):
    plant = plant or sample_plant()
    result = StudyResult(study, {TABLES[study]: result_table(study, TABLES[study], rows)})  # type: ignore[arg-type]
    verdicts, _ = judge(result, CRITERIA, plant)
    return advise(verdicts, plant, [result], finishing=finishing)


@pytest.mark.parametrize(
    ("quantity", "least", "expected"),
    [
        ("breaking_ka", 62.9, 63),
        ("breaking_ka", 63.0, 63),
        ("breaking_ka", 63.1, 80),
        ("breaking_ka", 999, None),
        ("transformer_mva", 27.5, 31.5),
    ],
)
def test_the_next_standard_rating_is_the_smallest_that_reaches(quantity, least, expected):
    assert next_standard(quantity, least) == expected


@given(st.floats(1, 200))
def test_a_standard_rating_never_falls_short(least):
    rating = next_standard("breaking_ka", least)
    assert rating is None or rating >= least * (1 - 1e-9)


def test_nothing_failed_nothing_to_update():
    assert updates("load_flow", [{"bus": "BUS_200", "v_pu": 1.0, "loading_pct": 70}]) == []


def test_a_breaker_over_its_rating_gets_the_next_standard_one_under_80_per_cent():
    # 45.52 kA on 40 kA is 113.8 %; 45.52 / 0.8 = 56.9 kA, so 63 kA
    (update,) = updates(
        "short_circuit", [{"bus": "BUS_200", "ik_ka": 45.52, "rating_ka": 40, "duty_pct": 113.8, "x_r": 10}]
    )
    assert (update.name, update.element, update.old, update.new, update.unit) == (
        "breaker_rating_ka",
        "BUS_200",
        40,
        63,
        "kA",
    )
    assert "113.8 %" in update.reason
    # X = 1.1 * 34.5 / sqrt(3) * (1/32 - 1/45.52) = 0.2034 ohm
    (reactor,) = update.alternatives
    assert (reactor.name, reactor.new) == ("reactor_ohm", pytest.approx(0.2034, abs=1e-4))


def test_a_fault_current_beyond_every_standard_breaker_asks_for_less_current():
    (update,) = updates(
        "short_circuit", [{"bus": "BUS_200", "ik_ka": 300, "rating_ka": 63, "duty_pct": 476, "x_r": 10}]
    )
    assert update.new is None
    assert "lower the fault current" in update.reason
    assert update.alternatives[0].name == "reactor_ohm"


def test_a_breaker_of_an_unknown_bus_is_still_advised_from_its_own_row():
    (update,) = updates(
        "short_circuit", [{"bus": "ELSEWHERE", "ik_ka": 30, "rating_ka": 25, "duty_pct": 120, "x_r": 9}]
    )
    assert (update.new, update.alternatives) == (40, ())


def test_an_overloaded_step_up_transformer_gets_the_next_standard_size():
    # 25 MVA at 104 %: 25 * 104 / 80 = 32.5 MVA, so 40 MVA
    (update,) = updates("load_flow", [{"bus": "BUS_100", "v_pu": 1.0, "loading_pct": 104}])
    assert (update.name, update.element, update.old, update.new) == ("transformer_mva", "XFMR_RECIP_01", 25, 40)


def test_a_loading_in_the_warning_band_is_cured_only_at_the_end_of_a_loop_and_after_what_fails():
    warned = {"bus": "BUS_100", "v_pu": 1.0, "loading_pct": 86}
    assert updates("load_flow", [warned]) == []
    (update,) = updates("load_flow", [warned], finishing=True)  # 25 MVA at 86 %: 25 * 86 / 80 = 26.9 MVA, so 31.5 MVA
    assert (update.name, update.element, update.new) == ("transformer_mva", "XFMR_RECIP_01", 31.5)
    failed = {"bus": "BUS_110", "v_pu": 1.0, "loading_pct": 104}
    assert len({each.element for each in updates("load_flow", [warned, failed], finishing=True)}) == 1


def test_a_low_voltage_asks_for_reactive_power_by_the_strength_of_the_bus():
    x = reactance_matrix(sample_plant())
    (update,) = updates("load_flow", [{"bus": "BUS_301", "v_pu": 0.93, "loading_pct": 50}])
    expected = (0.95 + 0.01 - 0.93) / x.loc["BUS_301", "BUS_301"] * 100
    assert (update.name, update.old) == ("reactive_support_mvar", 5.0)
    assert update.new == 5.0 + math.ceil(expected)
    assert update.evidence["computed_from"]["reactive_power_mvar"] == pytest.approx(expected)


def test_a_high_voltage_asks_for_less():
    (update,) = updates("load_flow", [{"bus": "BUS_301", "v_pu": 1.07, "loading_pct": 50}])
    assert update.new < update.old


def test_a_result_may_call_a_bus_by_number_or_name():
    by_number = updates("power_flow", [{"bus": "301", "v_pu": 0.93, "angle_deg": 0}])
    by_name = updates("power_flow", [{"bus": "HALL_1_BUS", "v_pu": 0.93, "angle_deg": 0}])
    assert by_number[0].new == by_name[0].new
    assert (by_number[0].element, by_name[0].element) == ("301", "HALL_1_BUS")


def test_an_x_over_r_beyond_the_limit_states_the_dc_component():
    # 100 exp(-2 pi 60 * 0.05 / 30) = 53.3 %; a time constant of 45 ms leaves 32.9 %, 75 ms 51.3 %, 120 ms 65.9 %
    (update,) = updates("short_circuit", [{"bus": "BUS_200", "ik_ka": 20, "rating_ka": 40, "duty_pct": 50, "x_r": 30}])
    assert (update.name, update.old, update.new) == ("breaker_dc_pct", 32.9, 66.0)


def test_an_angle_beyond_the_limit_asks_for_strength():
    (update,) = updates(
        "power_flow", [{"bus": "100", "v_pu": 1, "angle_deg": 61}, {"bus": "200", "v_pu": 1, "angle_deg": 0}]
    )
    assert (update.name, update.element, update.old, update.new) == ("parallel_circuits", "100", 1, 2)


def test_short_firm_capacity_asks_for_the_missing_megawatts():
    plant = sample_plant().with_settings(redundancy_level=2)
    verdicts, _ = screen(plant, CRITERIA)
    (update,) = advise(verdicts, plant)
    assert (update.name, update.old, update.new) == ("firm_capacity_mw", pytest.approx(176.4), pytest.approx(202))
    # 25.6 MW short: two engines of 18.3 MW or one turbine of 50 MW
    assert {a.element: a.new for a in update.alternatives} == {"GEN_RECIP_01": 8 + 2, "GEN_GT_01": 2 + 1}


def test_the_reactance_of_one_machine_behind_a_transformer_is_their_sum():
    # 100 MVA, X''d 0.2 behind 100 MVA with 10 %: 0.2 at the terminals, 0.3 beyond
    plant = Plant.of(
        "Two buses",
        {
            "bus": [{"id": "A", "number": 1, "kv": 10}, {"id": "B", "number": 2, "kv": 110}],
            "unit": [
                {
                    "id": "G",
                    "type": "GAS_TURBINE",
                    "bus": "A",
                    "rated_mva": 100,
                    "rated_mw": 80,
                    "xd_double_prime_pu": 0.2,
                }
            ],
            "transformer": [
                {
                    "id": "T",
                    "hv_bus": "B",
                    "lv_bus": "A",
                    "rated_mva": 100,
                    "hv_kv": 110,
                    "lv_kv": 10,
                    "z_pct": 10,
                    "x_r": 1e6,
                }
            ],
            "load": [{"id": "L", "bus": "B", "p_mw": 50}],
        },
    )
    x = reactance_matrix(plant)
    assert np.diag(x) == pytest.approx([0.2, 0.3], rel=1e-6)


@given(st.lists(st.floats(0.001, 0.08), min_size=3, max_size=3))
def test_reactive_support_cures_every_shortfall(shortfalls):
    x = pd.DataFrame([[0.1, 0.05, 0.02], [0.05, 0.2, 0.03], [0.02, 0.03, 0.15]], list("abc"), list("abc"))
    support = reactive_support(x, pd.Series(dict(zip("abc", shortfalls, strict=True))), 100)
    rise = x[list(support)].to_numpy() @ np.array(list(support.values())) / 100
    assert (rise >= np.array(shortfalls) - 1e-6).all()


def test_buses_alike_share_the_reactive_power_that_they_need():
    x = pd.DataFrame([[0.1, 0.05], [0.05, 0.1]], list("ab"), list("ab"))
    support = reactive_support(x, pd.Series({"a": 0.03, "b": 0.03}), 100)
    assert support == pytest.approx({"a": 20.0, "b": 20.0})  # 0.2 pu each: 0.2·(0.1 + 0.05) = 0.03
