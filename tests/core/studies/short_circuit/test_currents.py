"""Closed forms and laws that hold for every network."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.studies.short_circuit import Conditions, FaultNetwork, check, factors, short_circuits
from tests.oracles import iec60909_4 as published

BUS = [{"id": "A", "v_kv": 13.8}]


def three(network: FaultNetwork, **conditions: object) -> dict[str, float]:
    rows = short_circuits(network, Conditions(**conditions)).currents  # type: ignore[arg-type]
    return rows[rows["fault_type"] == "3ph"].iloc[0].to_dict()


def test_one_generator_gives_its_closed_form():
    machine = {"id": "G", "bus": "A", "s_mva": 58.8, "xdss_pu": 0.15, "cos_phi": 0.85}
    got = three(FaultNetwork.of(60.0, bus=BUS, machine=[machine]), delay_s=0.05)
    k_g = 1.1 / (1 + 0.15 * math.sqrt(1 - 0.85**2))
    z = k_g * 0.15 * math.hypot(1, 0.07)
    rated = 58.8 / math.sqrt(3) / 13.8
    ik = 1.1 * rated / z
    mu = 0.71 + 0.51 * math.exp(-0.30 * ik / rated)
    i_dc = math.sqrt(2) * ik * math.exp(-2 * math.pi * 60 * 0.05 * 0.07)
    assert got["ik_ka"] == pytest.approx(ik)
    assert got["ip_ka"] == pytest.approx((1.02 + 0.98 * math.exp(-3 * 0.07)) * math.sqrt(2) * ik)
    assert got["ib_ka"] == pytest.approx(mu * ik)
    assert got["i_dc_ka"] == pytest.approx(i_dc)
    assert got["ib_asym_ka"] == pytest.approx(math.hypot(mu * ik, i_dc))
    assert got["x_r"] == pytest.approx(1 / 0.07)


@pytest.mark.parametrize("delay_s", [0.02, 0.05, 0.25])
def test_the_minimum_current_of_a_generator_decays_too(delay_s: float):
    machine = {"id": "G", "bus": "A", "s_mva": 58.8, "xdss_pu": 0.15, "cos_phi": 0.85, "r_pu": 0.001}
    motor = {"id": "M", "bus": "A", "p_mw": 3}  # neglected
    got = three(FaultNetwork.of(60.0, bus=BUS, machine=[machine], motor=[motor]), case="min", delay_s=delay_s)
    a, b, d = {0.02: (0.84, 0.26, 0.26), 0.05: (0.71, 0.51, 0.30), 0.25: (0.56, 0.94, 0.38)}[delay_s]
    k_g = 1.1 / (1 + 0.15 * math.sqrt(1 - 0.85**2))
    times_rated = 1.0 / (k_g * math.hypot(0.15, 0.001))
    assert got["ik_ka"] == pytest.approx(times_rated * 58.8 / math.sqrt(3) / 13.8)
    assert got["ib_ka"] == pytest.approx((a + b * math.exp(-d * times_rated)) * got["ik_ka"])
    assert got["ik_steady_ka"] == got["ik_ka"]


def test_a_converter_gives_its_current_and_no_decay():
    got = three(FaultNetwork.of(60.0, bus=BUS, inverter=[{"id": "B", "bus": "A", "s_mva": 30, "k": 1.2}]))
    rated = 30 / math.sqrt(3) / 13.8
    assert got["ik_ka"] == pytest.approx(1.2 * rated)
    assert got["ib_ka"] == pytest.approx(1.2 * rated)
    assert got["ip_ka"] == pytest.approx(math.sqrt(2) * 1.2 * rated)


def test_converters_are_neglected_for_minimum_currents():
    assert (
        three(FaultNetwork.of(60.0, bus=BUS, inverter=[{"id": "B", "bus": "A", "s_mva": 30}]), case="min")["ik_ka"] == 0
    )


def test_a_feeder_gives_its_short_circuit_power_and_earth_fault():
    feeder = {"id": "Q", "bus": "A", "sk_max_mva": 500, "r_x": 0.1, "x0_x": 1, "r0_x0": 0.1}
    rows = short_circuits(FaultNetwork.of(50.0, bus=BUS, feeder=[feeder])).currents
    assert rows["sk_mva"].to_numpy() == pytest.approx([500, 500])  # Z_0 = Z_1: both faults give the same current
    assert rows["ib_ka"].to_numpy() == pytest.approx(rows["ik_ka"].to_numpy())


def test_an_isolated_neutral_and_a_dead_bus_give_zero_exactly():
    network = FaultNetwork.of(
        60.0,
        bus=[*BUS, {"id": "B", "v_kv": 13.8}],
        machine=[{"id": "G", "bus": "A", "s_mva": 50, "xdss_pu": 0.2}],
    )
    rows = short_circuits(network).currents.set_index(["bus", "fault_type"])
    assert rows.loc[("A", "1ph"), "ik_ka"] == 0
    assert rows.loc[("B", "3ph"), "ik_ka"] == 0
    assert rows.loc[("B", "3ph"), "ip_ka"] == 0


def test_contributions_add_up_to_the_fault_current():
    solved = short_circuits(published.network(), Conditions(delay_s=0.1))
    total = solved.contributions.groupby("bus")["ik_ka"].sum()
    three_phase = solved.currents.query("fault_type == '3ph'").set_index("bus")["ik_ka"]
    assert total[three_phase.index].to_numpy() == pytest.approx(three_phase.to_numpy(), rel=2e-2)
    # Parallel transformers T3 and T5 of different ratio make the voltage reference ambiguous there; one voltage: exact.
    one_level = _meshed(np.random.default_rng(1))
    solved = short_circuits(one_level)
    total = solved.contributions.groupby("bus")["ik_ka"].sum()
    three_phase = solved.currents.query("fault_type == '3ph'").set_index("bus")["ik_ka"]
    assert total[three_phase.index].to_numpy() == pytest.approx(three_phase.to_numpy(), rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_removing_a_source_never_raises_a_fault_current(seed: int):
    network = _meshed(np.random.default_rng(seed))
    whole = short_circuits(network).currents.query("fault_type == '3ph'")["ik_ka"].to_numpy()
    for table in ("machine", "feeder", "inverter", "motor"):
        for name in network[table]["id"]:
            less = (
                short_circuits(network.without(table, name)).currents.query("fault_type == '3ph'")["ik_ka"].to_numpy()
            )
            assert (less <= whole * (1 + 1e-9)).all(), name


@pytest.mark.parametrize("case", ["max", "min"])
@pytest.mark.parametrize("seed", range(5))
def test_currents_keep_their_order(seed: int, case: str):
    rows = short_circuits(_meshed(np.random.default_rng(seed)), Conditions(case=case)).currents
    assert (rows["ib_ka"] <= rows["ik_ka"] * (1 + 1e-12)).all()
    assert (rows["ip_ka"] >= math.sqrt(2) * rows["ik_ka"] * (1 - 1e-12)).all()
    assert (rows["ip_ka"] <= 2 * math.sqrt(2) * rows["ik_ka"] * (1 + 1e-12)).all()
    assert (rows["ib_asym_ka"] >= rows["ib_ka"]).all()


@pytest.mark.parametrize("case", ["max", "min"])
def test_a_longer_delay_breaks_less(case: str):
    for network in (published.power_station_unit(), published.network()):
        asked = (Conditions(case=case, delay_s=t) for t in (0.02, 0.03, 0.05, 0.1, 0.2, 0.25, 1.0))
        ib = np.array([short_circuits(network, conditions).currents["ib_ka"] for conditions in asked])
        assert (np.diff(ib, axis=0) <= 1e-9).all()


def test_blocks_of_fault_locations_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch):
    from core.studies.short_circuit import currents

    whole = short_circuits(published.network()).currents
    monkeypatch.setattr(currents, "_BLOCK", 3)
    assert short_circuits(published.network()).currents["ib_ka"].to_numpy() == pytest.approx(whole["ib_ka"].to_numpy())


def test_method_b_needs_its_factor_only_in_resistive_networks():
    assert factors.kappa_b(0.1, 10.0, resistive=False) == pytest.approx(factors.kappa(0.1))
    assert factors.kappa_b(0.0, 10.0, resistive=True) == pytest.approx(2.0)
    assert factors.kappa_b(0.0, 0.4, resistive=True) == pytest.approx(1.8)


def test_method_a_of_one_branch_is_the_direct_formula():
    """A feeder, a transformer and a cable in series are one branch; the dead end behind the fault carries nothing."""
    network = FaultNetwork.of(
        50.0,
        bus=[{"id": name, "v_kv": kv} for name, kv in {"Q": 20, "T": 0.4, "F": 0.4, "E": 0.4}.items()],
        feeder=[{"id": "Q", "bus": "Q", "sk_max_mva": 250, "r_x": 0.1, "x0_x": 1}],
        transformer=[
            {
                "id": "T",
                "hv_bus": "Q",
                "lv_bus": "T",
                "s_mva": 0.63,
                "v_hv_kv": 21,
                "v_lv_kv": 0.42,
                "uk_pct": 4,
                "ur_pct": 1.15,
            }
        ],
        line=[
            {"id": "L", "from_bus": "T", "to_bus": "F", "r_ohm": 0.008, "x_ohm": 0.004},
            {"id": "E", "from_bus": "F", "to_bus": "E", "r_ohm": 0.0001, "x_ohm": 0.01},
        ],
    )
    for method in ("A", "C"):
        rows = short_circuits(network, Conditions(peak_method=method)).currents
        rows = rows[rows["fault_type"] == "3ph"]
        direct = 1.02 + 0.98 * np.exp(-3 * (rows["r_ohm"] / rows["x_ohm"]).to_numpy())
        assert rows["kappa"].to_numpy() == pytest.approx(direct, rel=1e-12)


def test_method_a_takes_the_smallest_ratio_of_parallel_branches():
    lines = [("1", 0.5, 1.0), ("2", 0.2, 1.0)]
    network = FaultNetwork.of(
        50.0,
        bus=[{"id": name, "v_kv": 10} for name in "QF"],
        feeder=[{"id": "Q", "bus": "Q", "sk_max_mva": 500, "r_x": 0.3, "x0_x": 1}],
        line=[{"id": name, "from_bus": "Q", "to_bus": "F", "r_ohm": r, "x_ohm": x} for name, r, x in lines],
    )
    kappa = short_circuits(network, Conditions(peak_method="A", single_phase=False)).currents["kappa"]
    assert kappa.to_numpy() == pytest.approx(factors.kappa([0.3, 0.2]))  # at Q the lines carry nothing


@pytest.mark.parametrize("case", ["max", "min"])
def test_method_a_is_never_below_method_c(case: str):
    for network in (
        published.network(),
        published.power_station_unit(),
        *(_meshed(np.random.default_rng(i)) for i in range(3)),
    ):
        a, c = (short_circuits(network, Conditions(case=case, peak_method=m)).currents for m in "AC")
        assert (a["kappa"] >= c["kappa"] - 1e-12).all()
        assert (a["kappa"] <= 2).all()
        assert a["ik_ka"].equals(c["ik_ka"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"line": [{"id": "L", "from_bus": "A", "to_bus": "A", "r_ohm": 0, "x_ohm": 0}]}, "impedance.zero"),
        ({"line": [{"id": "L", "from_bus": "A", "to_bus": "A", "r_ohm": 1, "x_ohm": -1}]}, "impedance.negative"),
        ({"line": [{"id": "L", "from_bus": "A", "to_bus": "A", "r_ohm": float("nan"), "x_ohm": 1}]}, "impedance.zero"),
        ({"machine": [{"id": "G", "bus": "X", "s_mva": 1, "xdss_pu": 0.2}]}, "bus.unknown"),
        ({"machine": [{"id": "G", "bus": "A", "s_mva": 1, "xdss_pu": -0.2}]}, "xdss_pu.not_positive"),
        ({"machine": [{"id": "G", "bus": "A", "s_mva": None, "xdss_pu": 0.2}]}, "s_mva.not_positive"),
        ({"bus": []}, "empty"),
        ({"bus": [*BUS, *BUS]}, "id.duplicate"),
    ],
)
def test_what_cannot_be_calculated_is_found(change: dict[str, list[dict[str, object]]], code: str):
    findings = check(FaultNetwork.of(60.0, **{"bus": BUS, **change}))  # type: ignore[arg-type]
    assert f"short_circuit.{code}" in [finding.code for finding in findings]


def _meshed(rng: np.random.Generator) -> FaultNetwork:
    """Return a meshed 20 kV network of eight buses with every kind of source."""
    pairs = [(i, (i + 1) % 8) for i in range(8)] + [(0, 4), (2, 6)]
    pick = lambda: str(rng.integers(8))  # noqa: E731
    return FaultNetwork.of(
        50.0,
        bus=[{"id": str(i), "v_kv": 20} for i in range(8)],
        feeder=[{"id": "Q", "bus": "0", "sk_max_mva": 800, "x0_x": 1}],
        machine=[{"id": f"G{i}", "bus": pick(), "s_mva": rng.uniform(5, 60), "xdss_pu": 0.2} for i in range(3)],
        motor=[{"id": "M", "bus": pick(), "p_mw": 3}],
        inverter=[{"id": "B", "bus": pick(), "s_mva": 10}],
        line=[
            {"id": f"{a}-{b}", "from_bus": str(a), "to_bus": str(b), "r_ohm": 0.05 * x, "x_ohm": x}
            for (a, b), x in zip(pairs, rng.uniform(0.1, 2, len(pairs)), strict=True)
        ],
    )
