"""A long line is drawn by few points that show its smallest and largest values."""

from __future__ import annotations

import numpy as np

from pages.parts.simulations import outline


def test_peaks_survive_and_short_lines_are_drawn_whole() -> None:
    values = np.zeros(8760)
    values[[17, 5000]] = 9.0, -9.0
    values[300:310] = np.nan
    drawn = outline(values, 200)
    assert len(drawn) <= 200
    assert {17, 5000} <= set(drawn.tolist())
    assert (np.diff(drawn) > 0).all()
    assert outline(values[:200], 200).tolist() == list(range(200))
