"""The PowerModels dictionary on hand-written cases: units, corrections, switches, multinetworks, JSON."""

from __future__ import annotations

import copy
import json
import math
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.formats.networks import read_network
from core.formats.powermodels import (
    component_table,
    load_timepoint,
    make_basic_network,
    make_mixed_units,
    make_multinetwork,
    make_per_unit,
    parse_file,
    replicate,
    resolve_switches,
    summary,
    update_data,
    write_json,
)
from core.formats.powermodels.basic import (
    calc_basic_admittance_matrix,
    calc_basic_branch_power_matrix,
    calc_basic_bus_injection,
    calc_basic_jacobian_matrix,
    calc_basic_ptdf_matrix,
    calc_basic_ptdf_row,
    compute_basic_dc_pf,
)
from core.formats.powermodels.correct import calc_thermal_limits, correct_branch_directions, correct_network_data
from core.formats.powermodels.from_network import data_from_network
from core.formats.powermodels.network import read_powermodels, write_powermodels
from core.formats.powermodels.to_network import network_from_data
from core.network import Network, admittance_matrix
from tests.core.formats.damage import located_at_worst

CASE = """function mpc = small
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
	1	3	0	0	0	0	1	1.02	0	110	1	1.1	0.9;
	2	2	50	20	1	5	1	1	-2	110	1	1.1	0.9;
	5	1	30	0	0	0	1	1	-3	20	1	1.1	0.9;
	6	4	10	0	0	0	1	1	0	20	1	1.1	0.9;
];
mpc.gen = [
	1	40	5	Inf	-50	1.02	100	1	200	0;
	2	45	5	50	-50	1	100	1	60	10;
];
mpc.branch = [
	1	2	0.01	0.1	0.02	100	0	0	0	0	1	-360	360;
	2	5	0.002	0.08	0.01	50	50	50	1.05	5	1	0	0;
	5	2	0.003	0.09	0.01	50	50	50	0.97	-5	1	-30	30;
	5	6	0.01	0.1	0	50	50	50	0	0	0	-30	30;
];
mpc.gencost = [
	2	0	0	3	0	20	5	0	0	0;
	1	0	0	3	0	0	30	600	60	1500;
];
%column_names%	f_bus t_bus br_r br_x br_b rate_a rate_b rate_c tap shift br_status angmin angmax building_cost
mpc.ne_branch = [
	1	5	0.01	0.1	0.02	100	0	0	0	0	1	-30	30	7;
];
mpc.switch = [
	5	6	0	0	1	100	1;
];
"""


def small(**options: bool) -> dict[str, Any]:
    return parse_file(CASE.encode(), "small.m", **options).value


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


# several networks


def test_replicates_share_what_is_global() -> None:
    many = replicate(small(), 3)
    assert (many["name"], many["multinetwork"], many["per_unit"], list(many["nw"])) == (
        "3 replicates of small", True, True, ["1", "2", "3"],
    )  # fmt: skip
    assert "per_unit" not in many["nw"]["1"]
    many["nw"]["1"]["load"]["1"]["pd"] = 9
    assert many["nw"]["2"]["load"]["1"]["pd"] == 0.5


def test_a_time_series_becomes_a_multinetwork() -> None:
    data = small()
    data["time_series"] = {"num_steps": 2, "load": {"1": {"pd": [1.0, 2.0], "odd": [1, 2]}}}
    many, findings = make_multinetwork(data)
    assert [network["load"]["1"]["pd"] for network in many["nw"].values()] == [1.0, 2.0]
    assert {finding.code for finding in findings} == {"powermodels.time_series.skipped"}
    load_timepoint(data, 2)
    assert data["load"]["1"]["pd"] == 2.0
    with pytest.raises(BadInput):
        load_timepoint(data, 3)


def test_units_of_a_multinetwork_change_together() -> None:
    many = replicate(small(), 2)
    make_mixed_units(many)
    assert many["nw"]["2"]["load"]["1"]["pd"] == 50.0


