"""Frequency after a unit trip: hand calculations, the closed form of the model, and what must hold for every plant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.criteria import CriteriaSet, State, judge
from core.embedded import embedded_study
from core.plant import Plant, sample_plant
from core.results.study_result import Status
from core.studies.frequency import Swing, plant_frequency, respond, rocof, settling
from core.validation import validate
from tests.oracles.frequency_response import nadir_pu

#: Machines of the specification's plant: H·S [MVA·s] of eight engines and two gas turbines.
ENGINE, TURBINE = 1.5 * 21.5, 3.0 * 58.8


def one(loss=41.0, inertia=434.4, damping=200.0, gain=5660.0, lag=0.5, up=np.inf) -> Swing:
    column = np.array([[1.0]])
    return Swing(
        np.array([loss]),
        np.array([inertia]),
        np.array([damping]),
        gain * column,
        up * column,
        -np.inf * column,
        np.array([lag]),
    )


def trips(plant: Plant, scenario: str | None = None):
    return plant_frequency(plant, scenario).main.set_index("trip")


def with_units(plant: Plant, kind: str, **values) -> Plant:
    units = plant["unit"].copy()
    for column, value in values.items():
        units.loc[units["type"] == kind, column] = value
    return plant.with_table("unit", units)


def test_initial_rocof_by_hand():
    """610.8 MVA·s in all; 434.4 without one gas turbine: 50·60/(2·434.4) = 3.45 Hz/s."""
    total = 8 * ENGINE + 2 * TURBINE
    assert total == pytest.approx(610.8)
    assert rocof(one(50.0, total - TURBINE))[0] * 60 == pytest.approx(3.453, abs=5e-4)


def test_the_specified_plant_loses_a_gas_turbine():
    row = trips(sample_plant()).loc["GEN_GT_01"]
    lost = 50 * 202 / 246.4  # machines share 200 MW and 1 % of losses by rating
    assert row["lost_mw"] == pytest.approx(lost)
    assert row["inertia_mva_s"] == pytest.approx(434.4)
    assert row["rocof_hz_per_s"] == pytest.approx(lost * 60 / (2 * 434.4))
    gain = (146.4 + 50) / 0.04 + 30 / 0.01 + 200
    assert row["settling_hz"] == pytest.approx(60 * (1 - lost / gain))


@pytest.mark.parametrize("lag", [0.05, 0.2, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("inertia", [100.0, 434.4, 2000.0])
def test_the_nadir_is_that_of_the_closed_form(lag: float, inertia: float):
    response = respond(one(lag=lag, inertia=inertia))
    if (1 / lag + 200 / (2 * inertia)) ** 2 / 4 < 5860 / (2 * inertia * lag):
        deviation, when = nadir_pu(41.0, 2 * inertia, 200.0, 5660.0, lag)
        assert response.nadir_pu[0] == pytest.approx(deviation, rel=1e-4)
        assert response.nadir_s[0] == pytest.approx(when, abs=0.02)
    assert response.settling_pu[0] == pytest.approx(-41.0 / 5860.0)


def test_without_headroom_only_the_load_gives_way():
    response = respond(one(up=30.0))
    assert response.settling_pu[0] == pytest.approx(-(41.0 - 30.0) / 200.0)
    assert response.nadir_pu[0] == response.settling_pu[0]
    assert np.isnan(response.nadir_s[0])


def test_no_loss_no_deviation():
    response = respond(one(loss=0.0))
    assert response.nadir_pu[0] == response.settling_pu[0] == response.rocof_pu_per_s[0] == 0
    assert trips(sample_plant()).loc["BESS_01", "nadir_hz"] == 60  # the battery runs at zero


@settings(max_examples=15, deadline=None)
@given(st.floats(50, 2000), st.floats(1.1, 3), st.floats(1, 150))
def test_more_inertia_falls_slower(inertia, more, loss):
    low, high = respond(one(loss, inertia)), respond(one(loss, inertia * more))
    assert high.rocof_pu_per_s[0] < low.rocof_pu_per_s[0]
    assert high.nadir_pu[0] >= low.nadir_pu[0] - 1e-9
    assert low.window_rocof_pu_per_s[0] <= low.rocof_pu_per_s[0] + 1e-9
    assert low.nadir_pu[0] <= low.settling_pu[0] + 1e-9


def test_more_battery_raises_the_nadir():
    plant = sample_plant()
    nadirs = [
        trips(with_units(plant, "BESS", rated_mw=mw)).loc["GEN_GT_01", "nadir_hz"] for mw in (10.0, 30.0, 60.0, 120.0)
    ]
    assert nadirs == sorted(nadirs)
    assert nadirs[0] < nadirs[-1]


@pytest.mark.parametrize("loss", [0.0, 10.0, 500.0])
def test_settling_balances_the_loss(loss):
    swing = one(loss, up=30.0, damping=1000.0)
    end = settling(swing)[0]
    assert min(30.0, -5660 * end) - 1000 * end == pytest.approx(loss, abs=1e-6)


def test_the_curve_ends_where_the_frequency_settles_and_passes_its_nadir():
    result = plant_frequency(sample_plant())
    curve = result.tables["curves"].set_index("trip").loc["GEN_GT_01"]
    row = result.main.set_index("trip").loc["GEN_GT_01"]
    assert curve["frequency_hz"].iloc[0] == 60
    assert curve["frequency_hz"].min() == pytest.approx(row["nadir_hz"], abs=0.002)  # drawn every 20 ms
    assert curve["frequency_hz"].iloc[-1] == pytest.approx(row["settling_hz"], abs=1e-3)
    half = curve.set_index("t_s").loc[0.5, "frequency_hz"]
    assert (60 - half) / 0.5 == pytest.approx(row["rocof_window_hz_per_s"], rel=1e-4)


def test_a_grid_holds_the_frequency():
    units = sample_plant()["unit"].copy()
    units.loc[units["id"] == "GEN_GT_01", "type"] = "GRID"
    result = plant_frequency(sample_plant().with_table("unit", units))
    assert result.main.empty
    assert [f.code for f in result.findings] == ["frequency.grid"]


def test_units_that_cannot_carry_the_load_have_no_frequency_to_study():
    units = sample_plant()["unit"]
    result = plant_frequency(sample_plant().with_table("unit", units.head(3)))
    assert result.status is Status.INFEASIBLE
    assert any(f.code == "plant.dispatch.short" for f in result.findings)


def test_the_last_machine_leaves_no_frequency():
    plant = with_units(sample_plant(), "RECIPROCATING_ENGINE", h_s=np.nan)
    units = plant["unit"][plant["unit"]["id"] != "GEN_GT_02"]
    result = plant_frequency(plant.with_table("unit", units), "BASE_050")
    row = result.main.set_index("trip").loc["GEN_GT_01"]
    assert row["status"] == "collapsed"
    assert np.isnan(row["nadir_hz"])
    assert {"frequency.inertia", "frequency.collapse"} <= {f.code for f in result.findings}
    verdicts, _ = judge(result, CriteriaSet.default(), plant)
    assert {v.verdict for v in verdicts if v.element == "GEN_GT_01"} == {State.FAIL}


def test_what_a_plant_leaves_unsaid_is_assumed_aloud():
    result = plant_frequency(with_units(sample_plant(), "BESS", droop_pct=np.nan, governor_s=np.nan))
    assert {f.code: f.element for f in result.findings} == {"frequency.droop": "BESS_01", "frequency.lag": "BESS_01"}


def test_stage_4_counts_where_the_frequency_was_studied():
    plant = sample_plant()
    assert [stage.id for stage in validate(plant, []).stages] == ["1", "2a", "2b", "2c", "3"]
    judged = validate(plant, [embedded_study(plant, "frequency")])
    assert (judged.stages[-1].id, judged.stages[-1].verdict) == ("4", State.PASS)
    short = plant.with_table("unit", plant["unit"].head(3))
    assert validate(short, [embedded_study(short, "frequency")]).stages[-1].verdict is State.NOT_CHECKED


def test_a_frequency_without_a_limit_is_not_checked():
    plant = sample_plant().with_settings(frequency_hz=16.7)
    verdicts, _ = judge(plant_frequency(plant), CriteriaSet.default(), plant)
    assert {v.verdict for v in verdicts if v.criterion == "nadir_hz"} == {State.NOT_CHECKED}


@pytest.mark.parametrize(("hz", "limit"), [(60.0, 59.3), (50.0, 49.0)])
def test_the_limit_of_the_nadir_is_that_of_the_systems_frequency(hz, limit):
    plant = sample_plant().with_settings(frequency_hz=hz)
    verdicts, _ = judge(plant_frequency(plant), CriteriaSet.default(), plant)
    nadirs = [v for v in verdicts if v.criterion == "nadir_hz"]
    assert {v.limit for v in nadirs} == {limit}
    worst = {v.element for v in nadirs if v.verdict is State.FAIL}
    assert worst == {v.element for v in nadirs if v.value is not None and v.value < limit}
