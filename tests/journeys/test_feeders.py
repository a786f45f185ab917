"""From Home to a sample feeder, its map, two days of power flow, one element's hours, and the comparison with CYME."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.conftest import settled


def test_a_sample_feeder_goes_from_the_map_over_two_days_to_the_validation(
    server: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(server)
    main = page.get_by_test_id("stMain")
    page.get_by_role("button", name="Open the sample feeders").click()
    expect(main.get_by_test_id("stDeckGlJsonChart")).to_be_visible()
    expect(main.get_by_text("Voltage, the phase furthest from 1 [pu]")).to_be_visible()
    element = main.get_by_test_id("stSelectbox").filter(has_text="Element")
    settled(page)
    element.get_by_role("combobox").fill("L5")
    expect(page.get_by_role("option").first).to_have_text("L5")
    page.wait_for_timeout(300)  # the list marks its first option a moment after it shows it
    element.get_by_role("combobox").press("Enter")
    expect(main.get_by_text("L5 (overhead, phases ABC)")).to_be_visible()
    assert "element=L5" in page.url

    page.get_by_test_id("stSidebarNav").get_by_text("Time series").click()
    settled(page)
    hours = main.get_by_label("Hours [h]")
    hours.fill("48")
    hours.press("Enter")
    settled(page)
    main.get_by_role("button", name="Run", exact=False).last.click()
    expect(main.get_by_text("Energy [MWh]")).to_be_visible()
    main.get_by_test_id("stButtonGroup").get_by_text("Loading [%]").click()
    expect(main.get_by_text("L5: Loading [%]").first).to_be_visible()
    expect(main.get_by_text("Duration curve")).to_be_visible()

    page.get_by_test_id("stSidebarNav").get_by_text("Feeder validation").click()
    expect(main.get_by_text("PASS", exact=False).first).to_be_visible()
    expect(main.get_by_role("button", name="Download nodes (CSV)")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