def test_updates_go_level_by_level_and_need_the_same_units() -> None:
    data = small()
    update_data(data, {"per_unit": True, "bus": {"2": {"vm": 1.05}}})
    assert (data["bus"]["2"]["vm"], data["bus"]["2"]["base_kv"]) == (1.05, 110.0)
    assert update_data(data, {"bus": {"2": {"vm": 1.0}}})[0].code == "powermodels.update.units"
    with pytest.raises(BadInput):
        update_data(data, {"per_unit": False})


def test_tables_and_summaries_sort_by_number() -> None:
    table = component_table(small(), "bus", ["vm", "none"])
    assert [row[0] for row in table] == [1, 2, 5, 6]
    text = summary(small())
    assert "Table: branch" in text
    assert "    g_fr: 0.000" in text


# the linear power flow of basic networks


def basic() -> dict[str, Any]:
    data = small()
    data["gen"]["2"] |= {"model": 2, "ncost": 2, "cost": [1.0, 0.0]}
    return make_basic_network(data)[0]


def test_the_linear_power_flow_balances_every_bus() -> None:
    data = basic()
    angles = compute_basic_dc_pf(data)
    flows = calc_basic_branch_power_matrix(data) @ angles
    injected = calc_basic_bus_injection(data).real
    balance = np.zeros(len(data["bus"]))
    for flow, branch in zip(flows, data["branch"].values(), strict=True):
        balance[branch["f_bus"] - 1] += flow
        balance[branch["t_bus"] - 1] -= flow
    others = [bus["index"] - 1 for bus in data["bus"].values() if bus["bus_type"] != 3]
    np.testing.assert_allclose(balance[others], injected[others], atol=1e-12)


def test_distribution_factors_give_the_same_flows() -> None:
    data = basic()
    factors = calc_basic_ptdf_matrix(data)
    injected = calc_basic_bus_injection(data).real
    flows = calc_basic_branch_power_matrix(data) @ compute_basic_dc_pf(data)
    np.testing.assert_allclose(factors @ injected, flows, atol=1e-12)
    for row in (1, 2):
        np.testing.assert_allclose(calc_basic_ptdf_row(data, row), factors[row - 1], atol=1e-12)


