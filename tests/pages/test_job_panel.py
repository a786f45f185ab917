from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.jobs import KINDS, State
from core.project import Workspace
from core.store import Store
from pages.parts.job_panel import duration
from tests.core.jobs.on_the_spot import finish_runs

ROOT = Path(__file__).resolve().parents[2]
PLANT = {"tables": {"unit": [], "bus": []}}


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """A queued run of a project; no worker takes it."""
    monkeypatch.setitem(KINDS, "squares", "tests.core.jobs.kinds_for_tests:SQUARES")
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    project = Workspace(store).create("Campus", PLANT).id
    return jobs.submit(store, "squares", {"count": 3, "fails": [1], "plant": PLANT}, project=project, title="N-1_all")


def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()


def sidebar(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.sidebar.markdown, *page.sidebar.caption])


def test_without_runs_the_panel_takes_no_room(store: Store) -> None:
    Workspace(store).create("Campus", PLANT)
    page = app()
    assert len(page.sidebar.button) == 0
    assert sidebar(page) == ""


def panel_alone(project: str) -> None:
    import streamlit

    from pages.parts.job_panel import job_panel
    from pages.parts.shell import store

    with streamlit.sidebar:
        job_panel(store(), project)


def panels_of_sidebar_and_page() -> None:
    import streamlit

    from pages.parts.job_panel import job_panel
    from pages.parts.shell import store

    with streamlit.sidebar:
        job_panel(store())
    job_panel(store(), kind="squares")


def test_the_sidebar_and_a_page_may_show_the_same_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "squares", "tests.core.jobs.kinds_for_tests:SQUARES")
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    jobs.submit(store, "squares", {"count": 3}, title="a network's")
    page = AppTest.from_function(panels_of_sidebar_and_page).run()
    assert not page.exception
    assert len(page.button) == 2


def test_a_queued_run_can_be_cancelled_resumed_and_removed(store: Store, run: str) -> None:
    page = AppTest.from_function(panel_alone, kwargs={"project": jobs.status(store, run).project}).run()
    assert "queued" in sidebar(page)
    assert "N-1\\_all" in sidebar(page)
    page.sidebar.button(key=f"cancel-{run}").click().run()
    assert jobs.status(store, run).state is State.CANCELLED
    page.sidebar.button(key=f"resume-{run}").click().run()
    assert jobs.status(store, run).state is State.QUEUED
    jobs.cancel(store, run)
    page.run().sidebar.button(key=f"remove-{run}").click().run()
    assert jobs.runs(store) == []


def test_a_finished_run_tells_its_failures_log_and_that_it_is_out_of_date(store: Store, run: str) -> None:
    finish_runs(store)
    project = Workspace(store).project(str(jobs.status(store, run).project))
    project.save_plant({"tables": {"unit": [{"id": "G1"}], "bus": []}}, "add", expected_revision=1)
    page = app()
    assert "finished" in sidebar(page)
    assert "out of date" in sidebar(page)
    assert "1 of 3 units failed" in sidebar(page)
    assert "number 1 does not converge" in page.sidebar.code[0].value


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (89, "89 s"), (200, "3 min"), (9000, "2.5 h")])
def test_time_spans_read_as_a_person_says_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
