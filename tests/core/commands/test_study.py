"""The ``study`` command: documents, exit statuses, bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from core.__main__ import BAD_INPUT, DONE, FAILS, main
from core.documents import dump
from core.plant import Plant, sample_plant

KEYS = ("criterion", "reason", "low", "warn", "high")


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    status = main(["study", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.fixture
def two_buses(tmp_path: Path) -> Path:
    text = """function mpc = two
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 13.8 1 1.1 0.9;
 2 1 60 10 0 0 1 1 0 13.8 1 1.1 0.9;
];
mpc.gen = [
 1 60 0 60 -60 1 100 1 100 0;
];
mpc.branch = [
 1 2 0.01 0.05 0 70 70 70 0 0 1 -360 360;
];
"""
    path = tmp_path / "two.m"
    path.write_text(text)
    return path


def test_load_flow_of_a_scenario(capsys):
    status, document = answer(capsys, "load_flow", "--scenario", "BASE_100")
    assert status == DONE
    assert document["status"] == "solved"
    assert [case["status"] for case in document["tables"]["cases"]] == ["converged"]
    assert len(document["tables"]["buses"]) == 17
    assert set(document["counts"]) == {"PASS", "WARN", "FAIL", "NOT CHECKED"}


def test_short_circuit_of_the_sample_plant_has_duties(capsys):
    status, document = answer(capsys, "short_circuit")
    assert status == DONE
    main_bus = next(r for r in document["tables"]["faults"] if r["bus"] == "BUS_200" and r["fault_type"] == "3ph")
    assert main_bus["duty_pct"] == pytest.approx(100 * main_bus["ik_ka"] / main_bus["rating_ka"])
    assert main_bus["ib_ka"] < main_bus["ik_ka"] < main_bus["ip_ka"]


def test_arc_flash_and_contingencies_answer(capsys):
    assert answer(capsys, "arc_flash")[1]["study"] == "arc_flash"
    status, document = answer(capsys, "contingency", "--scenario", "BASE_100")
    assert status == DONE
    assert document["tables"]["outages"][0]["outage"] == "base"


@pytest.mark.parametrize("engine", ["newton", "pandapower", "lightsim2grid"])
def test_a_network_file_is_studied_by_every_engine(capsys, two_buses: Path, engine: str):
    status, document = answer(capsys, "load_flow", "--network", str(two_buses), "--engine", engine)
    assert status in (DONE, FAILS)
    assert document["engine"] == engine
    half = 0.5 - (0.6 * 0.01 + 0.1 * 0.05)  # V⁴ − 2·half·V² + (p² + q²)(r² + x²) = 0
    v2 = math.sqrt(half + math.sqrt(half**2 - (0.6**2 + 0.1**2) * (0.01**2 + 0.05**2)))
    assert document["tables"]["buses"][1]["v_pu"] == pytest.approx(v2, abs=1e-9)


def test_an_option_that_means_nothing_to_the_study_is_said(capsys, two_buses: Path):
    words = ("load_flow", "--network", str(two_buses), "--order", "1", "--q-limits", "ignore")
    texts = [f["text"] for f in answer(capsys, *words)[1]["findings"] if f["code"] == "study.option.unused"]
    assert texts == ["load_flow takes no --order: it changes nothing"]


def test_a_network_without_fault_data_says_what_is_assumed(capsys, two_buses: Path):
    _, document = answer(capsys, "short_circuit", "--network", str(two_buses))
    assert "short_circuit.xdss.assumed" in [finding["code"] for finding in document["findings"]]


def test_a_failing_criterion_is_exit_status_1(capsys, two_buses: Path):
    two_buses.write_text(two_buses.read_text().replace("70 70 70", "40 40 40"))
    status, document = answer(capsys, "load_flow", "--network", str(two_buses))
    assert status == FAILS
    assert document["verdict"] == "FAIL"
    assert "loading_pct" in [verdict["criterion"] for verdict in document["verdicts"]]


def test_limits_of_one_s_own_count_with_their_reason_for_networks_and_plants_alike(capsys, two_buses, tmp_path):
    own = tmp_path / "own.json"
    limits = {"loading_pct": {"warn": 95.0}, "voltage_pu": {"low": 0.999, "high": 1.001}}
    rows = [{"criterion": name, "reason": "agreed", **each} for name, each in limits.items()]
    own.write_text(json.dumps(rows))
    shipped = answer(capsys, "load_flow", "--network", str(two_buses))[1]
    status, document = answer(capsys, "load_flow", "--network", str(two_buses), "--criteria", str(own))
    of = {verdict["criterion"]: verdict["verdict"] for verdict in shipped["verdicts"]}
    assert (of, document["overrides"]) == ({"loading_pct": "WARN"}, [{**dict.fromkeys(KEYS), **row} for row in rows])
    assert (status, {verdict["criterion"] for verdict in document["verdicts"]}) == (FAILS, {"voltage_pu"})
    assert {verdict["note"] for verdict in document["verdicts"]} == {"limit overridden: agreed"}
    plant = answer(capsys, "load_flow", "--scenario", "BASE_100", "--criteria", str(own))
    assert (plant[0], plant[1]["verdict"]) == (FAILS, "FAIL")


@pytest.mark.parametrize(
    "text",
    [
        "", "\0", "{}", "[1]", '[{"reason": "x"}]', '[{"criterion": "nothing", "reason": "x", "low": 1}]',
        '[{"criterion": "voltage_pu", "low": 0.9}]', '[{"criterion": "voltage_pu", "low": "0.9", "reason": "x"}]',
        '[{"criterion": "voltage_pu", "low": NaN, "reason": "x"}]', '[{"criterion": "voltage_pu", "reason": "x"}]',
        '[{"criterion": "voltage_pu", "Low": 0.9, "reason": "x"}]',
        '[{"criterion": "own_voltage_pu", "low": 0.9, "reason": "x"}]',
    ],
)  # fmt: skip
def test_overrides_that_are_none_are_bad_input(capsys, tmp_path: Path, text: str):
    file = tmp_path / "own.json"
    file.write_text(text)
    status, document = answer(capsys, "short_circuit", "--criteria", str(file))
    assert (status, document["error"]["where"]["file"]) == (BAD_INPUT, "own.json")


def test_what_lightsim2grid_and_ratings_lack_is_said(capsys, two_buses: Path):
    two_buses.write_text(two_buses.read_text().replace(" 2 1 60 10", " 2 3 60 10").replace("70 70 70", "0 0 0"))
    two_buses.write_text(two_buses.read_text().replace("mpc.gen = [\n", "mpc.gen = [\n 2 20 0 60 -60 1 100 1 100 0;\n"))
    words = ("load_flow", "--network", str(two_buses), "--engine")
    found = {engine: answer(capsys, *words, engine)[1] for engine in ("newton", "lightsim2grid")}
    codes = {engine: {finding["code"] for finding in document["findings"]} for engine, document in found.items()}
    assert codes["newton"] == {"network.island.many_slacks", "load_flow.unrated"}
    assert codes["lightsim2grid"] == codes["newton"] | {"load_flow.many_slacks"}
    assert found["lightsim2grid"]["verdict"] == "FAIL"


def test_a_network_without_solution_fails(capsys, two_buses: Path):
    two_buses.write_text(two_buses.read_text().replace(" 2 1 60 10", " 2 1 6000 10"))
    for study in ("load_flow", "contingency"):
        status, document = answer(capsys, study, "--network", str(two_buses))
        assert status == FAILS
        assert document["status"] == "not converged"


def test_load_without_a_connection_is_exit_status_1(capsys, two_buses: Path):
    two_buses.write_text(two_buses.read_text().replace(" 1 2 0.01", " 1 1 0.01"))
    status, document = answer(capsys, "load_flow", "--network", str(two_buses))
    assert (status, document["verdict"]) == (FAILS, "FAIL")
    assert document["tables"]["cases"][0]["lost_load_mw"] == 60


def test_a_swing_bus_without_a_machine_feeds_nothing(capsys, two_buses: Path):
    two_buses.write_text(two_buses.read_text().replace(" 1 60 0 60 -60 1 100 1 100 0;\n", ""))
    for study in ("load_flow", "contingency"):
        status, document = answer(capsys, study, "--network", str(two_buses))
        assert (status, document["verdict"]) == (FAILS, "FAIL")
        assert "network.bus.slack_without_machine" in [finding["code"] for finding in document["findings"]]


@pytest.mark.parametrize(
    "words",
    [
        ("arc_flash", "--network", "{file}"),
        ("load_flow", "--scenario", "NOWHERE"),
        ("load_flow", "--engine", "abacus"),
        ("short_circuit", "--engine", "abacus"),
        ("contingency", "--scenario", "BASE_100", "--scenario", "BASE_050"),
        ("load_flow", "--network", "missing.raw"),
        ("load_flow", "--network", "{empty}"),
        ("short_circuit", "--plant", "{empty}"),
    ],
)
def test_bad_input_is_exit_status_2_with_a_message(capsys, tmp_path: Path, two_buses: Path, words: tuple[str, ...]):
    empty = tmp_path / "empty.raw"
    empty.write_bytes(b"")
    status, document = answer(capsys, *(word.format(file=two_buses, empty=empty) for word in words))
    assert status == BAD_INPUT
    assert document["error"]["message"]


@pytest.mark.parametrize("study", ["load_flow", "contingency", "short_circuit", "arc_flash", "frequency"])
@pytest.mark.parametrize(
    "broken",
    [
        sample_plant().with_table("unit", sample_plant()["unit"].assign(status="Offline")),
        sample_plant().with_table("bus", sample_plant()["bus"].assign(id="BUS_1")),
        sample_plant().with_table("breaker", sample_plant()["breaker"].assign(id="CB_1")),
        sample_plant().with_settings(frequency_hz=0.0),
    ],
    ids=["no source", "one id for all buses", "one id for all breakers", "no frequency"],
)
def test_a_plant_without_a_network_is_bad_input_to_every_study(capsys, tmp_path: Path, study: str, broken: Plant):
    file = tmp_path / "plant.json"
    file.write_text(dump(broken.to_document()))
    status, document = answer(capsys, study, "--plant", str(file))
    assert status == BAD_INPUT
    assert document["error"]["hint"]


def test_what_is_calculated_from_data_with_errors_is_no_pass(capsys, two_buses: Path):
    two_buses.write_text(two_buses.read_text().replace("1 2 0.01 0.05", "1 2 0.01 NaN").replace("60 10", "20 0"))
    _, document = answer(capsys, "load_flow", "--network", str(two_buses))
    assert document["verdict"] == "NOT CHECKED"


def test_long_contingencies_say_on_standard_error_how_far_they_are(capsys, two_buses: Path, monkeypatch):
    monkeypatch.setattr("core.commands.progress.EVERY_S", 0.0)
    main(["study", "contingency", "--network", str(two_buses), "--json"])
    printed = capsys.readouterr()
    assert "gridproof: contingencies: 0 of 3 done" in printed.err
    assert json.loads(printed.out)["study"] == "contingency"


def test_contingency_files_drive_the_study(capsys, two_buses: Path, tmp_path: Path):
    con = tmp_path / "a.con"
    con.write_text("CONTINGENCY 'LINE'\nOPEN BRANCH FROM BUS 1 TO BUS 2 CKT 1\nEND\nSET TAP\nEND\n")
    _, document = answer(capsys, "contingency", "--network", str(two_buses), "--contingencies", str(con))
    assert [row["outage"] for row in document["tables"]["outages"]] == ["base", "LINE"]
    assert document["tables"]["outages"][1]["lost_load_mw"] == 60
    assert "psse.statement.unknown" in [finding["code"] for finding in document["findings"]]
    assert answer(capsys, "contingency", "--network", str(two_buses), "--monitor", str(con))[0] == BAD_INPUT
    assert answer(capsys, "load_flow", "--network", str(two_buses), "--contingencies", str(con))[0] == BAD_INPUT
    assert answer(capsys, "load_flow", "--network", str(two_buses), "--scenario", "X")[0] == BAD_INPUT
