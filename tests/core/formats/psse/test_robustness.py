"""Dirty files load as far as they can, and say what was assumed and where."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from core.findings import Finding
from core.formats.networks import FORMATS, read_network
from core.formats.psse import read_raw, read_raw_case, write_raw, write_raw_case, write_rawx
from core.network import Network, admittance_matrix
from core.network.repair import repaired
from tests.core.formats.damage import damaged_document, damaged_text, located_at_worst
from tests.core.formats.psse.cases import V33, three_buses

LEGACY = """\
0,   100.00     / PSS/E-35    Plant network
A plant
Exported by an earlier hub

/ BUS DATA
100,'ENGINES',  13.800,1,   1,   1,   1,1.01000,   0.0000
200,'MAIN',  13.800,3,   1,   1,   1,1.00000,   0.0000
0 / END OF BUS DATA

/ LOAD DATA
200,'1 ',1,   1,   1,   20.00,    6.60
0 / END OF LOAD DATA

/ GENERATOR DATA
100,'1 ',   18.30,    0.00,  10.75, -6.45,1.0100,     0,  21.53
0 / END OF GENERATOR DATA

/ BRANCH DATA
100,  200,'1 ', 0.00100, 0.01000, 0.00000,  100.0,  90.0,  80.0
0 / END OF BRANCH DATA

