"""Updates from frequency failures: applied to the plant's model, each brings every trip inside its limits."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.__main__ import DONE, FAILS, main
from core.constraints import advise
from core.criteria import CriteriaSet, Override, State, judge
from core.plant import Plant, sample_plant
from core.studies.frequency import island_of, plant_frequency, respond


def judged(plant: Plant, criteria: CriteriaSet | None = None):
    return judge(plant_frequency(plant), criteria or CriteriaSet.default(), plant)[0]


def worst(plant: Plant) -> State:
    order = [State.PASS, State.WARN, State.FAIL]
    return max((verdict.verdict for verdict in judged(plant)), key=order.index)


def update(plant: Plant, criteria: CriteriaSet | None = None):
    found = advise(judged(plant, criteria), plant)
    assert len(found) <= 1
    return found[0] if found else None


def changed(kind: str, plant: Plant | None = None, **values) -> Plant:
    plant = plant or sample_plant()
    units = plant["unit"].copy()
    for column, value in values.items():
        units.loc[units["type"] == kind, column] = value
    return plant.with_table("unit", units)


def with_battery(plant: Plant, mw: float) -> Plant:
    units = plant["unit"]
    battery = units[units["type"] == "BESS"].assign(id="BESS_NEW", rated_mw=mw, droop_pct=1.0, governor_s=0.2)
    rows = [*units.to_dict(orient="records"), *battery.to_dict(orient="records")]
    return plant.with_table("unit", rows)


WEAK = changed("BESS", rated_mw=5.0)


def test_the_sample_plant_needs_nothing():
    assert worst(sample_plant()) is State.PASS
    assert update(sample_plant()) is None


def test_the_battery_is_the_smallest_that_cures_every_trip():
    found = update(WEAK)
    assert (found.name, found.element, found.old) == ("bess_response_mw", "PLANT", 5.0)
    added = found.new - found.old
    assert worst(with_battery(WEAK, added)) is State.PASS
    assert worst(with_battery(WEAK, added - 0.5)) is not State.PASS
    assert found.evidence["computed_from"]["trips"] == ["GEN_GT_01", "GEN_GT_02"]


@settings(max_examples=6, deadline=None)
@given(st.floats(0.5, 25), st.floats(1.0, 3.0), st.floats(3.0, 6.0))
def test_the_proposed_battery_makes_any_such_plant_pass(battery_mw, inertia_s, droop_pct):
    plant = changed("BESS", changed("GAS_TURBINE", h_s=inertia_s, droop_pct=droop_pct), rated_mw=battery_mw)
    found = update(plant)
    assert found is not None
    assert found.name == "bess_response_mw"
    assert worst(with_battery(plant, found.new - found.old)) is State.PASS


def test_the_alternatives_cure_as_well():
    """Inertia on the machines that remain; a unit that gives no more than the bound."""
    plant = changed("BESS", droop_pct=np.nan, governor_s=np.nan)  # a warning: 1 to 2 Hz/s
    cures = {cure.name: cure for cure in update(plant).alternatives}
    assert set(cures) == {"inertia_mva_s", "max_unit_size_mw"}
    island, _ = island_of(plant, None)
    trips = island.trips()[np.flatnonzero(island.units["id"] == "GEN_GT_01")]
    inertia = replace(
        trips, inertia_mva_s=trips.inertia_mva_s + cures["inertia_mva_s"].new - cures["inertia_mva_s"].old
    )
    smaller = replace(trips, loss_mw=np.array([cures["max_unit_size_mw"].new]))
    for swing in (inertia, smaller):
        assert 0.99 < respond(swing).window_rocof_pu_per_s[0] * 60 <= 1.0


def test_missing_headroom_asks_for_spinning_reserve_first():
    units = sample_plant()["unit"].copy()
    units["h_s"] = units["h_s"] * 20  # slow enough for the governors
    plant = sample_plant().with_table("unit", units[units["type"] != "BESS"])
    found = update(plant)
    assert found.name == "spinning_reserve_mw"
    assert found.evidence["computed_from"]["headroom_mw"] < found.evidence["computed_from"]["lost_mw"]
    assert found.old < found.new
    assert {"bess_response_mw", "max_unit_size_mw"} <= {cure.name for cure in found.alternatives}


def test_a_limit_that_nothing_meets_still_answers():
    strict = CriteriaSet.default().override(Override("nadir_hz", "a hypothetical limit", low=60.0))
    found = update(WEAK, strict)
    assert found.name == "max_unit_size_mw"
    assert found.new == 0


def test_the_last_machine_is_cured_by_inertia_alone():
    plant = changed("RECIPROCATING_ENGINE", h_s=np.nan)
    plant = plant.with_table("unit", plant["unit"][plant["unit"]["id"] != "GEN_GT_02"])
    plant = plant.with_table("load", plant["load"].assign(p_mw=25.0))
    found = update(plant)
    assert {found.name, *(cure.name for cure in found.alternatives)} == {"inertia_mva_s"}
    assert found.old == 0


def test_the_command_prints_the_update(capsys, tmp_path):
    assert main(["study", "frequency", "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["constraint_updates"] == []
    file = tmp_path / "plant.json"
    file.write_text(json.dumps(WEAK.to_document()), encoding="utf-8")
    assert main(["study", "frequency", "--plant", str(file), "--json"]) == FAILS
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "FAIL"
    assert [each["name"] for each in document["constraint_updates"]] == ["bess_response_mw"]
    assert all(np.isfinite(row["nadir_hz"]) for row in document["tables"]["trips"])


@pytest.mark.parametrize("inertia_s", [0.0, -3.0, None])
def test_a_plant_without_inertia_fails_in_words(capsys, tmp_path, inertia_s):
    document = sample_plant().to_document()
    for unit in document["tables"]["unit"]:
        unit["h_s"] = inertia_s
    file = tmp_path / "plant.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    assert main(["study", "frequency", "--plant", str(file)]) == FAILS
    assert "FAIL nadir_hz GEN_GT_01: " in capsys.readouterr().out


@pytest.mark.parametrize("scenario", ["BASE_075", "N1_GT_01"])
def test_updates_belong_to_the_scenario_of_the_trips(scenario):
    result = plant_frequency(WEAK, scenario)
    verdicts, _ = judge(result, CriteriaSet.default(), WEAK)
    for found in advise(verdicts, WEAK, [result]):
        assert found.evidence["scenario"] == scenario
