"""The study on plants and networks: tables, duties, findings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.network import Network
from core.plant import Plant, sample_plant
from core.results.study_result import Status
from core.studies.short_circuit import duty, network_short_circuit, next_standard_rating, plant_short_circuit


@pytest.fixture(scope="module")
def sample() -> Plant:
    return sample_plant()


def test_every_bus_and_breaker_of_the_sample_plant_has_its_duty(sample: Plant):
    result = plant_short_circuit(sample)
    assert result.status is Status.SOLVED
    faults, breakers = result.tables["faults"], result.tables["breakers"]
    assert set(faults["bus"]) == set(sample["bus"]["id"])
    assert set(breakers["device"]) == set(sample["breaker"]["id"])
    assert faults["duty_pct"].to_numpy() == pytest.approx((100 * faults["ik_ka"] / faults["rating_ka"]).to_numpy())
    assert np.isfinite(breakers[list(duty.DUTIES)].to_numpy(float)).all()


def test_a_tripped_machine_lowers_the_fault_level(sample: Plant):
    base, out = (
        plant_short_circuit(sample, s).tables["faults"].query("fault_type == '3ph'") for s in (None, "N1_GT_01")
    )
    assert (out.set_index("bus")["ik_ka"] < base.set_index("bus")["ik_ka"]).all()


def test_a_breaker_without_rating_is_not_checked(sample: Plant):
    breakers = sample["breaker"].copy()
    breakers.loc[breakers["bus"] == "BUS_100", "breaking_ka"] = np.nan
    result = plant_short_circuit(sample.with_table("breaker", breakers))
    row = result.tables["faults"].query("bus == 'BUS_100'").iloc[0]
    assert np.isnan(row["duty_pct"])
    assert np.isnan(row["rating_ka"])
    assert "short_circuit.breaker.unrated" in [f.code for f in result.findings]


def test_a_machine_without_subtransient_reactance_fails_the_study_by_name(sample: Plant):
    units = sample["unit"].copy()
    units.loc[units["id"] == "GEN_GT_02", "xd_double_prime_pu"] = np.nan
    result = plant_short_circuit(sample.with_table("unit", units))
    assert result.status is Status.FAILED
    assert "GEN_GT_02" in [f.element for f in result.findings]
    assert result.main.empty


def test_duties_fall_as_ratings_rise(sample: Plant):
    faults = plant_short_circuit(sample).tables["breakers"]
    small, large = (
        duty.breaker_duties(sample["breaker"].assign(breaking_ka=ka), _currents(faults), 60.0) for ka in (25.0, 40.0)
    )
    for column in duty.DUTIES:
        assert (large[column] < small[column]).to_numpy()[small[column] > 0].all()


def test_the_next_standard_rating_covers_the_current():
    assert [next_standard_rating(ka) for ka in (12.5, 12.6, 42.8, 77.46, 100)] == [12.5, 16.0, 50.0, 80.0, 100.0]
    assert next_standard_rating(100.1) is None


def test_a_45_ms_breaker_corresponds_to_x_r_17_at_60_hz():
    x_r = 2 * np.pi * 60 * duty.STANDARD_TIME_CONSTANT_S
    assert x_r == pytest.approx(17.0, abs=0.05)
    assert duty.rated_dc_pct(0.045) == pytest.approx(100 / np.e)


def test_a_load_flow_case_says_what_is_assumed():
    network = Network(
        "two buses",
        tables={
            "bus": pd.DataFrame({"bus": [1, 2], "base_kv": [13.8, 13.8], "kind": ["SLACK", "PQ"]}),
            "generator": pd.DataFrame({"bus": [1], "mva_base": [50.0]}),
            "branch": pd.DataFrame({"from_bus": [1], "to_bus": [2], "x_pu": [0.1]}),
        },
    )
    result = network_short_circuit(network)
    assert {"short_circuit.xdss.assumed", "short_circuit.zero_sequence.none"} <= {f.code for f in result.findings}
    ik = result.main.set_index("bus")["ik_ka"]
    k_g = 1.1 / (1 + 0.2 * np.sqrt(1 - 0.85**2))
    z_1 = k_g * 0.2 * (0.07 + 1j) * 100 / 50
    base = 100 / np.sqrt(3) / 13.8
    assert ik["1"] == pytest.approx(1.1 * base / abs(z_1))
    assert ik["2"] == pytest.approx(1.1 * base / abs(z_1 + 0.1j))


def _currents(breakers: pd.DataFrame) -> pd.DataFrame:
    return breakers[["device", "bus", "fault_type", "ik_ka", "ip_ka", "ib_ka", "i_dc_ka", "ib_asym_ka"]]
