"""Files written by hand in the layouts of old versions, and RAWX: every value is where the version has it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.engines.load_flow import load_flow
from core.formats.conversion import admittance_difference, compare
from core.formats.networks import read_network
from core.formats.psse import RawCase, read_raw, read_rawx, write_raw, write_rawx
from core.network import Network
from core.network.audit import audit
from tests.core.formats.psse.layouts import LAYOUTS, V29, V33

ROW = {
    "load": {"bus": 2, "ckt": "1", "p_mw": 80.0, "q_mvar": 20.0, "ip_mw": 5.0, "iq_mvar": 1.0,
             "yp_mw": 4.0, "yq_mvar": 2.0},
    "generator": {"bus": 1, "p_mw": 60.0, "q_mvar": 5.0, "q_max_mvar": 50.0, "q_min_mvar": -50.0, "v_set_pu": 1.02,
                  "mva_base": 100.0, "x_source_pu": 0.2, "p_max_mw": 200.0, "p_min_mw": 0.0},
    "shunt": {"bus": 2, "g_mw": 1.5, "b_mvar": 10.0, "in_service": True},
    "branch": {"from_bus": 1, "to_bus": 2, "ckt": "1", "r_pu": 0.01, "x_pu": 0.08, "b_from_pu": 0.021, "b_to_pu": 0.022,
               "rate_a_mva": 100.0, "rate_b_mva": 110.0, "rate_c_mva": 120.0, "length_km": 12.5, "metered_end": "TO"},
    "transformer": {"from_bus": 2, "to_bus": 3, "tap_from_pu": 225 / 230, "tap_to_pu": 13.9 / 13.8, "shift_deg": 30.0,
                    "rate_a_mva": 60.0, "rate_c_mva": 70.0, "tap_positions": 17, "correction_table": 1,
                    "band_max": 1.05, "regulated_bus": 2, "g_mag_pu": 25e3 / 1e8, "mva_base": 60.0},
    "transformer3w": {"bus_1": 1, "bus_2": 2, "bus_3": 4, "ckt": "T3", "x_12_pu": 0.1, "x_23_pu": 0.2, "x_31_pu": 0.15,
                      "r_31_pu": 0.003, "tap_3_pu": 1.02, "shift_3_deg": 30.0, "rate_a_3_mva": 20.0,
                      "b_mag_pu": -0.002},
    "switched_shunt": {"bus": 2, "b_mvar": 10.0, "v_max_pu": 1.05, "v_min_pu": 0.95, "control_mode": 1},
    "dcline": {"kind": "LCC", "from_bus": 1, "to_bus": 5, "in_service": True},
    "area": {"area": 1, "name": "MAIN"},
}  # fmt: skip


@pytest.mark.parametrize("version", LAYOUTS)
def test_every_value_is_read_where_the_version_has_it(version: int) -> None:
    reading = read_raw(LAYOUTS[version].encode(), "hand.raw")
    network, case = reading.value, reading.value.extras["psse"]
    assert (case.version, {f.severity for f in reading.findings}) == (version, {"info", "warning"})
    assert network.values("bus", "name").tolist() == ["SLACK", "O'DONNELL", "GEN, 3/A", "TERTIARY", "DC5", "OUT"]
    for table, wanted in ROW.items():
        row = network[table].iloc[0]
        assert {name: row[name] for name in wanted} == {
            name: pytest.approx(value) if isinstance(value, float) else value for name, value in wanted.items()
        }
    assert len(network["branch"]) == 3 + (version >= 31)
    assert (case["multi_terminal_dc_converter"]["SETVL"].tolist(), case["multi_section_line"].loc[0, "DUM1"]) == (
        [15, -10, 100],
        5,
    )
    assert case["facts"].loc[0, ["J", "MODE", "VSET", "SHMX"]].tolist() == [0, 1, 1.0, 50.0]
    assert case["generator"].loc[1, ["IREG", "O1", "F1", "O2", "F2"]].tolist() == [2, 1, 0.6, 2, 0.4]
    assert len(case["gne"]) == (version >= 32)
    assert len(case["induction_machine"]) == (version >= 33)


@pytest.mark.parametrize("version", LAYOUTS)
def test_a_file_without_its_version_is_read_the_same(version: int) -> None:
    head, rest = LAYOUTS[version].split("/", 1)
    text = f"{','.join(head.split(',')[:2])} /{rest}"
    guessed = read_raw(text.encode(), "hand.raw")
    assert "psse.raw.no_revision" in {finding.code for finding in guessed.findings}
    assert admittance_difference(guessed.value, read_raw(LAYOUTS[version].encode()).value) == 0
    assert guessed.value.totals() == read_raw(LAYOUTS[version].encode()).value.totals()


@pytest.mark.parametrize(("version", "target"), [(29, 33), (30, "rawx"), (31, 34), (32, 35), (33, 34)])
def test_it_solves_the_same_in_every_version_that_is_written(version: int, target: int | str) -> None:
    network = read_raw(LAYOUTS[version].encode()).value
    text = write_rawx(network) if target == "rawx" else write_raw(network, int(target))
    back = read_network(text.encode(), "x").value
    solved, again = load_flow(network), load_flow(back)
    assert solved.outcome == "converged"
    np.testing.assert_allclose(again.v[:5], solved.v[:5], atol=1e-9)
    assert audit(back).max_mismatch_mva == pytest.approx(audit(network).max_mismatch_mva)
    for section in ("multi_terminal_dc", "multi_section_line", "facts", "area_transfer", "gne", "induction_machine"):
        theirs: RawCase = back.extras["psse"]
        assert len(theirs[section]) == len(network.extras["psse"][section])


RAWX = {
    "general": {"version": "35.4"},
    "network": {
        "caseid": {"fields": ["title1", "sbase", "basfrq", "rev", "ic"], "data": ["BY HAND", 50.0, 50.0, 35, 0]},
        "load": {"fields": ["ql", "ibus", "pl", "loadid", "note"],
                 "data": [[12.5, 20, 40.0, "A", "x"], [1, 30, 2.5, None]]},
        "bus": {
            "fields": ["ide", "name", "ibus", "baskv", "va", "vm"],
            "data": [[3, "WEST", 10, 110.0, 0.0, 1.01],
                     [1, "O'NEIL, \"B\"", 20, 110, None, 1.0], [2, None, 30, 10.5, -1, 1.02]],
        },
        "generator": {"fields": ["ibus", "machid", "pg", "vs", "qt", "qb"],
                      "data": [[10, "1", 20.0, 1.01, 99, -99], [30, "G", 25.0, 1.02, 30, -30]]},
        "acline": {"fields": ["jbus", "ibus", "rpu", "xpu", "bpu", "ckt"], "data": [[20, 10, 0.01, 0.1, 0.02, "1"]]},
        "transformer": {"fields": ["ibus", "jbus", "kbus", "ckt", "x1_2", "sbase1_2", "cz", "windv1", "nomv1"],
                        "data": [20, 30, 0, "1", 0.1, 25.0, 2, 1.05, 110.0]},
        "sub": {"fields": ["isub", "name"], "data": []},
    },
}  # fmt: skip


def test_rawx_by_hand_is_read_whatever_the_order_of_its_fields() -> None:
    reading = read_rawx(json.dumps(RAWX).encode(), "hand.rawx")
    network: Network = reading.value
    assert (network.base_mva, network.frequency_hz, network.name) == (50.0, 50.0, "BY HAND")
    assert network.values("bus", "name").tolist() == ["WEST", 'O\'NEIL, "B"', ""]
    assert network.values("bus", "angle_deg").tolist() == [0.0, 0.0, -1.0]
    assert network["load"][["bus", "ckt", "p_mw", "q_mvar"]].to_numpy().tolist() == [
        [20, "A", 40, 12.5],
        [30, "1", 2.5, 1],
    ]
    unit = network["transformer"].iloc[0]
    assert (unit["x_pu"], unit["tap_from_pu"]) == (pytest.approx(0.1 * 50 / 25), 1.05)
    assert {f.where.column for f in reading.findings if f.code == "psse.rawx.unknown_field"} == {"note"}
    assert load_flow(network).outcome == "converged"
    again = read_rawx(write_rawx(network).encode()).value
    assert compare(network, again).is_empty


def test_a_record_of_version_29_keeps_its_text_until_it_is_edited() -> None:
    assert write_raw(read_raw(V29.encode()).value, 33) != V29
    assert read_raw(V29.encode()).value.extras["psse"].original.lines == V29.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("table", "change", "code", "loads"),
    [
        ("load", {"fields": None}, "psse.rawx.table", []),
        (
            "load",
            {"fields": ["ql", "ibus", "pl", "pl", "x"]},
            "psse.rawx.unknown_field",
            [[20, 40, 12.5], [30, 2.5, 1]],
        ),
        ("load", {"fields": ["ql", "x", "pl", "loadid", "y"]}, "psse.raw.no_key", []),
        ("load", {"data": [[1.5, 20]]}, "psse.rawx.row", [[20, 0, 1.5]]),
        ("load", {"data": [None, [1, 20, 5.0, "A", "x"], {"ibus": 20}]}, "psse.rawx.row", [[20, 5, 1]]),
        ("load", {"data": [[float("nan"), 20, 5.0, "A", "x"]]}, "psse.raw.not_a_number", [[20, 5, 0]]),
        ("load", {"data": [[1.0, 10**30, 5.0, "A", "x"]]}, "psse.raw.no_key", []),
        ("caseid", {"fields": ["sbase"], "data": ["50"]}, None, [[20, 40, 12.5], [30, 2.5, 1]]),
    ],
)
def test_a_half_rawx_table_is_read_as_far_as_it_goes_with_a_word(
    table: str, change: dict[str, object], code: str | None, loads: list[list[float]]
) -> None:
    network = RAWX["network"] | {table: RAWX["network"][table] | change}
    reading = read_rawx(json.dumps({"network": network}).encode(), "half.rawx")
    assert code is None or code in {finding.code for finding in reading.findings}
    assert reading.value["load"][["bus", "p_mw", "q_mvar"]].to_numpy().tolist() == loads
    assert reading.value.base_mva == 50.0


def test_one_record_that_is_too_long_does_not_change_the_layout_of_its_section() -> None:
    text = V33.replace("5 1 1 1 1 1.0D+01 2.5", "5 1 1 1 1 1.0D+01 2.5 0 0 0 0 1 1 0 7 8 1")
    reading = read_raw(text.encode())
    assert not reading.value["load"]["dg_in_service"].any()
    assert [f.where.line for f in reading.findings if f.code == "psse.raw.too_many_fields"] == [13]
