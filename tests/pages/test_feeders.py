"""The feeder pages: empty, with the samples, through a short year, with results to compare with."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.store import Store
from pages.parts import feeders

PAGES = Path(__file__).resolve().parents[2] / "pages"
NAMES = ("feeder_import", "feeder_map", "feeder_time_series", "feeder_validation")


def page(name: str) -> AppTest:
    return AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=120)


def press(shown: AppTest, label: str) -> AppTest:
    next(button for button in shown.button if button.label == label).click().run()
    assert not shown.exception
    return shown


def answered(shown: AppTest, store: Store) -> AppTest:
    """Return the page when the worker has answered everything that it asked."""
    for _ in range(4):
        for run in [run for run in jobs.runs(store) if run.is_active]:
            jobs.wait(store, run.id, timeout=120)
        shown.run()
        assert not shown.exception
    return shown


@pytest.mark.parametrize("name", NAMES)
def test_without_a_feeder_the_page_offers_the_samples(store: Store, name: str) -> None:
    shown = page(name).run()
    assert not shown.exception
    press(shown, "Open the sample feeders")
    assert feeders.known() == ["town123", "village13"]


def test_the_worker_reads_and_solves_and_the_pages_show_it(store: Store) -> None:
    feeders.home()
    shown = answered(press(page("feeder_import").run(), "Open the sample feeders"), store)
    metrics = {metric.label: metric.value for metric in shown.metric}
    assert (metrics["Lines"], metrics["Regulators"], metrics["Islands"]) == ("11", "1", "0")
    shown = answered(page("feeder_map").run(), store)
    metrics = {metric.label: float(metric.value.replace(",", "")) for metric in shown.metric}
    assert 0.9 < metrics["Lowest voltage [pu]"] < metrics["Highest voltage [pu]"] < 1.1


def test_a_year_runs_in_the_background_and_shows_its_curves(store: Store) -> None:
    shown = press(page("feeder_time_series").run(), "Open the sample feeders")
    shown.number_input[0].set_value(48).run()
    shown = answered(press(shown, "Run"), store)
    metrics = {metric.label: metric.value for metric in shown.metric}
    assert float(metrics["Energy [MWh]"]) > 10
    assert "Lowest voltage [pu]" in metrics


def test_a_dropped_opendss_script_becomes_a_feeder(store: Store) -> None:
    script = b"""Clear
New Circuit.lane basekv=12.47 pu=1.0 phases=3 bus1=source
New Line.first bus1=source bus2=end phases=3 r1=0.3 x1=0.4 r0=0.6 x0=1.2 length=2 units=km
New Load.house bus1=end phases=3 kV=12.47 kW=500 pf=0.95
Set VoltageBases=[12.47]
CalcVoltageBases
Solve
"""
    feeders.open_samples()
    shown = page("feeder_import").run()
    shown.text_input[0].set_value("lane").run()
    shown.file_uploader[0].set_value(("lane.dss", script, "text/plain")).run()
    shown = answered(press(shown, "Keep and read"), store)
    assert not shown.error
    assert shown.selectbox[0].value == "lane"
    metrics = {metric.label: metric.value for metric in shown.metric}
    assert (metrics["Lines"], metrics["Islands"]) == ("1", "0")


def test_a_broken_file_beside_other_feeders_is_explained(store: Store) -> None:
    feeders.open_samples()
    shown = page("feeder_import").run()
    shown.text_input[0].set_value("broken").run()
    shown.file_uploader[0].set_value(("network.txt", b"\x00\x01 nothing \xff", "text/plain")).run()
    shown = answered(press(shown, "Keep and read"), store)
    assert shown.selectbox[0].value == "broken"
    assert "No feeder in network.txt" in shown.error[0].value
    assert [button.label for button in shown.button if button.label == "Try again"]
