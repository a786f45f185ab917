"""The plant and export pages: empty, with the sample, with a bad file."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.formats.bundle import exports
from core.formats.etap.workbook import equipment_csv
from core.plant import Plant, sample_plant
from core.project import Project, Workspace
from core.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(store: Store) -> Project:
    return Workspace(store).create("Campus", sample_plant().to_document())


def page(name: str) -> AppTest:
    return AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=120)


def words(app: AppTest) -> str:
    return " ".join(str(element.value) for element in (*app.markdown, *app.caption, *app.error, *app.success))


@pytest.mark.parametrize("name", ["plant", "export_hub"])
def test_without_a_project_the_page_says_what_is_missing_and_provides_it(store, name):
    app = page(name).run()
    assert not app.exception
    assert app.markdown[0].value.startswith("####")
    press(app, "Open the sample plant")
    assert plant_of(store).digest() == sample_plant().digest()
    assert not app.exception


def choose(app: AppTest, label: str, value: str) -> AppTest:
    return next(control for control in app.segmented_control if control.label == label).set_value(value).run()


@pytest.mark.parametrize("view", ["One-line", "Block diagram"])
def test_the_drawings_of_the_sample_are_shown_and_offered(project, view):
    app = choose(page("export_hub").run(), "Show", view)
    assert not app.exception
    assert app.get("download_button")[-1].label.endswith(".svg")


@pytest.mark.parametrize("tool", dict.fromkeys(export.tool for export in exports()))
def test_every_file_of_a_tool_has_a_preview_a_reference_and_a_download(project, tool):
    app = choose(page("export_hub").run(), "Show", tool)
    for name in [export.file.rpartition("/")[2] for export in exports() if export.tool == tool]:
        app = choose(app, "File", name)
        assert not app.exception
        assert not app.error
        assert app.get("download_button")[-1].label == f"Download {name}"
        assert "Meaning" in app.dataframe[-1].value.columns


def test_a_plant_that_gives_no_network_says_so_in_its_files_and_keeps_the_others(project):
    document = sample_plant().to_document()
    document["tables"]["bus"][0]["number"] = 101
    project.save_plant(document, "two buses of one number", project.revision)
    app = choose(page("export_hub").run(), "Show", "PSS/E")
    assert not app.exception
    assert "bus numbers" in " ".join(error.value for error in app.error)


def test_the_bundle_is_offered_at_once(project):
    app = page("export_hub").run()
    assert any("all files" in button.label for button in app.get("download_button"))


def test_the_plant_page_shows_the_units_for_editing(project):
    app = page("plant").run()
    assert not app.exception
    assert app.data_editor[0].value["id"].tolist() == sample_plant()["unit"]["id"].tolist()
    assert "No findings" in words(app)


def test_scenarios_are_generated_undone_and_redone(project, store):
    empty = sample_plant().with_table("scenario", [])
    project.save_plant(empty.to_document(), "no scenarios", project.revision)
    app = page("plant").run()
    press(app, "Generate scenarios")
    assert len(plant_of(store)["scenario"]) > 30
    press(app, "Undo")
    assert len(plant_of(store)["scenario"]) == 0
    press(app, "Redo")
    assert len(plant_of(store)["scenario"]) > 30
    assert not app.exception


def test_there_is_nothing_to_undo_in_a_new_project_and_the_page_says_so(project):
    app = page("plant").run()
    press(app, "Undo")
    assert "nothing to undo" in app.error[0].value


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def plant_of(store: Store) -> Plant:
    workspace = Workspace(store)
    return Plant.from_document(workspace.project(workspace.projects()[0].id).plant_document)


def test_an_equipment_file_starts_a_project(store):
    app = page("plant").run()
    app.file_uploader[0].upload("equipment.csv", equipment_csv(sample_plant()), "text/csv").run()
    assert not app.exception
    assert "11 units" in words(app)
    press(app, "Start a new project with it")
    assert plant_of(store)["unit"]["id"].tolist() == sample_plant()["unit"]["id"].tolist()


@pytest.mark.parametrize("content", [b"\x00\x01\x02" * 50, b"Bus_ID,Voltage_pu\nB,1.0\n"], ids=["binary", "results"])
def test_a_bad_file_is_said_and_changes_nothing(project, content):
    before = project.plant_sha256
    app = choose(page("plant").run(), "Show", "From a file")
    app.file_uploader[0].upload("bad.csv", content, "text/csv").run()
    assert not app.exception
    assert app.error
    assert Workspace(project.store).project(project.id).plant_sha256 == before
