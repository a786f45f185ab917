"""What a case file may look like besides the plain form, and what happens when it is broken."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.findings import Severity
from core.formats.matpower import MatpowerCase, read_case, read_matpower, write_case, write_matpower
from core.formats.networks import read_network
from core.formats.psse import read_raw, write_raw
from core.network import Network, admittance_matrix
from tests.core.formats.damage import damaged_text, located_at_worst

SMALL = """function mpc = tiny
%TINY  two buses, a line in ohms and a load in kW
mpc.version = '2';
mpc.baseMVA = 50/3;
%% bus data
%	bus_i	type	Pd	Qd	Gs	Bs	area	Vm	Va	baseKV	zone	Vmax	Vmin
mpc.bus = [ %% (Pd and Qd in kW & kVAr [converted below])
	1	3	0	0	0	0	1	1	0	10	1	1.1	0.9;
	2	1	500	200	0	19	1	1	0	10	1	1.1	0.9;
];
mpc.gen = [
	1	0	0	Inf	-Inf	1	100	1	10	0;
];
mpc.branch = [
	1	2	0.5	1.0	0	0	0	0	0	0	1	-360	360;
];
%column_names%	rate_i	rate_p
mpc.branch_limit = [ 50.2 45 ];
mpc.note = 'Bus "A" is O''Donnell''s';
mpc.bus_name = {
	'Slack % 1';
	'O''Donnell, [B]';
};
[PQ, PV, REF, NONE, BUS_I, BUS_TYPE, PD, QD, GS, BS, BUS_AREA, VM, ...
    VA, BASE_KV, ZONE, VMAX, VMIN] = idx_bus;
