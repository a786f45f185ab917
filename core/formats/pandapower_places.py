"""Where buses lie, as pandapower has it: a point in GeoJSON at each bus."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from core.network import Network


def points(network: Network) -> list[str | None]:
    """Return the points of a network's buses, nothing for those without coordinates."""
    places = zip(network.values("bus", "x").tolist(), network.values("bus", "y").tolist(), strict=True)
    return [None if x != x or y != y else json.dumps({"coordinates": [x, y], "type": "Point"}) for x, y in places]


def coordinates(net: Any, buses: np.ndarray) -> dict[str, np.ndarray]:
    """Return where these buses of a net lie, as far as it has a point for them."""
    places = {}
    for index, point in net.bus.get("geo", pd.Series(dtype=object)).dropna().items():
        with suppress(ValueError, TypeError, KeyError):  # anything may stand in a column of text
            x, y = json.loads(point)["coordinates"][:2]
            places[index] = (float(x), float(y))
    found = pd.DataFrame.from_dict(places, orient="index", columns=["x", "y"], dtype=float).reindex(buses)
    return {name: found[name].to_numpy() for name in ("x", "y")}
