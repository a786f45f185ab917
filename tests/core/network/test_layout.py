"""Drawings of networks: on the map where buses have coordinates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.network import Network
from core.network.layout import positions


def chain(x: list[float]) -> Network:
    """Return buses in a row, connected one to the next but for the last one."""
    bus = pd.DataFrame({"bus": np.arange(1, len(x) + 1), "x": x, "y": x})
    ends = np.arange(1, len(x) - 1)
    branch = pd.DataFrame({"from_bus": ends, "to_bus": ends + 1, "x_pu": 0.1})
    return Network("chain", tables={"bus": bus, "branch": branch})


def test_a_bus_without_coordinates_stands_between_its_neighbours_or_in_the_middle() -> None:
    nan = float("nan")
    found = positions(chain([0.0, nan, 4.0, 8.0, 12.0, nan]))
    assert (found.geographic, found.guessed) == (True, 2)
    assert found.nodes["x"].tolist() == [0.0, 2.0, 4.0, 8.0, 12.0, 6.0]


def test_few_coordinates_make_no_map() -> None:
    nan = float("nan")
    found = positions(chain([0.0, nan, nan, nan]))
    assert (found.geographic, found.guessed) == (False, 0)
    assert np.isfinite(found.nodes[["x", "y"]].to_numpy()).all()
