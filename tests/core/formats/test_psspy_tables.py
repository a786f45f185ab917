"""CSV tables with psspy's names become one PSS/E simulation; mistakes in them are told."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main
from core.errors import BadInput
from core.formats.psse.psspy_file import psspy_table
from core.formats.psse.psspy_tables import read_psspy_tables

BUS = b"NUMBER,NAME,TYPE,PU,ANGLED,BASE\n1,'A',3,1.06,0,138\n2,'B',1,1.0,-4.5,138\n"
MACHINE = b"NUMBER,ID,STATUS,PGEN,QGEN,MBASE\n1,1,1,50.5,12,100\n2,1,0,9,9,100\n"
LOAD = b"NUMBER,ID,STATUS,TOTALACT\n2,1,1,(50+10j)\n"
BRANCH = b"FROMNUMBER,TONUMBER,ID,STATUS,PCTRATE\n1,2,BL,1,43.2\n"


def test_four_tables_are_one_simulation_in_per_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    files = [tmp_path / f"{name}.csv" for name in ("machine", "bus", "load", "branch")]
    for path, data in zip(files, (MACHINE, BUS, LOAD, BRANCH), strict=True):
        path.write_bytes(data)
    assert main(["results", "import", *map(str, files), "--json"]) == 0
    (sim,) = json.loads(capsys.readouterr().out)["simulations"]
    assert (sim["software"], sim["state"], sim["sbase_mva"]) == ("psse", "done", 100.0)
    rows = {}
    for table in ("bus", "generator", "load", "line"):
        assert main(["results", "show", str(sim["grid_sim_id"]), "--table", table, "--json"]) == 0
        rows[table] = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["type"], row["v_mag"], row["angle_deg"]) for row in rows["bus"]] == [
        ("Slack", 1.06, 0),
        ("PQ", 1.0, -4.5),
    ]
    assert [(row["p"], row["q"]) for row in rows["bus"]] == [(0.505, 0.12), (-0.5, -0.1)]
    assert [(row["gen_name"], row["status"]) for row in rows["generator"]] == [("Gen_1_1", 1), ("Gen_2_1", 0)]
    assert (rows["line"][0]["line_name"], rows["line"][0]["line_pct"]) == ("Line_1_2_BL", 43.2)


def test_time_stamps_make_steps_and_missing_tables_are_told():
    over_time = b"TIMESTAMP;NUMBER;PU;ANGLED\n2025-01-01T00:00:00;1;1.0;0\n2025-01-01T01:00:00;1;1.1;0\n"
    made, findings = read_psspy_tables([(over_time, "bus.csv")], 100.0, "now")
    assert made["bus"]["timestamp"].tolist() == ["2025-01-01T00:00:00", "2025-01-01T01:00:00"]
    assert "psspy.no_injection" in [finding.code for finding in findings]


STAMPED = "TIMESTAMP,NUMBER,PU,ANGLED\n{},1,1.0,0\n{},1,1.1,0\n"


def test_time_stamps_with_zones_are_one_moment_in_utc():
    bus = STAMPED.format("2025-01-01T00:00+02:00", "2024-12-31T23:00Z").encode()
    load = b"TIMESTAMP,NUMBER,TOTALACT\n2024-12-31T22:00Z,1,5+0j\n2025-01-01T05:00+02:00,1,5+0j\n"
    made, findings = read_psspy_tables([(bus, "bus.csv"), (load, "load.csv")], 100.0, "now")
    assert made["bus"]["timestamp"].tolist() == ["2024-12-31T22:00:00", "2024-12-31T23:00:00"]
    assert made["load"]["timestamp"].tolist() == ["2024-12-31T22:00:00", "2025-01-01T03:00:00"]
    said = {finding.code: finding.text for finding in findings}
    assert "psspy.zone" in said
    assert said["psspy.unknown_bus"].endswith("at 2025-01-01T03:00:00")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([STAMPED.format("01/02/2025", "02/02/2025")], "which number is the day"),
        ([STAMPED.format("yesterday", "today")], "can't be read"),
        ([STAMPED.format("", "2025-01-01")], "row 2, column TIMESTAMP: there is no time stamp"),
        ([STAMPED.format("2025-01-01T00:00+02:00", "2024-12-31T22:00Z")], "bus 1 is in the bus table twice"),
        ([STAMPED.format("2025-01-01T00:00Z", "2025-01-01T01:00")], "zone"),
        ([STAMPED.format("2025-01-01", "2025-01-02"), LOAD.decode()], "no column TIMESTAMP"),
        (
            [STAMPED.format("2025-01-01", "2025-01-02"), "TIMESTAMP,NUMBER,TOTALACT\n2025-01-01T00:00Z,1,5\n"],
            "has a zone",
        ),
    ],
)
def test_time_stamps_that_would_need_guessing_are_refused(files: list[str], words: str):
    with pytest.raises(BadInput, match=words):
        read_psspy_tables([(text.encode(), "case.csv") for text in files], 100.0, "now")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([MACHINE], "no bus table"),
        ([BUS, BUS], "already"),
        ([b"NUMBER,PU\n1,1\n"], "lacks ANGLED"),
        ([b"NUMBER,PU,ANGLED\n"], "no rows"),
        ([b"NUMBER,PU,ANGLED\n1,high,0\n"], "row 2, column PU: PU has no number but 'high'"),
        ([b"NUMBER,PU,ANGLED\n,1,0\n"], "row 2, column NUMBER"),
        ([b"NUMBER,PU,ANGLED,TYPE\n1,1,0,7\n"], "bus type 7"),
        ([BUS, b"NUMBER,TOTALACT\n2,5\n2,much\n"], "row 3, column TOTALACT.*complex"),
        ([BUS.replace(b"2,'B'", b"2.5,'B'")], "row 3, column NUMBER.*NUMBER is 2.5"),
        ([BUS, b"NUMBER,TOTALACT\n2,\n"], "complex"),
        ([BUS, b"NUMBER,PGEN,QGEN\n1,,2\n"], "PGEN has no number"),
        ([BUS, b"NUMBER,TOTALACT\n2,51\n"], "without an angle"),
        ([BUS, b"NUMBER,PLOAD\n2,51\n"], "lacks QLOAD"),
        ([BUS, BRANCH.replace(b"PCTRATE", b"RATE")], "lacks PCTRATE"),
        ([BUS.replace(b"BASE", b"BASE (MW)")], "column BASE: the unit 'MW' is none of BASE"),
        ([BUS.replace(b"NAME", b"PU")], "two columns are named PU"),
        ([BUS.replace(b"ANGLED", b"ANGLE")], "radians"),
        ([BUS[:-7]], "ends in the middle of a row"),
        ([BUS.replace(b"\n2,", b"\n-2,")], "whole numbers from 1"),
        ([b"NUMBER,PU,ANGLED\n1,1,0\n2,95,0\n"], "PU is 95"),
        ([BUS, LOAD + b"2,1,1,5+1j\n"], "Load_2_1 is in the load table twice"),
        ([BUS + b"2,'B',1,1.0,-4.5,138\n"], "bus 2 is in the bus table twice"),
    ],
)
def test_tables_with_mistakes_are_refused(files: list[bytes], words: str):
    with pytest.raises(BadInput, match=words):
        read_psspy_tables([(data, "case.csv") for data in files], 100.0, "now")


def with_commas(text: bytes) -> bytes:
    return text.replace(b",", b";").replace(b".", b",")


@pytest.mark.parametrize(
    ("bus", "machine"),
    [
        (with_commas(BUS), with_commas(MACHINE)),
        (BUS.decode().encode("utf-16"), b"\xef\xbb\xbf" + MACHINE),
        (b"Case 14\n\n" + BUS + b"\n\n", MACHINE + b"TOTAL,,,59.5,21,\n"),
        (
            BUS.replace(b"BASE\n", b"BASE\n-,-,-,pu,deg,V\n").replace(b",138", b",138000"),
            MACHINE.replace(b"PGEN,", b"PGEN (kW),").replace(b",50.5,", b",50500,").replace(b",9,9,", b",9000,9,"),
        ),
        (b"BASE\tANGLED\tPU\tTYPE\tNAME\tNUMBER\n138\t0\t1.06\t3\tA\t1\n138\t-4.5\t1\t1\tB\t2\n", MACHINE),
    ],
)
def test_however_a_table_is_written_its_numbers_are_the_same(bus: bytes, machine: bytes):
    (plain, _), (read, _) = (
        read_psspy_tables([(buses, "bus.csv"), (machines, "machine.csv")], 100.0, "now")
        for buses, machines in ((BUS, MACHINE), (bus, machine))
    )
    for name in plain:
        pd.testing.assert_frame_equal(plain[name], read[name], check_dtype=False)


def test_powers_of_loads_and_buses_may_stand_in_columns_of_their_own():
    load = LOAD.replace(b"TOTALACT", b"PLOAD,QLOAD").replace(b"(50+10j)", b"50,10")
    made, _ = read_psspy_tables([(BUS, "bus.csv"), (MACHINE, "machine.csv"), (load, "load.csv")], 100.0, "now")
    assert made["bus"][["p", "q"]].to_numpy().tolist() == [[0.505, 0.12], [-0.5, -0.1]]
    net = b"NUMBER,PU,ANGLED,PGEN,QGEN,PLOAD,QLOAD\n1,1,0,50.5,12,0,0\n2,1,0,0,0,50,10\n"
    alone, _ = read_psspy_tables([(net, "bus.csv")], 100.0, "now")
    assert alone["bus"][["p", "q"]].to_numpy().tolist() == [[0.505, 0.12], [-0.5, -0.1]]


def test_tables_of_one_kind_follow_one_another_in_time():
    first, second = (STAMPED.format(f"2025-01-0{day}", f"2025-01-0{day + 1}").encode() for day in (1, 3))
    made, _ = read_psspy_tables([(first, "a.csv"), (second, "b.csv")], 100.0, "now")
    assert made["bus"]["timestamp"].str[:10].tolist() == [f"2025-01-0{day}" for day in (1, 2, 3, 4)]
    with pytest.raises(BadInput, match=r"b\.csv, row 3: bus 1 is in the bus table twice"):
        read_psspy_tables([(first, "a.csv"), (second.replace(b"-04", b"-01"), "b.csv")], 100.0, "now")


def test_elements_at_buses_without_a_row_are_told():
    _, findings = read_psspy_tables([(BUS, "bus.csv"), (LOAD + b"7,1,1,5\n8,1,1,5\n", "load.csv")], 100.0, "now")
    (found,) = [finding for finding in findings if finding.code == "psspy.unknown_bus"]
    assert (found.severity, str(found.where)) == ("error", "load.csv, row 3")
    assert found.text.startswith("Load_7_1")
    assert found.text.endswith("1 more of the load table")


def test_an_import_that_is_refused_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    files = [tmp_path / "bus.csv", tmp_path / "line.csv"]
    for path, data in zip(files, (BUS, BRANCH.replace(b"1,2,", b"1,2.5,")), strict=True):
        path.write_bytes(data)
    assert main(["results", "import", *map(str, files), "--json"]) == 2
    capsys.readouterr()
    assert main(["results", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["simulations"] == []


def test_other_files_are_no_psspy_table():
    assert [psspy_table(data) for data in (b"", b"\x00\xff", b"bus,v\n1,2\n", BRANCH)] == [None, None, None, "line"]