def test_the_jacobian_is_the_derivative_of_the_powers() -> None:
    data = basic()
    for bus in data["bus"].values():
        bus["bus_type"] = 1
    y = calc_basic_admittance_matrix(data).toarray()

    def powers(x: np.ndarray) -> np.ndarray:
        v = x[len(x) // 2 :] * np.exp(1j * x[: len(x) // 2])
        s = v * np.conj(y @ v)
        return np.concatenate([s.real, s.imag])

    buses = list(data["bus"].values())
    at = np.array([bus["va"] for bus in buses] + [bus["vm"] for bus in buses])
    step = 1e-6
    numeric = np.column_stack([(powers(at + step * e) - powers(at - step * e)) / (2 * step) for e in np.eye(len(at))])
    np.testing.assert_allclose(calc_basic_jacobian_matrix(data), numeric, atol=1e-7)


# JSON


def test_json_goes_there_and_back() -> None:
    data = small()
    document = json.loads(write_json(data))
    assert document["gen"]["1"]["qmax"] is None  # JSON has no infinity
    again = parse_file(write_json(data), "small.json").value
    assert again["gen"]["1"]["qmax"] == math.inf
    assert again == data


#: What the specification of the format demands, and no more.
SPARE = {
    "per_unit": False,
    "baseMVA": 100.0,
    "bus": {"1": {"va": 0.0, "vm": 1.02, "vmin": 0.9, "vmax": 1.1, "bus_type": 3}, "2": {}},
    "gen": {"1": {"gen_bus": 1, "pg": 10.0, "qg": 0.0, "gen_status": 1}},
    "load": {"1": {"load_bus": 2, "pd": 10.0, "qd": 3.0}},
    "branch": {"1": {"f_bus": 1, "t_bus": 2, "br_r": 0.01, "br_x": 0.1, "br_status": 1}},
    "dcline": {"1": {"f_bus": 1, "t_bus": 2, "pminf": 0, "pmaxf": 5, "pmint": -5, "pmaxt": 0}},
    "switch": {"1": {"f_bus": 1, "t_bus": 2, "state": 0}},
}


def test_what_a_file_leaves_out_is_set_and_said() -> None:
    reading = parse_file(json.dumps(SPARE).encode(), "spare.json")
    data = reading.value
    assert (data["gen"]["1"]["vg"], data["gen"]["1"]["pmax"], data["bus"]["2"]["vm"]) == (1.02, math.inf, 1.0)
    assert (data["branch"]["1"]["tap"], data["dcline"]["1"]["vf"], data["load"]["1"]["status"]) == (1.0, 1.02, 1)
    said = {(finding.where.section, finding.where.column) for finding in reading.findings}
    assert {("gen", "vg"), ("bus", "vm"), ("dcline", "loss0"), ("switch", "status")} <= said


def test_a_spare_file_is_a_network() -> None:
    network = read_powermodels(json.dumps(SPARE).encode(), "spare.json").value
    assert network.totals()["load_mw"] == 10
    assert list(network["generator"]["v_set_pu"]) == [1.02]
    assert not network["switch"]["in_service"].any()


def test_the_first_network_of_several_is_read_and_said() -> None:
    many = replicate(parse_file(json.dumps(SPARE).encode(), "spare.json").value, 2)
    many["nw"]["2"]["load"]["1"]["pd"] = 7.0
    reading = read_powermodels(write_json(many), "many.json")
    assert reading.value.totals()["load_mw"] == pytest.approx(10)
    assert "powermodels.multinetwork" in {finding.code for finding in reading.findings}


def test_a_change_of_units_adds_no_costs() -> None:
    data = {"baseMVA": 100.0, "per_unit": False, "gen": {"1": {"model": 2, "pg": 50.0}}}
    make_per_unit(data)
    assert data["gen"]["1"] == {"model": 2, "pg": 0.5}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"baseMVA": 1}', b'{"baseMVA": 0, "bus": {}}', b'{"baseMVA": 1, "bus": {"1": 2}}',
     b"\xff\xfe", b'{"baseMVA": 1, "bus": {"1": {}}, "load": {"1": {}}}', b"[" * 100_000,
     b'{"multinetwork": true, "nw": {}}', b'{"multinetwork": true, "nw": 3}', b'{"baseMVA": 1, "bus": [1]}',
     b'{"baseMVA": 1, "bus": {"1": {"bus_i": 1, "index": 2, "bus_type": 3, "vm": 1, "va": 0, "vmin": 1, "vmax": 1}}}'],
)  # fmt: skip
def test_what_is_no_dictionary_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        parse_file(content, "broken.json")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_mutated_dictionaries_end_in_a_reading_or_an_error(seed: int) -> None:
    dice = random.Random(seed)
    data = small()
    for _ in range(dice.randrange(1, 4)):
        table = data[dice.choice(["bus", "gen", "branch", "load", "switch"])]
        item = table[dice.choice(list(table))]
        item[dice.choice(list(item))] = dice.choice([None, -1, 0, 2.5, "x", [], {}, True, 1e300])
    content = json.dumps(data).encode()
    for read in (lambda: parse_file(content, "mutant.json"), lambda: read_network(content, "mutant.json")):
        with located_at_worst("mutant.json"):
            read()


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


