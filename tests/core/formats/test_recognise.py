from __future__ import annotations

import math

import pandas as pd
import pytest

from core.errors import BadInput
from core.findings import Finding, Reading, Severity
from core.formats.kinds import kinds
from core.formats.recognise import examine, read_known, read_result
from core.results.plausibility import MtbfMeaning
from core.results.study_result import StudyResult
from tests.core.formats import printed


def read(text: str, encoding: str = "utf-8", **options: object) -> Reading[StudyResult]:
    (reading,) = read_result(text.encode(encoding), "results.csv", **options)  # type: ignore[arg-type]
    return reading


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


SPECIFIED = {
    "etap.load_flow": printed.LOAD_FLOW,
    "etap.short_circuit": printed.SHORT_CIRCUIT,
    "psse.power_flow": printed.POWER_FLOW,
    "windchill.availability": printed.AVAILABILITY,
}


@pytest.mark.parametrize("kind", SPECIFIED)
def test_the_specified_rows_are_accepted_as_they_stand(kind: str) -> None:
    reading = read(SPECIFIED[kind])
    assert reading.source.format == kind
    assert not [finding for finding in reading.findings if finding.severity is Severity.ERROR]
    assert codes(reading.findings) <= {"balance.power"}  # two rows of a plant can't balance
    assert not reading.value.provenance.options["unmatched"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("etap.equipment", printed.EQUIPMENT),
        ("windchill.components", printed.COMPONENTS),
        ("windchill.rbd", printed.RBD),
        ("etap.scenarios", printed.SCENARIOS),
    ],
)
def test_the_hubs_own_exports_are_recognised_and_are_no_results(kind: str, text: str) -> None:
    (table,) = examine(text.encode(), "x.csv")
    assert table.kind == kind
    assert not table.unmatched
    with pytest.raises(BadInput, match=kinds()[kind].title):
        read_result(text.encode(), "x.csv")
    assert len(read_known(text.encode(), "x.csv", kind).value) == len(text.splitlines()) - 1


def test_every_value_keeps_file_and_row() -> None:
    frame = read(printed.LOAD_FLOW).value.main
    assert frame[["file", "row"]].to_numpy().tolist() == [["results.csv", 2], ["results.csv", 3]]


def test_a_workbook_gives_one_result_a_sheet_and_keeps_the_sheet() -> None:
    numbers = [
        [float(c) if c.replace(".", "").replace("-", "").isdigit() else c for c in row]
        for row in printed.cells_of(printed.LOAD_FLOW)
    ]
    sheets = {"Cover": [["Results of the study"]], "LF": numbers, "SC": printed.cells_of(printed.SHORT_CIRCUIT)}
    readings = read_result(printed.workbook(sheets), "etap.xlsx")  # type: ignore[arg-type]
    assert [reading.value.study for reading in readings] == ["load_flow", "short_circuit"]
    assert readings[0].value.main["sheet"].tolist() == ["LF", "LF"]
    assert readings[0].value.main["v_pu"].tolist() == [1.012, 1.0]


@pytest.mark.parametrize("gap", ["", "\n", "\nShort circuit\n"])
def test_two_studies_under_one_another_in_one_file_are_both_read(gap: str) -> None:
    for first, second in ((printed.LOAD_FLOW, printed.SHORT_CIRCUIT), (printed.SHORT_CIRCUIT, printed.LOAD_FLOW)):
        readings = read_result((first + gap + second).encode(), "both.csv")
        assert {reading.value.study for reading in readings} == {"load_flow", "short_circuit"}
        rows = sorted(row for reading in readings for row in reading.value.main["row"])
        assert len(rows) == 3
        assert rows[-1] == len((first + gap + second).splitlines())


def test_duty_above_a_hundred_is_read_whatever_the_column_order() -> None:
    text = "Breaker_Rating_kA,Duty_pct,Fault_Type,Bus_ID,Isc_kA,X_R_Ratio\n40,113.8,3-Phase,BUS_100,45.52,18\n"
    row = read(text).value.main.iloc[0]
    assert (row["duty_pct"], row["rating_ka"], row["ik_ka"]) == (113.8, 40, 45.52)


def test_a_duty_that_contradicts_current_and_rating_is_an_error_and_both_are_kept() -> None:
    reading = read(printed.SHORT_CIRCUIT.replace("67.9", "47.9"))
    row = reading.value.main.iloc[0]
    assert row["duty_pct"] == 47.9
    assert row["duty_calc_pct"] == pytest.approx(67.94, abs=0.01)
    assert "duty.inconsistent" in codes(reading.findings)


def test_a_missing_duty_is_calculated_and_said() -> None:
    reading = read("Bus_ID,Isc_kA,Breaker_Rating_kA,X/R\nB,42,60,10\n")
    assert reading.value.main["duty_calc_pct"].tolist() == [pytest.approx(70)]
    assert math.isnan(reading.value.main["duty_pct"].iloc[0])
    assert "duty.calculated" in codes(reading.findings)


