"""Load flow of plants and networks: tables, balance, statuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.formats.pandapower_net import from_pandapower
from core.network import Network
from core.plant import sample_plant
from core.results.study_result import Status
from core.studies.load_flow import network_load_flow, plant_load_flow


@pytest.fixture(scope="module")
def result():
    return plant_load_flow(sample_plant(), ["BASE_100", "N1_GT_01", "N1_XFMR_HALL_1A"])


def test_every_scenario_is_a_row_with_its_status(result):
    cases = result.tables["cases"].set_index("scenario")
    assert list(cases.index) == ["BASE_100", "N1_GT_01", "N1_XFMR_HALL_1A"]
    assert (cases["status"] == "converged").all()
    assert result.status is Status.SOLVED


def test_power_balances_in_every_scenario(result):
    served = result.tables["buses"].groupby("scenario")["p_mw"].sum()
    losses = result.tables["cases"].set_index("scenario")["loss_mw"]
    assert served.to_numpy() == pytest.approx(losses[served.index].to_numpy(), abs=1e-6)
    generation = result.tables["generators"].groupby("scenario")["p_mw"].sum()
    assert generation.to_numpy() == pytest.approx((200.0 + losses[generation.index]).to_numpy(), abs=1e-6)


def test_angles_are_relative_to_the_swing_bus(result):
    base = result.tables["buses"].query("scenario == 'BASE_100'").set_index("bus")
    assert base.loc[result.tables["cases"]["slack"][0], "angle_deg"] == 0


def test_a_tripped_machine_is_dead_and_its_others_take_over(result):
    machines = result.tables["generators"].query("scenario == 'N1_GT_01'")
    assert "GEN_GT_01" not in set(machines["generator"])
    assert machines["p_mw"].sum() > 200


def test_the_loading_at_a_bus_is_that_of_its_most_loaded_equipment(result):
    base = {name: table.query("scenario == 'BASE_100'") for name, table in result.tables.items()}
    row = base["buses"].set_index("bus").loc["BUS_200", "loading_pct"]
    at = base["branches"].query("from_bus == 'BUS_200' or to_bus == 'BUS_200'")
    assert row == at["loading_pct"].max()


def test_all_out_is_unsolvable_with_a_finding_not_an_error():
    plant = sample_plant()
    everything = ",".join(plant["unit"]["id"])
    row = plant["scenario"].iloc[[0]].assign(id="DARK", tripped=everything)
    result = plant_load_flow(plant.with_table("scenario", row), ["DARK"])
    assert result.tables["cases"]["status"].tolist() == ["unsolvable"]
    assert result.status is Status.NOT_CONVERGED
    assert "load_flow.unsolvable" in [finding.code for finding in result.findings]


def test_a_network_reports_lost_load_and_machine_limits():
    network = Network(
        tables={
            "bus": pd.DataFrame({"bus": [1, 2, 3], "base_kv": 13.8, "kind": ["SLACK", "PQ", "PQ"]}),
            "generator": pd.DataFrame({"bus": [1], "p_max_mw": [10.0], "mva_base": [12.0]}),
            "load": pd.DataFrame({"bus": [2, 3], "p_mw": [20.0, 7.0]}),
            "branch": pd.DataFrame({"from_bus": [1], "to_bus": [2], "x_pu": [0.05], "rate_a_mva": [25.0]}),
        }
    )
    result = network_load_flow(network)
    row = result.tables["cases"].iloc[0]
    assert row["status"] == "islanded"
    assert row["lost_load_mw"] == pytest.approx(7.0)
    assert row["machines_outside_limits"] == 1
    assert result.tables["branches"]["loading_pct"][0] == pytest.approx(80.0, abs=1.0)
    assert np.isnan(result.tables["buses"]["v_pu"][2])
    assert {"load_flow.islanded", "load_flow.machine_limit"} <= {finding.code for finding in result.findings}


def test_a_plants_machine_at_its_reactive_limit_lets_its_voltage_go_and_says_so():
    units = sample_plant()["unit"].copy()
    units.loc[units["id"] == "GEN_RECIP_01", "v_set_pu"] = 1.10
    asked = sample_plant().with_table("unit", units)
    kept, free = (plant_load_flow(asked, ["BASE_100"], limits=limits) for limits in (True, False))
    machine, greedy = (r.tables["generators"].set_index("generator").loc["GEN_RECIP_01"] for r in (kept, free))
    assert greedy["q_mvar"] > greedy["q_max_mvar"]
    assert machine["q_mvar"] == pytest.approx(machine["q_max_mvar"], abs=1e-6)
    assert kept.main.set_index("bus").loc["BUS_100", "v_pu"] < 1.10 - 1e-3
    assert "BUS_100" in [f.element for f in kept.findings if f.code == "load_flow.reactive_limit"]
    for engine in ("pandapower", "lightsim2grid"):
        other = plant_load_flow(asked, ["BASE_100"], engine).main
        assert other["v_pu"].to_numpy() == pytest.approx(kept.main["v_pu"].to_numpy(), abs=1e-8)


def three_windings() -> tuple[Any, Network]:
    """Return pandapower's solved net with a three-winding transformer without a core, and the same network here."""
    import pandapower

    net = pandapower.create_empty_network(f_hz=50)
    high, middle, low = (pandapower.create_bus(net, kv) for kv in (110.0, 20.0, 10.0))
    pandapower.create_ext_grid(net, high, vm_pu=1.02)
    pandapower.create_transformer3w_from_parameters(
        net, high, middle, low, 110.0, 21.0, 10.5, 63.0, 40.0, 25.0, 10.0, 11.0, 9.0, 0.3, 0.31, 0.32, 0.0, 0.0,
        shift_mv_degree=30.0, tap_side="hv", tap_pos=2, tap_neutral=0, tap_step_percent=1.5, tap_changer_type="Ratio",
    )  # fmt: skip
    pandapower.create_load(net, middle, 30.0, 9.0)
    pandapower.create_load(net, low, 24.0, 8.0)
    pandapower.runpp(net, trafo_loading="power", calculate_voltage_angles=True)
    return net, from_pandapower(net)[0]


