"""CYME's formats give one model, traps become findings, and what is broken doesn't take the rest with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import BadInput
from core.feeder import Feeder, matrices_of
from core.feeder.line_constants import Wires, distances, line_matrices
from core.findings import Reading, Severity, Where
from core.formats.cyme import read_cyme
from core.formats.cyme.mutual import estimate_mutual_resistance, mutual_reactance_copied
from core.formats.cyme.records import Record
from core.studies.feeder_flow import solve_feeder
from tests.core.formats.cyme import exports

COMPARED = {
    "sources": ("bus", "kv_ll", "v_a_pu", "x1_ohm"),
    "branches": ("id", "kind", "from_bus", "to_bus", "phases", "length_km", "amps_normal", "closed_phases"),
    "windings": ("transformer", "bus", "phases", "connection", "grounding", "kv", "kva", "r_pct", "tap_pu"),
    "regulators": ("id", "bank", "mode", "vset_v", "band_v", "tap"),
    "capacitors": ("id", "bus", "phases", "kv", "kvar"),
    "loads": ("id", "bus", "phases", "connection", "kv", "p_kw", "q_kvar", "model"),
    "buses": ("id", "phases", "kv_ll_base", "x", "y"),
}  # fmt: skip


def read(paths: list[Path], **options: bool) -> Reading[Feeder]:
    return read_cyme(paths, **options)


def codes(reading: Reading[Feeder]) -> set[str]:
    return {finding.code for finding in reading.findings}


def changed(tmp_path: Path, file: str, old: str, new: str) -> Reading[Feeder]:
    text = exports.text_of(file)
    assert old in text
    return read(exports.write_text(tmp_path, **{file: text.replace(old, new)}))


@pytest.fixture(scope="module")
def feeder(tmp_path_factory: pytest.TempPathFactory) -> Feeder:
    return read(exports.write_text(tmp_path_factory.mktemp("v5"))).value


def assert_same(one: Feeder, other: Feeder) -> None:
    for table, columns in COMPARED.items():
        first, second = (
            f[table][list(columns)].sort_values(list(columns[:2])).reset_index(drop=True) for f in (one, other)
        )
        pd.testing.assert_frame_equal(first, second, rtol=1e-6, check_dtype=False, obj=table)
    first, second = matrices_of(one["impedances"]), matrices_of(other["impedances"])
    assert first.keys() == second.keys()
    for name, matrices in first.items():
        np.testing.assert_allclose(matrices.z_ohm_km, second[name].z_ohm_km, rtol=1e-6)
        np.testing.assert_allclose(matrices.b_us_km, second[name].b_us_km, rtol=1e-6)


def test_devices_in_series_on_a_section_become_a_chain(feeder: Feeder) -> None:
    line = feeder["branches"].set_index("id").loc["LINE-1"]
    assert (line["from_bus"], line["to_bus"]) == ("S1~1", "N2")
    regulator = feeder["windings"][feeder["windings"]["transformer"] == "REG-1_A"]
    assert list(regulator["bus"]) == ["N1", "S1~1"]
    assert list(regulator["tap_pu"]) == [1.0, pytest.approx(1.025)]


def test_a_distributed_load_goes_half_to_each_end(feeder: Feeder) -> None:
    loads = feeder["loads"][feeder["loads"]["device"] == "LOAD-2"]
    assert dict(loads.groupby("bus")["p_kw"].sum()) == {"N2": 110.0, "N3": 110.0}


def test_a_delta_load_of_phase_c_lies_between_c_and_a(feeder: Feeder) -> None:
    load = feeder["loads"].set_index("device").loc["LOAD-5"]
    assert (load["phases"], load["connection"], load["p_kw"]) == ("CA", "delta", pytest.approx(54.0))


def test_rated_voltages_come_from_the_zone(feeder: Feeder) -> None:
    loads = feeder["loads"].set_index("device")
    assert loads.loc["LOAD-3", "kv"] == pytest.approx(0.48)
    assert loads.loc["LOAD-4", "kv"] == pytest.approx(12.47 / 3**0.5)


def test_every_record_says_where_it_came_from(feeder: Feeder) -> None:
    line = feeder["branches"].set_index("id").loc["CABLE-2"]
    text = exports.text_of("network").splitlines()
    assert line["source_file"] == "network.txt"
    assert text[line["source_row"] - 1].startswith("S2,CABLE-2")


def test_imperial_units_give_the_same_model(feeder: Feeder, tmp_path: Path) -> None:
    assert_same(feeder, read(exports.write_text(tmp_path, units="IMPERIAL")).value)


def test_each_file_counts_in_its_own_units(feeder: Feeder, tmp_path: Path) -> None:
    texts = {name: exports.text_of(name, "IMPERIAL" if name == "equipment" else "SI") for name in exports.FILES}
    mixed = read(exports.write_text(tmp_path / "mixed", **texts))
    assert_same(mixed.value, feeder)
    assert "cyme.text.units_differ" in codes(mixed)
    silent = read(exports.write_text(tmp_path / "silent", network=exports.text_of("network").replace("[SI]", "")))
    assert_same(silent.value, feeder)
    assert "cyme.text.units_missing" in codes(silent)


def test_version_8_gives_the_same_model(feeder: Feeder, tmp_path: Path) -> None:
    texts = {name: exports.version_8(exports.text_of(name)) for name in ("network", "equipment", "load")}
    assert_same(feeder, read(exports.write_text(tmp_path, **texts)).value)


@pytest.mark.parametrize(("version", "encoding"), [("7.1", "windows-1252"), ("7.2", "utf-8"), ("9.0", "utf-8")])
def test_xml_gives_the_same_model(feeder: Feeder, tmp_path: Path, version: str, encoding: str) -> None:
    path = tmp_path / "study.txt"  # the extension doesn't count
    path.write_bytes(exports.xml(version, encoding))
    assert_same(feeder, read([path]).value)


def test_several_feeders_in_one_export_stay_apart(tmp_path: Path) -> None:
    network = exports.text_of("network").replace("S5,N3,N6,ABC", "S5,N3,N6,ABC\nFEEDER=F2,M1,1\nT1,M1,M2,ABC")
    network = network.replace("N1,F1\n\n[SOURCE]", "N1,F1\nM1,F2\n\n[SOURCE]").replace(
        "N1,12.470000,0.000000", "M1,12.470000,0,-120,120,0.1,0.6,0.5,2\nN1,12.470000,0.000000"
    )
    reading = read(exports.write_text(tmp_path, network=network))
    assert reading.value.names == ["F1", "F2"]
    second = reading.value.only("F2")
    assert list(second["branches"]["id"]) == ["T1"]
    assert set(second["buses"]["id"]) == {"M1", "M2"}


def test_shuffled_and_unknown_columns_are_read_by_name(feeder: Feeder, tmp_path: Path) -> None:
    old = "FORMAT_SECTION=SectionID,FromNodeID,ToNodeID,Phase"
    network = exports.text_of("network").replace(old, "FORMAT_SECTION=Phase,Novelty,ToNodeID,SectionID,FromNodeID")
    for section, start, end, phases in exports.SECTIONS:
        network = network.replace(f"\n{section},{start},{end},{phases}", f"\n{phases},7,{end},{section},{start}")
    assert_same(feeder, read(exports.write_text(tmp_path, network=network)).value)


LINE_TYPES = """
[LINE UNBALANCED]
FORMAT_LINEUNBALANCED=ID,Ra,Rb,Rc,Xa,Xb,Xc,Ba,Bb,Bc,AmpsA,MutualResistanceAB,MutualResistanceBC,MutualResistanceCA,MutualReactanceAB,MutualReactanceBC,MutualReactanceCA
{row}
"""


def with_unbalanced(
    tmp_path: Path, row: str, *, repair: bool = False, section: str = "S2,N2,N3,ABC"
) -> Reading[Feeder]:
    name = section.split(",")[0]
    fields = "SectionID,DeviceNumber,LineCableID,Length"
    setting = f"\n[OVERHEADLINEUNBALANCED SETTING]\nFORMAT_OVERHEADLINEUNBALANCEDSETTING={fields}\n{name},UNB,U1,500\n"
    network = (
        exports.text_of("network").replace("S2,CABLE-2,CAB2,800.0,1\n", "").replace("S4,LINE-4,LINE4,400.0,0\n", "")
        + setting
    )
    network = network.replace("S2,N2,N3,ABC", section) if name == "S2" else network.replace("S4,N2,N5,B", section)
    paths = exports.write_text(
        tmp_path, network=network, equipment=exports.text_of("equipment") + LINE_TYPES.format(row=row)
    )
    return read(paths, repair=repair)


COPIED = "U1,0.215,0.210,0.212,0.632,0.651,0.643,3.9,3.7,3.5,400,0.271353,0.271353,0.271353,0.271353,0.271353,0.271353"


def test_mutual_resistance_that_copies_the_reactance_is_reported(tmp_path: Path) -> None:
    reading = with_unbalanced(tmp_path, COPIED)
    assert "cyme.mutual_resistance_copied" in codes(reading)
    assert matrices_of(reading.value["impedances"])["UNB"].z_ohm_km[0, 1].real == pytest.approx(0.271353)


def test_mutual_resistance_is_estimated_on_request(tmp_path: Path) -> None:
    """Line 601 of the IEEE 13-node feeder: the true value is 0.1558 ohm/mile, 0.0968 ohm/km."""
    reading = with_unbalanced(tmp_path, COPIED, repair=True)
    assert "cyme.mutual_resistance_repaired" in codes(reading)
    assert matrices_of(reading.value["impedances"])["UNB"].z_ohm_km[0, 1].real == pytest.approx(0.0968, abs=0.005)


def test_mutual_resistance_of_a_cable_is_estimated_as_of_a_cable(tmp_path: Path) -> None:
    """Line 606 of the IEEE 13-node feeder: 0.3192, 0.3192 and 0.2849 ohm/mile, 0.1912 ohm/km in the mean."""
    row = "U1,0.496,0.490,0.496,0.277,0.251,0.277,60.2,60.2,60.2,400" + ",0.010625" * 6
    reading = with_unbalanced(tmp_path, row, repair=True)
    assert matrices_of(reading.value["impedances"])["UNB"].z_ohm_km[0, 1].real == pytest.approx(0.1912, abs=0.02)


@pytest.mark.parametrize(
    ("phases", "neutral", "neutral_ohm"),
    [
        (((0.0, 9.0), (0.7, 9.0), (1.8, 9.0)), (1.1, 7.6), 0.9),  # short crossarm, small neutral
        (((-1.2, 10.5), (0.0, 11.2), (1.2, 10.5)), (0.0, 8.4), 0.35),  # delta on a pole
        (((-2.0, 12.0), (0.0, 12.0), (2.0, 12.0)), (0.3, 9.5), 0.2),  # wide crossarm
        (((-1.0, 10.0), (0.0, 10.0), (1.0, 10.0)), None, 0.0),  # no neutral
    ],
)
def test_estimates_of_other_configurations_are_far_nearer_than_the_copies(
    phases: tuple[tuple[float, float], ...], neutral: tuple[float, float] | None, neutral_ohm: float
) -> None:
    """Oracle: the geometry's own matrix by Carson and Kron; what the export writes is its reactance."""
    points = [*phases, *([neutral] if neutral else [])]
    x, height = (np.array(axis) for axis in zip(*points, strict=True))
    count = len(points)
    gmr, radius = np.full(count, 0.0055), np.full(count, 0.007)
    wires = Wires(np.array([0.19] * 3 + [neutral_ohm] * (count - 3)), gmr, radius, distances(x, height), height)
    true = line_matrices(wires, 3, frequency_hz=60.0, earth_ohm_m=100.0).z_ohm_km
    values = {f"x_{pair}_ohm_km": true[k].imag for pair, k in (("ab", (0, 1)), ("bc", (1, 2)), ("ca", (2, 0)))}
    values |= {f"r_{pair}_ohm_km": true[k].imag for pair, k in (("ab", (0, 1)), ("bc", (1, 2)), ("ca", (2, 0)))}
    values |= {f"r_{phase}{phase}_ohm_km": true[k, k].real for k, phase in enumerate("abc")}
    record = Record(values, Where())
    assert mutual_reactance_copied(record)
    for pair, k in (("ab", (0, 1)), ("bc", (1, 2)), ("ca", (2, 0))):
        estimate = estimate_mutual_resistance(record, pair, 60.0)
        assert abs(estimate - true[k].real) < 0.3 * abs(true[k].imag - true[k].real)
        assert 0 < estimate <= true[k[0], k[0]].real


