"""The sample feeders are what their script makes, and solve without trouble."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pytest

from core.engines.opendss import SolveOptions
from core.findings import Severity
from core.formats.cyme.baseline import read_baseline
from core.formats.feeders import read_feeder
from core.settings import SAMPLES
from core.studies.feeder_flow import compare, solve_feeder
from sample_files.feeders import make_feeders

FEEDERS = SAMPLES / "feeders"


def test_the_files_are_what_the_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_feeders, "HERE", tmp_path)
    make_feeders.main()
    made = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) > 20
    assert [path for path in made if not filecmp.cmp(tmp_path / path, FEEDERS / path, shallow=False)] == []


@pytest.mark.parametrize("name", make_feeders.SIZES)
def test_a_sample_lies_on_the_map_and_solves(name: str) -> None:
    reading = read_feeder([FEEDERS / name])
    assert {finding.severity for finding in reading.findings} <= {Severity.INFO, Severity.WARNING}
    assert reading.value.crs == "EPSG:4326"
    nodes = solve_feeder(reading.value).nodes
    assert nodes["v_pu"].between(0.95, 1.05).all()
    results = [FEEDERS / name / "results" / f"{table}.csv" for table in ("nodes", "sections")]
    for held in (False, True):
        snapshot = solve_feeder(reading.value, SolveOptions(hold_taps=held))
        assert compare(reading.value, snapshot, read_baseline(results).value).verdict == "PASS"
    scripts = solve_feeder(read_feeder([FEEDERS / name / "opendss"]).value).nodes
    assert scripts["v_pu"].to_numpy() == pytest.approx(nodes["v_pu"].to_numpy(), abs=1e-6)