@pytest.mark.parametrize("rating", ["0", "", "N/A", "-5"])
def test_a_breaker_without_a_rating_has_no_duty(rating: str) -> None:
    frame = read(f"Bus_ID,Isc_kA,Breaker_Rating_kA,X/R\nB,42,{rating},10\n").value.main
    assert frame[["duty_pct", "duty_calc_pct", "rating_ka"]].isna().all(axis=None)


def test_report_headings_with_a_unit_row_titles_repeated_headings_totals_and_notes() -> None:
    heading = "ID\tNominal kV\tVoltage\tAng.\tMW Loading\tMvar Loading\t% Loading\n"
    text = (
        "ETAP 22\n\nProject: Plant\n" + heading + "\tkV\t%\tdeg\tMW\tMvar\t%\n"
        "B1\t13.8\t101.2\t2.3\t18.3\t9.8\t72.5\n\nPage 2\n" + heading + "B2\t13.8\t98.7\t0\t-18\t-9.5\t---\n"
        "Total\t\t\t\t0.3\t0.3\t\nEnd of report\n"
    )
    reading = read(text)
    frame = reading.value.main
    assert frame["bus"].tolist() == ["B1", "B2"]
    assert frame["v_pu"].tolist() == pytest.approx([1.012, 0.987])
    assert frame["row"].tolist() == [6, 10]
    assert math.isnan(frame["loading_pct"].iloc[1])
    assert {"table.totals", "table.row.skipped", "number.missing"} <= codes(reading.findings)


def test_a_bus_whose_numbers_are_all_missing_stays_in_the_result() -> None:
    frame = read(printed.LOAD_FLOW + "BUS_300,LOST,,,,,,\nBUS_400\n").value.main
    assert frame["bus"].tolist() == ["BUS_100", "BUS_200", "BUS_300", "BUS_400"]
    assert frame["v_pu"].isna().tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("heading", "values", "expected"),
    [
        ("Voltage", ["101.2", "98.7"], [1.012, 0.987]),
        ("Voltage_pu", ["101.2", "98.7"], [1.012, 0.987]),
        ("Voltage (%)", ["101.2", "98.7"], [1.012, 0.987]),
        ("Voltage (%)", ["1.012", "0.987"], [1.012, 0.987]),
        ("Voltage", ["1.012", "0.987"], [1.012, 0.987]),
        ("Voltage", ["1.012 pu", "98.7 %"], [1.012, 0.987]),
    ],
)
def test_voltages_in_per_cent_or_per_unit_mean_the_same(heading: str, values: list[str], expected: list[float]) -> None:
    text = f"Bus_ID,{heading},Angle_deg,Loading_pct\nA,{values[0]},0,50\nB,{values[1]},1,50\n"
    assert read(text, kind="etap.load_flow").value.main["v_pu"].tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("Bus_ID,Isc (A),Breaker Rating (kA),X/R\nA,42800,63,10\n", "ik_ka", 42.8),
        ("Bus_ID,Isc,Breaker Rating,X/R\nA,42800,63000,10\n", "rating_ka", 63),
        ("Bus_ID,Isc_kA,Breaker_Rating_kA,Duty\nA,45.52,40,1.138\n", "duty_pct", 113.8),
        ("Bus_ID,Voltage_pu,P (kW),Loading\nA,1.0,18300,0.725\n", "p_mw", 18.3),
        ("Bus_ID,Voltage_pu,P (kW),Loading\nA,1.0,18300,0.725\n", "loading_pct", 72.5),
        ("Block_ID,Availability,MTTR (min)\nSYSTEM,99.97,600\n", "mttr_h", 10),
        ("Block_ID,Availability,MTTR (min)\nSYSTEM,99.97,600\n", "availability", 0.9997),
        ("Block_ID,Availability,Annual Downtime (min)\nSYSTEM,99.97 %,157.68\n", "downtime_h", 2.628),
        ("Block_ID,Unavailability,MTBF_Hours\nSYSTEM,0.0003,9000\n", "availability", 0.9997),
        ("Bus_ID,Voltage_kV,Nominal kV\nA,13.11,13.8\n", "v_pu", 0.95),
        ("Bus_ID,Voltage,Nominal kV\nA,131.1,138\n", "v_pu", 0.95),
        ("Bus_ID,Voltage,Nominal kV\nA,13.11,13.8\n", "v_pu", 0.95),
        ("Bus_ID,Voltage,Nominal kV\nA,95,138\n", "v_pu", 0.95),
    ],
)
def test_other_units_are_converted_and_the_assumption_is_said(text: str, column: str, expected: float) -> None:
    reading = read(text)
    assert reading.value.main[column].iloc[0] == pytest.approx(expected)


