"""The Availability page: run the study, see its answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.plant import sample_plant
from core.project import Workspace
from core.store import Store

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "availability.py")


def page() -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=120)


def test_without_a_project_the_page_says_what_is_missing(store: Store) -> None:
    assert "No project" in page().run().markdown[0].value


def test_a_plant_without_blocks_is_an_empty_state(store: Store) -> None:
    plant = sample_plant()
    Workspace(store).create("Bare", plant.with_table("block", []).to_document())
    assert "No block diagram" in page().run().markdown[0].value


def test_a_plant_whose_numbers_no_study_can_take_still_opens(store: Store) -> None:
    document = sample_plant().to_document()
    document["settings"]["availability_target"] = 99.95
    for load in document["tables"]["load"]:
        load["p_mw"] = -load["p_mw"]
    Workspace(store).create("Signs", document)
    assert not page().run().exception


def test_the_study_runs_in_the_background_and_shows_its_answer(store: Store) -> None:
    project = Workspace(store).create("Sample", sample_plant().to_document())
    shown = page().run()
    assert not shown.exception
    next(field for field in shown.number_input if "histories" in field.label).set_value(0)
    shown.button[0].click().run()
    (run,) = jobs.runs(store, project.id)
    assert jobs.wait(store, run.id, timeout=120).state is jobs.State.FINISHED
    shown.run()
    assert not shown.exception
    metrics = {metric.label: float(metric.value) for metric in shown.metric}
    assert 0.99 < metrics["Block diagram"] < 1
    assert metrics["Load not served [h/year]"] == pytest.approx(8760 * (1 - metrics["200 MW delivered"]), abs=0.01)
    assert shown.dataframe[0].value["Block"].tolist()[-1] == "SYSTEM"


def test_hourly_loads_are_brought_as_a_file_and_a_refused_one_starts_nothing(store: Store) -> None:
    project = Workspace(store).create("Sample", sample_plant().to_document())
    shown = page().run()
    next(field for field in shown.number_input if "histories" in field.label).set_value(0)
    hours = "load_mw\n" + "150\n230\n" * 4368
    shown.file_uploader[0].set_value([("load.csv", f"{hours}150\n".encode(), "text/csv")])
    shown.button[0].click().run()
    assert "has 8737 hours" in shown.error[0].value
    assert jobs.runs(store, project.id) == []
    shown.file_uploader[0].set_value([("load.csv", hours.encode(), "text/csv")])
    shown.button[0].click().run()
    (run,) = jobs.runs(store, project.id)
    assert jobs.wait(store, run.id, timeout=120).state is jobs.State.FINISHED
    shown.run()
    assert not shown.exception
    assert any("up to 230 MW" in text.value and "in a year of 8,736 h" in text.value for text in shown.markdown)
    assert "52 weeks" in shown.dataframe[-1].value["What"].to_string()
