"""Profiles: a row a step whatever the clock does, and nothing odd about them stays unsaid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import BadInput
from core.findings import Reading
from core.formats.cyme import read_cyme
from core.studies.time_series import Profiles, assign, plan, read_profiles, year_inputs
from tests.core.formats.cyme import exports

ZONE = "Europe/Berlin"


def read(tmp_path: Path, table: pd.DataFrame | str) -> Reading[Profiles]:
    path = tmp_path / "profiles.csv"
    if isinstance(table, str):
        path.write_text(table, encoding="utf-8")
    else:
        table.to_csv(path, index=False)
    return read_profiles(path)


def codes(reading: Reading[Profiles]) -> set[str]:
    return {finding.code for finding in reading.findings}


def year(minutes: int) -> pd.DatetimeIndex:
    """Return a year's stamps by the clocks on the wall of a place with daylight saving."""
    return pd.date_range("2026-01-01", "2026-12-31 23:59", freq=f"{minutes}min", tz=ZONE)


@pytest.mark.parametrize("minutes", [60, 15])
@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S%z", "%d.%m.%Y %H:%M"])
def test_daylight_saving_neither_adds_nor_takes_a_step(tmp_path: Path, minutes: int, form: str) -> None:
    stamps = year(minutes)
    load = np.arange(len(stamps)) % 97 / 100
    reading = read(tmp_path, pd.DataFrame({"time": stamps.strftime(form), "load": load}))
    assert reading.value.steps == 8760 * 60 // minutes
    assert reading.value.step_minutes == minutes
    np.testing.assert_allclose(reading.value.values["load"], load)
    assert codes(reading) == (set() if "z" in form else {"profiles.daylight_saving"})


def test_rows_from_last_to_first_are_turned_round_and_said(tmp_path: Path) -> None:
    stamps, load = pd.date_range("2026-06-01", periods=48, freq="h"), np.linspace(0.1, 0.9, 48)
    reading = read(tmp_path, pd.DataFrame({"timestamp": stamps, "load": load})[::-1])
    np.testing.assert_allclose(reading.value.values["load"], load)
    assert codes(reading) == {"profiles.order"}


def test_times_that_are_no_stamps_are_said(tmp_path: Path) -> None:
    reading = read(tmp_path, "time,load\nx,0.1\nx,0.2\nx,0.3\n")
    assert (reading.value.steps, reading.value.step_minutes) == (3, None)
    assert codes(reading) == {"profiles.no_stamps"}


def test_rows_that_are_missing_or_double_are_put_right_and_said(tmp_path: Path) -> None:
    stamps = pd.date_range("2026-06-01", periods=48, freq="h")
    load = np.linspace(0.1, 0.9, 48)
    table = pd.DataFrame({"Timestamp": stamps, "load": load})
    broken = pd.concat([table.drop(index=[10, 11]), table.iloc[[20]]])
    reading = read(tmp_path, broken)
    expected = load.copy()
    expected[10:12] = load[9]
    np.testing.assert_allclose(reading.value.values["load"], expected)
    assert codes(reading) == {"profiles.order", "profiles.double", "profiles.missing_steps", "profiles.gap"}


def test_stamps_without_a_constant_step_are_refused(tmp_path: Path) -> None:
    stamps = pd.date_range("2026-06-01", periods=9, freq="h").tolist()
    stamps[4] += pd.Timedelta(minutes=7)
    with pytest.raises(BadInput, match="04:07"):
        read(tmp_path, pd.DataFrame({"time": stamps, "load": 1.0}))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("load\n0.5\n-0.1\n0.7\n", "profiles.negative"),
        ('load\n0.5\n""\n0.7\n', "profiles.gap"),
        ("load\n0.5\ninf\n0.7\n", "profiles.gap"),
        ("load\n350\n420\n380\n", "profiles.large"),
        ("load\n0\n0\n0\n", "profiles.zero"),
        ("load,remark\n0.5,low\n0.6,mid\n0.7,high\n", "profiles.no_numbers"),
    ],
)
def test_what_looks_wrong_is_said(tmp_path: Path, text: str, code: str) -> None:
    assert codes(read(tmp_path, text)) == {code}


def test_decimal_commas_are_numbers(tmp_path: Path) -> None:
    reading = read(tmp_path, "hour;load\n0;0,5\n1;0,75\n2;1\n")
    assert reading.value.values["load"].tolist() == [0.5, 0.75, 1.0]


def test_a_date_that_many_rows_share_is_no_clock(tmp_path: Path) -> None:
    dates = np.repeat(pd.date_range("2026-01-01", periods=3).strftime("%Y-%m-%d"), 24)
    reading = read(tmp_path, pd.DataFrame({"date": dates, "hour": np.tile(np.arange(24), 3), "load": 0.5}))
    assert (reading.value.steps, reading.value.step_minutes, reading.findings) == (72, None, [])


def test_a_profile_that_nothing_is_named_like_is_said(tmp_path: Path) -> None:
    feeder = read_cyme(exports.write_text(tmp_path / "village")).value

    def said(text: str) -> tuple[int, set[str]]:
        assigned, findings = assign(feeder, read(tmp_path, text).value)
        return len(assigned["loads"]), {finding.code for finding in findings}

    assert said("column7\n0.5\n0.6\n0.7\n") == (7, {"profiles.only"})
    assert said("column7,load\n0.5,1\n0.6,1\n0.7,1\n") == (7, {"profiles.unused"})
    assert said("column7,column8\n0.5,1\n0.6,1\n0.7,1\n") == (0, {"profiles.unused", "profiles.without"})


def test_a_run_whose_steps_are_not_the_stamps_is_refused(tmp_path: Path) -> None:
    stamps = pd.date_range("2026-01-01", periods=96, freq="15min")
    pd.DataFrame({"time": stamps, "load": 1.0}).to_csv(tmp_path / "p.csv", index=False)
    inputs = year_inputs({"village": exports.write_text(tmp_path / "village")}, tmp_path / "p.csv", hours=24)
    with pytest.raises(BadInput, match="15 minutes apart"):
        plan(inputs)
    assert len(plan({**inputs, "step_h": 0.25})) == 1


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("load_kw", 1500),
        ("load [kW]", 1500),
        ("load_MW", 1.5),
        ("load (MW)", 1.5),
        ("load [W]", 1.5e6),
        ("loadkW", 1500),
    ],
)
def test_power_is_taken_in_the_unit_of_its_heading(tmp_path: Path, heading: str, value: float) -> None:
    reading = read(tmp_path, f"{heading}\n{value}\n{value}\n")
    assert reading.value.power == {"load"}
    assert list(reading.value.values["load"]) == [1500.0] * 2
    assert codes(reading) == set()


def test_stamps_are_known_by_what_they_are(tmp_path: Path) -> None:
    stamps = pd.date_range("2026-06-01", periods=24, freq="15min").strftime("%d.%m.%Y %H:%M")
    reading = read(tmp_path, "Zeit;load\n" + "".join(f"{stamp};0,5\n" for stamp in stamps))
    assert (reading.value.step_minutes, reading.value.steps, codes(reading)) == (15.0, 24, set())
