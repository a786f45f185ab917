"""What PowerModels.jl's own tests expect of its dictionary: lanl-ansi/PowerModels.jl at dd456754, file and line beside.

The files are those of its test folder; a test skips where they are not at hand.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadInput
from core.formats.matpower import write_case
from core.formats.powermodels import (
    component_table,
    connected_components,
    correct_reference_buses,
    deactivate_isolated_components,
    make_basic_network,
    make_mixed_units,
    make_per_unit,
    parse_file,
    propagate_topology_status,
    select_largest_component,
    simplify_network,
    summary,
)
from core.formats.powermodels.basic import calc_basic_admittance_matrix, calc_basic_jacobian_matrix
from core.formats.powermodels.components import active
from core.formats.powermodels.correct import correct_dcline_limits, correct_transformer_parameters
from core.formats.powermodels.network import read_powermodels, write_powermodels
from core.formats.powermodels.pti import parse_pti
from core.formats.powermodels.to_matpower import case_from_data
from core.formats.psse import read_raw, read_raw_case, write_raw

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "powermodels"


def content(name: str) -> bytes:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{path.name} of PowerModels' tests is not at hand")
    return path.read_bytes()


def parsed(name: str, **options: bool) -> dict[str, Any]:
    return parse_file(content(name), name, **options).value


def same(one: Any, other: Any) -> bool:
    """Equality as Julia's isapprox has it: to the square root of the machine precision."""
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return bool(np.isclose(one, other, rtol=1.5e-8, atol=0, equal_nan=True))
    return bool(one == other)


# records of a RAW file


@pytest.mark.parametrize(
    ("section", "count", "fields"),
    [
        ("CASE IDENTIFICATION", 1, 9),  # PM001, test/pti.jl:32
        ("BUS", 4, 13),  # PM002, PM003, test/pti.jl:34-36
        ("LOAD", 2, 14),  # PM004, PM005, test/pti.jl:39-41
        ("FIXED SHUNT", 1, 5),  # PM006, PM007, test/pti.jl:44-45
        ("GENERATOR", 3, 28),  # PM008, PM009, test/pti.jl:47-49
        ("TRANSFORMER", 1, 43),  # PM010, PM011, test/pti.jl:52-53
        ("AREA INTERCHANGE", 1, 5),  # PM012, test/pti.jl:56
        ("ZONE", 1, 2),  # PM013, test/pti.jl:59
        ("OWNER", 1, 2),  # PM014, test/pti.jl:62
    ],
)
def test_records_of_a_raw_file(section: str, count: int, fields: int) -> None:
    records = parse_pti(read_raw_case(content("frankenstein_00.raw"), "frankenstein_00.raw").value)
    assert len(records[section]) == count
    assert {len(record) for record in records[section]} == {fields}


def test_title_lines_that_look_like_the_end_of_a_section_end_none() -> None:
    """PM045 to PM047, test/pti.jl:212-214."""
    records = parse_pti(read_raw_case(content("parser_test_a.raw"), "parser_test_a.raw").value)
    assert records["CASE IDENTIFICATION"][0]["Comment_Line_1"] == "0"
    assert records["CASE IDENTIFICATION"][0]["Comment_Line_2"] == "Q"
    assert len(records["BUS"]) == 2


@pytest.mark.parametrize("name", ["parser_test_j.raw", "parser_test_b.raw"])
def test_broken_files_are_refused(name: str) -> None:
    """PM048, PM051, test/pti.jl:17 and 23."""
    with pytest.raises(BadInput):
        parse_file(content(name), name)


# transformers


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("4", [0.00225, 0.05, 1.1, 0.0, 2.0, 2.0, 4.0]),  # PM065, test/psse.jl:225
        ("5", [0.00225, 0.15, 1.0, 0.0, 1.0, 1.0, 1.0]),  # PM066
        ("6", [-0.00155, 0.15, 1.0, 0.0, 1.0, 1.0, 1.0]),  # PM067, test/psse.jl:244
    ],
)
def test_windings_of_a_three_winding_transformer(branch: str, expected: list[float]) -> None:
    item = parsed("three_winding_test.raw")["branch"][branch]
    fields = ("br_r", "br_x", "tap", "shift", "rate_a", "rate_b", "rate_c")
    np.testing.assert_allclose([item[field] for field in fields], expected, atol=1e-4)


def test_star_buses_and_windings_out_of_service() -> None:
    """PM068 to PM071, test/psse.jl:246-256 and 411."""
    data = parsed("three_winding_test.raw")
    stars = {"10001": 4, "10002": 1, "10003": 1, "10004": 1, "10005": 1}
    assert {key: data["bus"][key]["bus_type"] for key in stars} == stars
    assert len(data["bus"]) == 8
    assert len(data["branch"]) == 15
    off = [key for key, branch in data["branch"].items() if branch["br_status"] == 0]
    assert off == ["1", "2", "3", "8", "12", "13"]


