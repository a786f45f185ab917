"""The pages Simulations, Results and Compare with simulations of a small network."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import simulation
from core.results import database
from core.store import Store
from core.studies.simulation.run import simulate
from pages.parts.network_file import SAMPLE_CASE
from tests.core.jobs.on_the_spot import finish_runs

PAGES = Path(__file__).resolve().parents[2] / "pages"
STEPS = 6
#: The small case of Network exchange as its repair leaves it: the swing bus has a machine.
REPAIRED = SAMPLE_CASE.replace("138.0,1,1,1,1,1.02", "138.0,3,1,1,1,1.02").replace(
    "138.0,3,1,1,1,0.99", "138.0,1,1,1,1,0.99"
)


def small() -> tuple[bytes, str]:
    return REPAIRED.encode(), "sample.raw"


def series(scale: float) -> tuple[bytes, str]:
    rows = [f"2025-01-01T{hour:02}:00:00,{1 + scale * hour}" for hour in range(STEPS)]
    return "\n".join(["timestamp,load_scale", *rows]).encode(), "day.csv"


def page(name: str) -> AppTest:
    shown = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=120).run()
    assert not shown.exception
    return shown


def press(shown: AppTest, label: str) -> None:
    next(button for button in shown.button if button.label == label).click().run()
    assert not shown.exception


def test_a_dropped_network_is_simulated_in_the_background(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    content, name = small()
    shown = page("simulations")
    shown.file_uploader[0].set_value((name, content, "text/plain")).run()
    shown.selectbox[0].set_value("enforced").run()
    press(shown, "Simulate")
    (own,) = simulation.simulations(store)
    assert (own.state, own.inputs["q_limits"]) == ("running", True)
    press(shown, "Stop")
    assert simulation.simulation(store, own.grid_sim_id).state == "interrupted"
    next(button for button in shown.button if button.label == "Resume").click().run()
    finish_runs(store)
    shown.run()
    assert shown.dataframe[0].value["State"].tolist() == ["✓ done"]
    assert "remarks" in shown.expander[0].label
    press(shown, f"Remove simulation {own.grid_sim_id}")
    assert simulation.simulations(store) == []


def test_solved_voltages_of_a_raw_are_imported(store: Store) -> None:
    content, name = small()
    shown = page("simulations")
    shown.file_uploader[2].set_value((name, content, "text/plain")).run()
    press(shown, "Import")
    (own,) = simulation.simulations(store)
    assert own.software == "psse"
    (listed,) = (table.value for table in shown.dataframe if "Software" in table.value)
    assert listed[["Software", "Steps", "Done"]].to_numpy().tolist() == [["PSS/E", 1, 1]]


def test_psspy_tables_are_one_case_on_their_own_base(store: Store) -> None:
    buses = "NUMBER,NAME,TYPE,PU,ANGLED,BASE\n1,ONE,3,1.02,0,138\n2,TWO,1,1.0,-3,138\n"
    loads = "NUMBER,ID,STATUS,TOTALACT\n2,1,1,20+5j\n"
    shown = page("simulations")
    shown.file_uploader[2].set_value(
        [("bus.csv", buses.encode(), "text/csv"), ("load.csv", loads.encode(), "text/csv")]
    )
    shown.number_input[0].set_value(50.0).run()
    press(shown, "Import")
    (own,) = simulation.simulations(store)
    assert (own.software, own.sbase_mva) == ("psse", 50.0)
    assert database.get_load_data(store, own.grid_sim_id)["p"].tolist() == [0.4]


def test_results_are_shown_at_the_chosen_time_and_bus(store: Store) -> None:
    simulate(store, small(), series(0.02))
    shown = page("results")
    assert len(shown.dataframe[0].value) == 3
    shown.select_slider[0].set_value("2025-01-01T05:00:00").run()
    shown.multiselect[0].set_value([2]).run()
    seen = shown.dataframe[0].value
    stored = database.get_bus_data(store, 1).query("bus == 2")["v_mag"].iloc[-1]
    assert seen[["Bus", "Voltage [pu]"]].to_numpy().tolist() == [[2, stored]]


def test_the_comparison_names_the_worst_element_and_time(store: Store) -> None:
    simulate(store, small(), series(0.02))
    simulate(store, small(), series(0.05))
    shown = page("compare")
    rows = shown.dataframe[0].value
    a, b = (database.get_load_data(store, sim)["p"] for sim in (1, 2))
    load = rows[(rows["Table"] == "Load") & (rows["Quantity"] == "P [pu]")].iloc[0]
    assert load["Largest difference"] == pytest.approx((a - b).abs().max())
    assert load["Worst at"] == "2025-01-01T05:00:00"
    assert load["State"] == "✕ contradicts"
    worst = shown.dataframe[1].value
    assert worst["Largest difference [pu]"].is_monotonic_decreasing
    shown.toggle[0].set_value(False).run()
    assert not shown.exception
    assert set(shown.dataframe[0].value["Table"]) == {"Bus"}
    assert shown.dataframe[1].value.equals(worst)
    assert "Colour is each element's largest difference" in " ".join(caption.value for caption in shown.caption)


def test_one_step_is_compared_and_what_has_no_time_in_common_is_said(store: Store) -> None:
    simulate(store, small())
    simulate(store, small(), software="pandapower")
    shown = page("compare")
    assert set(shown.dataframe[0].value["State"]) <= {"✓ agrees", "–"}
    simulate(store, small(), series(0.05))
    page("compare").run()
    assert "time stamp in common" in page("compare").error[0].value
