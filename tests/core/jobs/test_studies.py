"""Studies as runs: units, joined tables, verdicts."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from sqlalchemy import select

from core import jobs
from core.jobs import State, run_inline
from core.jobs.tables import units
from core.plant import sample_plant
from core.store import Store
from core.studies.contingency import plant_contingencies
from tests.core.jobs.conftest import kill_worker


@pytest.mark.parametrize(
    ("study", "table"), [("short_circuit", "faults"), ("arc_flash", "buses"), ("contingency", "outages")]
)
def test_a_study_runs_in_one_unit(study: str, table: str, tmp_path: Path):
    result = run_inline("study", {"study": study, "plant": sample_plant().to_document()}, tmp_path)
    assert result["study"] == study
    assert not result["failed"]
    assert len(pd.read_parquet(tmp_path / result["tables"][table]))


def test_blocks_of_outages_join_to_the_whole_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.jobs.studies.OUTAGES_PER_UNIT", 10)
    result = run_inline("study", {"study": "contingency", "plant": sample_plant().to_document()}, tmp_path)
    whole = plant_contingencies(sample_plant()).tables
    assert len(list(tmp_path.glob("*.outages.parquet"))) == 4
    outages, worst = (pd.read_parquet(tmp_path / result["tables"][name]) for name in ("outages", "worst"))
    assert outages["outage"].tolist() == whole["outages"]["outage"].tolist()
    assert worst["severity"].to_numpy() == pytest.approx(whole["worst"]["severity"].to_numpy(), abs=2e-3)


def test_a_sweep_whose_worker_is_killed_goes_on_with_the_blocks_that_are_left(shared: Store):
    inputs = {"study": "contingency", "plant": sample_plant().to_document(), "order": 2}
    run = jobs.submit(shared, "study", inputs)
    while jobs.status(shared, run).done < 1:
        time.sleep(0.05)
    pool = kill_worker(shared)
    psutil.wait_procs(pool, timeout=20)
    folder = jobs.folder(shared, run)
    with shared.reading() as connection:
        query = select(units.c.number).where(units.c.run == run, units.c.state == "done")
        done = list(connection.execute(query).scalars())
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.outages.parquet")}
    assert 1 <= len(done) < 5
    jobs.resume(shared, run)
    seen = jobs.wait(shared, run, timeout=120)
    assert seen.state is State.FINISHED
    assert len(pd.read_parquet(folder / "outages.parquet")) == 222
    again = [name for name, at in before.items() if (folder / name).stat().st_mtime_ns != at]
    assert len(before) - len(again) >= len(done)


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
