from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import jobs
from core.jobs import KINDS
from core.plant import sample_plant
from core.project import Workspace
from core.store import Store
from tests.journeys.conftest import settled

ROOT = Path(__file__).resolve().parents[2]


def deep_page() -> tuple[str, str]:
    """Return the address and the title of the navigation's last page."""
    statements = ast.parse((ROOT / "app.py").read_text(encoding="utf-8")).body
    sections = next(ast.literal_eval(s.value) for s in statements if isinstance(s, ast.Assign))
    name, title, _ = [page for pages in sections.values() for page in pages][-1]
    if name == "home":
        pytest.skip("the app has no page but Home")
    return name, title


def test_the_first_request_of_a_cold_server_may_be_a_deep_link(server: str, open_page: Callable[..., Page]) -> None:
    name, _ = deep_page()
    page = open_page(f"{server}/{name}")
    assert page.url.startswith(f"{server}/{name}")
    expect(page.get_by_test_id("stSidebarNav")).to_be_visible()  # the router's navigation, not the folder's listing
    expect(page.get_by_test_id("stSidebarNav").get_by_text("Home", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_the_sample_opens_from_home_and_survives_a_reload(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(server)
    expect(page.get_by_role("heading", name="Begin with")).to_be_visible()
    page.get_by_role("button", name="Open the sample plant").click()
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("heading", name=sample_plant().name)).to_be_visible()
    assert "project=" in page.url
    page.reload()
    settled(page)
    expect(main.get_by_role("heading", name=sample_plant().name)).to_be_visible()


def test_dark_and_light_follow_the_browser(server: str, open_page: Callable[..., Page]) -> None:
    background = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    assert open_page(server).evaluate(background) == "rgb(255, 255, 255)"
    assert open_page(server, dark=True).evaluate(background) == "rgb(23, 22, 20)"


def test_the_job_panel_polls_while_something_runs_and_never_otherwise(
    server: str, open_page: Callable[..., Page], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Workspace(store).create("Campus", sample_plant().to_document()).id
    page = open_page(server)
    assert messages_sent(page) == 0
    monkeypatch.setitem(KINDS, "squares", "tests.core.jobs.kinds_for_tests:SQUARES")
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    jobs.submit(store, "squares", {"count": 1}, project=project)
    assert messages_sent(page) >= 1


def messages_sent(page: Page) -> int:
    """Reload, and count what the browser sends to the server in some seconds without anybody touching it."""
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    settled(page)
    page.wait_for_timeout(500)
    sent.clear()
    page.wait_for_timeout(2500)
    return len(sent)
