"""The feeder pages: empty, with the samples, through a year."""

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


@pytest.mark.parametrize("name", NAMES)
def test_without_a_feeder_the_page_offers_the_samples(store: Store, name: str) -> None:
    shown = page(name).run()
    assert not shown.exception
    next(button for button in shown.button if button.label == "Open the sample feeders").click().run()
    assert not shown.exception
    assert feeders.known() == ["town123", "village13"]


def test_the_import_shows_what_was_recognised(store: Store) -> None:
    feeders.home()
    shown = page("feeder_import")
    shown.run()
    next(button for button in shown.button if button.label == "Open the sample village13").click().run()
    assert not shown.exception
    metrics = {metric.label: metric.value for metric in shown.metric}
    assert (metrics["Lines"], metrics["Regulators"]) == ("11", "1")


def test_the_map_solves_the_feeder(store: Store) -> None:
    shown = page("feeder_map").run()
    next(button for button in shown.button if button.label == "Open the sample feeders").click().run()
    assert not shown.exception
    metrics = {metric.label: float(metric.value) for metric in shown.metric}
    assert 0.9 < metrics["Lowest voltage [pu]"] < metrics["Highest voltage [pu]"] < 1.1


def test_a_year_runs_in_the_background_and_shows_its_curves(store: Store) -> None:
    shown = page("feeder_time_series").run()
    next(button for button in shown.button if button.label == "Open the sample feeders").click().run()
    shown.selectbox[0].set_value("village13").run()
    shown.number_input[0].set_value(48).run()
    next(button for button in shown.button if button.label == "Run").click().run()
    (run,) = jobs.runs(store)
    assert jobs.wait(store, run.id, timeout=120).state is jobs.State.FINISHED
    shown.run()
    assert not shown.exception
    metrics = {metric.label: metric.value for metric in shown.metric}
    assert float(metrics["Energy [MWh]"]) > 10
