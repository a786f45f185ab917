"""Updates from frequency failures: applied to the plant's model, each brings the failing trip inside its limit."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.__main__ import FAILS, main
from core.constraints import advise
from core.criteria import CriteriaSet, Override, judge
from core.plant import Plant, sample_plant
from core.studies.frequency import plant_frequency


def updates(plant: Plant, criteria: CriteriaSet | None = None, scenario: str | None = None):
    result = plant_frequency(plant, scenario)
    verdicts, _ = judge(result, criteria or CriteriaSet.default(), plant)
    return {update.evidence["criterion"]: update for update in advise(verdicts, plant, [result])}


def nadir(plant: Plant, trip: str) -> float:
    return float(plant_frequency(plant).main.set_index("trip").loc[trip, "nadir_hz"])


def with_battery(plant: Plant, mw: float) -> Plant:
    units = plant["unit"]
    battery = units[units["type"] == "BESS"].assign(id="BESS_NEW", rated_mw=mw, droop_pct=4.0, governor_s=0.2)
    rows = [*units.to_dict(orient="records"), *battery.to_dict(orient="records")]
    return plant.with_table("unit", rows)


def test_rocof_bounds_the_unit_and_the_inertia_by_hand():
    update = updates(sample_plant())["rocof_hz_per_s"]
    assert (update.name, update.element) == ("max_unit_size_mw", "GEN_GT_01")
    assert update.new == 28.9  # 2 Hz/s · 2 · 434.4 MVA·s / 60 Hz = 28.96 MW
    (inertia,) = update.alternatives
    assert inertia.new == 615  # 40.99 MW · 60 Hz / (2 · 2 Hz/s) = 614.9 MVA·s


def test_the_battery_is_the_smallest_that_cures_the_nadir():
    plant = sample_plant()
    update = updates(plant)["nadir_hz"]
    assert update.name == "bess_response_mw"
    added = update.new - update.old
    assert nadir(with_battery(plant, added), "GEN_GT_01") >= 59.3
    assert nadir(with_battery(plant, added - 0.5), "GEN_GT_01") < 59.3
    assert {cure.name for cure in update.alternatives} == {"max_unit_size_mw"}  # headroom is not what is missing


def test_missing_headroom_asks_for_spinning_reserve_first():
    units = sample_plant()["unit"].copy()
    units["h_s"] = units["h_s"] * 20  # slow enough for the governors
    plant = sample_plant().with_table("unit", units[units["type"] != "BESS"])
    update = updates(plant)["nadir_hz"]
    assert update.name == "spinning_reserve_mw"
    assert update.evidence["computed_from"]["headroom_mw"] < update.evidence["computed_from"]["lost_mw"]
    assert update.old < update.new
    assert {cure.name for cure in update.alternatives} == {"bess_response_mw", "max_unit_size_mw"}


def test_a_limit_that_nothing_meets_still_answers():
    strict = CriteriaSet.default().override(Override("nadir_hz", "a hypothetical limit", low=60.0))
    update = updates(sample_plant(), strict)["nadir_hz"]
    assert update.name == "max_unit_size_mw"
    assert update.new == 0


def test_inside_the_limits_nothing_is_asked():
    units = sample_plant()["unit"].copy()
    units["h_s"] = units["h_s"] * 20
    assert updates(sample_plant().with_table("unit", units)) == {}


@pytest.mark.parametrize("scenario", [[], ["--scenario", "N1_GT_01"]])
def test_the_command_prints_the_updates(capsys, scenario):
    assert main(["study", "frequency", *scenario, "--json"]) == FAILS
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "FAIL"
    assert {update["evidence"]["criterion"] for update in document["constraint_updates"]} == {
        "rocof_hz_per_s",
        "nadir_hz",
    }
    assert all(np.isfinite(row["nadir_hz"]) for row in document["tables"]["trips"])