def test_a_line_type_defined_on_another_phase_is_used_with_a_warning(tmp_path: Path) -> None:
    reading = with_unbalanced(tmp_path, "U1,0,1.7,0,0,0.9,0,0,2.6,0,100,0,0,0,0,0,0", section="S4,N2,N5,A")
    assert "cyme.line_other_phases" in codes(reading)
    assert matrices_of(reading.value["impedances"])["UNB"].z_ohm_km[0, 0] == pytest.approx(1.7 + 0.9j)


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("network", "C4/0,POLE,1500.0", "C4/0,POLE,0", "cyme.line_zero_length"),
        ("network", "60.0,F,122.0,122.0,122.0", "60.0,T,122.0,0.0,122.0", "cyme.regulator_no_set_voltage"),
        ("load", "S2,LOAD-2,DISTRIBUTED,0,2", "S2,LOAD-2,DISTRIBUTED,0,2", "cyme.load_distributed"),
        ("network", "S5,M,SW,TIE-5,NONE,0,0,1,0", "", "cyme.section_without_device"),
        ("network", "FORMAT_HEADNODES=NodeID", "FORMAT_HEADNODES=NodeID", "cyme.source_impedance_unused"),
        ("network", "S2,CABLE-2,CAB2,", "S2,CABLE-2,GONE,", "cyme.equipment_missing"),
        ("network", "S4,N2,N5,B", "S4,N2,N5,Q", "cyme.section_no_phases"),
        ("network", "S4,N2,N5,B", "S4,N2,N5,BX", "cyme.bad_phase"),
        ("network", "S4,N2,N5,B", "S4,N5,N5,B", "cyme.section_to_itself"),
        ("network", "S4,N2,N5,B", "S4,N2,N5,B\nS4,N2,N5,B", "cyme.section_twice"),
        ("network", "N5,100.0,80.0,100.0,80.0,0.0\n", "", "cyme.node_missing"),
        ("network", "100.000000,7.200000,0,CAP", "100.000000,14.370000,0,CAP", "feeder.capacitor_voltage"),
        ("network", "S2,CABLE-2,CAB2,800.0", "S2,CABLE-2,CAB2,eight", "cyme.bad_number"),
        ("equipment", "12.47,0.48,4.0,4.0,5.0", "12.47,0.48,0.0,0.0,5.0", "cyme.transformer_no_impedance"),
        ("load", "0,0,2,B,90.0", "0,0,2,A,90.0", "cyme.load_phase"),
        ("load", "2,B,90.0,95.0", "2,B,90.0,0.0", "cyme.load_power_factor"),
        ("load", "S4,LOAD-4,SPOT,0,1", "S9,LOAD-4,SPOT,0,1", "cyme.device_without_section"),
        ("load", "S3,LOAD-3,SPOT,LOAD-3,ZIP", "S3,LOAD-3,SPOT,LOAD-3,NEW", "cyme.customer_class_missing"),
        ("network", "S2,CABLE-2,", "S2,line-1,", "cyme.id_case"),
        ("load", "S5,LOAD-5,SPOT,LOAD-5,PQ,0,0,-1,1,", "S5,LOAD-5,SPOT,LOAD-5,PQ,0,0,-1,2,", "cyme.load_models"),
    ],
)  # fmt: skip
def test_a_flaw_is_reported_and_the_rest_still_loads(tmp_path: Path, file: str, old: str, new: str, code: str) -> None:
    reading = changed(tmp_path, file, old, new)
    assert code in codes(reading)
    assert len(reading.value["buses"]) >= 5
    assert len(reading.value["loads"]) >= 4


