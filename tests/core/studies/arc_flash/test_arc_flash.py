"""IEEE 1584-2018: the examples of Annex D, and what must hold for every input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.plant import check_plant, sample_plant
from core.results.study_result import Status
from core.studies.arc_flash import arc_flash, ieee_1584, out_of_range, plant_arc_flash
from core.studies.arc_flash.study import arc_durations

MEDIUM = {"voltage_kv": 4.16, "configuration": "VCB", "gap_mm": 104.0, "working_distance_mm": 914.4}
MEDIUM_BOX = {"height_mm": 1143.0, "width_mm": 762.0, "depth_mm": 508.0}
LOW = {"voltage_kv": 0.48, "configuration": "VCB", "gap_mm": 32.0, "working_distance_mm": 609.6}
LOW_BOX = {"height_mm": 610.0, "width_mm": 610.0, "depth_mm": 254.0}


def one(equipment: dict[str, object], bolted: float, clearing: float, reduced: float) -> pd.Series:
    rows = pd.DataFrame([equipment])
    return arc_flash(rows, np.array([bolted]), np.array([clearing]), np.array([reduced])).iloc[0]


def test_annex_d1_medium_voltage():
    """IEEE 1584-2018 Annex D.1: every printed result, three decimals (boundaries to the millimetre)."""
    got = one({**MEDIUM, **MEDIUM_BOX}, 15.0, 0.197, 0.223)
    assert got["enclosure_factor"] == pytest.approx(1.284, abs=5e-4)
    assert got["arcing_ka"] == pytest.approx(12.979, abs=5e-4)
    assert got["energy_j_cm2"] == pytest.approx(12.152, abs=5e-4)
    assert got["boundary_mm"] == pytest.approx(1606, abs=0.5)
    assert got["reduced_arcing_ka"] == pytest.approx(12.675, abs=5e-4)
    assert got["reduced_energy_j_cm2"] == pytest.approx(13.343, abs=5e-4)
    assert got["reduced_boundary_mm"] == pytest.approx(1704, abs=0.5)
    assert got["energy_cal_cm2"] == pytest.approx(13.343 / 4.184, abs=5e-4)


def test_annex_d2_low_voltage():
    """IEEE 1584-2018 Annex D.2."""
    got = one({**LOW, **LOW_BOX}, 45.0, 0.0613, 0.319)
    assert got["enclosure_factor"] == pytest.approx(1.085, abs=5e-4)
    assert got["arcing_ka"] == pytest.approx(28.793, abs=5e-4)
    assert got["energy_j_cm2"] == pytest.approx(11.585, abs=5e-4)
    assert got["boundary_mm"] == pytest.approx(1029, abs=0.5)
    assert got["reduced_arcing_ka"] == pytest.approx(25.244, abs=5e-4)
    assert got["reduced_energy_j_cm2"] == pytest.approx(53.156, abs=5e-4)
    assert got["reduced_boundary_mm"] == pytest.approx(2669, abs=0.5)


def test_intermediate_values_of_annex_d1():
    rows = pd.DataFrame([{**MEDIUM, **MEDIUM_BOX}])
    levels = ieee_1584._three_levels(rows, np.array([15.0]))
    assert levels[:, 0] == pytest.approx([11.117, 12.816, 14.116], abs=5e-4)
    assert ieee_1584.current_variation(rows)[0] == pytest.approx(0.047, abs=5e-4)


@pytest.mark.parametrize("configuration", ieee_1584.CONFIGURATIONS)
@pytest.mark.parametrize(("shape", "bolted"), [({**MEDIUM, **MEDIUM_BOX}, 20.0), ({**LOW, **LOW_BOX}, 20.0)])
def test_energy_falls_with_distance_and_grows_with_time(configuration: str, shape: dict[str, object], bolted: float):
    base = one({**shape, "configuration": configuration}, bolted, 0.2, 0.2)
    further = one({**shape, "configuration": configuration, "working_distance_mm": 1200.0}, bolted, 0.2, 0.2)
    longer = one({**shape, "configuration": configuration}, bolted, 0.4, 0.4)
    assert further["energy_j_cm2"] < base["energy_j_cm2"]
    assert further["boundary_mm"] == pytest.approx(base["boundary_mm"])
    assert longer["energy_j_cm2"] == pytest.approx(2 * base["energy_j_cm2"])
    assert base["reduced_arcing_ka"] < base["arcing_ka"] < bolted


@pytest.mark.parametrize("shape", [{**MEDIUM, **MEDIUM_BOX}, {**LOW, **LOW_BOX}])
def test_energy_at_the_boundary_is_1_2_cal(shape: dict[str, object]):
    at = one(shape, 20.0, 0.2, 0.2)["boundary_mm"]
    if shape["voltage_kv"] <= 0.6:  # above 600 V boundaries are interpolated between levels, not exact
        assert one({**shape, "working_distance_mm": at}, 20.0, 0.2, 0.2)["energy_j_cm2"] == pytest.approx(5.0208)
    else:
        assert one({**shape, "working_distance_mm": at}, 20.0, 0.2, 0.2)["energy_j_cm2"] == pytest.approx(
            5.0208, rel=0.01
        )


def test_open_air_has_no_enclosure_and_small_shallow_boxes_have_their_own_factor():
    shallow = {"height_mm": 355.6, "width_mm": 304.8, "depth_mm": 100.0}
    rows = pd.DataFrame([{**LOW, **shallow}, {**LOW, **shallow, "configuration": "VOA"}])
    factor = ieee_1584.enclosure_factor(rows)
    size = 0.03937 * (355.6 + 304.8) / 2
    assert factor[0] == pytest.approx(1 / (0.002222 * size**2 - 0.02556 * size + 0.6222))
    assert factor[1] == 1.0


@pytest.mark.parametrize(
    ("change", "bolted", "word"),
    [
        ({"voltage_kv": 34.5}, 20.0, "voltage"),
        ({"voltage_kv": float("nan")}, 20.0, "voltage"),
        ({"gap_mm": 5.0}, 20.0, "gap"),
        ({"working_distance_mm": 100.0}, 20.0, "distance"),
        ({"width_mm": 300.0}, 20.0, "narrower"),
        ({"configuration": "XYZ"}, 20.0, "configuration"),
        ({}, 80.0, "current"),
        ({}, 0.0, "current"),
        ({}, float("nan"), "current"),
    ],
)
def test_rows_outside_the_model_are_missing_with_their_reason(change: dict[str, object], bolted: float, word: str):
    rows = pd.DataFrame([{**MEDIUM, **MEDIUM_BOX, **change}, {**MEDIUM, **MEDIUM_BOX}])
    current = np.array([bolted, 15.0])
    assert word in out_of_range(rows, current)[0]
    answer = arc_flash(rows, current, np.full(2, 0.197), np.full(2, 0.223))
    assert answer.loc[0].isna().all()
    assert answer.loc[1, "energy_j_cm2"] == pytest.approx(12.152, abs=5e-4)


def test_every_bus_of_the_sample_plant_is_calculated_or_says_why_not():
    plant = sample_plant()
    result = plant_arc_flash(plant)
    assert result.status is Status.SOLVED
    table = result.tables["buses"].set_index("bus")
    assert set(table.index) == set(plant["bus"]["id"])
    main = table.loc[plant["bus"].set_index("id")["kv"] > 15]
    assert main["energy_cal_cm2"].isna().all()
    assert (main["reason"] != "").all()
    rest = table.drop(main.index)
    assert (rest["energy_cal_cm2"] > 0).all()
    assert {f.element for f in result.findings if f.code == "arc_flash.range"} == set(main.index)


def breakers(*rows: tuple[str, float, float | None]) -> pd.DataFrame:
    columns = ["bus", "clearing_s", "clearing_reduced_s"]
    return pd.DataFrame(rows, columns=columns).astype({"clearing_reduced_s": float}).assign(id="CB")


def test_the_arc_lasts_until_the_slowest_breaker_at_either_current():
    table = breakers(("A", 0.2, 0.3), ("A", 0.1, 0.5), ("B", 0.1, None), ("C", 5.0, 9.0))
    own = pd.Series([None, None, None, None, 0.3], dtype=float)
    full, reduced, findings = arc_durations(table, pd.Series(["A", "B", "C", "D", "E"]), own)
    assert full.tolist() == [0.2, 0.1, 2.0, 2.0, 0.3]
    assert reduced.tolist() == [0.5, 0.1, 2.0, 2.0, 0.3]
    assert [finding.code for finding in findings] == ["arc_flash.breaker.none", "arc_flash.breaker.one_time"]


@pytest.mark.parametrize("times", [(-0.1, None), (0.0, 0.1), (float("nan"), None), (0.1, -1.0)])
def test_a_time_that_makes_no_sense_is_said_and_the_longest_arc_taken(times: tuple[float, float | None]):
    full, reduced, findings = arc_durations(
        breakers(("A", *times), ("A", 0.1, 0.1)), pd.Series(["A", "B"]), pd.Series([None, 0.0], dtype=float)
    )
    assert (full.tolist(), reduced.tolist()) == ([2.0, 2.0], [2.0, 2.0])
    assert [finding.code for finding in findings].count("arc_flash.breaker.time") == 2


def test_what_a_bus_states_counts_and_the_rest_is_typical_of_its_voltage():
    """One bus states everything: its energy is the model's at its own fault current. Another one states its gap."""
    plant = sample_plant()
    buses = plant["bus"]
    low, high = buses.loc[buses["kv"] < 15, "id"].iloc[:2]
    stated = {"electrodes": "VCB", "gap_mm": 104.0, "working_distance_mm": 609.6, "arc_s": 0.061}
    stated |= {"enclosure_height_mm": 900.0, "enclosure_width_mm": 610.0, "enclosure_depth_mm": 500.0}
    rows = buses.set_index("id")
    for name, value in stated.items():
        rows.loc[low, name] = value
    rows.loc[high, "gap_mm"] = 100.0
    plant = plant.with_table("bus", rows.reset_index())
    assert not [finding for finding in check_plant(plant) if "choice" in finding.code]
    result = plant_arc_flash(plant)
    table = result.tables["buses"].set_index("bus")
    shape = {"voltage_kv": table.loc[low, "voltage_kv"], "configuration": "VCB", "gap_mm": 104.0}
    shape |= {"working_distance_mm": 609.6, "height_mm": 900.0, "width_mm": 610.0, "depth_mm": 500.0}
    alone = arc_flash(
        pd.DataFrame([shape]), np.array([table.loc[low, "bolted_ka"]]), np.array([0.061]), np.array([0.061])
    )
    assert table.loc[low, "energy_cal_cm2"] == pytest.approx(alone.loc[0, "energy_cal_cm2"], rel=1e-12)
    assert table.loc[[low, high], "equipment"].tolist() == ["as the bus states"] * 2
    assumed = [finding.text for finding in result.findings if finding.code == "arc_flash.typical"]
    assert not any(low in text for text in assumed)
    assert f"{high}: electrode configuration, working distance, enclosure height" in " ".join(assumed)


def test_annex_d1_by_a_plant_s_own_times():
    """The durations of Annex D.1 on a breaker give its energies' ratio: 13.343 / 12.152 at 223 and 197 ms."""
    plant = sample_plant()
    bus = plant["bus"]["id"].iloc[0]
    longer = plant["breaker"].assign(clearing_s=0.197, clearing_reduced_s=0.223)
    table = plant_arc_flash(plant.with_table("breaker", longer)).tables["buses"].set_index("bus")
    same = plant_arc_flash(plant.with_table("breaker", longer.assign(clearing_reduced_s=0.197))).tables["buses"]
    both = table.loc[bus], same.set_index("bus").loc[bus]
    assert both[0]["reduced_energy_j_cm2"] == pytest.approx(both[1]["reduced_energy_j_cm2"] * 0.223 / 0.197)
    assert both[0]["energy_cal_cm2"] == pytest.approx(both[0]["reduced_energy_j_cm2"] / 4.184)
