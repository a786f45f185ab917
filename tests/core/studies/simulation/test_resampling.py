"""Series at another step keep their energy; what can't be resampled is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.findings import Where
from core.studies.simulation.resampling import combined, resampled
from core.studies.simulation.series import Series


def series(values: list[float], minutes: int = 10) -> Series:
    stamps = pd.date_range("2025-03-30", periods=len(values), freq=f"{minutes}min").strftime("%Y-%m-%dT%H:%M:%S")
    array = np.array(values)
    return Series(list(stamps), array, array, ["wave"], np.array([0]), array[:, None])


def test_six_values_of_ten_minutes_are_an_hour_and_halves_repeat():
    coarse = resampled(series([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), 60)
    assert (coarse.timestamps, coarse.farm_mw.tolist()) == (["2025-03-30T00:00:00"], [[3.5]])
    fine = resampled(series([1.0, 2.0]), 5)
    assert fine.load_scale.tolist() == [1.0, 1.0, 2.0, 2.0]
    assert fine.timestamps[1] == "2025-03-30T00:05:00"


@given(st.lists(st.floats(-1e3, 1e3), min_size=12, max_size=12), st.sampled_from([1, 4, 7.5, 15, 24, 60, 120]))
def test_energy_and_bounds_stay(values: list[float], minutes: float):
    other = resampled(series(values), minutes)
    assert other.farm_mw.sum() * minutes == pytest.approx(sum(values) * 10, abs=1e-6)
    assert min(values) - 1e-6 <= other.farm_mw.min() <= other.farm_mw.max() <= max(values) + 1e-6


@pytest.mark.parametrize("minutes", [0.0, -5.0, 7.0, 1000.0, float("nan")])
def test_a_step_that_does_not_fit_is_refused(minutes: float):
    with pytest.raises(BadInput):
        resampled(series([1.0, 2.0, 3.0]), minutes)


def test_gaps_are_not_averaged_over():
    gap = series([1.0, 2.0, 3.0])
    gap.timestamps[2] = "2025-03-30T09:00:00"
    with pytest.raises(BadInput, match="gaps"):
        resampled(gap, 60)


def load_by_the_hour(count: int = 2) -> Series:
    stamps = [f"2025-03-30T{hour:02}:00:00" for hour in range(count)]
    return Series(stamps, np.full(count, 0.9), np.ones(count), farm_mw=np.zeros((count, 0)), columns=("load_scale",))


def farm_by_ten_minutes(hours: int = 2) -> Series:
    farm = series([float(value) for value in range(6 * hours)])
    ones = np.ones(6 * hours)
    return replace(farm, load_scale=ones, generation_scale=ones, columns=("wave@1_mw",))


def test_a_farm_of_ten_minutes_joins_a_load_by_the_hour():
    parts = [(load_by_the_hour(), Where("load.csv")), (farm_by_ten_minutes(), Where("farm.parquet"))]
    whole = combined(parts)
    assert (whole.load_scale.tolist(), whole.farm_mw.tolist()) == ([0.9, 0.9], [[2.5], [8.5]])
    halves = combined(parts, 30)
    assert (len(halves.timestamps), halves.farm_mw.ravel().tolist()) == (4, [1.0, 4.0, 7.0, 10.0])


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (farm_by_ten_minutes(3), "goes on from"),
        (replace(farm_by_ten_minutes(), zoned=True), "has a zone"),
        (load_by_the_hour(), "already"),
    ],
)
def test_series_of_another_length_or_zone_are_refused(other: Series, words: str):
    with pytest.raises(BadInput, match=words):
        combined([(load_by_the_hour(), Where("load.csv")), (other, Where("other.csv"))])
