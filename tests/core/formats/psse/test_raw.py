"""RAW files: what is read, what is written, what comes back."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.errors import BadInput
from core.formats.psse import read_raw, read_raw_case, write_raw, write_raw_case
from core.network import CATALOGUE, Network, admittance_matrix
from tests.core.formats.psse.cases import V33, three_buses


def the_case() -> Network:
    return read_raw(V33.encode(), "case.raw").value


def same_admittance(a: Network, b: Network) -> bool:
    return bool(abs(admittance_matrix(a) - admittance_matrix(b)).max() < 1e-9)


def test_every_section_of_a_v33_file_becomes_a_table() -> None:
    counts = {table: count for table, count in the_case().counts().items() if count}
    assert counts == {
        "bus": 3, "load": 1, "generator": 2, "shunt": 1, "switched_shunt": 1, "branch": 1, "transformer": 1,
        "transformer3w": 1, "dcline": 1, "area": 1, "zone": 1, "owner": 1,
    }  # fmt: skip


def test_names_keep_their_apostrophes_commas_and_slashes() -> None:
    assert the_case()["bus"]["name"].tolist() == ["SWING", "O'DONNELL / A", "DC, SOUTH"]


def test_a_negative_bus_number_is_the_metered_end() -> None:
    line = the_case()["branch"].loc[0]
    assert (line["to_bus"], line["metered_end"]) == (2, "TO")
    assert line["b_from_pu"] == pytest.approx(0.02 + 0.001)


def test_constant_admittance_loads_consume_when_positive() -> None:
    assert the_case()["load"].loc[0, "yq_mvar"] == 2.0


def test_transformer_codes_are_converted_to_the_system_base() -> None:
    unit = the_case()["transformer"].loc[0]
    assert unit["tap_from_pu"] == pytest.approx(140 / 138)  # CW 2: kV
    assert unit["tap_to_pu"] == pytest.approx(13.9 / 13.8)
    assert unit["x_pu"] == pytest.approx(0.09 * 100 / 60)  # CZ 2: winding base
    assert unit["g_mag_pu"] == pytest.approx(25000 / 1e6 / 100)  # CM 2: watts
    assert unit["b_mag_pu"] == pytest.approx(-np.sqrt((0.004 * 0.6) ** 2 - 0.00025**2))
    assert unit["tap_max"] == pytest.approx(144.9 / 138)


def test_a_winding_that_is_out_is_out() -> None:
    three = the_case()["transformer3w"].loc[0]
    assert [bool(three[f"in_service_{k}"]) for k in (1, 2, 3)] == [True, True, False]


def test_a_vsc_line_loses_what_its_converters_and_wire_lose() -> None:
    line = the_case()["dcline"].loc[0]
    # 20 MW less 0.1 MW + 0.1 MW/kA of the converter that takes them are (100 kV + 0.5 ohm I) I
    current = (-(100 + 0.1) + np.sqrt((100 + 0.1) ** 2 + 4 * 0.5 * (20 - 0.1))) / (2 * 0.5)
    losses = 2 * (0.1 + 0.1 * current) + 0.5 * current**2
    assert (line["p_from_mw"], line["p_to_mw"]) == (20.0, pytest.approx(20 - losses, abs=1e-12))
    assert line["q_from_mvar"] == pytest.approx(-20 * np.tan(np.arccos(0.98)))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_untouched_file_is_written_back_byte_for_byte(newline: str) -> None:
    data = V33.replace("\n", newline).encode()
    reading = read_raw_case(data, "case.raw")
    assert write_raw_case(reading.value).encode() == data


def test_an_edited_record_changes_only_its_line() -> None:
    case = read_raw_case(V33.encode(), "case.raw").value
    load = case["load"].copy()
    load.loc[0, "PL"] = 81.5
    before, after = V33.splitlines(), write_raw_case(case.with_section("load", load)).splitlines()
    changed = [number for number, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert changed == [V33.splitlines().index(next(line for line in before if line.startswith("2,'1 '")))]
    assert "81.5" in after[changed[0]]


@pytest.mark.parametrize("version", [33, 34, 35])
def test_an_edited_element_of_a_network_changes_only_its_line(version: int) -> None:
    text = write_raw_case(read_raw_case(V33.encode(), "case.raw").value, version)
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("@!kept"))
    network = read_raw(text.replace(",", ", ").encode(), "case.raw").value
    load = network["load"].copy()
    load.loc[0, "p_mw"] += 1
    before, after = (
        text.replace(",", ", ").splitlines(),
        write_raw(network.with_tables(load=load), version).splitlines(),
    )
    changed = [one for one, other in zip(before, after, strict=True) if one != other]
    assert len(changed) == 1
    assert changed[0].startswith(f"{load['bus'][0]}, ")


def test_removed_and_added_records_leave_the_others_alone() -> None:
    case = read_raw_case(V33.encode(), "case.raw").value
    machine = case["generator"].iloc[[1]].assign(ID="2")
    table = pd.concat([case["generator"].iloc[:1], machine.set_axis([7])])
    after = write_raw_case(case.with_section("generator", table)).splitlines()
    before = V33.splitlines()
    assert len(after) == len(before)
    assert [line for line in before if line not in after] == [line for line in before if line.endswith("/ remote")]


@pytest.mark.parametrize("version", [33, 34, 35])
def test_a_network_comes_back_from_every_version(version: int) -> None:
    network = three_buses()
    back = read_raw(write_raw(network, version).encode(), "x.raw")
    assert back.source.version == str(version)
    assert [f for f in back.findings if f.severity == "error"] == []
    assert same_admittance(network, back.value)
    for table in CATALOGUE:
        pd.testing.assert_frame_equal(back.value[table], network[table], rtol=1e-12)


def test_versions_in_a_row_keep_the_admittance_and_every_field_of_v33() -> None:
    case = read_raw_case(V33.encode(), "case.raw").value
    for version in (34, 35, 33):
        case = read_raw_case(write_raw_case(case, version).encode(), "x.raw").value
    first = read_raw_case(V33.encode(), "case.raw").value
    assert same_admittance(the_case(), read_raw(write_raw_case(case).encode(), "x.raw").value)
    for section, table in first.sections.items():
        for name in table:
            np.testing.assert_array_equal(case.values(section, name), first.values(section, name), f"{section} {name}")


def test_unchanged_elements_keep_their_records_when_the_network_changes() -> None:
    network = the_case()
    network = network.with_tables(load=network["load"].assign(p_mw=99.0))
    text = write_raw(network, 33)
    assert "'YNd11       '" in text
    assert ",2,2,2,25000.0,0.004," in text  # the transformer keeps its codes
    assert read_raw(text.encode(), "x").value["load"].loc[0, "p_mw"] == 99.0


@pytest.mark.parametrize("network", [three_buses(), the_case()])
def test_an_independent_reader_accepts_v33(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    from grg_pssedata.io import parse_psse_case_str

    monkeypatch.setattr("grg_pssedata.io.print_err", lambda *words: None)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = parse_psse_case_str(write_raw(replace(network, extras={}), 33))
    assert [bus.i for bus in theirs.buses] == network["bus"]["bus"].tolist()
    assert sum(load.pl for load in theirs.loads) == pytest.approx(network["load"]["p_mw"].sum())
    assert len(theirs.transformers) == len(network["transformer"]) + len(network["transformer3w"])
    assert [g.pg for g in theirs.generators] == network["generator"]["p_mw"].tolist()


def test_a_machine_at_a_pq_bus_gets_a_bus_type_that_keeps_it() -> None:
    network = three_buses()
    kinds = network["bus"].assign(kind=["SLACK", "PQ", "PQ"])
    back = read_raw(write_raw(network.with_tables(bus=kinds), 33).encode(), "x").value
    assert back["bus"]["kind"].tolist() == ["SLACK", "PQ", "PV"]
    assert back["generator"].loc[1, "q_max_mvar"] == back["generator"].loc[1, "q_min_mvar"] == 0.0


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"\n\n", b"name,value\na,b\n", b"{}"])
def test_what_is_no_raw_file_is_refused_with_a_place(data: bytes) -> None:
    with pytest.raises(BadInput) as error:
        read_raw(data, "x.raw")
    assert error.value.hint


def test_an_edited_transformer_keeps_its_correction_table_and_its_impedance() -> None:
    """The network's impedance is the corrected one: the record says it without the correction."""
    text = V33.replace(",17,0,0.0,0.0", ",17,1,0.0,0.0")
    network = read_raw(
        text.replace("1.0,138.0,0.0,50.0", "1.05,138.0,0.0,50.0").replace("0.9,33,0,", "0.9,33,1,").encode(), "x"
    ).value
    two, three = network["transformer"], network["transformer3w"]
    edited = network.with_tables(transformer=two.assign(tap_from_pu=1.04), transformer3w=three.assign(rate_a_1_mva=3.0))
    for version in (33, 34, 35):
        again = read_raw(write_raw(edited, version).encode(), "x").value
        assert same_admittance(edited, again)
        assert again["transformer"]["correction_table"].tolist() == [1]


def test_numbers_are_read_to_the_last_bit() -> None:
    numbers = [0.1 + 0.2, 1 / 3, 2 / 3 * 1e-7, 1234.5678901234567]
    lines = "".join(f"2,'{k}',1,1,1,{number!r},0.0\n" for k, number in enumerate(numbers))
    text = V33.replace("2,'1 ',1,1,1,80.0,20.0,5.0,1.0,4.0,-2.0,1,1,0\n", lines)
    assert read_raw(text.encode(), "x").value["load"]["p_mw"].tolist() == numbers
