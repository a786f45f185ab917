"""Standard ratings, from the smallest to the largest that makers list."""

from __future__ import annotations

import csv
from bisect import bisect_left
from functools import cache
from pathlib import Path

ROUNDING = 1e-9


def next_standard(quantity: str, least: float) -> float | None:
    """Return the smallest standard rating that is not under ``least``; ``None`` when there is none.

    Parameters
    ----------
    quantity
        ``breaking_ka``, ``transformer_mva`` or ``continuous_a``.
    least
        The value that the rating must reach, in the unit of its name.
    """
    series = _series()[quantity]
    index = bisect_left(series, least * (1 - ROUNDING))
    return series[index] if index < len(series) else None


@cache
def _series() -> dict[str, tuple[float, ...]]:
    with Path(__file__).with_name("standard_ratings.csv").open(encoding="utf-8", newline="") as handle:
        return {row["quantity"]: tuple(map(float, row["values"].split("|"))) for row in csv.DictReader(handle)}
