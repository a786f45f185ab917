"""``feeder …``: the documents of every action and its exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from tests.core.formats.cyme import exports


def call(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    status = main(["feeder", *map(str, words), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_read_counts_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exports.write_text(tmp_path / "village")
    status, document = call(capsys, "read", tmp_path / "village")
    assert status == 0
    counts = document["counts"]
    assert (counts["buses"], counts["lines"], counts["switch"], counts["transformers"], counts["regulators"]) == (
        7,
        3,
        1,
        1,
        1,
    )
    assert document["phases"]["branches"] == {"ABC": 3, "B": 1}
    assert document["load_kw"] == pytest.approx(664.0)
    assert document["source"]["format"] == "cyme.text"


def test_an_export_cut_before_its_sections_fails_and_a_library_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network, *_ = (path for path in exports.write_text(tmp_path) if "network" in path.name)
    library, *_ = (path for path in tmp_path.iterdir() if "equipment" in path.name)
    network.write_bytes(network.read_bytes().partition(b"[SECTION]")[0])
    status, document = call(capsys, "read", network, library)
    assert (status, document["counts"]["lines"]) == (1, 0)
    assert "cyme.no_sections" in [finding["code"] for finding in document["findings"]]
    assert call(capsys, "read", library)[0] == 0


def test_solve_gives_every_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exports.write_text(tmp_path / "village")
    status, document = call(capsys, "solve", tmp_path / "village", "--hold-taps")
    assert (status, document["converged"]) == (0, True)
    assert {"bus", "phase", "v_pu", "angle_deg"} <= document["nodes"][0].keys()
    assert document["losses_kw"] > 0


def test_written_scripts_solve_to_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exports.write_text(tmp_path / "village")
    _, direct = call(capsys, "solve", tmp_path / "village")
    status, document = call(capsys, "to-dss", tmp_path / "village", "--to", tmp_path / "dss")
    assert status == 0
    assert Path(document["master"]).is_file()
    _, again = call(capsys, "solve", tmp_path / "dss")
    assert again["losses_kw"] == pytest.approx(direct["losses_kw"], rel=1e-6)
    assert [(n["bus"], n["phase"]) for n in again["nodes"]] == [(n["bus"], n["phase"]) for n in direct["nodes"]]


def test_compare_with_its_own_solution_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exports.write_text(tmp_path / "village")
    _, solved = call(capsys, "solve", tmp_path / "village")
    rows = "\n".join(f"{n['bus']},{n['phase']},{n['v_pu']}" for n in solved["nodes"] if n["v_pu"] > 0.1)
    (tmp_path / "baseline.csv").write_text(f"NodeId,Phase,Vpu\n{rows}\n")
    status, document = call(capsys, "compare", tmp_path / "village", "--baseline", tmp_path / "baseline.csv")
    assert (status, document["verdict"]) == (0, "PASS")
    assert document["voltage"]["rmse"] < 1e-9
    (tmp_path / "notes.csv").write_text("hello\nworld\n")
    both = "--baseline", tmp_path / "baseline.csv", "--baseline", tmp_path / "notes.csv"
    _, document = call(capsys, "compare", tmp_path / "village", *both)
    assert document["verdict"] == "PASS"
    assert "cyme.results.none" in [finding["code"] for finding in document["findings"]]


@pytest.mark.parametrize("action", ["read", "solve"])
def test_what_is_no_feeder_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    status, document = call(capsys, action, tmp_path / "notes.txt")
    assert status == 2
    assert document["error"]["hint"]


def test_a_kept_feeder_stands_for_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(path) for path in exports.write_text(tmp_path)]
    _, from_files = call(capsys, "solve", *paths)
    _, kept = call(capsys, "keep", *paths)
    _, listed = call(capsys, "kept")
    assert [entry["id"] for entry in listed["feeders"]] == [kept["id"]]
    assert kept["rows"]["segments"] > 0
    _, from_database = call(capsys, "solve", f"kept:{kept['id']}")
    assert from_database == from_files
    assert call(capsys, "solve", f"kept:{kept['id']}", "--repair")[0] == 2
    assert call(capsys, "solve", f"kept:{kept['id']}", *paths)[0] == 2
    (tmp_path / "load.csv").write_text("load\n1\n0.8\n")
    year = "--profiles", tmp_path / "load.csv", "--hours", 2
    runs = [call(capsys, "run", *what, *year)[1] for what in (paths, [f"kept:{kept['id']}"])]
    assert [run["source"] for run in runs] == [kept["source"]] * 2
    assert all(finding in run["findings"] for run in runs for finding in kept["findings"])
    assert runs[0]["feeders"][0]["energy_mwh"] == runs[1]["feeders"][0]["energy_mwh"] > 0
    assert call(capsys, "kept", "--forget", kept["id"])[1]["feeders"] == []
    assert call(capsys, "read", f"kept:{kept['id']}")[0] == 2


def test_what_can_t_be_written_or_read_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(path) for path in exports.write_text(tmp_path)]
    for action in (("to-dss", "--to", paths[0]), ("reconcile", "--gis", paths[0], "--manual", tmp_path / "none.csv")):
        status, document = call(capsys, action[0], *paths, *action[1:])
        assert status == 2
        assert "hub itself" not in document["error"]["message"]
        assert document["error"]["hint"]


def test_a_script_that_breaks_the_engine_down_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An energy meter without an element ends any program in which the engine runs."""
    script = "Clear\nNew Circuit.c bus1=a\nNew Line.l bus1=a bus2=b\nNew EnergyMeter.m\nCalcVoltageBases\nSolve\n"
    (tmp_path / "meter.dss").write_text(script)
    status, document = call(capsys, "solve", tmp_path / "meter.dss")
    assert status == 2
    assert document["error"]["hint"]
