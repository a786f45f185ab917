"""Contingency, subsystem and monitoring files: both spellings, ours read back, nothing dropped in silence."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import GridproofError
from core.formats.psse import plant_files
from core.formats.psse.contingency_files import (
    Contingency,
    Outage,
    Subsystem,
    read_contingencies,
    read_subsystems,
)
from core.formats.psse.monitor_files import Monitor, read_monitors
from core.formats.psse.statements import write_statements
from core.plant import plant_network, sample_plant, split_ids

BOTH_SPELLINGS = b"""CONTINGENCY LINE-6-12-BL
OPEN BRANCH FROM BUS 6 TO BUS 12 CIRCUIT BL
END
CONTINGENCY 'T3W'
 DISCONNECT LINE FROM BUS 1 TO BUS 2 TO BUS 3 CKT '1 '
 REMOVE UNIT 1 FROM BUS 9
 TRIP MACHINE 'G2' FROM BUS 8
 DISCONNECT BUS 7
END
SINGLE BRANCH IN SUBSYSTEM 'STUDY AREA'
DOUBLE UNIT FOR SUBSYSTEM PLANT
END
"""


def test_both_spellings_are_read() -> None:
    reading = read_contingencies(BOTH_SPELLINGS, "a.con")
    assert reading.findings == []
    assert reading.value == [
        Contingency("LINE-6-12-BL", (Outage("branch", 6, 12, ckt="BL"),)),
        Contingency(
            "T3W",
            (Outage("branch", 1, 2, 3, "1"), Outage("machine", 9), Outage("machine", 8, ckt="G2"), Outage("bus", 7)),
        ),
        Contingency("SINGLE BRANCH", automatic="SINGLE BRANCH", subsystem="STUDY AREA"),
        Contingency("DOUBLE UNIT", automatic="DOUBLE UNIT", subsystem="PLANT"),
    ]


def test_the_exported_contingencies_take_out_what_the_scenarios_trip() -> None:
    plant = sample_plant()
    network, _ = plant_network(plant)
    reading = read_contingencies(plant_files.con(plant), "plant.con")
    assert reading.findings == []
    tripped = dict(zip(plant["scenario"]["id"], plant["scenario"]["tripped"].map(split_ids), strict=True))
    assert {each.name for each in reading.value} == {name for name, ids in tripped.items() if ids}
    machines = network["generator"].set_index(["bus", "ckt"])["id"]
    lines = {}
    for table in ("branch", "transformer"):
        rows = network[table]
        lines |= {
            (f, t, c): i for f, t, c, i in zip(rows["from_bus"], rows["to_bus"], rows["ckt"], rows["id"], strict=True)
        }
    for each in reading.value:
        out = [machines[o.bus, o.ckt] if o.kind == "machine" else lines[o.bus, o.to, o.ckt] for o in each.outages]
        assert out == tripped[each.name]


def test_the_exported_subsystem_and_monitors_read_back() -> None:
    plant = sample_plant()
    (subsystem,) = read_subsystems(plant_files.sub(plant), "plant.sub").value
    assert subsystem.name == "PLANT"
    assert [int(values[0]) for _, values in subsystem.members] == plant["bus"]["number"].tolist()
    assert read_monitors(plant_files.mon(plant), "plant.mon").value == [
        Monitor("branches", "PLANT"),
        Monitor("voltage range", "PLANT", 0.95, 1.05),
    ]


def test_subsystems_by_area_zone_and_voltage() -> None:
    text = b"SUBSYSTEM 'EAST'\nAREA 1\nZONES 2 5\nKVRANGE 110.0 400.0\nBUSES 101, 199\nEND\nEND\n"
    assert read_subsystems(text, "a.sub").value == [
        Subsystem(
            "EAST", (("AREA", (1.0,)), ("ZONE", (2.0, 5.0)), ("KVRANGE", (110.0, 400.0)), ("BUS", (101.0, 199.0)))
        )
    ]


def test_what_is_not_understood_is_a_finding_with_its_line() -> None:
    reading = read_contingencies(b"CONTINGENCY A\nSET TAP OF BUS 4\nREMOVE UNIT 1 FROM BUS 2\nEND\n", "a.con")
    assert [(f.code, f.where.line) for f in reading.findings] == [("psse.statement.unknown", 2)]
    assert reading.value == [Contingency("A", (Outage("machine", 2),))]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_contingencies, b"\xef\xbb\xbf/PSS(R)E 34\r\n" + BOTH_SPELLINGS.replace(b"\n", b"\r\n")),
        (read_contingencies, b"TRACE\nCONTINGENCY A\nCOM why\nSET TAP\nREMOVE UNIT 1 FROM BUS 2 / why\nEND\nEND\n\n"),
        (read_subsystems, b"SYSTEM 'M\xfchle'\nAREAS 1 2\nJOIN 'X'\nZONE 3\nKV 110\nEND\nBUS 7\nEND\nEND"),
        (read_monitors, b"MONITOR LINES IN EAST\n\nMONITOR VOLTAGE RANGE IN SUBSYSTEM 'EAST' .95 1.05\nEND\n"),
    ],
)
def test_an_untouched_file_comes_back_byte_for_byte_and_the_usual_spelling_says_the_same(read, text) -> None:
    value = read(text, "x").value
    assert write_statements(value).encode(value.encoding) == text
    spelled = read(b"".join(each.spelled().encode() for each in value), "x").value
    assert spelled == value


def test_a_changed_statement_changes_its_lines_alone() -> None:
    text = b"/ first\nCONTINGENCY A\nTRIP UNIT 1 FROM BUS 2\nEND\nCONTINGENCY B\nTRIP LOAD 1 FROM BUS 3\nEND\n"
    statements = read_contingencies(text, "a.con").value
    statements[0] = replace(statements[0], outages=(Outage("machine", 4, ckt="G 1"),), text="")
    changed = text.replace(b"A\nTRIP UNIT 1 FROM BUS 2", b"'A'\nREMOVE MACHINE 'G 1' FROM BUS 4").decode()
    assert write_statements(statements) == changed


def test_joins_skips_and_dispatches_are_told_apart() -> None:
    text = b"SUBSYSTEM A\nJOIN 'X'\nAREA 1\nKV 110\nEND\nBUS 7\nSKIP BUS 4\nPARTICIPATE\nBUS 5 60\nEND\nEND\n"
    reading = read_subsystems(text, "a.sub")
    join = (("AREA", (1.0,)), ("KV", (110.0,)))
    assert reading.value == [Subsystem("A", (("BUS", (7.0,)),), (join,), (("BUS", (4.0,)),))]
    assert reading.value[0].understood
    assert not reading.findings


@pytest.mark.parametrize("lines", [b"AREA 1\nONLY 5\n", b"JOIN 'X'\nSKIP BUS 4\nEND\n"])
def test_a_subsystem_with_a_line_that_is_not_understood_says_so(lines: bytes) -> None:
    reading = read_subsystems(b"SUBSYSTEM A\n" + lines + b"END\n", "a.sub")
    assert not reading.value[0].understood
    assert [finding.code for finding in reading.findings] == ["psse.statement.unknown"]


@pytest.mark.parametrize("read", [read_contingencies, read_subsystems, read_monitors])
def test_an_empty_file_says_so(read) -> None:
    assert [f.code for f in read(b"", "a").findings] == ["psse.statements.none"]


@pytest.mark.parametrize("read", [read_contingencies, read_subsystems, read_monitors])
@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_reading_or_an_error(read, data) -> None:
    with contextlib.suppress(GridproofError):
        assert read(data, "a").findings is not None