Vbase = mpc.bus(1, BASE_KV) * 1e3;
Sbase = mpc.baseMVA * 1e6;
mpc.branch(:, [3 4]) = mpc.branch(:, [3 4]) / (Vbase^2 / Sbase);
mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;
"""


def test_the_files_own_code_converts_units_and_says_so() -> None:
    reading = read_case(SMALL.encode(), "tiny.m")
    case = reading.value
    assert case.name == "tiny"
    assert case.base_mva == 50 / 3
    assert case.column("bus", "pd").tolist() == [0, 0.5]
    assert case.column("branch", "br_r").tolist() == [0.5 / (10e3**2 / (50 / 3 * 1e6))]
    assert [(finding.code, finding.where.line) for finding in reading.findings] == [
        ("matpower.converted", 28),
        ("matpower.converted", 29),
    ]


def test_names_remarks_and_extensions_are_kept() -> None:
    case = read_case(SMALL.encode(), "tiny.m").value
    assert case.bus_name == ["Slack % 1", "O'Donnell, [B]"]
    assert case.tables["branch_limit"].to_dict("list") == {"rate_i": [50.2], "rate_p": [45.0]}
    assert case.values["note"] == "Bus \"A\" is O'Donnell's"


def test_a_case_of_version_1_returns_its_tables_one_by_one() -> None:
    text = SMALL.replace("function mpc = tiny", "function [baseMVA, bus, gen, branch] = tiny").replace("mpc.", "")
    network = read_matpower(text.encode(), "tiny.m").value
    assert network.base_mva == 50 / 3
    assert network.values("load", "p_mw").tolist() == [0.5]


def test_a_script_without_a_function_line_reads() -> None:
    text = SMALL.replace("function mpc = tiny", "")
    assert read_case(text.encode(), "some.m").value.name == "some"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_names_in_any_usual_encoding_read(encoding: str) -> None:
    text = SMALL.replace("Slack % 1", "Zürich").replace("\n", "\r\n")
    assert read_case(text.encode(encoding), "tiny.m").value.bus_name[0] == "Zürich"


def test_an_unknown_statement_is_an_error_with_its_line() -> None:
    text = SMALL + "mpc.bus(:, PD) = scale(mpc.bus(:, PD), 2);\n"
    found = [
        finding for finding in read_matpower(text.encode(), "tiny.m").findings if finding.severity is Severity.ERROR
    ]
    assert [(finding.code, finding.where.line) for finding in found] == [("matpower.statement.unknown", 30)]
    assert "scale" in found[0].text


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"\x00\x01\x02", b"function mpc = x\nmpc.version = '2';\n", b"Name,Value\n1,2\n", b"\xff\xfe" * 40,
     SMALL[: SMALL.index("mpc.gen")].encode(), SMALL.replace("mpc.bus = [", "mpc.bus = {").encode()],
)  # fmt: skip
def test_what_is_no_case_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        read_case(data, "broken.m")


def test_rows_of_unequal_length_are_a_located_error() -> None:
    text = SMALL.replace(
        "0	19	1	1	0	10	1	1.1	0.9;", "0	19	1	1	0	10	1	1.1;"
    )
    with pytest.raises(BadInput) as error:
        read_case(text.encode(), "tiny.m")
    assert error.value.where.line == 9
    assert "row 2 has 12 columns" in error.value.hint


def test_a_bus_number_that_is_no_number_is_found() -> None:
    reading = read_matpower(SMALL.replace("	2	1	500", "	2.5	1	500").encode(), "tiny.m")
    assert "matpower.not_whole" in {finding.code for finding in reading.findings}


def three_winding_network() -> Network:
    """Everything that the standard tables can't hold."""
    tables = {
        "bus": [
            {"bus": 1, "kind": "SLACK", "base_kv": 110, "v_pu": 1.02},
            {"bus": 2, "base_kv": 20, "v_pu": 0.98, "name": "Möll"},
            {"bus": 7, "base_kv": 10, "area": 3},
        ],
        "load": [
            {"bus": 2, "ckt": "A", "p_mw": 5, "ip_mw": 1, "yp_mw": 2, "yq_mvar": -1},
            {"bus": 2, "ckt": "B", "in_service": False, "p_mw": 9},
        ],
        "generator": [{"bus": 1, "ckt": "G1", "p_mw": 8, "regulated_bus": 2, "q_max_mvar": np.inf}],
        "shunt": [{"bus": 7, "ckt": "1", "g_mw": 0.5, "b_mvar": 3}],
        "switched_shunt": [{"bus": 7, "ckt": "1", "b_mvar": 2, "blocks": "1:2:1"}],
        "branch": [
            {"from_bus": 1, "to_bus": 2, "ckt": "&1", "r_pu": 0.01, "x_pu": 0.1,
             "b_from_pu": 0.02, "b_to_pu": 0.05, "g_from_pu": 0.001}
        ],
        "transformer": [
            {"from_bus": 1, "to_bus": 2, "ckt": "1", "r_pu": 0.002, "x_pu": 0.1, "tap_from_pu": 1.05, "tap_to_pu": 0.98,
             "shift_deg": 30, "g_mag_pu": 0.001, "b_mag_pu": -0.01, "b_from_pu": 0.03}
        ],
        "transformer3w": [
            {"bus_1": 1, "bus_2": 2, "bus_3": 7, "ckt": "1", "x_12_pu": 0.1, "x_23_pu": 0.2, "x_31_pu": 0.15,
             "tap_1_pu": 1.02, "shift_3_deg": -30, "b_mag_pu": -0.02}
        ],
        "dcline": [{"name": "D", "kind": "VSC", "from_bus": 1, "to_bus": 7, "p_from_mw": 3, "p_to_mw": 2.9}],
        "facts": [{"name": "F", "bus": 2}],
        "area": [{"area": 3, "name": "Süd"}],
    }  # fmt: skip
    return Network("net 1", 100, 50, {name: pd.DataFrame(rows) for name, rows in tables.items()})