# networks


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks with everything that the dictionary has to bend: two taps, uneven charging, three windings, switches."""
    value = st.floats(-0.1, 0.1)
    positive, tap = st.floats(0.01, 0.5), st.floats(0.8, 1.2)
    tables = {
        "bus": [
            {"bus": number, "kind": kind, "v_pu": draw(tap), "angle_deg": draw(value)}
            for number, kind in ((1, "SLACK"), (20, "PQ"), (300, "PV"))
        ],
        "load": [{"bus": 20, "ckt": "1", "p_mw": 10, "ip_mw": draw(value), "yq_mvar": draw(value)}],
        "generator": [{"bus": 1, "ckt": "1", "p_mw": draw(value)}, {"bus": 300, "ckt": "A", "p_mw": 3}],
        "shunt": [{"bus": 20, "ckt": "1", "g_mw": draw(value), "b_mvar": draw(value)}],
        "switched_shunt": [{"bus": 300, "ckt": "1", "b_mvar": draw(value)}],
        "branch": [
            {"from_bus": 1, "to_bus": 20, "ckt": "1", "r_pu": draw(value), "x_pu": draw(positive),
             "b_from_pu": draw(value), "b_to_pu": draw(value), "g_from_pu": draw(value)}
        ],
        "transformer": [
            {"from_bus": 20, "to_bus": 300, "ckt": "1", "x_pu": draw(positive), "tap_from_pu": draw(tap),
             "tap_to_pu": draw(tap), "shift_deg": draw(st.floats(-60, 60)), "g_mag_pu": draw(value),
             "b_mag_pu": draw(value), "b_from_pu": draw(value), "b_to_pu": draw(value)}
        ],
        "transformer3w": [
            {"bus_1": 1, "bus_2": 20, "bus_3": 300, "ckt": "1", "x_12_pu": draw(positive), "x_23_pu": draw(positive),
             "x_31_pu": draw(positive), "tap_2_pu": draw(tap), "shift_3_deg": 30, "b_mag_pu": draw(value),
             "in_service_2": draw(st.booleans())}
        ],
        "dcline": [{"name": "D", "kind": "VSC", "from_bus": 1, "to_bus": 300, "p_from_mw": 3, "p_to_mw": 2.9}],
        "switch": [{"from_bus": 1, "to_bus": 300, "ckt": "1", "in_service": draw(st.booleans())}],
    }  # fmt: skip
    return Network("any", draw(st.sampled_from([1.0, 100.0])), 50, {k: pd.DataFrame(v) for k, v in tables.items()})


@settings(max_examples=25, deadline=None)
@given(networks())
def test_networks_keep_their_admittance_matrix_in_the_dictionary(network: Network) -> None:
    """Three-winding transformers are a star in the dictionary, and come back as they were."""
    data, _ = data_from_network(network)
    make_per_unit(data, physical=True)
    expected = admittance_matrix(network).toarray()
    back, _ = network_from_data(data)
    assert len(back["transformer3w"]) == 1
    np.testing.assert_allclose(admittance_matrix(back).toarray(), expected, atol=1e-9 * np.abs(expected).max())
    data["switch"], network = {}, network.with_tables(switch=network["switch"].iloc[:0])
    y = calc_basic_admittance_matrix(data).toarray()
    star = np.linalg.inv(y[3:, 3:])
    reduced = y[:3, :3] - y[:3, 3:] @ star @ y[3:, :3]
    expected = admittance_matrix(network).toarray()
    np.testing.assert_allclose(reduced, expected, atol=1e-9 * np.abs(expected).max())


@settings(max_examples=15, deadline=None)
@given(networks())
def test_networks_come_back_whole_from_json(network: Network) -> None:
    content, ledger = write_powermodels(network)
    back = read_powermodels(content, "any.json")
    for name, frame in network.tables.items():
        pd.testing.assert_frame_equal(frame, back.value.tables[name])
    assert {finding.code for finding in ledger} >= {"ledger.powermodels.transformer3w", "ledger.powermodels.dcline"}


def test_an_edited_dictionary_counts_more_than_what_rode_along() -> None:
    network = network_from_data(small())[0]
    document = json.loads(write_powermodels(network)[0])
    document["load"]["1"]["pd"] = 0.6
    reading = read_powermodels(json.dumps(document).encode(), "edited.json")
    assert "powermodels.rider.stale" in {finding.code for finding in reading.findings}
    assert reading.value.values("load", "p_mw")[0] == 60.0


def test_costs_ride_along_through_a_network() -> None:
    data = small()
    network, findings = network_from_data(data)
    assert {finding.code for finding in findings} == {"ledger.powermodels.further"}
    document = json.loads(write_powermodels(network)[0])
    assert document["gen"]["2"]["cost"] == data["gen"]["2"]["cost"]
    assert document["ne_branch"] == json.loads(write_json(data))["ne_branch"]


def test_correcting_twice_changes_nothing_more() -> None:
    data = small()
    again = copy.deepcopy(data)
    correct_network_data(again)
    assert again == data
