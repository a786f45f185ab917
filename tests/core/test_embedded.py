"""Uploaded results beside the hub's own studies of the same plant."""

from __future__ import annotations

from core.criteria import State
from core.embedded import base_scenario, discrepancies, embedded_study
from core.formats.plant_file import read_plant
from core.formats.recognise import read_result
from core.plant import sample_plant
from core.results.reconcile import Agreement
from core.results.study_result import StudyResult
from core.settings import SAMPLES
from core.validation import validate


def results(*names: str) -> list[StudyResult]:
    return [reading.value for name in names for reading in read_result((SAMPLES / name).read_bytes(), name)]


PASSING = (
    "ETAP/ETAP_LoadFlow_Results_PASS.csv",
    "ETAP/ETAP_ShortCircuit_Results.csv",
    "PSSe/PSSe_PowerFlow_Results.csv",
    "Windchill_RAM/RAM_Results_PASS.csv",
)
PAPER = tuple(
    f"passes_on_paper/{name}_Results.csv" for name in ("ETAP_LoadFlow", "ETAP_ShortCircuit", "PSSe_PowerFlow", "RAM")
)


def test_a_result_without_scenario_belongs_to_the_highest_normal_load():
    assert base_scenario(sample_plant()) == "BASE_100"


def test_the_sample_plants_own_results_agree_with_the_hubs_studies():
    found = discrepancies(sample_plant(), results(*PASSING))
    assert {each.stage for each in found} == {"2a", "2b", "2c", "3"}
    assert {each.agreement for each in found} == {Agreement.AGREES}


def test_the_sample_plant_satisfies_every_criterion_in_every_scenario():
    plant = sample_plant()
    flows = embedded_study(plant, "load_flow", list(plant["scenario"]["id"]))
    others = [embedded_study(plant, study) for study in ("short_circuit", "availability")]
    power = embedded_study(plant, "power_flow", list(plant["scenario"]["id"]))
    validation = validate(plant, [flows, power, *others])
    assert [(stage.id, str(stage.verdict)) for stage in validation.stages if stage.verdict is not State.PASS] == []


def test_a_plant_whose_ids_are_double_gives_nothing_to_compare():
    plant = sample_plant().with_table("breaker", sample_plant()["breaker"].assign(id="CB_1"))
    assert discrepancies(plant, results(*PASSING[:3])) == []


def test_results_that_pass_on_paper_are_contradicted_by_physics():
    # 42.8 kA printed against 77 kA, 4.2 h a year against 14.5 h: the numbers of the integration package's own sample
    reading = read_plant((SAMPLES / "passes_on_paper/plant.json").read_bytes(), "plant.json")
    alone = validate(reading.value, results(*PAPER))
    beside = validate(reading.value, results(*PAPER), reconciled=True)
    assert alone.overall is State.PASS
    assert beside.overall is State.FAIL
    main = next(d for d in beside.discrepancies if d.quantity == "ik_ka" and d.element == "BUS_200")
    assert main.uploaded == 42.8
    assert main.embedded is not None
    assert abs(main.embedded / 77.46 - 1) < 1e-3  # SEED-SC: pandapower's IEC 60909 on the same machines
    system = next(d for d in beside.discrepancies if d.quantity == "availability" and d.element == "SYSTEM")
    assert system.embedded is not None
    assert abs((1 - system.embedded) * 8760 - 14.4843) < 1e-3  # SEED-SYSTEM: closed form


def test_a_contradicted_stage_passes_only_with_a_written_reason():
    reading = read_plant((SAMPLES / "passes_on_paper/plant.json").read_bytes(), "plant.json")
    reasons = dict.fromkeys(("2a", "2b", "2c", "3"), "the vendor's model is newer than ours")
    accepted = validate(reading.value, results(*PAPER), reconciled=True, reasons=reasons)
    assert accepted.overall is State.PASS
    assert all("accepted: the vendor's model" in stage.note for stage in accepted.stages[1:])