def test_what_the_format_cannot_hold_rides_along_and_comes_back() -> None:
    network = three_winding_network()
    data, ledger = write_matpower(network)
    reading = read_matpower(data, "x.m")
    for name, frame in network.tables.items():
        pd.testing.assert_frame_equal(frame, reading.value.tables[name])
    assert (reading.value.name, reading.value.frequency_hz) == ("net 1", 50)
    assert abs(admittance_matrix(network) - admittance_matrix(reading.value)).max() == 0
    assert {finding.code for finding in ledger} == {
        f"ledger.matpower.{table}"
        for table in ("transformer3w", "load", "generator", "switched_shunt", "facts", "dcline")
    }


def test_the_standard_tables_alone_keep_the_admittance_matrix() -> None:
    """A reader that knows nothing of what rides along sees the same network, star point eliminated."""
    network = three_winding_network()
    case = read_case(write_matpower(network)[0], "x.m").value
    case.tables = {name: frame for name, frame in case.tables.items() if not name.startswith("gridproof_")}
    case.values = {}
    y = admittance_matrix(read_matpower(write_case(case), "x.m").value).toarray()
    reduced = y[:3, :3] - y[:3, 3:] @ np.linalg.inv(y[3:, 3:]) @ y[3:, :3]
    np.testing.assert_allclose(reduced, admittance_matrix(network).toarray(), atol=1e-12)


@pytest.mark.parametrize("version", [33, 35])
def test_a_transformers_charging_becomes_magnetising_and_a_shunt_in_a_raw_file(version: int) -> None:
    """MATPOWER's transformers have charging inside the tap, PSS/E's have none: the matrix stays all the same."""
    text = SMALL.replace(
        "0.5	1.0	0	0	0	0	0	0	1", "0.5	1.0	0.04	0	0	0	1.05	5	1"
    )
    network = read_matpower(text.encode(), "tiny.m").value
    assert len(network["transformer"]) == 1
    back = read_raw(write_raw(network, version).encode(), "tiny.raw").value
    gap = abs(admittance_matrix(network) - admittance_matrix(back)).max()
    assert gap < 1e-9 * abs(admittance_matrix(network)).max()


def test_edited_standard_tables_count_more_than_what_rode_along() -> None:
    data, _ = write_matpower(three_winding_network())
    edited = data.replace(b"mpc.gen = [\n\t1\t8\t", b"mpc.gen = [\n\t1\t9\t")
    assert edited != data
    reading = read_matpower(edited, "x.m")
    assert "matpower.rider.stale" in {finding.code for finding in reading.findings}
    assert reading.value.values("generator", "p_mw").tolist() == [9, 0]  # the second one is the FACTS device


numbers = st.floats(allow_nan=True, allow_infinity=True, width=64)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)


@given(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6),
    st.lists(st.tuples(texts, numbers), min_size=1, max_size=6),
)
def test_any_further_table_comes_back_as_it_was(
    rows: list[tuple[float, float]], cells: list[tuple[str, float]]
) -> None:
    case = read_case(SMALL.encode(), "tiny.m").value
    case.tables["more"] = pd.DataFrame(rows, columns=["a", "b"]).astype(float)
    case.tables["cells"] = pd.DataFrame(cells, columns=["text", "number"])
    again = read_case(write_case(case), "tiny.m").value
    assert again.tables["cells"].equals(case.tables["cells"])
    if len(rows) > 0:
        assert again.tables["more"].equals(case.tables["more"])


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_mutated_text_ends_in_a_reading_or_a_located_error(dice: random.Random) -> None:
    """Cut, swap, double and garble a valid file at random places."""
    with located_at_worst("mutant.m"):
        network = read_network(damaged_text(SMALL, dice).encode(), "mutant.m").value
        assert isinstance(write_matpower(network)[0], bytes)


def test_a_case_from_nothing_can_be_written() -> None:
    case = MatpowerCase("2 odd-name", base_mva=10)
    case.tables["bus"] = read_case(SMALL.encode(), "t.m").value.tables["bus"]
    assert write_case(case).startswith(b"function mpc = case_2_odd_name\n")