def test_windings_are_loaded_as_pandapower_loads_them():
    net, network = three_windings()
    result = network_load_flow(network)
    rows, theirs = result.tables["branches"], net.res_trafo3w.iloc[0]
    assert rows["branch"].tolist() == [f"transformer3w 1-2-3-1 winding {number}" for number in (1, 2, 3)]
    assert rows["p_mw"].to_numpy() == pytest.approx(theirs[["p_hv_mw", "p_mv_mw", "p_lv_mw"]].to_numpy(), abs=1e-5)
    assert rows["i_a"].to_numpy() == pytest.approx(1e3 * theirs[["i_hv_ka", "i_mv_ka", "i_lv_ka"]].to_numpy(), rel=1e-6)
    assert rows["loading_pct"].max() == pytest.approx(theirs["loading_percent"], rel=1e-6)  # by power, of the worst
    assert rows["loading_pct"][1] == pytest.approx(100 * np.hypot(30, 9) / 40, rel=1e-6)
    assert rows["loading_pct"][2] == pytest.approx(100 * np.hypot(24, 8) / 25, rel=1e-6)
    assert rows["loss_mw"].sum() == pytest.approx(theirs["pl_mw"], abs=1e-5)
    assert rows["p_to_mw"].sum() == pytest.approx(0, abs=1e-9)  # nothing stays at the star point
    assert result.tables["buses"]["loading_pct"].tolist() == rows["loading_pct"].tolist()
    assert "load_flow.unrated" not in [finding.code for finding in result.findings]


def test_a_winding_out_of_service_has_no_loading_and_one_without_rating_is_counted():
    table = three_windings()[1]["transformer3w"].assign(in_service_3=False, rate_a_2_mva=0.0, g_mag_pu=0.001)
    network = three_windings()[1].with_tables(transformer3w=table)
    result = network_load_flow(network)
    rows = result.tables["branches"]
    assert [name[-9:] for name in rows["branch"]] == ["winding 1", "winding 2"]
    assert rows["loading_pct"].isna().tolist() == [False, True]
    made = result.tables["generators"]["p_mw"].sum()
    assert rows["loss_mw"].sum() == pytest.approx(made - 30, abs=1e-6)
    (text,) = [finding.text for finding in result.findings if finding.code == "load_flow.unrated"]
    assert text.startswith("1 of 2 lines, transformers and windings")
