from __future__ import annotations

import pandas as pd
import pytest

from core.results.database.comparison import compare_tables
from core.results.database.worst import by_element, heat_map


def lines(loadings: list[list[float]]) -> pd.DataFrame:
    """Two lines over as many hours as there are pairs of loadings [%]."""
    rows = [
        (f"2025-01-01T{hour:02}:00:00", line, 1, line + 1, loading)
        for hour, pair in enumerate(loadings)
        for line, loading in enumerate(pair, start=1)
    ]
    return pd.DataFrame(rows, columns=["timestamp", "line", "ibus", "jbus", "line_pct"]).assign(line_name=None)


COMPARED = compare_tables(lines([[50, 50], [50, 50], [50, 50]]), lines([[51, 50], [47, 70], [50, 46]]), "line")


def test_the_worst_element_comes_first_with_its_time_and_both_values() -> None:
    found = by_element(COMPARED, "line_pct")
    assert found["line"].tolist() == [2, 1]
    first = found.iloc[0]
    assert (first["max_abs"], first["timestamp"][11:13], first["a"], first["b"]) == (20, "01", 50, 70)
    assert first["rmse"] == pytest.approx(((0 + 20**2 + 4**2) / 3) ** 0.5)
    assert found["state"].tolist() == ["contradicts", "agrees"]


def test_steps_drawn_together_keep_their_largest_difference_with_its_sign() -> None:
    assert heat_map(COMPARED, "line_pct", 9, 9).to_numpy().tolist() == [[0, -20, 4], [-1, 3, 0]]
    assert heat_map(COMPARED, "line_pct", 9, 2).to_numpy().tolist() == [[-20, 4], [3, 0]]
    assert heat_map(COMPARED, "line_pct", 1, 9).index.tolist() == [(2, 1, 3)]