def test_a_unit_under_the_heading_that_contradicts_it_is_an_error() -> None:
    reading = read("Bus_ID,Isc_kA,X/R\n,A,\nB,42,10\n")
    assert "unit.conflict" in codes(reading.findings)
    assert reading.value.main["ik_ka"].tolist() == [42]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_do_not_matter(encoding: str, delimiter: str) -> None:
    rows = printed.cells_of(printed.LOAD_FLOW.replace("MAIN_BUS", "Hauptsammelschiene Süd"))
    frame = read(printed.delimited(rows, delimiter), encoding).value.main
    assert frame["name"].tolist() == ["RECIP_1_BUS", "Hauptsammelschiene Süd"]
    assert frame["v_pu"].tolist() == [1.012, 1.0]


def test_columns_of_fixed_width_are_read() -> None:
    text = (
        "Bus ID    Bus Name      Voltage_kV  Voltage_pu  Angle_deg    P_MW   Q_MVAR  Loading_pct\n"
        "BUS 100   RECIP 1 BUS        13.80       1.012        2.3    18.3      9.8         72.5\n"
        "BUS 200   MAIN BUS           13.80                    0.0  -200.0    -65.0         75.2\n"
    )
    frame = read(text).value.main
    assert frame["bus"].tolist() == ["BUS 100", "BUS 200"]
    assert frame["name"].tolist() == ["RECIP 1 BUS", "MAIN BUS"]
    assert frame["p_mw"].tolist() == [18.3, -200]
    assert frame["v_pu"].isna().tolist() == [False, True]


def test_unquoted_decimal_commas_between_commas_are_an_error_and_no_numbers() -> None:
    reading = read("Bus_ID,Voltage_pu,Angle_deg,Loading_pct\nA,1,012,2,3,72,5\n")
    assert reading.value.main["v_pu"].isna().all()
    assert "table.row.long" in codes(reading.findings)


def test_the_last_number_of_a_file_that_is_cut_off_is_not_believed() -> None:
    reading = read(printed.LOAD_FLOW[:-30])
    assert "table.cut" in codes(reading.findings)
    assert reading.value.main.iloc[1][["angle_deg", "p_mw", "loading_pct"]].isna().all()


def test_two_columns_of_one_name_that_differ_are_not_read_where_they_differ() -> None:
    reading = read("Bus_ID,Voltage_pu,Voltage_pu,Loading_pct\nA,1.01,1.01,50\nB,0.99,0.90,50\n")
    assert reading.value.main["v_pu"].isna().tolist() == [False, True]
    assert "column.duplicate" in codes(reading.findings)


def test_availability_as_fraction_and_per_cent_that_agree_is_no_conflict() -> None:
    reading = read("Block_ID,Availability,Availability_Pct\nSYSTEM,0.99972,99.972\n")
    assert reading.value.main["availability"].tolist() == [0.99972]
    assert "column.also_fits" in codes(reading.findings)


def test_unknown_headings_are_reported_and_can_be_mapped_by_hand() -> None:
    text = "Sammelschiene;Spannung;Auslastung\nA;1,012;72,5\nB;0,998;75,2\n"
    with pytest.raises(BadInput, match="Spannung"):
        read(text)
    mapping = {"bus": "Sammelschiene", "v_pu": "Spannung", "loading_pct": "Auslastung"}
    frame = read(text, kind="etap.load_flow", mapping=mapping).value.main
    assert frame[["bus", "v_pu", "loading_pct"]].to_numpy().tolist() == [["A", 1.012, 72.5], ["B", 0.998, 75.2]]


def test_a_table_that_fits_two_tools_says_so_and_can_be_corrected() -> None:
    text = "Bus,Name,Voltage,Angle\n1,A,1.0,0\n2,B,0.99,-1\n"
    reading = read(text)
    assert "kind.ambiguous" in codes(reading.findings)
    assert read(text, kind="psse.power_flow").value.study == "power_flow"


def test_the_meaning_of_mtbf_is_the_cycle_unless_the_heading_or_the_engineer_says_otherwise() -> None:
    def meaning(text: str, **options: object) -> object:
        return read(text, **options).value.provenance.options["mtbf_means"]

    assert meaning(printed.AVAILABILITY) == "cycle time"
    assert meaning(printed.AVAILABILITY.replace("MTBF_Hours", "MTBF (Uptime)")) == "up time"
    assert meaning(printed.AVAILABILITY, mtbf_means=MtbfMeaning.UP_TIME) == "up time"


def test_ids_that_start_a_formula_are_kept_as_text_and_flagged() -> None:
    reading = read(printed.LOAD_FLOW.replace("BUS_100", "=cmd|'/c calc'!A1"))
    assert reading.value.main["bus"].iloc[0] == "=cmd|'/c calc'!A1"
    assert "cell.formula" in codes(reading.findings)


