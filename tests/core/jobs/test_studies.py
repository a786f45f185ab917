"""Studies as runs: units, joined tables, verdicts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.jobs import run_inline
from core.plant import sample_plant


@pytest.mark.parametrize(
    ("study", "table"), [("short_circuit", "faults"), ("arc_flash", "buses"), ("contingency", "outages")]
)
def test_a_study_runs_in_one_unit(study: str, table: str, tmp_path: Path):
    result = run_inline("study", {"study": study, "plant": sample_plant().to_document()}, tmp_path)
    assert result["study"] == study
    assert not result["failed"]
    assert len(pd.read_parquet(tmp_path / result["tables"][table]))


def test_load_flows_of_many_scenarios_are_joined(tmp_path: Path):
    plant = sample_plant()
    names = list(plant["scenario"]["id"][:8])
    result = run_inline("study", {"study": "load_flow", "plant": plant.to_document(), "scenarios": names}, tmp_path)
    cases = pd.read_parquet(tmp_path / result["tables"]["cases"])
    assert cases["scenario"].tolist() == names
    assert sum(result["counts"].values()) == 8 * 17 * 2


def test_a_failing_unit_does_not_stop_the_others(tmp_path: Path):
    inputs = {"study": "load_flow", "plant": sample_plant().to_document(), "scenarios": [*["BASE_100"] * 6, "NOWHERE"]}
    result = run_inline("study", inputs, tmp_path)
    assert len(result["failed"]) == 1
    assert "NOWHERE" in result["failed"][0]
    assert result["verdict"] != "PASS"
