"""The study pages with a finished run of the sample plant."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.criteria import Override
from core.plant import sample_plant
from core.project import Workspace
from core.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow  # each starts a worker process and runs a study in it
@pytest.mark.parametrize(
    ("page", "study", "title"),
    [
        ("short_circuit", "short_circuit", "Short circuit"),
        ("load_flow", "load_flow", "Load flow"),
        ("contingencies", "contingency", "Contingencies"),
        ("arc_flash", "arc_flash", "Arc flash"),
        ("frequency", "frequency", "Frequency"),
    ],
)
def test_a_finished_run_is_shown_with_verdict_tables_and_downloads(page: str, study: str, title: str) -> None:
    workspace = Workspace.open(load_settings())
    plant = sample_plant()
    project = workspace.create(plant.name, plant.to_document())
    inputs = {"study": study, "plant": project.plant_document, "scenarios": ["BASE_100"]}
    run = jobs.submit(workspace.store, "study", inputs, project=project.id, title=title)
    done = jobs.wait(workspace.store, run, 120)
    assert done.result, done.message
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert [element.value for element in app.title] == [title]
    assert len(app.dataframe) >= 1
    assert any(str(column).startswith("Limit: ") for column in app.dataframe[0].value.columns)
    assert any("Limits:" in element.value for element in app.caption)
    assert any(element.value.startswith("Calculated ") and plant.name in element.value for element in app.caption)
    assert not any("own limits have changed" in element.value for element in app.warning)
    project.override(Override("voltage_pu", "agreed", low=0.9))
    assert any("own limits have changed" in element.value for element in app.run().warning)
    assert not any("choices above" in element.value for element in app.warning)
    for currents in (box for box in app.selectbox if box.label == "Currents"):
        assert any("choices above" in element.value for element in currents.set_value("min").run().warning)


def test_a_page_says_what_became_of_the_last_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    workspace = Workspace.open(load_settings())
    project = workspace.create("Sample", sample_plant().to_document())
    app = AppTest.from_file(str(ROOT / "pages" / "load_flow.py"), default_timeout=120).run()
    assert "No result yet" in app.info[0].value
    app.button[0].click().run()
    assert "Running" in app.info[0].value
    (run,) = jobs.runs(workspace.store, project.id)
    jobs.cancel(workspace.store, run.id)
    assert "The last run was cancelled" in app.run().warning[0].value
