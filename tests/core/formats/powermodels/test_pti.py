"""Records of a RAW file as PowerModels holds them: records within records, and what ``import_all`` carries."""

from __future__ import annotations

from core.findings import Severity
from core.formats.powermodels import parse_file, parse_pti
from core.formats.psse import read_raw_case
from tests.core.formats.psse.cases import V33

TEXT = """0, 100.0, 33, 0, 1, 60.0
DC lines of every kind

1,'ONE',230,3
2,,230,1
3,'THREE',87,1
0
0
0
1,'1',,,10,-10,1.02
0
1,2,'1',0.01,0.1
2,3,'1',0.01,0.1
0
0
0
0
'VSC 1',1,0.5
1,1,2,142.0,0.97,1118.6,1.64,,226.0,1499.79,0.5,100,-90,1,100
3,2,1,-20.0,1.021,1118.6,1.64,,,,0.5,100,-120,3,100
0
1,-60.0,1.1,0.0,1.0,60.0,1.2
2,0.9,1.05,1.1,0.95
0
'GRID',1,2,1,1,1
1,2,90,0,0,0,138
1,1,101,201,'A'
2,0,101,201
1,2,'1',1,0.0007
0
1,3,'&1',1,2
0
0
0
0
0
0
Q
"""


def test_sections_hold_records_within_records() -> None:
    records = parse_pti(read_raw_case(TEXT.encode(), "dc.raw").value, "dc.raw")
    line = records["VOLTAGE SOURCE CONVERTER"][0]
    assert len(line) == 12
    assert [(len(end), end["IBUS"], end["ACSET"]) for end in line["CONVERTER BUSES"]] == [(15, 1, 0.97), (15, 3, 1.021)]
    one, two = records["IMPEDANCE CORRECTION"]
    assert (len(one), one["T3"], one["F3"], one["T4"], two["T2"], two["F2"]) == (23, 60.0, 1.2, 0.0, 1.1, 0.95)
    grid = records["MULTI-TERMINAL DC"][0]
    assert (len(grid), len(grid["CONV"]), len(grid["DCBS"]), len(grid["DCLN"])) == (11, 1, 2, 1)
    assert (len(grid["CONV"][0]), len(grid["DCBS"][0]), len(grid["DCLN"][0])) == (16, 8, 6)
    group = records["MULTI-SECTION LINE"][0]
    assert (len(group), group["DUM1"], group["DUM2"]) == (13, 2, "")
    assert records["BUS"][1]["NAME"] == " " * 12


def test_a_multi_terminal_line_has_no_list_of_what_it_doesn_t_have() -> None:
    text = TEXT.replace("'GRID',1,2,1,1,1\n1,2,90,0,0,0,138\n", "'GRID',0,2,1,1,1\n")
    grid = parse_pti(read_raw_case(text.encode(), "dc.raw").value)["MULTI-TERMINAL DC"][0]
    assert (len(grid), "CONV" in grid) == (10, False)


def test_everything_is_imported_under_lower_case_names() -> None:
    data = parse_file(TEXT.encode(), "dc.raw", import_all=True).value
    assert {"impedance correction", "multi-terminal dc", "multi-section line"} <= set(data)
    line = data["dcline"]["1"]
    assert len(line) == 36
    # what the line's own fields took is gone: limits where there are ratings, the setpoint of a held voltage
    assert set(line["converter buses"][0]) == {"dcset", "acset", "pwf", "remot", "rmpct"}
    assert set(line["converter buses"][1]) == {"dcset", "smax", "imax", "pwf", "remot", "rmpct"}
    assert (line["vf"], line["vt"], line["pmaxf"], line["pmaxt"]) == (1.0, 1.021, 2.26, 1.2)
    assert line["loss0"] * 100 == 2 * 1118.6e-3


def test_a_header_of_commas_stands_for_the_defaults() -> None:
    reading = read_raw_case(TEXT.replace("0, 100.0, 33, 0, 1, 60.0", ",,,,,").encode(), "dc.raw")
    assert (reading.value.base_mva, reading.value.version, len(reading.value["bus"])) == (100.0, 33, 3)
    assert {"psse.raw.base", "psse.raw.no_revision"} <= {finding.code for finding in reading.findings}


def test_a_negative_metered_end_is_no_other_bus() -> None:
    reading = parse_file(V33.encode(), "hand_written.raw")
    branch = reading.value["branch"]["1"]
    assert (branch["f_bus"], branch["t_bus"], branch["source_id"]) == (1, 2, ["branch", 1, 2, "1 "])
    found = [finding for finding in reading.findings if finding.code == "powermodels.branch.metered_end"]
    assert [finding.severity for finding in found] == [Severity.WARNING]
