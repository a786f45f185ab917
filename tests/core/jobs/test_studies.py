"""Studies as runs: units, joined tables, verdicts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from core import jobs
from core.jobs import State, run_inline, studies
from core.jobs.tables import units
from core.jobs.worker import Worker
from core.plant import sample_plant
from core.store import Store
from core.studies.contingency import plant_contingencies
from tests.core.jobs.on_the_spot import Threads, finish_runs


@pytest.mark.parametrize(
    ("study", "table"), [("short_circuit", "faults"), ("arc_flash", "buses"), ("contingency", "outages")]
)
def test_a_study_runs_in_one_unit(study: str, table: str, tmp_path: Path):
    result = run_inline("study", {"study": study, "plant": sample_plant().to_document()}, tmp_path)
    assert result["study"] == study
    assert not result["failed"]
    assert len(pd.read_parquet(tmp_path / result["tables"][table]))


def test_a_projects_own_limits_count_in_its_studies(tmp_path: Path):
    inputs = {"study": "load_flow", "plant": sample_plant().to_document(), "scenarios": ["BASE_100"]}
    stricter = {"criterion": "voltage_pu", "reason": "the owner's specification", "low": 0.999, "high": 1.001}
    (tmp_path / "own").mkdir()
    (tmp_path / "shipped").mkdir()
    own = run_inline("study", {**inputs, "overrides": [stricter]}, tmp_path / "own")
    assert run_inline("study", inputs, tmp_path / "shipped")["verdict"] == "PASS"
    assert (own["verdict"], own["overrides"]) == ("FAIL", [stricter])
    assert {row["note"] for row in own["verdicts"]} == {"limit overridden: the owner's specification"}


def test_blocks_of_outages_join_to_the_whole_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.jobs.studies.OUTAGES_PER_UNIT", 10)
    result = run_inline("study", {"study": "contingency", "plant": sample_plant().to_document()}, tmp_path)
    whole = plant_contingencies(sample_plant()).tables
    assert len(list(tmp_path.glob("*.outages.parquet"))) == 4
    outages, worst = (pd.read_parquet(tmp_path / result["tables"][name]) for name in ("outages", "worst"))
    assert outages["outage"].tolist() == whole["outages"]["outage"].tolist()
    assert worst["severity"].to_numpy() == pytest.approx(whole["worst"]["severity"].to_numpy(), abs=2e-3)


RING = """function mpc = ring
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 110 1 1.1 0.9;
 2 1 60 10 0 0 1 1 0 110 1 1.1 0.9;
 3 2 10 0 0 0 1 1 0 110 1 1.1 0.9;
];
mpc.gen = [
 1 40 0 60 -60 1 100 1 100 0;
 3 30 0 60 -60 1 100 1 100 0;
];
mpc.branch = [
 1 2 0.01 0.05 0 70 70 70 0 0 1 -360 360;
 2 3 0.01 0.05 0 70 70 70 0 0 1 -360 360;
 1 3 0.01 0.05 0 70 70 70 0 0 1 -360 360;
];
"""


def sweep_of_plant(store: Store) -> str:
    return jobs.submit(store, "study", {"study": "contingency", "plant": sample_plant().to_document(), "order": 2})


def sweep_of_network(store: Store) -> str:
    return studies.start(store, "contingency", {"network": (RING.encode(), "ring.m")}, {"order": 2})


@pytest.mark.parametrize(("submit", "outages"), [(sweep_of_plant, 222), (sweep_of_network, 9)])
def test_a_sweep_whose_worker_dies_is_cancelled_and_resumed_with_the_blocks_that_are_left(
    submit: Callable[[Store], str], outages: int, store: Store, monkeypatch: pytest.MonkeyPatch
):
    """That a worker's process is killed is proved in ``test_runs``; here its place is left in the middle of a sweep."""
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    monkeypatch.setattr("core.jobs.studies.NETWORK_OUTAGES_PER_UNIT", 1)
    run = submit(store)
    dying = Worker(store, idle_s=0.1)
    dying.pool = Threads()
    while jobs.status(store, run).done < 2:
        dying._take_up()
        dying._fill()
        dying._collect(wait(dying.tasks, return_when=FIRST_COMPLETED).done)
    dying.close()  # what is under way is never recorded
    folder = jobs.folder(store, run)
    with store.reading() as connection:
        query = select(units.c.number).where(units.c.run == run, units.c.state == "done")
        done = list(connection.execute(query).scalars())
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.outages.parquet")}
    assert 2 <= len(done) < (jobs.status(store, run).total or 0)
    jobs.cancel(store, run)
    finish_runs(store)
    assert jobs.status(store, run).state is State.CANCELLED
    jobs.resume(store, run)
    finish_runs(store)
    assert jobs.status(store, run).state is State.FINISHED
    found = pd.read_parquet(folder / "outages.parquet")["outage"]
    assert len(found) == found.nunique() == outages
    again = [name for name, at in before.items() if (folder / name).stat().st_mtime_ns != at]
    assert len(before) - len(again) >= len(done)


def test_a_network_is_studied_in_blocks_with_its_files_from_the_store(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.jobs.studies.NETWORK_OUTAGES_PER_UNIT", 3)
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    network = (RING.encode(), "ring.m")
    con = (b"SINGLE BRANCH IN SUBSYSTEM 'ALL'\nSINGLE UNIT IN AREA 1\nSET TAP\nEND\n", "a.con")
    sub = (b"SUBSYSTEM ALL\nBUSES 1 3\nEND\nEND\n", "a.sub")
    own = [{"criterion": "contingency_loading_pct", "reason": "agreed", "warn": 95.0}]
    run = studies.start(store, "contingency", {"network": network, "con": con, "sub": sub}, {"overrides": own})
    inputs = jobs.inputs(store, run)
    assert inputs["outages"] == 6
    folder = store.settings.workspace / "runs" / "here"
    result = run_inline("study", inputs, folder)
    outages = pd.read_parquet(folder / result["tables"]["outages"])
    assert outages["outage"].tolist()[:2] == ["base", "branch 1-2-1"]
    assert result["overrides"] == own
    assert set(outages["status"]) == {"converged"}
    assert [finding["code"] for finding in result["findings"]].count("psse.statement.unknown") == 1
    assert len(list(folder.glob("*.outages.parquet"))) == 2


def test_load_flows_of_many_scenarios_are_joined(tmp_path: Path):
    plant = sample_plant()
    names = list(plant["scenario"]["id"][:8])
    result = run_inline("study", {"study": "load_flow", "plant": plant.to_document(), "scenarios": names}, tmp_path)
    cases = pd.read_parquet(tmp_path / result["tables"]["cases"])
    assert cases["scenario"].tolist() == names
    assert sum(result["counts"].values()) == 8 * 17 * 2


def test_a_failing_unit_does_not_stop_the_others(tmp_path: Path):
    inputs = {"study": "load_flow", "plant": sample_plant().to_document(), "scenarios": [*["BASE_100"] * 6, "NOWHERE"]}
    result = run_inline("study", inputs, tmp_path)
    assert len(result["failed"]) == 1
    assert "NOWHERE" in result["failed"][0]
    assert result["verdict"] != "PASS"
