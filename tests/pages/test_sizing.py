"""The Sizing page: size the plant in the background, see the design, take it as the project's plant."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from core import jobs
from core.plant import sample_plant
from core.project import Workspace
from core.store import Store

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "sizing.py")


def test_without_a_project_the_page_says_what_is_missing(store: Store) -> None:
    assert "No project" in AppTest.from_file(PAGE, default_timeout=120).run().markdown[0].value


def test_the_design_of_a_run_becomes_the_projects_plant(store: Store) -> None:
    project = Workspace(store).create("Sample", sample_plant().to_document())
    page = AppTest.from_file(PAGE, default_timeout=120).run()
    assert not page.exception
    next(button for button in page.button if button.label == "Size the plant").click().run()
    (run,) = jobs.runs(store, project.id)
    assert jobs.wait(store, run.id, timeout=120).state is jobs.State.FINISHED
    page.run()
    assert not page.exception
    assert page.metric[0].label == "Cost [M USD/year]"
    built = next(table.value for table in page.dataframe if "Technology" in table.value)
    engines = built[built["Technology"] == "RECIP_18"].iloc[0]
    assert engines["Name"] == "Gas engine 18.3 MW"
    assert engines["Power [MW]"] == engines["Units"] * 18.3
    next(button for button in page.button if button.label == "Make this the project's plant").click().run()
    assert not page.exception
    units = Workspace(store).project(project.id).plant_document["tables"]["unit"]
    assert {row["id"] for row in units} != set(sample_plant()["unit"]["id"])


def test_while_a_file_of_hours_is_refused_nothing_can_be_sized(store: Store) -> None:
    Workspace(store).create("Sample", sample_plant().to_document())
    page = AppTest.from_file(PAGE, default_timeout=120).run()
    load = next(each for each in page.file_uploader if each.label.startswith("Load"))
    hours = "load_mw\n" + "150.25\n" * 8759
    load.set_value([("load.csv", hours.encode(), "text/csv")]).run()
    assert not page.exception
    assert "has 8759 hours" in page.error[0].value
    assert next(button for button in page.button if button.label == "Size the plant").disabled
    load = next(each for each in page.file_uploader if each.label.startswith("Load"))
    load.set_value([("load.csv", (hours + "150.25\n").encode(), "text/csv")]).run()
    assert not page.error
    assert not next(button for button in page.button if button.label == "Size the plant").disabled


def test_a_catalogue_without_a_technology_is_refused(store: Store) -> None:
    Workspace(store).create("Sample", sample_plant().to_document())
    page = AppTest.from_file(PAGE, default_timeout=120).run()
    catalogue = next(each for each in page.file_uploader if each.label.startswith("Another catalogue"))
    catalogue.set_value([("technologies.csv", b"id,name,kind\n", "text/csv")]).run()
    assert "the catalogue has no technology" in page.error[0].value
    assert next(button for button in page.button if button.label == "Size the plant").disabled