@pytest.mark.parametrize("id", ['BUS "A"', "BUS/1", "Süd-é", "O'Neil", "BUS, 1", "2024", "007", "100.0", "<b>x</b>"])
def test_strange_ids_stay_exactly_as_the_file_prints_them(id: str) -> None:
    rows = printed.cells_of(printed.LOAD_FLOW)
    rows[1][0] = id
    assert read(printed.delimited(rows, ",")).value.main["bus"].iloc[0] == id


def test_a_quote_that_never_closes_does_not_swallow_the_rest() -> None:
    text = printed.LOAD_FLOW.replace("RECIP_1_BUS", '"RECIP 1') + "BUS_300,X,13.8,1,0,0,0,50\n" * 5
    assert len(read(text).value.main) == 7


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n  \n",
        b"\x00\x01\x02\x03" * 500,
        b"%PDF-1.7 ...",
        b"hello world, this is prose\nand more of it\n",
        b"a,b,c\n1,2,3\n",
    ],
)
def test_a_file_without_results_is_refused_with_a_hint(content: bytes) -> None:
    with pytest.raises(BadInput) as refusal:
        read_result(content, "strange.csv")
    assert refusal.value.hint
    assert refusal.value.where.file == "strange.csv"


def test_a_file_of_headings_only_is_a_result_without_rows_and_an_error() -> None:
    reading = read(printed.LOAD_FLOW.splitlines()[0] + "\n")
    assert reading.value.main.empty
    assert "result.empty" in codes(reading.findings)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BadInput, match="nonsense"):
        read_result(printed.LOAD_FLOW.encode(), "x.csv", kind="nonsense")


def test_the_tables_that_are_no_results_are_mentioned() -> None:
    sheets = {"Equipment": printed.cells_of(printed.EQUIPMENT), "SC": printed.cells_of(printed.SHORT_CIRCUIT)}
    (reading,) = read_result(printed.workbook(sheets), "etap.xlsx")  # type: ignore[arg-type]
    assert "sheet.skipped" in codes(reading.findings)
    assert isinstance(reading.value.main, pd.DataFrame)


def test_a_report_with_generation_and_load_beside_the_loading_is_etaps_and_gives_net_power() -> None:
    text = (
        "Bus,Nominal kV,Voltage (% Mag.),Ang.,Gen MW,Gen Mvar,Load MW,Load Mvar,% Loading\n"
        "B1,13.8,101.2,1.1,18,9,0,0,70\nB2,13.8,99.2,0,0,0,17,8,75\n"
    )
    frame = read(text).value.main
    assert frame["p_mw"].tolist() == [18, -17]
    assert frame["loading_pct"].tolist() == [70, 75]


def test_headings_in_two_rows_are_told_apart_by_their_group() -> None:
    text = (
        ",,Voltage,,Generation,,Load,,Load Flow,,\nID,Nominal kV,% Mag.,Ang.,MW,Mvar,MW,Mvar,ID,MW,Mvar\n"
        "B1,13.8,101.2,1.0,18,9,0,0,B2,18,9\n,,,,,,,,B3,1,1\nB2,13.8,99,0,0,0,17.9,8,B1,-18,-9\n"
    )
    reading = read(text)
    assert reading.value.main["bus"].tolist() == ["B1", "B2"]
    assert reading.value.main["p_mw"].tolist() == pytest.approx([18, -17.9])
    assert "table.row.blank" in codes(reading.findings)


def test_initial_breaking_and_steady_state_currents_are_not_one() -> None:
    text = "Bus ID;Ik'' (kA);Ib (kA);Ik (kA);X/R;Breaker Rating (kA)\nB1;42,8;40,1;35,0;18,2;63\n"
    reading = read(text)
    assert reading.value.main["ik_ka"].tolist() == [42.8]
    assert "column.ambiguous" in codes(reading.findings)


def test_the_name_of_a_file_decides_between_tools_that_fit_equally_well() -> None:
    text = b"Bus,Name,Voltage,Angle\n1,A,1.0,0\n2,B,0.99,-1\n"
    kinds_of = [read_result(text, name)[0].source.format for name in ("ETAP_LF.csv", "PSSe_PF.csv")]
    assert kinds_of == ["etap.load_flow", "psse.power_flow"]


def test_a_table_without_ids_names_its_elements_by_their_names() -> None:
    reading = read("Bus Name,Voltage (pu),% Loading\nMAIN,1.01,50\n")
    assert reading.value.elements().tolist() == ["MAIN"]
    assert "column.id_from_name" in codes(reading.findings)
    assert read("Bus Name,Name,Voltage (pu)\nMAIN,x,1.01\n").value.elements().tolist() == ["MAIN"]
