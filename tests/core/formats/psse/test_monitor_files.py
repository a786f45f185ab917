"""Monitoring files: every statement that public files have, and what is written reads back."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formats.psse.contingency_files import (
    Contingency,
    Outage,
    Subsystem,
    read_contingencies,
    read_subsystems,
)
from core.formats.psse.monitor_files import Branch, Monitor, read_monitors
from core.formats.psse.statements import Statements, write_statements


@pytest.mark.parametrize(
    ("line", "monitor"),
    [
        ("monitor branches in subsystem 'East Side'", Monitor("branches", "East Side")),
        ("MONITOR LINES FROM SYSTEM EAST", Monitor("branches", "EAST")),
        ("MONITOR ALL BRANCHES", Monitor("branches")),
        ("MONITOR BRANCHES IN area  2", Monitor("branches", "AREA 2")),
        ("MONITOR BREAKERS IN SYSTEM EAST", Monitor("breakers", "EAST")),
        ("MONITOR ALL BUSES", Monitor("buses")),
        ("MONITOR BRANCH FROM BUS 1 TO BUS 2 CKT 'a '", Monitor("branches", branches=(Branch(1, 2, ckt="A"),))),
        ("MONITOR BRANCH FROM BUS 1 TO BUS 2 TO BUS 3", Monitor("branches", branches=(Branch(1, 2, 3),))),
        ("MONITOR TIES FROM SUBSYSTEM EAST", Monitor("ties", "EAST")),
        ("MONITOR TIES FROM SUBSYSTEM EAST TO SUBSYSTEM 'W'", Monitor("ties", "EAST", beyond="W")),
        ("MONITOR VOLTAGE RANGE ALL BUSES 0.95 1.05", Monitor("voltage range", "", 0.95, 1.05)),
        ("MONITOR VOLTAGE RANGE BUS 36020 1", Monitor("voltage range", "BUS 36020", 1.0)),
        ("MONITOR VOLTAGE RANGE IN SUBSYSTEM 'I'  0.92 1.050", Monitor("voltage range", "I", 0.92, 1.05)),
        ("MONITOR VOLTAGE DEVIATION KV 500 .1", Monitor("voltage deviation", "KV 500", 0.1)),
        ("MONITOR VOLTAGE DEVIATION SUBSYSTEM '345' 0.030 0.060", Monitor("voltage deviation", "345", 0.03, 0.06)),
        ("MONITOR VOLTAGE LIMIT BUS 7", Monitor("voltage limit", "BUS 7")),
    ],
)
def test_every_statement_of_one_line_is_read(line: str, monitor: Monitor):
    reading = read_monitors(f"{line} / why\nEND\n".encode(), "a.mon")
    assert not reading.findings
    assert reading.value == [monitor]
    assert reading.value[0].where.line == 1


def test_blocks_name_branches_one_by_one_and_interfaces_have_a_rating():
    text = """COM both ways to name a member
MONITOR BRANCHES
 151 152 1
 151 201 3001 B2
END
MONITOR INTERFACE 'W to E' RATING 1645.5 MW
MONITOR BRANCH FROM BUS 5 TO BUS 2 CKT 1 / NAMES
 4 9
