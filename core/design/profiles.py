"""Hourly yields of sun and wind where the requirement brings none, and the days that stand for a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.design.requirement import HOURS, Requirement

LATITUDE_DEG = 35.0
SPELL_DAYS = 5
ALIKE = 1e-6  # days nearer than this are the same day


@dataclass(frozen=True, slots=True)
class Year:
    """Load and yields, hour by hour, in segments: one of 8,760 hours, or some days of 24."""

    load_mw: np.ndarray  # segments × hours
    pv_yield: np.ndarray
    wind_yield: np.ndarray
    weight: np.ndarray  # how often each segment comes in a year
    lossless: bool = True  # whether it says all that the year says


def whole_year(requirement: Requirement) -> Year:
    """Return the year of a requirement as one segment of 8,760 hours."""
    load = requirement.hourly_load_mw()
    pv = requirement.pv_yield or (clear_sky_yield() if requirement.clear_sky_estimate else np.zeros(HOURS))
    wind = requirement.wind_yield or np.zeros(HOURS)
    return Year(load[None, :], np.asarray(pv)[None, :], np.asarray(wind)[None, :], np.ones(1))


def in_spells(year: Year, days: int = SPELL_DAYS) -> Year:
    """Return every hour of the year in spells of some days, at whose end a battery is as full as at their begin."""
    load, pv, wind = (series.reshape(-1, days * 24) for series in (year.load_mw, year.pv_yield, year.wind_yield))
    return Year(load, pv, wind, np.ones(len(load)))


def representative_days(year: Year, days: int, hard: Sequence[int] = ()) -> Year:
    """Return days that stand for the year: k-medoids of the daily shapes, and the day of the highest net load.

    Days that are known to be hard to get through are always among them.

    The medoids come from a greedy choice that is improved by exchanges; every day of the year counts for its nearest
    medoid, so that weights add up to 365. Yields are scaled to the year's mean, so that a share of the energy means the
    same.
    """
    shapes = [series.reshape(-1, 24) for series in (year.load_mw, year.pv_yield, year.wind_yield)]
    scale = [max(float(shape.max()), 1e-9) for shape in shapes]
    points = np.hstack([shape / top for shape, top in zip(shapes, scale, strict=True)])
    distance = np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2)
    net = shapes[0] / scale[0] - 0.01 * (shapes[1] + shapes[2])
    always = dict.fromkeys([int(net.max(axis=1).argmax()), *hard])
    chosen = _medoids(distance, days + len(hard), list(always))
    weight = np.bincount(distance[:, chosen].argmin(axis=1), minlength=len(chosen)).astype(float)
    pv, wind = (_with_mean_of(shape, chosen, weight) for shape in shapes[1:])
    return Year(shapes[0][chosen], pv, wind, weight, lossless=bool(distance[:, chosen].min(axis=1).max() <= ALIKE))


def _with_mean_of(shape: np.ndarray, chosen: list[int], weight: np.ndarray) -> np.ndarray:
    """Return the yields of the chosen days, scaled to the mean of all; none exceeds what the rated power gives."""
    days = shape[chosen]
    mean = float(weight @ days.mean(axis=1)) / float(weight.sum())
    return np.minimum(days * (float(shape.mean()) / mean), 1.0) if mean else days


def _medoids(distance: np.ndarray, count: int, always: list[int]) -> list[int]:
    """Return the chosen days, those that always are among them first; fewer when the days are all alike."""
    chosen = list(always)
    nearest = distance[:, chosen].min(axis=1)
    while len(chosen) < count and nearest.max() > ALIKE:
        gain = np.maximum(nearest[:, None] - distance, 0).sum(axis=0)
        best = int(gain.argmax())
        if best in chosen:
            break
        chosen.append(best)
        nearest = np.minimum(nearest, distance[:, best])
    for _ in range(5):
        owner = distance[:, chosen].argmin(axis=1)
        moved = list(chosen)
        for place in range(len(always), len(chosen)):
            members = np.flatnonzero(owner == place)
            if members.size:
                moved[place] = int(members[distance[np.ix_(members, members)].sum(axis=0).argmin()])
        if moved == chosen:
            break
        chosen = moved
    return chosen


def clear_sky_yield(latitude_deg: float = LATITUDE_DEG) -> np.ndarray:
    """Return the yield of a horizontal PV plant under a clear sky [1], from the sun's height alone.

    Declination by Cooper's formula, direct and diffuse light together as sin(height)^1.15: an upper estimate of the
    sun's share. A project with PV should bring measured or typical-year yields.
    """
    hour = np.arange(HOURS)
    day, clock = hour // 24, hour % 24 + 0.5
    declination = np.radians(23.45 * np.sin(2 * np.pi * (284 + day + 1) / 365))
    angle = np.radians(15 * (clock - 12))
    latitude = np.radians(latitude_deg)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    yields: np.ndarray = np.maximum(height, 0.0) ** 1.15
    return yields
