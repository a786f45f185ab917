"""An engineer opens the sample, looks at it, edits it, takes every file along."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

from playwright.sync_api import Page, expect

from core.formats.bundle import exports
from core.plant import Plant, sample_plant
from core.project import Workspace
from core.store import Store


def test_all_files_come_in_one_zip_and_the_one_line_tells_what_was_clicked(
    server: str, open_page: Callable[..., Page], store: Store
) -> None:
    project = Workspace(store).create("Campus", sample_plant().to_document())
    page = open_page(f"{server}/export_hub", dark=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all files").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert set(archive.namelist()) == {export.file for export in exports()} | {"manifest.json"}
        assert json.loads(archive.read("manifest.json"))["revision"] == project.revision
    page.locator('[data-id="XFMR_GT_01"]').click()
    expect(page.locator("strong", has_text="transformer XFMR_GT_01")).to_be_visible()
    page.locator('[data-id="BUS_302"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("strong", has_text="bus BUS_302")).to_be_visible()
    assert "element=BUS_302" in page.url


def test_an_edit_in_a_table_is_a_revision_at_once_and_can_be_undone(
    server: str, open_page: Callable[..., Page], store: Store
) -> None:
    project = Workspace(store).create("Campus", sample_plant().to_document())
    page = open_page(f"{server}/plant")
    table = page.get_by_test_id("stDataFrame").first
    table.locator("canvas").first.wait_for()
    first_rated_mw = {"x": 600, "y": 52}
    table.dblclick(position=first_rated_mw)
    cell = page.locator("#portal input")
    cell.fill("19")
    cell.press("Enter")
    expect(page.get_by_text("Revision 2")).to_be_visible()
    units = Plant.from_document(Workspace(store).project(project.id).plant_document)["unit"]
    assert units.loc[0, ["rated_kv", "rated_mw"]].tolist() == [13.8, 19]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Revision 1")).to_be_visible()
    assert Workspace(store).project(project.id).plant_sha256 == project.plant_sha256
