"""The PowerModels dictionary on a hand-written case: units, corrections, switches."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.formats.powermodels import (
    make_mixed_units,
    make_per_unit,
    parse_file,
    resolve_switches,
)
from core.formats.powermodels.basic import (
    calc_basic_admittance_matrix,
)
from core.formats.powermodels.correct import calc_thermal_limits, correct_branch_directions, correct_network_data
from tests.core.formats.powermodels.cases import CASE, small


def test_loads_and_shunts_leave_the_buses() -> None:
    data = small()
    assert [(load["load_bus"], load["pd"], load["status"]) for load in data["load"].values()] == [
        (2, 0.5, 1),
        (5, 0.3, 1),
        (6, 0.1, 0),
    ]
    assert data["shunt"]["1"] == {
        "gs": 0.01, "bs": 0.05, "shunt_bus": 2, "status": 1, "index": 1, "source_id": ["bus", 2],
    }  # fmt: skip
    assert not {"pd", "qd", "gs", "bs"} & set(data["bus"]["2"])


def test_lines_get_a_tap_of_one_and_lose_ratings_of_zero() -> None:
    line = small()["branch"]["1"]
    assert (line["tap"], line["transformer"], line["b_fr"], line["rate_a"]) == (1.0, False, 0.01, 1.0)
    assert "rate_b" not in line
    assert "br_b" not in line


def test_angle_limits_are_tightened_and_zeros_widened() -> None:
    branches = small()["branch"]
    assert (branches["1"]["angmin"], branches["1"]["angmax"]) == (-1.0472, 1.0472)
    assert (branches["2"]["angmin"], branches["2"]["angmax"]) == (-1.0472, 1.0472)


def test_parallel_branches_point_the_same_way() -> None:
    branch = small()["branch"]["3"]
    assert (branch["f_bus"], branch["t_bus"]) == (2, 5)
    assert branch["tap"] == pytest.approx(1 / 0.97)
    assert branch["br_x"] == pytest.approx(0.09 * 0.97**2)
    assert branch["shift"] == pytest.approx(math.radians(5))


def test_turning_a_branch_by_its_physics_keeps_the_admittance_matrix() -> None:
    data = small(validate=False)
    make_per_unit(data)
    before = calc_basic_admittance_matrix(data).toarray()
    assert correct_branch_directions(data, physical=True)
    np.testing.assert_allclose(calc_basic_admittance_matrix(data).toarray(), before, atol=1e-12)


def test_costs_are_trimmed_and_scaled() -> None:
    data = small()
    assert data["gen"]["1"]["cost"] == [2000.0, 5.0]  # 20 $/MWh on 100 MVA
    assert data["gen"]["2"]["cost"] == [0.0, 0.0, 0.3, 600.0, 0.6, 1500.0]


def test_branches_that_could_be_built_are_treated_as_branches() -> None:
    branch = small()["ne_branch"]["1"]
    assert (branch["tap"], branch["b_fr"], branch["rate_a"], branch["building_cost"]) == (1.0, 0.01, 1.0, 7)
    assert branch["angmax"] == pytest.approx(math.radians(30))


def test_thermal_limits_follow_from_voltages_and_angles() -> None:
    data = small()
    del data["branch"]["1"]["rate_a"]
    calc_thermal_limits(data)
    expected = 1.1 * abs(1 / (0.01 + 0.1j)) * math.sqrt(2 * 1.1**2 * (1 - math.cos(1.0472)))
    assert data["branch"]["1"]["rate_a"] == pytest.approx(expected)


def test_closed_switches_merge_their_buses() -> None:
    data = small()
    data["bus"]["6"]["bus_type"] = 1
    resolve_switches(data)
    assert "6" not in data["bus"]
    assert data["switch"] == {}
    assert data["load"]["3"]["load_bus"] == 5
    assert data["branch"]["4"]["br_status"] == 0


def test_open_switches_stay_apart() -> None:
    data = small()
    data["bus"]["6"]["bus_type"], data["switch"]["1"]["state"] = 1, 0
    resolve_switches(data)
    assert "6" in data["bus"]


def test_missing_references_are_set_where_the_largest_generator_is() -> None:
    data = parse_file(CASE.replace("1	3	0	0", "1	2	0	0").encode(), "small.m").value
    assert [bus["bus_type"] for bus in data["bus"].values()] == [3, 2, 1, 4]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("	2	5	0.002", "	2	2	0.002", "both ends of branch 2 are at bus 2"),
        ("	2	5	0.002", "	2	9	0.002", "bus 9 of branch 2 is not defined"),
        (
            "0.02	100	0	0	0	0	1	-360",
            "0.02	-100	0	0	0	0	1	-360",
            "rate_a of branch 1 is negative",
        ),
        ("30	600	60	1500", "60	600	30	1500", "don't rise"),
        ("	2	0	0	3	0	20", "	3	0	0	3	0	20", "don't fit each other"),
        ("	5	1	30	0", "	2	1	30	0", "two buses have one number"),
        ("mpc.switch = [", "%column_names% f_bus t_bus a b c d e\nmpc.switch = [", "mpc.switch has no column"),
    ],
)
def test_what_powermodels_refuses_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    assert old in CASE
    with pytest.raises(BadInput, match=message) as error:
        parse_file(CASE.replace(old, new).encode(), "small.m")
    assert error.value.where.section


def test_correcting_twice_changes_nothing_more() -> None:
    data = small()
    again = copy.deepcopy(data)
    correct_network_data(again)
    assert again == data


def test_a_change_of_units_adds_no_costs() -> None:
    data = {"baseMVA": 100.0, "per_unit": False, "gen": {"1": {"model": 2, "pg": 50.0}}}
    make_per_unit(data)
    assert data["gen"]["1"] == {"model": 2, "pg": 0.5}


@settings(max_examples=50, deadline=None)
@given(st.floats(0.1, 1e4), st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6))
def test_any_values_survive_a_change_of_units(base: float, values: list[float]) -> None:
    data = small(validate=False)
    data["baseMVA"] = base
    data["load"]["1"]["pd"], data["bus"]["2"]["va"], data["branch"]["2"]["shift"] = values[:3]
    data["gen"]["1"]["cost"] = values[3:]
    changed = copy.deepcopy(data)
    make_per_unit(changed)
    make_mixed_units(changed)
    assert changed["load"]["1"]["pd"] == pytest.approx(values[0], rel=1e-12)
    assert changed["bus"]["2"]["va"] == pytest.approx(values[1], rel=1e-12)
    assert changed["branch"]["2"]["shift"] == pytest.approx(values[2], rel=1e-12)
    assert changed["gen"]["1"]["cost"] == pytest.approx(values[3:], rel=1e-12)
