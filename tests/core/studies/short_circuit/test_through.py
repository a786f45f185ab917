"""Breakers carry the current of one side; duties against a calculation by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.plant import sample_plant
from core.studies.short_circuit import Conditions, FaultNetwork, duty, plant_short_circuit, short_circuits
from core.studies.short_circuit.through import carried


def station(**tables: list[dict[str, object]]) -> FaultNetwork:
    """A grid of 500 MVA (R/X 0.1) and a machine of 40 MVA at one bus of 11 kV, a second bus behind a cable."""
    network: dict[str, list[dict[str, object]]] = {
        "bus": [{"id": "A", "v_kv": 11.0}, {"id": "B", "v_kv": 11.0}],
        "feeder": [{"id": "GRID", "bus": "A", "sk_max_mva": 500.0}],
        "machine": [{"id": "G", "bus": "A", "s_mva": 40.0, "xdss_pu": 0.2, "r_pu": 0.01, "cos_phi": 0.8}],
        "line": [{"id": "C", "from_bus": "A", "to_bus": "B", "r_ohm": 0.0, "x_ohm": 0.1}],
    }
    return FaultNetwork.of(50.0, **{**network, **tables})


def currents(network: FaultNetwork, *breakers: tuple[str, str, str]) -> pd.DataFrame:
    devices = pd.DataFrame(breakers, columns=["id", "bus", "element"]).assign(opening_s=0.05)
    found = short_circuits(network, Conditions(single_phase=False)).currents
    totals = devices[["id", "bus"]].rename(columns={"id": "device"}).merge(found, on="bus")
    return carried(network, devices, totals, {"LOAD"}, Conditions(single_phase=False)).set_index("device")


def test_each_breaker_carries_the_larger_of_the_two_sides():
    """By hand: the grid gives 500/(√3·11) = 26.243 kA, the machine c·U_n/(√3·K_G·z·U²/S) with K_G = 1.1/1.12."""
    grid = 500 / (np.sqrt(3) * 11)
    machine = 1.1 * 11 / np.sqrt(3) / (1.1 / 1.12 * (0.01 + 0.2j) * 11**2 / 40)
    rows = currents(station(), ("CB1", "A", "GRID"), ("CB2", "A", "G"), ("CB3", "A", "C"), ("CB4", "A", "LOAD"))
    assert rows.loc["CB1", "ik_ka"] == pytest.approx(grid, rel=1e-9)
    assert rows.loc["CB2", "ik_ka"] == pytest.approx(grid, rel=1e-9)
    total = abs(grid * np.exp(-1j * np.arctan(10)) + machine)
    for name in ("CB3", "CB4"):  # nothing comes back from the cable or the load: all of the bus goes out there
        assert rows.loc[name, "ik_ka"] == pytest.approx(total, rel=1e-9)
    assert set(rows["basis"]) == {"through"}


def test_a_feeder_that_comes_back_another_way_is_judged_by_the_bus():
    second = {"id": "C2", "from_bus": "A", "to_bus": "B", "r_ohm": 0.0, "x_ohm": 0.1}
    ring = station(line=[*station()["line"].to_dict(orient="records"), second])
    row = currents(ring, ("CB", "A", "C")).loc["CB"]
    assert row["basis"] == "bus"
    assert row["ik_ka"] == row["ik_bus_ka"]
    assert currents(ring, ("CB", "A", "")).loc["CB", "basis"] == "bus"


def test_the_duties_of_a_breaker_by_hand():
    """R/X 0.1, 50 Hz, 50 ms: κ 1.7460, i_p 64.80 kA, i_dc 7.715 kA, I_b,asym 27.354 kA; 31.5 kA with 32.92 % DC."""
    network = FaultNetwork.of(
        50.0, bus=[{"id": "A", "v_kv": 11.0}], feeder=[{"id": "Q", "bus": "A", "sk_max_mva": 500}]
    )
    faults = short_circuits(network, Conditions(single_phase=False)).currents.assign(device="CB")
    breaker = pd.DataFrame(
        {"id": ["CB"], "bus": "A", "breaking_ka": 31.5, "making_ka": np.nan, "dc_pct": np.nan, "opening_s": 0.05}
    )
    row = duty.breaker_duties(breaker, faults, 50.0).iloc[0]
    expected = {
        "ik_ka": 26.243, "ip_ka": 64.800, "i_dc_ka": 7.715, "ib_asym_ka": 27.354, "dc_rated_pct": 32.919,
        "duty_pct": 83.312, "duty_breaking_pct": 83.312, "duty_dc_pct": 52.608, "duty_asymmetrical_pct": 78.724,
        "duty_making_pct": 82.286, "next_rating_ka": 31.5,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=2e-4)


def test_earth_faults_take_the_negative_sequence_reactance_where_it_is_given():
    """I″k1 = √3·c·U_n/|Z_(1) + Z_(2) + Z_(0)| of a machine alone, all times K_G."""
    machine = {"id": "G", "bus": "A", "s_mva": 40.0, "xdss_pu": 0.2, "r_pu": 0.01, "cos_phi": 0.8, "x0_pu": 0.1}
    base, k_g = 11**2 / 40, 1.1 / 1.12
    for x_2, expected in ((0.3, 0.3), (None, 0.2)):
        network = FaultNetwork.of(
            50.0, bus=[{"id": "A", "v_kv": 11.0}], machine=[{**machine, "neutral_ohm": 0.0, "x2_pu": x_2}]
        )
        found = short_circuits(network).currents.set_index("fault_type")
        by_hand = np.sqrt(3) * 1.1 * 11 / (k_g * base * abs(0.03 + 1j * (0.2 + expected + 0.1)))
        assert found.loc["1ph", "ik_ka"] == pytest.approx(by_hand, rel=1e-9)


def test_no_breaker_of_the_sample_plant_carries_more_than_its_bus():
    rows = plant_short_circuit(sample_plant()).tables["breakers"]
    assert (rows["ik_ka"] <= rows["ik_bus_ka"] * (1 + 1e-9)).all()
    assert (rows["basis"] == "through").sum() > 10
    assert (rows.loc[rows["basis"] == "bus", "ik_ka"] == rows.loc[rows["basis"] == "bus", "ik_bus_ka"]).all()
