"""The availability study as a run: histories in blocks, the same numbers however they are shared out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from core import jobs
from core.documents import plain
from core.jobs import State, run_inline
from core.jobs import availability as run_of_availability
from core.jobs.tables import units
from core.plant import sample_plant
from core.store import Store
from core.studies.availability import AvailabilityOptions, as_document, plant_model, study_availability
from tests.core.jobs.conftest import kill_worker


def inputs_for(histories: int, **options: Any) -> dict[str, Any]:
    asked = {"histories": histories, "years": 10.0, "seed": 5, "required_mw": 150.0, "bess_mw": 30.0, **options}
    return {"plant": sample_plant().to_document(), "options": asked, "target": 0.9995}


@pytest.mark.parametrize("per_unit", [1, 500, 10_000])
def test_blocks_of_histories_give_the_numbers_of_one_call(
    per_unit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_of_availability, "HISTORIES_PER_UNIT", per_unit)
    inputs = inputs_for(1501)
    result = run_inline("availability", inputs, tmp_path)
    whole = plain(
        as_document(study_availability(plant_model(sample_plant()), AvailabilityOptions(**inputs["options"])))
    )
    assert len(list(tmp_path.glob("*.nodes.parquet"))) == {1: 16, 500: 3, 10_000: 1}[per_unit]
    assert {name: result[name] for name in whole} == whole


def test_a_block_that_fails_is_said_and_the_others_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(model: Any, options: Any, first: int, count: int) -> Any:
        if first == 0:
            raise OSError("the disk is full")
        return run_histories(model, options, first, count)

    run_histories = run_of_availability.run_histories
    monkeypatch.setattr(run_of_availability, "run_histories", fails)
    result = run_inline("availability", inputs_for(1500), tmp_path)
    texts = [finding["text"] for finding in result["findings"]]
    assert any("disk is full" in text for text in texts)
    assert any(text.endswith("of 1500 histories were run") for text in texts)
    assert 0 < result["simulation"]["histories"] < 1500


def test_a_simulation_whose_worker_is_killed_goes_on_with_the_blocks_that_are_left(shared: Store) -> None:
    inputs = inputs_for(16_000, years=150.0)
    run = jobs.submit(shared, "availability", inputs)
    while jobs.status(shared, run).done < 4:
        time.sleep(0.05)
    psutil.wait_procs(kill_worker(shared), timeout=20)
    folder = jobs.folder(shared, run)
    with shared.reading() as connection:
        query = select(units.c.number).where(units.c.run == run, units.c.state == "done")
        done = list(connection.execute(query).scalars())
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.nodes.parquet")}
    assert 4 <= len(done) < 18
    jobs.resume(shared, run)
    assert jobs.wait(shared, run, timeout=120).state is State.FINISHED
    again = [name for name, at in before.items() if (folder / name).stat().st_mtime_ns != at]
    assert len(before) - len(again) >= len(done) - 2  # the study and the measures keep no histories
    found = jobs.result(shared, run)["simulation"]
    assert found["histories"] == 16_000
