"""The loop command with results of outside tools: it waits, takes what belongs to the round, and refuses the rest."""

from __future__ import annotations

import json

import pytest

from core.__main__ import main
from core.plant import Plant
from core.project import Workspace, loops
from core.settings import load_settings
from sample_files import make_results

#: Study → its file as the outside tool writes it.
FILES = {
    "load_flow": make_results.load_flow,
    "short_circuit": make_results.short_circuit,
    "power_flow": make_results.power_flow,
    "availability": make_results.availability,
}
REQUIREMENT = {"load_mw": 40, "technologies": ["RECIP_18", "BESS"]}


@pytest.fixture
def loop(tmp_path, capsys):
    """Return a function that runs the command in a workspace of its own and returns exit status and document."""
    (tmp_path / "need.json").write_text(json.dumps(REQUIREMENT), encoding="utf-8")

    def run(*arguments: str) -> tuple[int, dict]:
        status = main(["loop", "--project", "Campus", "--workspace", str(tmp_path / "w"), "--json", *arguments])
        return status, json.loads(capsys.readouterr().out)

    return run


def last_plant(tmp_path) -> Plant:
    workspace = Workspace.open(load_settings(tmp_path / "w"))
    project = workspace.project(workspace.projects()[0].id)
    return loops.plant_of(project, loops.latest(project).rounds[-1])


def write_results(plant: Plant, folder) -> list[str]:
    folder.mkdir()
    for study, make in FILES.items():
        make(plant).to_csv(folder / f"{study}.csv", index=False)
    return [str(folder / f"{study}.csv") for study in FILES]


@pytest.mark.slow  # every round is studied twice: by the files' tool, here the hub itself, and for the comparison
@pytest.mark.timeout(600)
def test_a_loop_fed_with_every_tools_files_passes_and_refuses_those_of_another_round(tmp_path, loop):
    need = {**REQUIREMENT, "equipment": {"*": {"breaker_limit_ka": 10}}}
    (tmp_path / "need.json").write_text(json.dumps(need), encoding="utf-8")
    status, waiting = loop("--requirement", str(tmp_path / "need.json"), "--uploaded", *FILES)
    assert (status, waiting["state"], waiting["due"]) == (1, "waiting for an upload", list(FILES))
    loop("--export", str(tmp_path / "out"))
    assert list((tmp_path / "out").rglob("*.raw"))
    first = write_results(last_plant(tmp_path), tmp_path / "round1")
    status, second = loop("--upload", *first)
    assert (status, second["state"], len(second["rounds"])) == (1, "waiting for an upload", 2)
    assert {s["id"]: s["verdict"] for s in second["rounds"][0]["stages"]}["2b"] == "FAIL"

    again = tmp_path / "saved_again.csv"  # the faults of round 1, saved by a spreadsheet: another file
    again.write_bytes((tmp_path / "round1" / "short_circuit.csv").read_bytes().replace(b"\n", b"\r\n"))
    status, refused = loop("--upload", str(again))
    assert (status, "short_circuit" in refused["due"]) == (1, True)
    (why,) = (text for text in refused["refused"] if "saved_again.csv" in text)
    assert "it is of the plant of round 1: it says nothing of BUS_BESS_01" in why

    current, number = refused, 2
    while current["state"] == "waiting for an upload" and number < 6:
        status, current = loop("--upload", *write_results(last_plant(tmp_path), tmp_path / f"round{number}"))
        number += 1
    assert (status, current["state"], current["overall"]) == (0, "passed", "PASS"), current["reason"]


def test_a_loop_in_no_project_can_wait_for_nothing(capsys):
    assert main(["loop", "--uploaded", "load_flow", "--json"]) == 2
    assert "--project" in capsys.readouterr().err


@pytest.mark.parametrize("rounds", ["0", "-3"])
def test_no_rounds_are_refused(rounds, capsys):
    assert main(["loop", "--rounds", rounds]) == 2
    assert "above 0" in capsys.readouterr().err