def test_a_source_that_only_says_how_it_is_operated_counts(tmp_path: Path) -> None:
    head, _, rest = exports.version_8(exports.text_of("network")).partition("[SOURCE EQUIVALENT]")
    network = head.replace("SUB,SUB-1", "GONE,SUB-1") + rest.partition("\n\n")[2]
    reading = read_cyme(exports.write_text(tmp_path, network=network))
    source = reading.value["sources"].iloc[0]
    assert (source["bus"], source["v_a_pu"]) == ("N1", pytest.approx(1.0))
    assert source["kv_ll"] == pytest.approx(12.72, rel=1e-6)
    assert "cyme.source_nominal" in codes(reading)


def test_an_equivalent_source_that_is_not_used_is_reported(tmp_path: Path) -> None:
    at_n1 = "N1,12.470000,0.000000,-120.000000,120.000000,0.100000,0.600000,0.500000,2.000000"
    network = exports.text_of("network").replace("N1,F1\n", "N1,F1\nN3,F1\n", 1)
    reading = read_cyme(exports.write_text(tmp_path, network=network.replace(at_n1, f"{at_n1}\nN3{at_n1[2:]}")))
    assert [f.element for f in reading.findings if f.code == "cyme.source_equivalent_unused"] == ["N3"]


def test_a_transformer_that_changes_its_tap_under_load_is_reported(tmp_path: Path) -> None:
    text = exports.text_of("equipment").replace("XR0,Conn,NoLoadLosses\nXF,", "XR0,Conn,NoLoadLosses,IsLTC\nXF,")
    reading = read_cyme(exports.write_text(tmp_path, equipment=text.replace("5.0,Y_Y,1.0", "5.0,Y_Y,1.0,1")))
    assert "cyme.transformer_ltc" in codes(reading)
    assert list(reading.value["transformer_types"]["ltc"]) == [True]


