"""The dictionaries solve to what PowerModels.jl's own tests expect: lanl-ansi/PowerModels.jl at dd456754.

A wrong tap, unit or limit in a dictionary would change these optima and power flows, found by a solver of the tests.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from core.formats.powermodels import make_multinetwork, replicate, simplify_network
from core.formats.powermodels.basic import calc_basic_susceptance_matrix
from tests.oracles.optimal_flow import Model, ac_opf_cost, dc_opf_cost, solve_ac_opf, solve_ac_pf
from tests.oracles.test_powermodels_dictionary import parsed


@pytest.mark.parametrize(
    ("name", "options", "cost", "tolerance"),
    [
        ("three_winding_test.raw", {}, 10.00027, 1e-4),  # PM072, test/psse.jl:261
        ("two_winding_mag_test.raw", {}, 701.637157, 1e-4),  # PM081, test/psse.jl:355
        ("case30.raw", {"import_all": True}, 297.878089, 1e-3),  # PM093, test/psse.jl:440
        ("case3.m", {}, 5907, 1),  # PM179, test/opf.jl:8
        ("case5.m", {}, 18269, 1),  # PM180, test/opf.jl:14
        ("case5_dc.m", {}, 18156.2, 1),  # PM183, test/opf.jl:32
        ("case14.m", {}, 8081.5, 1),  # PM192, test/matpower.jl:82
    ],
)
def test_ac_optimal_power_flows(name: str, options: dict[str, bool], cost: float, tolerance: float) -> None:
    assert ac_opf_cost(parsed(name, **options)) == pytest.approx(cost, abs=tolerance)


def test_ac_optimal_power_flow_of_a_simplified_network() -> None:
    """PM125, test/data.jl:451."""
    data = parsed("case7_tplgy.m")
    simplify_network(data)
    assert ac_opf_cost(data) == pytest.approx(1778, abs=1)


def test_two_replicates_cost_twice_as_much() -> None:
    """PM198, test/multinetwork.jl:123."""
    many = replicate(parsed("case5.m"), 2)
    assert sum(map(ac_opf_cost, many["nw"].values())) == pytest.approx(36538.2, abs=1)


def test_a_time_series_of_loads() -> None:
    """PM199, test/multinetwork.jl:143."""
    data = parsed("case5.m")
    series = {"1": [3.0, 3.5, 4.0], "2": [3.0, 3.5, 4.0], "3": [4.0, 3.5, 3.0]}
    data["time_series"] = {"num_steps": 3, "load": {key: {"pd": values} for key, values in series.items()}}
    many, _ = make_multinetwork(data)
    assert sum(map(ac_opf_cost, many["nw"].values())) == pytest.approx(57977.3, abs=1)


def test_dc_optimal_power_flow() -> None:
    """PM193, test/matpower.jl:89."""
    assert dc_opf_cost(parsed("case14.m")) == pytest.approx(7642.6, abs=1)


def test_the_price_at_every_bus_of_an_unlimited_network() -> None:
    """PM196, test/output.jl:150: 39.02 $/MWh, found by drawing 1 MW more and less at the ends of the network."""
    data = parsed("case14.m")
    for bus in (1, 14):
        costs = []
        for drawn in (0.01, -0.01):
            changed = copy.deepcopy(data)
            changed["load"]["99"] = {"load_bus": bus, "pd": drawn, "qd": 0.0, "status": 1, "index": 99}
            costs.append(dc_opf_cost(changed))
        assert (costs[0] - costs[1]) / 2 == pytest.approx(39.02, abs=0.01)


def test_the_price_of_a_limit() -> None:
    """PM197, test/output.jl:179: 54.70 $/MWh for branch 7, nothing for the others."""
    data = parsed("case5.m")
    cost = dc_opf_cost(data)
    for key, branch in data["branch"].items():
        more = copy.deepcopy(data)
        more["branch"][key]["rate_a"] = branch["rate_a"] + 0.01
        assert cost - dc_opf_cost(more) == pytest.approx(54.7 if key == "7" else 0.0, abs=0.01)


# power flows


def test_ac_power_flow_with_a_dc_line() -> None:
    """PM170, PM171, test/pf.jl:8-17."""
    data = parsed("case3.m")
    _, v = solve_ac_pf(data)
    np.testing.assert_allclose(abs(v), [1.1, 0.92617, 0.9], atol=1e-3)
    assert data["gen"]["2"]["pg"] == pytest.approx(1.600063, abs=1e-3)
    assert (data["dcline"]["1"]["pf"], data["dcline"]["1"]["pt"]) == pytest.approx((0.1, -0.1), abs=1e-5)


def test_ac_power_flow_with_costs_on_a_dc_line() -> None:
    """PM172 to PM174, test/pf.jl:54-65."""
    data = parsed("case5_dc.m")
    _, v = solve_ac_pf(data)
    np.testing.assert_allclose(abs(v), [1.0635, 1.0808, 1.1, 1.0641, 1.053], atol=1e-3)
    assert data["gen"]["3"]["pg"] == pytest.approx(3.336866, abs=1e-3)
    assert (data["dcline"]["1"]["pf"], data["dcline"]["1"]["pt"]) == pytest.approx((0.15, -0.089), abs=1e-5)


def test_the_setpoint_of_one_of_two_generators_at_the_reference() -> None:
    """PM175, test/pf.jl:45-46."""
    generator = parsed("case5_ext.m")["gen"]["1"]
    assert (generator["pg"], generator["qg"]) == pytest.approx((0.4, 0.3), abs=1e-3)


def test_ac_power_flow_with_magnetising_admittance() -> None:
    """PM082, test/psse.jl:362-363, whose tolerance is 0.1: the voltages are setpoints."""
    _, v = solve_ac_pf(parsed("two_winding_mag_test.raw"))
    np.testing.assert_allclose(abs(v), [1.093294, 1.06414], atol=0.1)


def test_dc_power_flow() -> None:
    """PM177, test/pf.jl:202-206."""
    data = parsed("case3.m")
    model = Model(data)
    injected = model.at @ np.array([g["pg"] for g in model.generators]) - model.demand.real
    line = data["dcline"]["1"]
    injected -= np.array([line["pf"], line["pt"], 0.0])
    b = calc_basic_susceptance_matrix(data).toarray()
    angles = np.concatenate([[0.0], np.linalg.solve(b[1:, 1:], injected[1:])])
    np.testing.assert_allclose(angles, [0.0, 0.09147654582, -0.28291891895], atol=1e-5)
    slack = b[0] @ angles + model.demand.real[0] + line["pf"]
    assert slack == pytest.approx(1.54994, abs=1e-3)


def test_dc_power_flow_as_matpower_has_it() -> None:
    """PM178, test/pf.jl:245-248: susceptance 1/(x tap), and phase shifts."""
    data = parsed("case5.m")
    model = Model(data)
    b = np.array([1 / (branch["br_x"] * branch["tap"]) for branch in model.branches])
    shift = np.array([branch["shift"] for branch in model.branches])
    ends = model.c_from - model.c_to
    injected = model.at @ np.array([g["pg"] for g in model.generators]) - model.demand.real + ends.T @ (b * shift)
    others = [row for row in range(model.n) if row not in model.references]
    matrix = ends.T @ np.diag(b) @ ends
    angles = np.zeros(model.n)
    angles[others] = np.linalg.solve(matrix[np.ix_(others, others)], injected[others])
    np.testing.assert_allclose(angles[:4], [0.0621920, 0.0002623, 0.0088601, 0.0], atol=1e-7)


def test_the_solver_finds_what_it_should_on_a_case_by_hand() -> None:
    """Two buses, a lossless line: the cheap generator delivers all up to the line's limit."""
    bus = {"bus_type": 2, "vm": 1.0, "va": 0.0, "vmin": 0.99, "vmax": 1.01}
    generator: dict[str, Any] = {"gen_status": 1, "pmin": 0.0, "qmin": -9.0, "qmax": 9.0, "pmax": 9.0}
    line = {"br_r": 0.0, "br_x": 0.1, "g_fr": 0.0, "b_fr": 0.0, "g_to": 0.0, "b_to": 0.0, "tap": 1.0, "shift": 0.0}
    data: dict[str, Any] = {
        "baseMVA": 100.0,
        "bus": {"1": {**bus, "index": 1, "bus_type": 3}, "2": {**bus, "index": 2}},
        "gen": {
            "1": {**generator, "gen_bus": 1, "cost": [10.0, 0.0], "index": 1},
            "2": {**generator, "gen_bus": 2, "cost": [30.0, 0.0], "index": 2},
        },
        "load": {"1": {"load_bus": 2, "pd": 2.0, "qd": 0.0, "status": 1, "index": 1}},
        "branch": {
            "1": {
                **line,
                "f_bus": 1,
                "t_bus": 2,
                "br_status": 1,
                "rate_a": 1.5,
                "angmin": -1.0,
                "angmax": 1.0,
                "index": 1,
            }
        },
    }
    assert dc_opf_cost(data) == pytest.approx(1.5 * 10 + 0.5 * 30)
    result = solve_ac_opf(data)
    assert result.success
    assert Model(data).costs(result.x)[0] == pytest.approx(1.5 * 10 + 0.5 * 30, abs=0.1)
