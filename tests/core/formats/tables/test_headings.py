from __future__ import annotations

import itertools

import pytest

from core.formats.kinds import kinds
from core.formats.tables.headings import factor, key, match_columns, signature

SHORT_CIRCUIT = ["Bus_ID", "Bus_Name", "Fault_Type", "Isc_kA", "X_R_Ratio", "Breaker_Rating_kA", "Duty_pct"]
MEANT = ["bus", "name", "fault_type", "ik_ka", "x_r", "rating_ka", "duty_pct"]


def meaning(heading: str, kind: str) -> tuple[str, str] | None:
    match = match_columns([heading], kinds()[kind].dialect)
    return next(((name, match.units[name]) for name in match.matched), None)


@pytest.mark.parametrize("order", list(itertools.permutations(range(7)))[::97])
def test_a_duty_is_never_a_rating_and_a_current_never_a_fault_type_in_any_order(order: tuple[int, ...]) -> None:
    match = match_columns([SHORT_CIRCUIT[i] for i in order], kinds()["etap.short_circuit"].dialect)
    assert {name: SHORT_CIRCUIT[order[position]] for name, position in match.matched.items()} == dict(
        zip(MEANT, SHORT_CIRCUIT, strict=True)
    )


@pytest.mark.parametrize("spelling", ["Duty_pct", "DUTY PCT", "duty %", "Duty (%)", "Duty [%]", " dutyPct "])
def test_case_space_underscore_and_brackets_do_not_matter(spelling: str) -> None:
    found = meaning(spelling, "etap.short_circuit")
    assert found is not None
    assert found[0] == "duty_pct"


@pytest.mark.parametrize(
    ("heading", "kind", "column", "unit"),
    [
        ("Voltage (kV)", "etap.load_flow", "v_kv", "kv"),
        ("Voltage (%)", "etap.load_flow", "v_pu", "pct"),
        ("Voltage (p.u.)", "etap.load_flow", "v_pu", "pu"),
        ("% Loading", "etap.load_flow", "loading_pct", "%"),
        ("Isc (A)", "etap.short_circuit", "ik_ka", "a"),
        ("X/R", "etap.short_circuit", "x_r", ""),
        ("PGEN", "psse.power_flow", "p_gen_mw", ""),
        ("P_LOAD (kW)", "psse.power_flow", "p_load_mw", "kw"),
        ("MTTR (min)", "windchill.availability", "mttr_h", "min"),
        ("Mean Time Between Failures", "windchill.availability", "mtbf_h", ""),
        ("Failure Rate (FPMH)", "windchill.components", "failure_rate_per_h", "fpmh"),
        ("Failure_Rate_Per_Hour", "windchill.components", "failure_rate_per_h", "1/h"),
        ("Availability_Pct", "windchill.availability", "availability", "pct"),
    ],
)
def test_a_heading_states_column_and_unit(heading: str, kind: str, column: str, unit: str) -> None:
    assert meaning(heading, kind) == (column, unit)


@pytest.mark.parametrize("heading", ["kVA", "Isc (MW)", "Duty Cycle Comment", "Remarks", "Breaker"])
def test_nothing_is_found_inside_a_heading(heading: str) -> None:
    found = meaning(heading, "etap.short_circuit")
    assert found is None or found[0] == "device"


def test_the_last_letter_of_a_word_is_no_unit() -> None:
    assert meaning("Downtimes", "windchill.availability") is None
    assert meaning("Downtime s", "windchill.availability") == ("downtime_h", "s")


def test_units_have_factors_only_within_their_quantity() -> None:
    assert factor("kA", "A") == 0.001
    assert factor("h", "minutes") == pytest.approx(1 / 60)
    assert factor("1/h", "FIT") == 1e-9
    assert factor("kA", "MW") is None


def test_the_better_heading_wins_and_the_other_is_called_ambiguous() -> None:
    match = match_columns(["ID", "Bus_ID", "Voltage_pu"], kinds()["etap.load_flow"].dialect)
    assert match.matched["bus"] == 1
    assert match.ambiguous == {"bus": [0]}


def test_a_mapping_by_hand_wins_and_what_it_names_in_vain_is_reported() -> None:
    dialect = kinds()["etap.load_flow"].dialect
    mapping = {"v_pu": "Weird", "loading_pct": "Gone", "nonsense": "Bus_ID"}
    match = match_columns(["Bus_ID", "Voltage_pu", "Weird"], dialect, mapping)
    assert match.matched == {"v_pu": 2, "bus": 0}
    assert match.unmatched == [1]
    assert sorted(match.unknown) == ["loading_pct: Gone", "nonsense: Bus_ID"]


def test_the_signature_depends_on_what_headings_say_not_on_how_they_are_spelled() -> None:
    assert signature(["Bus_ID", "Voltage (pu)"]) == signature(["BUS ID", "voltage_pu"])
    assert signature(["Bus_ID", "Voltage"]) != signature(["Voltage", "Bus_ID"])


def test_every_heading_of_a_dialect_means_one_column_or_is_told_apart_by_its_unit() -> None:
    for kind in kinds().values():
        for column in kind.dialect.columns.values():
            for heading in column.headings:
                assert heading == key(heading)
                assert heading