def test_magnetising_admittance_of_a_two_winding_transformer() -> None:
    """PM080, test/psse.jl:349-350."""
    branch = parsed("two_winding_mag_test.raw")["branch"]["1"]
    np.testing.assert_allclose([branch["g_fr"], branch["b_fr"]], [0.005, 0.00674], atol=1e-4)


# import_all


def test_everything_of_the_records_is_imported_on_demand() -> None:
    """PM087 to PM092, test/psse.jl:427-433: the number of fields of each component."""
    data = parsed("case30.raw", import_all=True)
    counts = {"bus": {15}, "load": {15}, "shunt": {28}, "gen": {34}, "branch": {29, 47}}
    assert {name: {len(item) for item in data[name].values()} for name in counts} == counts
    sizes = {branch["source_id"][0]: len(branch) for branch in data["branch"].values()}
    assert sizes == {"branch": 29, "transformer": 47}


def test_three_winding_transformers_keep_their_record_at_the_first_winding() -> None:
    """PM094, test/psse.jl:484-487."""
    data = parsed("three_winding_test.raw", import_all=True)
    sizes = {branch["source_id"][5]: len(branch) for branch in data["branch"].values()}
    assert sizes == {1: 69, 2: 22, 3: 22}
    assert {len(bus) for key, bus in data["bus"].items() if int(key) > 10000} == {12}


# MATPOWER files and their extensions


def test_bus_names() -> None:
    assert parsed("case14.m")["bus"]["1"]["name"] == "Bus 1     HV"  # PM107, test/matpower.jl:43


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("const_int",), 123),  # PM108, test/matpower.jl:104
        (("const_float",), 4.56),  # PM109, test/matpower.jl:105
        (("const_str",), "a string"),  # PM110, test/matpower.jl:106
        (("areas", "2", "col_2"), 3),  # PM111, test/matpower.jl:117
        (("areas_named", "2", "refbus"), 6),  # PM112, test/matpower.jl:128
        (("branch", "1", "rate_i"), 50.2),  # PM113, test/matpower.jl:136
        (("branch", "2", "rate_p"), 60.1),  # PM114, test/matpower.jl:139
        (("branch", "3", "number_id"), 789),  # PM115, test/matpower.jl:186
        (("areas_cells", "1", "col_4"), 'Slack \\"Bus\\" 1'),  # PM116, test/matpower.jl:151
        (("areas_named_cells", "1", "refbus"), 1.23),  # PM117, test/matpower.jl:168
    ],
)
def test_extensions_of_the_format(path: tuple[str, ...], value: object) -> None:
    found: Any = parsed("case3.m")
    for key in path:
        found = found[key]
    assert found == value


def test_source_ids() -> None:
    """PM119, test/matpower.jl:68-72."""
    data = parsed("case5_strg.m")
    found = [data[name]["1"]["source_id"] for name in ("bus", "gen", "load", "branch", "storage")]
    assert found == [["bus", 1], ["gen", 1], ["bus", 2], ["branch", 1], ["storage", 1]]


# topology


def actives(data: dict[str, Any]) -> list[list[str]]:
    return [
        [str(item["index"]) for item in active(data, name)] for name in ("bus", "branch", "dcline", "storage", "switch")
    ]


def test_statuses_propagate() -> None:
    """PM120, test/data.jl:182-186."""
    data = parsed("case7_tplgy.m")
    assert propagate_topology_status(data)[0]
    assert actives(data) == [["1", "2", "3", "4", "5", "7"], ["5", "8"], ["3"], [], []]
    assert not propagate_topology_status(data)[0]


def test_isolated_components_go_off() -> None:
    """PM121, test/data.jl:240-244."""
    data = parsed("case7_tplgy.m")
    deactivate_isolated_components(data)
    assert actives(data) == [["2", "3", "4", "5", "7"], ["5", "6", "7", "8"], ["2", "3"], ["1"], []]


def test_a_network_is_simplified_and_its_largest_island_chosen() -> None:
    """PM122 to PM124, test/data.jl:298-302, 392-394, 416-418."""
    data = parsed("case7_tplgy.m")
    simplify_network(data)
    assert actives(data) == [["2", "4", "5", "7"], ["8"], ["3"], [], []]
    assert sorted(map(len, connected_components(data))) == [1, 3]
    select_largest_component(data)
    assert actives(data)[:3] == [["4", "5", "7"], ["8"], ["3"]]


def test_an_island_without_a_running_generator_gets_no_reference() -> None:
    """PM126, test/data.jl:485."""
    data = parsed("case7_tplgy.m")
    data["gen"]["2"]["gen_status"] = 0
    correct_reference_buses(data)
    assert data["bus"]["2"]["bus_type"] == 2


