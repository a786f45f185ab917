"""The plant model: documents round-trip, checks find what is wrong, scenarios follow from the equipment."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from core.documents import dump
from core.errors import BadInput
from core.findings import Severity
from core.plant import CATALOGUE, Plant, check_plant, generate_scenarios, sample_plant, split_ids, total_load
from core.plant.topology import islands, main_island


def codes(plant: Plant) -> set[str]:
    return {finding.code for finding in check_plant(plant)}


def changed(table: str, row: int | slice, **values: object) -> Plant:
    rows = sample_plant()[table].copy()
    for column, value in values.items():
        rows.loc[row, column] = value
    return sample_plant().with_table(table, rows)


def test_the_sample_plant_has_nothing_to_remark():
    assert check_plant(sample_plant()) == []


def test_the_sample_serves_the_requirement_with_the_specified_units():
    units = sample_plant()["unit"]
    assert total_load(sample_plant()) == (200.0, 0.95)
    assert units.groupby("type")["rated_mw"].agg(["count", "sum"]).round(3).to_dict() == {
        "count": {"BESS": 1, "GAS_TURBINE": 2, "RECIPROCATING_ENGINE": 8},
        "sum": {"BESS": 30.0, "GAS_TURBINE": 100.0, "RECIPROCATING_ENGINE": 146.4},
    }


def test_a_plant_comes_back_from_its_document_unchanged():
    document = json.loads(dump(sample_plant().to_document()))
    again = Plant.from_document(document)
    assert again.digest() == sample_plant().digest()
    for table in CATALOGUE:
        pd.testing.assert_frame_equal(again[table], sample_plant()[table])


def test_a_document_of_another_kind_is_refused():
    with pytest.raises(BadInput, match="not a plant document"):
        Plant.from_document({"format": "something else"})


@pytest.mark.parametrize(
    ("table", "row", "values", "code"),
    [
        ("unit", 0, {"id": "GEN_RECIP_02"}, "plant.id.duplicate"),
        ("load", 0, {"id": "GEN_RECIP_01"}, "plant.id.shared"),
        ("unit", 0, {"bus": "BUS_999"}, "plant.bus.unknown"),
        ("unit", 0, {"rated_kv": 34.5}, "plant.voltage.mismatch"),
        ("unit", 0, {"rated_mw": None}, "plant.rating.missing"),
        ("unit", 0, {"xd_double_prime_pu": 0.4}, "plant.machine.order"),
        ("unit", 10, {"xd_double_prime_pu": 0.05}, "plant.inverter.reactance"),
        ("unit", 10, {"energy_mwh": None}, "plant.battery.energy"),
        ("breaker", 0, {"breaking_ka": None}, "plant.rating.missing"),
        ("breaker", 0, {"rated_kv": 12}, "plant.voltage.breaker"),
        ("breaker", 0, {"element": "GEN_X"}, "plant.breaker.element"),
        ("cable", 0, {"x_ohm": 0}, "plant.impedance"),
        ("transformer", 0, {"status": "Offline"}, "plant.island"),
        ("reliability", 8, {"weibull_eta_h": 20000}, "plant.reliability.weibull"),
        ("reliability", 0, {"id": "GEN_X"}, "plant.reliability.missing"),
        ("block", 0, {"k": 11}, "plant.block.k"),
        ("block", 0, {"members": "GEN_X"}, "plant.block.member"),
        ("block", 0, {"members": "SYSTEM"}, "plant.block.circle"),
        ("scenario", 3, {"tripped": "GEN_X"}, "plant.scenario.element"),
        ("scenario", 3, {"load_pf": 1.2}, "plant.scenario.load"),
        ("bus", 0, {"number": 101}, "plant.bus.number"),
        ("unit", 0, {"type": "FUSION"}, "plant.choice"),
        ("unit", 0, {"rated_pf": 1.5}, "plant.unit.pf"),
        ("transformer", 0, {"tap_pct": -100}, "plant.transformer.tap"),
        ("transformer", 0, {"x_r": 0.0}, "plant.transformer.x_r"),
        ("transformer", 0, {"vector_group": "Qq5"}, "plant.transformer.vector_group"),
        ("breaker", 0, {"opening_s": -0.05}, "plant.negative"),
        ("unit", 1, {"p_min_mw": 300.0}, "plant.unit.p_min"),
        ("load", slice(None), {"p_mw": 0.0}, "plant.load.none"),
    ],
)
def test_a_fault_in_the_data_is_found(table, row, values, code):
    assert code in codes(changed(table, row, **values))


@pytest.mark.parametrize(("name", "code"), [("frequency_hz", "plant.frequency"), ("base_mva", "plant.base")])
@pytest.mark.parametrize("value", [0.0, -60.0, float("nan")])
def test_a_plant_needs_a_frequency_and_a_base_power(name, code, value):
    assert code in codes(sample_plant().with_settings(**{name: value}))


def test_an_allowance_for_losses_is_not_negative():
    assert "plant.losses" in codes(sample_plant().with_settings(loss_allowance_pct=-5.0))


def test_an_island_with_load_and_without_source_is_an_error():
    transformers = sample_plant()["transformer"].copy()
    transformers.loc[transformers["lv_bus"] == "BUS_301", "status"] = "Offline"
    plant = sample_plant().with_table("transformer", transformers)
    assert [f.severity for f in check_plant(plant) if f.code == "plant.island"] == [Severity.ERROR]


def test_a_weibull_mean_within_one_per_cent_is_no_remark():
    # eta * Gamma(1 + 1/1.5) = 0.902745 eta: 19,407 h gives 17,520 h
    assert "plant.reliability.weibull" not in codes(changed("reliability", 8, weibull_eta_h=19407))


def test_an_empty_plant_says_what_is_missing():
    assert codes(Plant.of("Nothing", {})) == {"plant.empty", "plant.load.none"}


def test_scenarios_cover_every_base_case_and_every_single_outage():
    plant = sample_plant()
    scenarios = generate_scenarios(plant)
    single = scenarios[scenarios["type"] == "N-1 Contingency"]
    expected = set(plant["unit"]["id"]) | set(plant["transformer"]["id"]) | set(plant["cable"]["id"])
    assert set(single["tripped"]) == expected
    assert list(scenarios["id"].head(3)) == ["BASE_100", "BASE_075", "BASE_050"]
    assert {"N1_RECIP_01", "N2_GT_BOTH"} <= set(scenarios["id"])


def test_load_is_shed_when_the_remaining_units_can_not_carry_it():
    scenarios = generate_scenarios(sample_plant()).set_index("id")
    assert scenarios.loc["N2_GT_BOTH", "load_mw"] == pytest.approx((8 * 18.3 + 30) / 1.01, abs=0.11)
    assert "shed" in scenarios.loc["N2_GT_BOTH", "description"]
    assert scenarios.loc["N1_GT_01", "load_mw"] == 200


def test_a_tripped_transformer_islands_its_unit():
    parts = islands(sample_plant(), frozenset({"XFMR_GT_01"}))
    assert {"BUS_120"} in parts
    assert "BUS_120" not in main_island(sample_plant(), frozenset({"XFMR_GT_01"}))


def test_ids_in_a_cell_are_separated_by_commas_or_semicolons():
    assert split_ids("GEN_1, GEN_2;GEN_3,") == ["GEN_1", "GEN_2", "GEN_3"]
