from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from core.plant import sample_plant
from core.results.plausibility import Known, MtbfMeaning, check, check_against, known_in
from core.results.study_result import MAIN_TABLE, Provenance, StudyResult, result_table


def result(study: str, *rows: dict[str, Any], **options: Any) -> StudyResult:
    table = MAIN_TABLE[study]
    return StudyResult(study, {table: result_table(study, table, list(rows))}, provenance=Provenance(options=options))


def codes(study: str, *rows: dict[str, Any], **options: Any) -> list[str]:
    return [finding.code for finding in check(result(study, *rows, **options))]


def test_a_sound_result_has_no_findings() -> None:
    rows = [{"bus": "A", "v_pu": 1.0, "p_mw": 202.0}, {"bus": "B", "v_pu": 0.99, "p_mw": -200.0}]
    assert codes("load_flow", *rows) == []


@pytest.mark.parametrize(
    ("study", "row"),
    [
        ("load_flow", {"bus": "A", "v_pu": 2.01}),
        ("load_flow", {"bus": "A", "v_pu": -0.1}),
        ("load_flow", {"bus": "A", "loading_pct": 201}),
        ("load_flow", {"bus": "A", "loading_pct": float("inf")}),
        ("short_circuit", {"bus": "A", "duty_pct": 250}),
        ("short_circuit", {"bus": "A", "ik_ka": -3}),
        ("availability", {"block": "A", "availability": 1.0001}),
        ("availability", {"block": "A", "downtime_h": 8761}),
    ],
)
def test_numbers_that_can_not_be_are_errors(study: str, row: dict[str, Any]) -> None:
    assert "value.impossible" in codes(study, row)


def test_a_plant_that_generates_a_fifth_more_than_it_draws_is_out_of_balance() -> None:
    rows = [{"bus": "A", "p_mw": 246.4}, {"bus": "B", "p_mw": -200.0}]
    assert codes("load_flow", *rows) == ["balance.power"]


def test_less_generation_than_load_is_out_of_balance_and_scenarios_are_balanced_apart() -> None:
    rows = [
        {"bus": "A", "scenario": "1", "p_gen_mw": 203, "p_load_mw": 200},
        {"bus": "A", "scenario": "2", "p_gen_mw": 150, "p_load_mw": 200},
    ]
    assert codes("power_flow", *rows) == ["balance.power"]


def test_kilovolts_must_fit_the_voltage_per_unit() -> None:
    assert codes("load_flow", {"bus": "A", "base_kv": 13.8, "v_kv": 13.8, "v_pu": 1.004}) == []
    assert codes("load_flow", {"bus": "A", "base_kv": 13.8, "v_kv": 13.8, "v_pu": 1.012}) == ["voltage.inconsistent"]


def test_the_fault_level_is_root_three_times_voltage_times_current() -> None:
    row = {"bus": "A", "base_kv": 13.8, "ik_ka": 42.8}
    assert codes("short_circuit", {**row, "sk_mva": 1023.0}) == []
    assert codes("short_circuit", {**row, "sk_mva": 590.6}) == ["fault.level"]


def test_a_printed_duty_must_be_within_a_point_of_current_over_rating() -> None:
    assert codes("short_circuit", {"bus": "A", "duty_pct": 67.9, "duty_calc_pct": 67.94}) == []
    assert codes("short_circuit", {"bus": "A", "duty_pct": 66.9, "duty_calc_pct": 67.94}) == ["duty.inconsistent"]


def test_an_element_printed_twice_is_reported_but_not_another_fault_type_or_scenario() -> None:
    once = {"bus": "A", "fault_type": "3-Phase"}
    assert codes("short_circuit", once, {"bus": "A", "fault_type": "LG"}, {**once, "scenario": "N1"}) == []
    assert codes("short_circuit", once, once) == ["element.duplicate"]


def test_a_row_without_an_element_is_an_error() -> None:
    assert codes("load_flow", {"bus": ""}) == ["element.nameless"]


def test_availability_is_flagged_only_when_it_fits_neither_meaning_of_mtbf() -> None:
    # MTBF 1000 h and MTTR 20 h: 1000/1020 = 0.98039 as up time, 1 - 20/1000 = 0.98 as cycle time
    row = {"block": "A", "mtbf_h": 1000, "mttr_h": 20}
    assert codes("availability", {**row, "availability": 0.98039}) == []
    assert codes("availability", {**row, "availability": 0.98}) == []
    assert codes("availability", {**row, "availability": 0.9802}) == ["availability.mtbf"]


