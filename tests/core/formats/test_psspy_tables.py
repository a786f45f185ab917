"""CSV tables with psspy's names become one PSS/E simulation; mistakes in them are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.__main__ import main
from core.errors import BadInput
from core.formats.psse.psspy_tables import psspy_table, read_psspy_tables

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
    load = b"TIMESTAMP,NUMBER,TOTALACT\n2024-12-31T22:00Z,1,5\n2025-01-01T05:00+02:00,1,5\n"
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
        ([b"NUMBER,PU,ANGLED\n1,high,0\n"], "no number in row 2"),
        ([b"NUMBER,PU,ANGLED\n,1,0\n"], "no number in row 2"),
        ([b"NUMBER,PU,ANGLED,TYPE\n1,1,0,7\n"], "bus type 7"),
        ([BUS, b"NUMBER,TOTALACT\n2,5\n2,much\n"], "row 3, column TOTALACT.*complex"),
        ([BUS.replace(b"2,'B'", b"2.5,'B'")], "row 3, column NUMBER.*NUMBER is 2.5"),
        ([BUS, b"NUMBER,TOTALACT\n2,\n"], "complex"),
        ([BUS, b"NUMBER,PGEN,QGEN\n1,,2\n"], "PGEN has no number"),
        ([b"NUMBER,PU,ANGLED\n1,1,0\n2,95,0\n"], "PU is 95"),
        ([BUS, LOAD + b"2,1,1,5+1j\n"], "Load_2_1 is in the load table twice"),
        ([BUS + b"2,'B',1,1.0,-4.5,138\n"], "bus 2 is in the bus table twice"),
    ],
)
def test_tables_with_mistakes_are_refused(files: list[bytes], words: str):
    with pytest.raises(BadInput, match=words):
        read_psspy_tables([(data, "case.csv") for data in files], 100.0, "now")


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
