"""The whole path in a browser: sample, exports, results of each demo, dashboard, an accepted update, the report."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from core.plant import sample_plant
from core.project import Workspace
from core.project.demos import demos
from core.settings import SAMPLES
from core.store import Store
from tests.journeys.conftest import settled


def test_from_the_sample_to_the_report(server: str, open_page: Callable[..., Page], store: Store) -> None:
    page = open_page(server)
    page.get_by_role("button", name="Open the sample plant").click()
    expect(page.get_by_test_id("stMain").get_by_role("heading", name=sample_plant().name)).to_be_visible()
    page.get_by_role("link", name="Export hub").click()
    with page.expect_download() as bundle:
        page.get_by_role("button", name="Download all files").click()
    assert bundle.value.suggested_filename.endswith(".zip")

    page.get_by_role("link", name="Import results").click()
    demo = next(each for each in demos() if each.id == "short_circuit_fail")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([SAMPLES / name for name in demo.files])
    page.get_by_role("button", name="Import 4 results").click()
    expect(page.get_by_text("Nothing imported yet")).to_have_count(0)

    page.get_by_role("link", name="Dashboard").click()
    page.get_by_role("button", name="Judge now").click()
    expect(page.get_by_text("round 1")).to_be_visible()
    page.get_by_role("tab", name="Constraint updates").click()
    expect(page.get_by_text("breaker duty 115.2 %").first).to_be_visible()
    page.get_by_role("button", name="Accept", exact=True).first.click()
    expect(page.get_by_text("accepted by").first).to_be_visible()
    with page.expect_download() as report:
        page.get_by_role("button", name="Report (PDF)").click()
    assert report.value.suggested_filename == "validation_round_1.pdf"
    (line,) = Workspace(store).projects()
    assert line.overall == "FAIL"


def test_each_demo_is_one_click_away(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/dashboard")
    page.get_by_role("button", name="Open the sample plant").click()
    for demo in demos():
        page.get_by_role("button", name="Demo mode").click()
        page.get_by_role("button", name=demo.title, exact=True).click()
        expect(page.get_by_text(f"{demo.title} · revision 1")).to_be_visible()
        expect(page.get_by_role("heading", name=re.compile(f"{demo.expected}.*round 1"))).to_be_visible()
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