def test_a_line_that_makes_the_circuit_singular_is_named(tmp_path: Path) -> None:
    reading = with_unbalanced(tmp_path, "U1" + ",0.5,0.5,0.5,0.6,0.6,0.6,0,0,0,100,0.5,0.5,0.5,0.6,0.6,0.6")
    snapshot = solve_feeder(reading.value)
    assert not snapshot.converged
    assert [(finding.code, finding.element) for finding in snapshot.findings] == [("feeder.not_solved", "UNB")]


def test_a_file_and_a_device_given_twice_count_once(feeder: Feeder, tmp_path: Path) -> None:
    paths = exports.write_text(tmp_path)
    (tmp_path / "copy.txt").write_bytes(paths[2].read_bytes())
    reading = read([*paths, tmp_path / "copy.txt"])
    assert "cyme.file_twice" in codes(reading)
    assert_same(feeder, reading.value)
    (tmp_path / "copy.txt").write_bytes(paths[0].read_bytes() + b"\r\n")
    reading = read([*paths, tmp_path / "copy.txt"])
    assert {"cyme.section_twice", "cyme.device_twice"} <= codes(reading)
    assert_same(feeder, reading.value)


def test_half_a_study_and_a_broken_database_leave_the_rest(tmp_path: Path) -> None:
    study = exports.xml()
    (tmp_path / "half.sxst").write_bytes(study[: study.index(b"<SectionID>S4</SectionID>")])
    reading = read([tmp_path / "half.sxst"])
    assert "cyme.xml.cut_off" in codes(reading)
    assert {"REG-1_A", "XF-3"} & set(reading.value["transformers"]["id"])
    (tmp_path / "broken.mdb").write_bytes(b"\x00\x01\x00\x00Standard Jet DB\x00" + b"\x07" * 9000)
    reading = read([*exports.write_text(tmp_path), tmp_path / "broken.mdb"])
    assert "cyme.file_unreadable" in codes(reading)
    assert len(reading.value["branches"]) == 4


