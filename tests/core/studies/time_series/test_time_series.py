"""A year of a feeder: every step is the power flow of that hour, files don't depend on how the run came about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.engines.opendss import Block, SolveOptions
from core.errors import BadInput
from core.formats.cyme import read_cyme
from core.jobs import run_inline
from core.studies.feeder_flow import solve_feeder
from core.studies.time_series import assign, read_profiles, unit, year_inputs
from core.studies.time_series.metrics import block_summary, moves_between
from tests.core.formats.cyme import exports

HOURS = 72


@pytest.fixture
def case(tmp_path: Path) -> dict[str, Any]:
    """Return the inputs of three days of the village with a load profile, blocks of a day."""
    paths = exports.write_text(tmp_path / "village")
    hour = np.arange(HOURS)
    load = 0.6 + 0.4 * np.sin(2 * np.pi * (hour - 8) / 24) ** 2
    pd.DataFrame({"hour": hour, "load": load}).to_csv(tmp_path / "profiles.csv", index=False)
    return year_inputs({"village": paths}, tmp_path / "profiles.csv", hours=HOURS, block_steps=24)


def voltages(result: dict[str, Any]) -> pd.DataFrame:
    files = result["feeders"][0]["files"]["voltages"]
    return pd.concat([pd.read_parquet(file) for file in files]).set_index("step")


def test_every_hour_is_the_power_flow_of_that_hour(case: dict[str, Any], tmp_path: Path) -> None:
    result = run_inline("time_series", case, tmp_path / "run")
    assert result["failed"] == []
    table = voltages(result)
    assert list(table.index) == list(range(HOURS))
    feeder = read_cyme([Path(path) for path in case["cases"]["village"]]).value
    multipliers = pd.read_csv(case["profiles"])["load"]
    for hour in (0, 30, 71):
        loads = feeder["loads"].copy()
        loads[["p_kw", "q_kvar"]] *= multipliers[hour]
        snapshot = solve_feeder(feeder.with_tables({"loads": loads}), SolveOptions(tolerance=1e-8))
        expected = snapshot.nodes.set_index(snapshot.nodes["bus"] + "." + snapshot.nodes["phase"])["v_pu"]
        found = table.loc[hour]
        assert found[expected.index].to_numpy() == pytest.approx(expected.to_numpy(), abs=2e-5)


def test_energy_is_the_sum_of_the_hours(case: dict[str, Any], tmp_path: Path) -> None:
    result = run_inline("time_series", case, tmp_path / "run")
    year = result["feeders"][0]
    system = pd.concat([pd.read_parquet(file) for file in year["files"]["system"]])
    assert year["energy_mwh"] == pytest.approx(system["source_kw"].sum() / 1000)
    assert year["peak_kw"] == pytest.approx(system["source_kw"].max())
    nodes = pd.read_parquet(year["files"]["nodes"]).set_index("node")
    table = voltages(result)
    assert nodes["min_pu"]["N4.A"] == pytest.approx(table["N4.A"].min())
    assert nodes["min_step"]["N4.A"] == table["N4.A"].idxmin()
    assert nodes["above_a_h"]["N2.A"] == (table["N2.A"] > 1.05).sum()
    assert nodes["dead_h"]["N6.A"] == HOURS


def test_a_killed_run_continues_to_the_same_bytes(case: dict[str, Any], tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run_inline("time_series", case, whole)
    run_inline("time_series", case, broken)
    kept = next(broken.glob("*-0000-voltages.parquet"))
    written = kept.stat().st_mtime_ns
    for path in [
        *broken.glob("*-0001-*"),
        next(broken.glob("*-0002-summary.json")),
        next(broken.glob("*-0002-taps.parquet")),
    ]:
        path.unlink()
    run_inline("time_series", case, broken)
    assert kept.stat().st_mtime_ns == written
    names = sorted(path.name for path in whole.iterdir())
    assert names == sorted(path.name for path in broken.iterdir())
    assert [name for name in names if (whole / name).read_bytes() != (broken / name).read_bytes()] == []


def test_one_block_or_many_agree(case: dict[str, Any], tmp_path: Path) -> None:
    many = voltages(run_inline("time_series", case, tmp_path / "many"))
    one = voltages(run_inline("time_series", {**case, "block_steps": HOURS}, tmp_path / "one"))
    np.testing.assert_allclose(many.to_numpy(), one.to_numpy(), atol=2e-5)


def test_steps_without_a_solution_are_said_and_not_summed() -> None:
    powers = np.array([[10.0, 1.0, 2.0, 1.0], [np.nan] * 4])
    nothing = np.zeros((2, 0))
    block = Block([], [], [], nothing, nothing, nothing, powers, np.array([True, False]))
    summary = block_summary(block, 1.0)
    assert (summary["energy_mwh"], summary["losses_mwh"], summary["not_converged"]) == (0.01, 0.002, 1)


def test_feeders_with_a_higher_rank_run_first(case: dict[str, Any]) -> None:
    from core.studies.time_series import plan

    paths = case["cases"]["village"]
    inputs = {**case, "cases": {"quiet": paths, "busy": paths}, "ranking": {"busy": 2.0, "quiet": 1.0}}
    assert [unit["case"] for unit in plan(inputs)] == ["busy"] * 3 + ["quiet"] * 3


def test_a_failing_feeder_leaves_the_others(case: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "dark"
    text = (
        exports.text_of("network").replace("\n[SOURCE]", "\n[NOTHING]").replace("[SOURCE EQUIVALENT]", "[NOTHING ELSE]")
    )
    dark = exports.write_text(folder, network=text)
    inputs = {**case, "cases": {**case["cases"], "dark": [str(path) for path in dark]}}
    result = run_inline("time_series", inputs, tmp_path / "run")
    assert [year["case"] for year in result["feeders"]] == ["village"]
    assert {part["case"] for part in result["failed"]} == {"dark"}


def test_profiles_are_found_by_name_class_and_for_everything(tmp_path: Path) -> None:
    feeder = read_cyme(exports.write_text(tmp_path / "village")).value
    (tmp_path / "p.csv").write_text("hour;ZIP;LOAD-4 [kW];default\n0;0,5;45;1\n1;0,6;90;1\n".replace(",", "."))
    profiles = read_profiles(tmp_path / "p.csv").value
    assigned, findings = assign(feeder, profiles)
    devices = feeder["loads"].set_index("id")["device"]
    by_device = {devices[name]: profile for name, profile in assigned["loads"].items()}
    assert by_device == {"LOAD-2": "default", "LOAD-3": "ZIP", "LOAD-4": "LOAD-4", "LOAD-5": "default"}
    assert profiles.power == {"LOAD-4"}
    assert findings == []


@pytest.mark.parametrize("content", ["", "hour\n0\n1\n", "a,b\nx,y\n"])
def test_a_table_without_profiles_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "p.csv").write_text(content)
    with pytest.raises(BadInput):
        read_profiles(tmp_path / "p.csv")


def test_profiles_that_are_too_short_are_refused(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="72 steps"):
        run_inline("time_series", {**case, "steps": 8760}, tmp_path / "run")


def test_the_command_takes_quarter_hours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exports.write_text(tmp_path / "village")
    pd.DataFrame({"load": np.linspace(0.5, 1.0, 96)}).to_csv(tmp_path / "p.csv", index=False)
    words = ["feeder", "run", tmp_path / "village", "--profiles", tmp_path / "p.csv", "--hours", 24, "--json"]
    status = main([str(word) for word in words])
    document = json.loads(capsys.readouterr().out)
    assert (status, document["steps"], document["step_h"]) == (0, 96, 0.25)
    assert document["feeders"][0]["hours"] == 24
    assert all(Path(path).is_file() for path in document["parquet"])


def test_a_unit_is_cheap_to_ask_for_twice(case: dict[str, Any], tmp_path: Path) -> None:
    part = {"case": "village", "feeder": "F1", "block": 0, "first": 0, "count": 24}
    (tmp_path / "run").mkdir()
    assert unit(case, part, tmp_path / "run") == unit(case, part, tmp_path / "run")


def test_tap_moves_between_blocks_count_and_gaps_do_not() -> None:
    blocks = [
        {"block": 0, "first_taps": [0, 0], "last_taps": [3, 1]},
        {"block": 1, "first_taps": [5, 0], "last_taps": [2, 0]},
        {"block": 3, "first_taps": [9, 9], "last_taps": [9, 9]},
    ]
    assert moves_between(blocks) == 3


def test_two_days_of_an_hourly_year_are_hours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profiles = tmp_path / "year.csv"
    profiles.write_text("load\n" + "500\n" * 8760)
    paths = [str(path) for path in exports.write_text(tmp_path / "feeder")]
    words = ["--profiles", str(profiles), "--hours", "24", "--to", str(tmp_path / "out"), "--json"]
    main(["feeder", "run", *paths, *words])
    document = json.loads(capsys.readouterr().out)
    assert (document["steps"], document["step_h"]) == (24, 1.0)
    assert "profiles.large" in {finding["code"] for finding in document["feeders"][0]["findings"]}


def test_a_block_with_a_file_cut_short_is_calculated_again(case: dict[str, Any], tmp_path: Path) -> None:
    feeder = read_cyme([Path(path) for path in case["cases"]["village"]]).value.names[0]
    part = {"case": "village", "feeder": feeder, "block": 0, "first": 0, "count": 4}
    first = unit(case, part, tmp_path)
    file = tmp_path / first["files"]["voltages"]
    whole = file.read_bytes()
    file.write_bytes(whole[:-200])
    assert unit(case, part, tmp_path) == first
    assert file.read_bytes() == whole


def test_loads_below_their_voltage_are_named(tmp_path: Path) -> None:
    paths = exports.write_text(tmp_path / "village")
    pd.DataFrame({"load": [1.0, 12.0, 12.0]}).to_csv(tmp_path / "profiles.csv", index=False)
    result = run_inline("time_series", year_inputs({"v": paths}, tmp_path / "profiles.csv", hours=3), tmp_path / "run")
    found = [each for each in result["feeders"][0]["findings"] if each["code"] == "feeder.load_voltage"]
    assert [each["text"][:10] for each in found] == ["In 2 steps"]