def test_availability_that_fits_the_other_meaning_than_the_chosen_one_is_mentioned() -> None:
    row = {"block": "A", "mtbf_h": 1000, "mttr_h": 20, "availability": 0.98039}
    assert codes("availability", row, mtbf_means=str(MtbfMeaning.CYCLE_TIME)) == ["availability.mtbf_meaning"]
    assert codes("availability", row, mtbf_means=str(MtbfMeaning.UP_TIME)) == []


@pytest.mark.parametrize(
    ("mtbf", "mttr", "availability", "downtime", "flagged"),
    [(25000, 88, 0.99965, 3.07, True), (18500, 89, 0.99952, 4.20, True), (76923, 10, 0.99987, 1.14, False)],
)
def test_a_published_looking_row_whose_numbers_contradict_each_other_is_flagged(
    mtbf: float, mttr: float, availability: float, downtime: float, flagged: bool
) -> None:
    row = {"block": "A", "mtbf_h": mtbf, "mttr_h": mttr, "availability": availability, "downtime_h": downtime}
    assert ("availability.mtbf" in codes("availability", row)) is flagged


def test_availability_must_fit_the_downtime_of_a_year() -> None:
    assert codes("availability", {"block": "A", "availability": 0.9995, "downtime_h": 4.38}) == []
    assert codes("availability", {"block": "A", "availability": 0.9995, "downtime_h": 43.8}) == [
        "availability.downtime"
    ]


def test_a_result_without_rows_is_an_error() -> None:
    assert codes("load_flow") == ["result.empty"]


def test_findings_about_many_rows_are_counted_not_listed() -> None:
    found = check(result("load_flow", *[{"bus": str(i), "v_pu": 9} for i in range(500)]))
    assert len(found) == 21
    assert "480 more" in found[-1].text


PLANT = Known.from_table(
    pd.DataFrame({"id": ["BUS_100", "BUS_200"], "number": [100, 200], "name": ["RECIP", "MAIN"], "kv": [13.8, 34.5]})
)


@pytest.mark.parametrize("names", [("BUS_100", "BUS_200"), ("100", "200"), ("RECIP", "MAIN")])
def test_a_plants_bus_is_known_by_id_number_and_name(names: tuple[str, str]) -> None:
    assert check_against(result("load_flow", {"bus": names[0]}, {"bus": names[1]}), PLANT) == []


def test_a_bus_is_also_known_by_the_name_that_is_printed_beside_its_id() -> None:
    assert check_against(result("load_flow", {"bus": "1", "name": "RECIP"}, {"bus": "200"}), PLANT) == []


def test_unknown_elements_and_elements_without_a_result_are_findings() -> None:
    found = check_against(result("load_flow", {"bus": "BUS_100"}, {"bus": "BUS_999"}), PLANT)
    assert {(finding.code, finding.element) for finding in found} == {
        ("element.unknown", "BUS_999"),
        ("element.without_result", "BUS_200"),
    }


def test_only_the_expected_elements_need_a_result() -> None:
    known = Known(PLANT.ids, PLANT.kv, frozenset({"BUS_100"}))
    assert check_against(result("load_flow", {"bus": "BUS_100"}), known) == []


def test_kilovolts_are_compared_with_the_plants_nominal_voltage() -> None:
    rows = {"bus": "BUS_100", "v_kv": 13.8, "v_pu": 1.0}, {"bus": "BUS_200", "v_kv": 13.8, "v_pu": 1.0}
    found = check_against(result("load_flow", *rows), PLANT)
    assert [(finding.code, finding.element) for finding in found] == [("voltage.plant_kv", "BUS_200")]


def test_a_device_is_known_by_its_bus() -> None:
    rows = {"device": "CB1", "bus": "BUS_100"}, {"device": "CB2", "bus": "BUS_200"}
    assert check_against(result("short_circuit", *rows), PLANT) == []


def test_the_sample_plant_knows_its_buses_breakers_units_and_blocks() -> None:
    plant = sample_plant()
    bus, breaker = plant["bus"].iloc[0], plant["breaker"].iloc[0]
    assert known_in(plant, "load_flow").ids[str(bus["number"])] == bus["id"]
    assert known_in(plant, "short_circuit").ids[breaker["id"]] == breaker["bus"]
    blocks = known_in(plant, "availability")
    assert blocks.expected == frozenset(plant["block"]["id"])
    assert plant["unit"]["id"].iloc[0] in blocks.ids
    assert set(plant["unit"]["id"]) <= known_in(plant, "frequency").ids.keys()
