from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.core.formats import printed


def test_files_are_dropped_read_in_their_own_process_and_imported(
    open_page: Callable[..., Page], server: str, tmp_path: Path
) -> None:
    good, bad = tmp_path / "sc.csv", tmp_path / "empty.csv"
    good.write_text(printed.SHORT_CIRCUIT)
    bad.write_text("")
    page = open_page(f"{server}/import_results")
    page.get_by_role("button", name="Open the sample plant").click()
    page.locator("input[type=file]").set_input_files([good, bad])
    expect(page.get_by_text("Table: ETAP short circuit")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("the file is empty")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Import 1 result").click()
    expect(page.get_by_text("ETAP short circuit · sc.csv")).to_be_visible(timeout=30_000)


def test_names_and_headings_of_a_hostile_file_load_nothing_from_outside(
    open_page: Callable[..., Page], server: str, tmp_path: Path
) -> None:
    picture = "![x](http://evil.example/x.png)"
    known, unknown = tmp_path / "![a](http:evil.example) lf.csv", tmp_path / "unknown.csv"
    known.write_text(printed.LOAD_FLOW.replace("Bus_Name", picture).replace("BUS_100", picture))
    unknown.write_text(f"{picture},b,c\n1,2,3\n")
    page = open_page(f"{server}/import_results")
    page.get_by_role("button", name="Open the sample plant").click()
    page.locator("input[type=file]").set_input_files([known, unknown])
    expect(page.get_by_text("Table: ETAP load flow")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Table: not recognised")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-testid=stMain] img[src^=http]")).to_have_count(0)