END
MONITOR INTERFACE OPEN
1 2
END
END
"""
    reading = read_monitors(text.encode(), "a.mon")
    assert not reading.findings
    assert reading.value == [
        Monitor("branches", branches=(Branch(151, 152), Branch(151, 201, 3001, "B2"))),
        Monitor("interface", branches=(Branch(5, 2), Branch(4, 9)), name="W to E", rating_mw=1645.5),
        Monitor("interface", branches=(Branch(1, 2),), name="OPEN"),
    ]
    assert write_statements(reading.value) == text


@pytest.mark.parametrize(
    "line",
    [
        "MONITOR BRANCHES IN SUBSYSTEM EAST 3WLOWVOLTAGE",
        "MONITOR VOLTAGE RANGE SUBSYSTEM EAST 1.05 0.95",
        "MONITOR VOLTAGE RANGE BUS 5",
        "MONITOR VOLTAGE RANGE ALL BUSES 1..2 3",
        "MONITOR TIES",
        "MONITOR FLOWS",
        f"MONITOR BRANCH FROM BUS {'9' * 5000} TO BUS 2 CKT 1",
    ],
)
def test_a_statement_whose_meaning_is_not_known_is_a_finding_with_its_line(line: str):
    reading = read_monitors(f"MONITOR ALL BUSES\n{line}\nEND\n".encode(), "a.mon")
    assert [(finding.code, finding.where.line) for finding in reading.findings] == [("psse.statement.unknown", 2)]
    assert reading.value == [Monitor("buses")]


@pytest.mark.parametrize("text", ["MONITOR INTERFACE A\n1 2\nSOME LINE\nEND\n", "MONITOR INTERFACE A\n1 2\n"])
def test_an_interface_with_a_line_that_is_not_understood_says_so(text: str):
    reading = read_monitors(text.encode(), "a.mon")
    assert [finding.code for finding in reading.findings] == ["psse.statement.unknown"]
    assert not reading.value[0].understood
    assert write_statements(reading.value) == text


def test_a_block_without_an_end_stops_at_the_next_statement():
    reading = read_monitors(b"MONITOR BRANCHES\n1 2\nMONITOR ALL BUSES\nMONITOR BRANCHES\n3 4\nEND\n", "a.mon")
    assert [finding.where.line for finding in reading.findings] == [1]
    assert [each.kind for each in reading.value] == ["branches", "buses", "branches"]


WORDS = string.ascii_uppercase + string.digits + "-_. '"
names = st.text(WORDS, min_size=1, max_size=12).filter(lambda name: name == name.strip() and not name.startswith("'"))
places = st.sampled_from(["AREA 1", "ZONE 2", "OWNER 3", "BUS 4", "KV 110"])
scopes = st.one_of(st.just(""), places, names)
buses = st.integers(1, 999_999)
limits = st.one_of(st.none(), st.floats(1e-9, 1e9))
circuits = st.text(string.ascii_uppercase + string.digits + "&*", min_size=1, max_size=2)
branches = st.builds(Branch, buses, buses, st.one_of(st.none(), buses), circuits)
members = st.lists(branches, min_size=1, max_size=3).map(tuple)
ranges = st.floats(1e-3, 2).flatmap(lambda low: st.tuples(st.just(low), st.one_of(st.none(), st.floats(low, 3))))
monitors = st.one_of(
    st.builds(Monitor, st.sampled_from(["branches", "breakers", "buses", "voltage limit"]), scopes),
    st.builds(lambda a, b: Monitor("ties", a, beyond=b), scopes, scopes),
    st.builds(lambda kind, scope, r: Monitor(kind, scope, *r), st.sampled_from(["voltage range"]), scopes, ranges),
    st.builds(lambda scope, low, high: Monitor("voltage deviation", scope, low, high), scopes, st.floats(0, 1), limits),
    st.builds(lambda b: Monitor("branches", branches=b), members),
    st.builds(lambda n, r, b: Monitor("interface", name=n, rating_mw=r, branches=b), names, limits, members),
)
outages = st.one_of(
    st.builds(Outage, st.just("branch"), buses, buses, st.one_of(st.none(), buses), circuits),
    st.builds(lambda kind, bus, ckt: Outage(kind, bus, ckt=ckt), st.just("machine"), buses, circuits),
    st.builds(
        lambda kind, bus, ckt: Outage(kind, bus, ckt=ckt),
        st.sampled_from(["load", "shunt", "swshunt"]),
        buses,
        st.one_of(st.just(""), circuits),
    ),
    st.builds(Outage, st.just("bus"), buses),
)
automatic = st.builds(
    lambda order, what, scope: Contingency(f"{order} {what}", automatic=f"{order} {what}", subsystem=scope),
    st.sampled_from(["SINGLE", "DOUBLE", "BUSDOUBLE", "PARALLEL"]),
    st.sampled_from(["BRANCH", "UNIT", "TIE"]),
    names,
)
contingencies = st.one_of(automatic, st.builds(Contingency, names, st.lists(outages, max_size=3).map(tuple)))
conditions = st.lists(
    st.tuples(
        st.sampled_from(["AREA", "ZONE", "OWNER", "BUS", "KV", "KVRANGE"]),
        st.lists(st.floats(0, 1e6), min_size=1, max_size=3).map(tuple),
    ),
    max_size=2,
).map(tuple)
subsystems = st.builds(Subsystem, names, conditions, st.lists(conditions, max_size=2).map(tuple), conditions)


@pytest.mark.parametrize(
    ("read", "statements"),
    [(read_monitors, monitors), (read_contingencies, contingencies), (read_subsystems, subsystems)],
)
@given(st.data())
def test_what_is_written_reads_back_and_is_then_kept_byte_for_byte(read, statements, data):
    written = Statements(data.draw(st.lists(statements, min_size=1, max_size=4)))
    text = write_statements(written)
    reading = read(text.encode(), "a")
    assert not reading.findings
    assert reading.value == written
    assert write_statements(reading.value) == text


LINES = [
    "MONITOR BRANCHES", "MONITOR INTERFACE X RATING 5", "1 2 1", "END", "MONITOR VOLTAGE RANGE BUS 5 .9 1.1",
    "CONTINGENCY 'A'", "OPEN LINE FROM BUS 1 TO BUS 2", "SINGLE LINE IN AREA 1", "REMOVE LOAD FROM BUS 4",
    "SUBSYSTEM A AREA 5 ZONE 1", "JOIN 'G'", "BUS 7", "SKIP KV 110", "PARTICIPATE",
]  # fmt: skip


@pytest.mark.parametrize("read", [read_monitors, read_contingencies, read_subsystems])
@given(
    st.lists(st.sampled_from(LINES), max_size=8),
    st.integers(0, 200),
    st.characters(codec="latin-1", exclude_characters="\0"),
)
def test_mutated_lines_end_in_a_reading_that_keeps_every_byte(read, lines, place, sign):
    text = "\n".join(lines)
    text = text[:place] + sign + text[place + 1 :]
    reading = read(text.encode("utf-8"), "a")
    assert write_statements(reading.value).encode(reading.value.encoding) == text.encode("utf-8")
    assert all(finding.where.line or finding.code == "psse.statements.none" for finding in reading.findings)


def test_a_changed_interface_changes_its_lines_alone():
    text = "MONITOR ALL BUSES\nMONITOR INTERFACE 'A' RATING 5 MW\n1 2\nEND\nEND\n"
    statements = read_monitors(text.encode(), "a.mon").value
    statements[1] = replace(statements[1], rating_mw=7.25, text="")
    assert write_statements(statements) == text.replace("5 MW\n1 2", "7.25 MW\nBRANCH FROM BUS 1 TO BUS 2 CKT 1")
