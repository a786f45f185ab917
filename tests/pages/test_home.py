from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text, update
from streamlit.testing.v1 import AppTest

from core.plant import sample_plant
from core.project import Workspace
from core.project.tables import revisions
from core.store import Store

ROOT = Path(__file__).resolve().parents[2]
PLANT = {"tables": {"unit": [], "bus": []}}


def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


def test_the_sample_is_one_click_away_in_an_empty_workspace(store: Store) -> None:
    page = AppTest.from_file(str(ROOT / "pages" / "home.py"), default_timeout=120).run()
    assert not page.subheader
    next(button for button in page.button if button.label == "Open the sample plant").click().run()
    (line,) = Workspace(store).projects()
    assert page.subheader[0].value == line.name == sample_plant().name
    assert page.query_params["project"] == line.id
    next(button for button in page.button if button.label == "Open the sample plant").click().run()
    assert len(Workspace(store).projects()) == 1


def test_the_project_of_the_link_is_shown(store: Store) -> None:
    workspace = Workspace(store)
    first, _ = workspace.create("First", PLANT), workspace.create("Second", PLANT)
    page = app()
    page.query_params["project"] = first.id
    page.run()
    assert page.subheader[0].value == "First"


def test_without_a_link_the_last_changed_project_is_shown(store: Store) -> None:
    workspace = Workspace(store)
    workspace.create("First", PLANT)
    workspace.create("Second", PLANT)
    assert app().run().subheader[0].value == "Second"


def test_the_picker_changes_the_project(store: Store) -> None:
    workspace = Workspace(store)
    first, _ = workspace.create("First", PLANT), workspace.create("Second", PLANT)
    page = app().run()
    page.sidebar.selectbox[0].select("First").run()
    assert page.subheader[0].value == "First"
    assert page.query_params["project"] == first.id


def test_a_link_to_a_project_that_is_gone_says_so(store: Store) -> None:
    Workspace(store).create("Here", PLANT)
    page = app()
    page.query_params["project"] = "000000000000"
    page.run()
    assert "not in this workspace" in page.warning[0].value
    assert page.subheader[0].value == "Here"


def test_a_workspace_of_a_newer_program_is_told_in_words(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    page = app().run()
    assert not page.exception
    assert "newer than this program" in page.error[0].value


def test_a_damaged_project_is_told_in_words_and_can_be_left(store: Store) -> None:
    workspace = Workspace(store)
    workspace.create("Whole", sample_plant().to_document())
    damaged = workspace.create("Damaged", sample_plant().to_document())
    with store.writing() as connection:
        connection.execute(update(revisions).where(revisions.c.project == damaged.id).values(plant={}))
    page = app().run()
    assert not page.exception
    assert "the plant of project 'Damaged' is damaged" in page.error[0].value
    assert "Remove Damaged" in [button.label for button in page.button]
    next(button for button in page.button if button.label == "Whole").click().run()
    assert not page.error


def test_a_fault_that_nobody_foresaw_is_told_in_words_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def script() -> None:
        from pages.parts.errors import guarded

        with guarded():
            raise ZeroDivisionError

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert "a fault of the program" in page.error[0].value
    assert "ZeroDivisionError" in caplog.text