def test_half_a_file_gives_half_a_feeder_and_says_so(tmp_path: Path) -> None:
    text = exports.text_of("network")
    reading = read(exports.write_text(tmp_path, network=text[: text.index("S3,N3,N4")]))
    assert len(reading.value["branches"]) == 2
    assert "cyme.device_without_section" in codes(reading)


@pytest.mark.parametrize("end", ["[SWITCH SETT", "FORMAT_SECTION=SectionID", "S3,N3"])
def test_a_file_that_ends_in_the_middle_of_a_line_is_cut_off(tmp_path: Path, end: str) -> None:
    text = exports.text_of("network")
    assert "cyme.text.cut_off" in codes(read(exports.write_text(tmp_path, network=text[: text.index(end) + len(end)])))


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02\xff" * 50, b"just a letter", b"<html><body/></html>", b"<a><b>"]
)
def test_what_is_no_export_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "network.txt"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        read([path])


def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "feeder.mdb"
    path.write_bytes(b"\x00\x01\x00\x00Standard Jet DB\x00" + b"\x07" * 9000)
    with pytest.raises(BadInput, match="Access"):
        read([path])


def test_xml_with_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.xml"
    path.write_text(
        '<!DOCTYPE x [<!ENTITY a "aa">]><x><Networks><Network><NetworkID>&a;</NetworkID></Network></Networks></x>'
    )
    with pytest.raises(BadInput):
        read([path])


def test_the_good_export_has_nothing_worse_than_remarks(tmp_path: Path) -> None:
    found = read(exports.write_text(tmp_path)).findings
    assert {finding.severity for finding in found} <= {Severity.INFO}