# tables, units, corrections


def test_the_summary_is_as_long_as_expected() -> None:
    assert 70 <= summary(parsed("case5.m")).count("\n") <= 90  # PM136, test/data.jl:10


@pytest.mark.parametrize(
    ("name", "component", "fields", "shape"),
    [
        ("case5.m", "bus", ["va"], (5, 2)),  # PM137, test/data.jl:51-53
        ("case5.m", "gen", ["pmin", "pmax", "qmin", "qmax"], (5, 5)),  # PM138, test/data.jl:61-63
        ("case14.m", "bus", ["vmin", "vmax", "name", "none"], (14, 5)),  # PM139, test/data.jl:70-74
    ],
)
def test_component_tables(name: str, component: str, fields: list[str], shape: tuple[int, int]) -> None:
    table = component_table(parsed(name), component, fields)
    assert (len(table), len(table[0])) == shape
    if "none" in fields:
        assert all(math.isnan(row[-1]) for row in table)


@pytest.mark.parametrize("name", ["case3.m", "case14.m"])
def test_units_go_there_and_back(name: str) -> None:
    """PM140, PM143, test/data.jl:81-124."""
    data = parsed(name)
    changed = copy.deepcopy(data)
    make_mixed_units(changed)
    assert not same(data, changed)
    make_per_unit(changed)
    assert same(data, changed)


def test_negative_losses_become_zero_and_the_warning_quotes_them() -> None:
    """PM147, test/data.jl:546-556."""
    data = parsed("case3.m")
    data["dcline"]["1"]["loss0"] = -1.0
    findings = correct_dcline_limits(data)
    assert data["dcline"]["1"]["loss0"] == 0.0
    assert "-100.0" in findings[0].text


@pytest.mark.parametrize("tap", [None, -1.0])
def test_missing_and_negative_taps_become_one(tap: float | None) -> None:
    """PM148, test/data.jl:564-577."""
    data = parsed("case3.m")
    data["branch"]["1"]["tap"] = tap
    correct_transformer_parameters(data)
    assert data["branch"]["1"]["tap"] == 1.0


# matrices


@pytest.mark.parametrize(
    ("name", "entries", "determinant"),
    [
        ("case5.m", 17, 7133429.246315739 - 10156167.905437486j),  # PM149, PM150, test/am.jl:10-11
        ("case5_ext.m", 17, -7571630.05901563 + 21909959.0749748j),  # PM151, PM152, test/am.jl:26-27
        ("case14.raw", 54, -5930071424866.359 - 5026659473516.862j),  # PM153, PM154, test/am.jl:33-34
    ],
)
def test_admittance_matrices(name: str, entries: int, determinant: complex) -> None:
    matrix = calc_basic_admittance_matrix(parsed(name))
    assert matrix.nnz == entries
    np.testing.assert_allclose(np.linalg.det(matrix.toarray()), determinant, rtol=1.5e-8)


def test_a_basic_network_has_what_is_left() -> None:
    """PM159, test/data-basic.jl:9-16."""
    basic, _ = make_basic_network(parsed("case7_tplgy.m"))
    names = ("bus", "load", "shunt", "gen", "branch", "dcline", "switch", "storage")
    assert [len(basic[name]) for name in names] == [4, 2, 2, 1, 2, 0, 0, 0]


def test_the_jacobian_of_a_basic_network() -> None:
    """PM169, test/data-basic.jl:255."""
    basic, _ = make_basic_network(parsed("case5.m"))
    for bus in basic["bus"].values():
        bus["bus_type"] = 1
    np.testing.assert_allclose(calc_basic_jacobian_matrix(basic).sum(), 1.0098308, atol=1e-6)


# round trips


@pytest.mark.parametrize("name", ["three_winding_test.raw", "case3.raw", "case14.raw", "case30.raw"])
def test_raw_to_dictionary_to_raw(name: str) -> None:
    """PM203 to PM206, test/pti.jl:262-317: what comes out has the dictionary of what went in."""
    document, _ = write_powermodels(read_raw(content(name), name).value)
    back = write_raw(read_powermodels(document, "there.json").value, 33).encode()
    for import_all in (False, True):
        assert same(parsed(name, import_all=import_all), parse_file(back, name, import_all=import_all).value)


@pytest.mark.parametrize("name", ["case14.m", "case5_strg.m", "case3.m", "case5_dc.m", "case7_tplgy.m"])
def test_matpower_to_dictionary_to_matpower(name: str) -> None:
    """PM211, PM218, PM220, PM221, PM223, test/matpower.jl:224-306."""
    data = parsed(name)
    case, _ = case_from_data(data)
    assert same(data, parse_file(write_case(case), name).value)
