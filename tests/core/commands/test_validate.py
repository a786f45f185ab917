"""The validate command on the rows that the integration package prints, and on files that break its rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.__main__ import main

LOAD_FLOW = """Bus_ID,Bus_Name,Voltage_kV,Voltage_pu,Angle_deg,P_MW,Q_MVAR,Loading_pct
BUS_100,RECIP_1_BUS,13.80,1.012,2.3,18.3,9.8,72.5
BUS_200,MAIN_BUS,13.80,1.000,0.0,-200.0,-65.0,75.2
"""
SHORT_CIRCUIT = """Bus_ID,Bus_Name,Fault_Type,Isc_kA,X_R_Ratio,Breaker_Rating_kA,Duty_pct
BUS_200,MAIN_BUS,3-Phase,42.8,18.2,63.0,67.9
"""
POWER_FLOW = """BUS,NAME,VM_PU,VA_DEG,P_GEN_MW,Q_GEN_MVAR,P_LOAD_MW,Q_LOAD_MVAR
100,RECIP_01,1.010,2.3,18.3,9.8,0.0,0.0
200,MAIN_BUS,1.000,0.0,0.0,0.0,200.0,66.0
"""
RAM = """Block_ID,Block_Name,Availability,MTBF_Hours,MTTR_Hours,Annual_Downtime_Hours
THERMAL_GEN,Thermal Generation,0.99987,76923,10,1.14
ELECTRICAL,Electrical Distribution,0.99985,67308,10,1.31
SYSTEM,Complete System,0.99972,35714,10,2.45
"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def command(*texts: str) -> tuple[int, dict[str, object]]:
        paths = []
        for number, text in enumerate(texts):
            path = tmp_path / f"result_{number}.csv"
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        status = main(["validate", *paths, "--json"])
        return status, json.loads(capsys.readouterr().out)

    return command


def states(document: dict) -> dict[str, str]:
    return {stage["id"]: stage["verdict"] for stage in document["stages"]}


def test_the_rows_of_the_specification_are_accepted_as_they_stand(run):
    status, document = run(LOAD_FLOW, SHORT_CIRCUIT, POWER_FLOW, RAM)
    assert states(document) == {"1": "PASS", "2a": "PASS", "2b": "WARN", "2c": "PASS", "3": "PASS"}
    assert (status, document["overall"]) == (0, "WARN")  # its X/R of 18.2 is in the warning band
    assert [finding["severity"] for finding in document["findings"] if finding["severity"] == "error"] == []


@pytest.mark.parametrize(("bus", "lacking", "verdict"), [("BUS_XX", 17, "NOT CHECKED"), ("BUS_100", 16, "PASS")])
def test_a_stage_says_how_many_buses_have_no_result_and_does_not_pass_without_any(run, bus, lacking, verdict):
    _, document = run(f"Bus_ID,V_pu,Angle_deg,Loading_pct\n{bus},1.0,0,10\n")
    stage = next(each for each in document["stages"] if each["id"] == "2a")
    assert stage["verdict"] == verdict
    assert f"{lacking} of the plant's buses have no result" in stage["note"]


def test_without_files_only_the_plant_is_checked(run):
    status, document = run()
    assert states(document) == {"1": "PASS", **dict.fromkeys(("2a", "2b", "2c", "3"), "NOT CHECKED")}
    assert (status, document["overall"]) == (0, "NOT CHECKED")


def test_an_availability_that_cannot_be_is_no_pass(run):
    _, document = run("Block_ID,Availability\nSYSTEM,99.99\nTHERMAL_GEN,0.9998\n")
    assert states(document)["3"] == "NOT CHECKED"


@pytest.mark.parametrize("turn", [0, 1, 2, 3, 4, 5, 6])
def test_a_duty_of_113_8_per_cent_fails_whatever_the_column_order(run, turn):
    rows = [line.split(",") for line in SHORT_CIRCUIT.replace("42.8,18.2,63.0,67.9", "45.52,14,40,113.8").splitlines()]
    turned = "\n".join(",".join(row[turn:] + row[:turn]) for row in rows)
    status, document = run(turned)
    duty = next(v for v in document["verdicts"] if v["criterion"] == "breaker_duty_pct")
    assert (status, duty["value"], duty["verdict"]) == (1, 113.8, "FAIL")
    (update,) = document["constraint_updates"]
    assert (update["name"], update["element"], update["old"], update["new"]) == ("breaker_rating_ka", "BUS_200", 40, 63)


def test_61_degrees_fail_and_a_common_shift_of_50_does_not(run):
    status, document = run(POWER_FLOW.replace("1.010,2.3", "1.010,61"))
    assert (status, states(document)["2c"]) == (1, "FAIL")
    status, document = run(POWER_FLOW.replace("1.010,2.3", "1.010,52.3").replace("1.000,0.0", "1.000,50.0"))
    assert (status, states(document)["2c"]) == (0, "PASS")


def test_every_verdict_leads_back_to_its_row(run):
    _, document = run(LOAD_FLOW)
    low = next(v for v in document["verdicts"] if v["element"] == "BUS_200" and v["criterion"] == "voltage_pu")
    assert (low["where"]["file"], low["where"]["row"], low["limit"]) == ("result_0.csv", 3, 1.05)


def test_a_missing_value_is_not_checked(run):
    _, document = run(LOAD_FLOW.replace("1.012", "N/A").replace("13.80,N/A", ",N/A"))
    voltage = next(v for v in document["verdicts"] if v["element"] == "BUS_100" and v["criterion"] == "voltage_pu")
    assert (voltage["value"], voltage["verdict"]) == (None, "NOT CHECKED")
    assert states(document)["2a"] == "NOT CHECKED"


@pytest.mark.parametrize("content", ["", "hello", "a,b\n1,2\n", "\x00\x01\x02"])
def test_a_file_without_results_is_bad_input_with_its_name(run, content):
    status, document = run(content)
    assert status == 2
    assert document["error"]["where"]["file"] == "result_0.csv"
    assert document["error"]["message"]