Q
"""


def read(text: str) -> tuple[Network, dict[str, Finding]]:
    reading = read_raw(text.encode(), "dirty.raw")
    return reading.value, {finding.code: finding for finding in reversed(reading.findings)}


@pytest.mark.parametrize("head", ["0,   100.00     / PSS/E-35", "0, 100.0, 35, 0, 1, 60.0 / PSS/E-35"])
def test_titles_as_comments_and_old_records_under_a_v35_title_become_a_valid_case(head: str) -> None:
    network, findings = read(LEGACY.replace("0,   100.00     / PSS/E-35", head))
    assert network.counts()["generator"] == network.counts()["branch"] == 1
    assert network["branch"].loc[0, "rate_c_mva"] == 80.0
    assert "psse.raw.title_comments" in findings
    assert "network.bus.slack_without_machine" in findings
    mended, done = repaired(network, remarks=findings.values())
    assert "network.repaired.layout" in {finding.code for finding in done}
    again, rest = read(write_raw(mended, network.extras["psse"].version))
    assert again["bus"]["kind"].tolist() == ["SLACK", "PQ"]
    assert {finding.severity for finding in rest.values()} <= {"info"}


def test_an_edit_leaves_a_layout_alone_that_no_version_has_until_it_is_repaired() -> None:
    text = LEGACY.replace("0,   100.00     / PSS/E-35", "0, 100.0, 35, 0, 1, 60.0 / PSS/E-35")
    network, findings = read(text)
    load = network.with_tables(load=network["load"].assign(p_mw=21.0))
    edited = write_raw(load, 35)
    assert [line for line in text.splitlines() if line not in edited.splitlines()] == [
        "200,'1 ',1,   1,   1,   20.00,    6.60"
    ]
    assert read(edited)[0]["load"]["p_mw"].tolist() == [21.0]
    whole, rest = read(write_raw(repaired(load, ["layout"])[0], 35))
    assert "psse.raw.layout" in findings
    assert not {code for code in rest if code.startswith("psse.raw.") and code != "psse.raw.default"}
    assert whole["load"]["p_mw"].tolist() == [21.0]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("0, 100.0, 33, 0, 1, 60.0", "0, 100.0", "psse.raw.no_revision", 1),
        ("0, 100.0, 33,", "0, 100.0, 41,", "psse.raw.version", 1),
        ("0, 100.0, 33,", "0, 0.0, 33,", "psse.raw.base", 1),
        ("Q\n", "", "psse.raw.no_end", None),
        ("80.0,20.0,5.0", "80.0,2O.0,5.0", "psse.raw.not_a_number", 8),
        ("138.0,3,1,", "138.0,7,1,", "psse.raw.bus_type", 4),
        ("2,'1 ',1,1,1,80.0", "77,'1 ',1,1,1,80.0", "network.load.unknown_bus", 8),
        ("3,\"DC, SOUTH\"", "2,\"DC, SOUTH\"", "network.bus.duplicate", 6),
        (",1,1,0\n0 / END OF LOAD", ",1,1,0,5,6,7,8,9,10,11\n0 / END OF LOAD", "psse.raw.too_many_fields", 8),
        ("140.0,138.0,30.0,60.0", "0 / cut\n140.0,138.0,30.0,60.0", "psse.raw.truncated", 17),
        ("3,\"DC, SOUTH\"", ",\"DC, SOUTH\"", "psse.raw.no_key", 6),
        ("0 / END OF BUS DATA, BEGIN LOAD DATA\n", "0 / END OF BUS DATA, BEGIN GENERATOR DATA\n",
         "psse.raw.section_order", 8),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_where_it_is(old: str, new: str, code: str, line: int | None) -> None:
    assert old in V33
    network, findings = read(V33.replace(old, new, 1))
    assert code in findings
    if line is not None:
        assert findings[code].where.line == line
    assert len(network["bus"]) >= 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1,-2,'1 ',0.01,0.08,0.04", "1 -2 '1 ' 0.01 0.08, 0.04"),
        ("1,-2,'1 ',0.01,0.08,0.04", "1,-2,'1 ',1.0D-02,8.D-2,0.4E-01"),
        ("1,-2,'1 ',0.01,0.08,0.04", '1\t,\t-2 ,"1 ", 0.01 , 0.08 , 0.04'),
        ("0 / END OF BUS DATA, BEGIN LOAD DATA", "0"),
        ("0 / END OF BUS DATA, BEGIN LOAD DATA", "\n// a comment\n@! a heading\n0 END OF BUS DATA"),
        ("2,'O'DONNELL / A'", "2,'O''DONNELL / A'"),
    ],
)
def test_every_spelling_that_pss_e_reads_is_read(old: str, new: str) -> None:
    assert old in V33
    network, findings = read(V33.replace(old, new, 1))
    plain, _ = read(V33)
    assert {finding.severity for finding in findings.values()} <= {"info"}
    assert network["bus"].equals(plain["bus"])
    assert abs(admittance_matrix(network) - admittance_matrix(plain)).max() == 0.0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_names_of_every_encoding_are_read(encoding: str) -> None:
    text = V33.replace("SWING       ", "MÜNCHEN     ")
    reading = read_raw(text.encode(encoding), "x.raw")
    assert reading.value["bus"]["name"].iloc[0] == "MÜNCHEN"
    case = reading.value.extras["psse"]
    assert write_raw_case(case).encode(case.original.encoding) == text.encode(encoding)


def test_version_30_has_its_shunts_in_the_bus_records() -> None:
    text = "\n".join(
        [
            "0, 100.0 / PSS/E-30", "", "",
            "1,'A           ',138.0,3,0.5,12.0,1,1,1.02,0.0,1",
            "2,'B           ',138.0,1,0.0,0.0,1,1,1.00,-2.0,1",
            "0 / END OF BUS DATA, BEGIN LOAD DATA", "2,'1 ',1,1,1,10.0,2.0,0.0,0.0,0.0,0.0,1",
            "0 / END OF LOAD DATA, BEGIN GENERATOR DATA", "1,'1 ',10.0,2.0,99.0,-99.0,1.02,0,100.0,0.0,1.0",
            "0 / END OF GENERATOR DATA, BEGIN BRANCH DATA",
            "1,2,'1 ',0.01,0.1,0.02,100.0,0.0,0.0,0.0,0.0,0.0,0.0,1,33.5,1,1.0",
            "0 / END OF BRANCH DATA", "0", "0", "0", "0",
            "2,1,1.05,0.95,0,100.0,'            ',5.0,1,5.0", "0", "0", "0", "0", "0", "0", "0", "0", "Q", "",
        ]
    )  # fmt: skip
    network, findings = read(text)
    assert findings["psse.raw.no_revision"].text.startswith("Line 1 doesn't give the version (REV); the records fit")
    assert network["shunt"][["bus", "g_mw", "b_mvar"]].to_numpy().tolist() == [[1, 0.5, 12.0]]
    assert network["branch"].loc[0, "length_km"] == 33.5
    assert network["switched_shunt"].loc[0, "b_mvar"] == 5.0
    for version in (33, 35):
        again, _ = read(write_raw(network, version))
        assert abs(admittance_matrix(network) - admittance_matrix(again)).max() == 0.0


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damaged_text_ends_in_a_reading_or_a_located_error(data: st.DataObject) -> None:
    text = damaged_text(V33, data.draw(st.randoms(use_true_random=False)))
    with located_at_worst("x.raw"):
        network = read_network(text.encode(), "x.raw").value
        assert write_raw_case(network.extras["psse"]) == text
        assert len(read_raw(write_raw(network, 35).encode(), "x").value["bus"]) == len(network["bus"])


RAWX = write_rawx(read_raw(write_raw(read_raw(V33.encode()).value, 35).encode()).value)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.booleans())
def test_damaged_rawx_ends_in_a_reading_or_a_located_error(dice: Random, cut: bool) -> None:
    document = json.loads(RAWX)
    damaged_document(document, dice)
    text = damaged_text(RAWX, dice) if cut else json.dumps(document)
    with located_at_worst("x.rawx"):
        reading = read_network(text.encode(), "x.rawx")
        assert write_rawx(reading.value) == text, "what isn't edited is written as it was"
        again = read_network(write_raw(reading.value, 35).encode(), "x.raw").value
        assert len(again["bus"]) == len(reading.value["bus"])


numbers = st.floats(-1e4, 1e4).map(lambda x: float(f"{x:.9g}"))
names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([33, 34, 35, None]), st.lists(st.tuples(numbers, numbers, names), min_size=3, max_size=3))
def test_any_network_comes_back_from_every_version_and_rawx(
    version: int | None, drawn: list[tuple[float, float, str]]
) -> None:
    network = three_buses()
    bus = network["bus"].assign(name=[name for *_, name in drawn], angle_deg=[a for a, *_ in drawn])
    load = network["load"].assign(p_mw=drawn[0][0], iq_mvar=drawn[1][1], yq_mvar=drawn[2][0])
    line = network["branch"].assign(r_pu=drawn[0][0], x_pu=drawn[0][1], b_from_pu=drawn[1][0], b_to_pu=drawn[1][1])
    unit = network["transformer"].assign(shift_deg=drawn[2][1], g_mag_pu=drawn[1][0], r_pu=drawn[1][1])
    network = network.with_tables(bus=bus, load=load, branch=line, transformer=unit)
    text = write_raw(network, version) if version else write_rawx(network)
    again = read_raw(text.encode(), "x").value
    for table in ("bus", "load", "branch", "transformer"):
        for column in network[table]:
            left, right = network[table][column], again[table][column]
            if left.dtype == float:
                np.testing.assert_allclose(right, left, rtol=1e-9, atol=1e-9, err_msg=column)
            else:
                assert left.to_list() == right.to_list(), column


def test_a_value_without_default_that_is_left_out_is_found() -> None:
    assert "1,-2,'1 ',0.01,0.08,0.04" in V33
    _, findings = read(V33.replace("1,-2,'1 ',0.01,0.08,0.04", "1,-2,'1 ',0.01, ,0.04", 1))
    assert findings["psse.raw.no_value"].where.column == "X"


def test_a_negative_metered_end_is_written_as_met() -> None:
    written = write_raw_case(replace(read(V33)[0].extras["psse"], version=30, original=None), 34)
    again = read(written)[0].extras["psse"]["branch"]
    assert "1,-2," in V33
    assert (again["J"].abs() == again["J"]).all()
    assert 2 in again["MET"].to_numpy()


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_an_untouched_file_keeps_its_encoding(encoding: str) -> None:
    data = V33.replace("O'DONNELL", "MÜHLE").encode(encoding)
    assert FORMATS["raw"].write(read_raw(data, "a.raw").value, 33)[0] == data
    rawx = write_rawx(read_raw(data, "a.raw").value).replace('"version":"35.4"', '"other": 1').encode(encoding)
    assert FORMATS["rawx"].write(read_raw(rawx, "a.rawx").value, 35)[0] == rawx


def test_a_number_too_large_for_a_bus_leaves_the_record_out_at_its_line() -> None:
    text = V33.replace("\n2,'", "\n99999999999999999999,'", 1)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith("9999999"))
    network, findings = read(text)
    assert findings["psse.raw.not_a_number"].where.line == findings["psse.raw.no_key"].where.line == line
    assert len(network["bus"]) == len(read(V33)[0]["bus"]) - 1
    assert "99999" not in write_raw(network, 35).split("@!")[0]


def test_a_metered_end_given_by_its_field_has_no_sign_besides_in_a_newer_version() -> None:
    network, _ = read(V33.replace("0.002,1,1,12.5", "0.002,1,2,12.5"))  # its branch goes to bus -2
    case = read_raw_case(write_raw(network, 35).encode(), "new.raw").value
    assert (case["branch"]["J"] > 0).all()
    assert case.integers("branch", "MET")[0] == 2


def test_fields_left_out_are_said_with_the_first_record_that_leaves_them_out() -> None:
    text = V33.replace("BEGIN LOAD DATA\n", "BEGIN LOAD DATA\n2,'9 ',1,1,1,30\n", 1)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith("2,'9 '"))
    said = [f for f in read_raw(text.encode(), "x").findings if f.code == "psse.raw.default" and "QL" in f.text]
    assert [(finding.where.line, finding.where.column) for finding in said] == [(line, "QL")]
