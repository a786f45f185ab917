"""The feeder on a map without a base map: flat columns, colours computed here, nothing from the internet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pydeck as pdk

from core.feeder import Feeder

VIRIDIS = np.array([[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]])
PASS, FAIL, GREY = [0, 114, 178], [204, 51, 17], [140, 140, 140]
PHASES = {
    "ABC": [0, 114, 178],
    "A": [204, 51, 17],
    "B": [230, 159, 0],
    "C": [0, 158, 115],
    "AB": [213, 94, 0],
    "AC": [204, 121, 167],
    "BC": [86, 180, 233],
}


def scale(values: pd.Series, low: float, high: float) -> list[list[int]]:
    """Return a colour for each value between two ends; grey where there is none."""
    place = ((values.astype(float) - low) / (high - low)).clip(0, 1)
    steps = np.linspace(0, 1, len(VIRIDIS))
    mixed = np.column_stack([np.interp(place.fillna(0), steps, VIRIDIS[:, k]) for k in range(3)]).astype(int)
    return [list(map(int, colour)) if known else GREY for colour, known in zip(mixed, values.notna(), strict=True)]


def segments(feeder: Feeder, branches: pd.DataFrame, nodes: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return the drawn branches with their places, values and colours."""
    at = feeder["buses"].dropna(subset=["x", "y"]).set_index("id")[["x", "y"]]
    table = feeder["branches"][["id", "kind", "from_bus", "to_bus", "phases", "equipment"]].copy()
    table = table[table["from_bus"].isin(at.index) & table["to_bus"].isin(at.index)]
    for end, column in (("from", "from_bus"), ("to", "to_bus")):
        for axis in "xy":
            table[f"{end}_{axis}"] = table[column].map(at[axis]).astype(float).round(7)
    table["loading_pct"] = table["id"].map(branches.set_index("id")["loading_pct"]).astype(float).round(2)
    alive = nodes[nodes["v_pu"] > 0.05]
    table["v_pu"] = table["to_bus"].map(alive.groupby("bus")["v_pu"].min()).astype(float).round(4)
    if layer == "Loading":
        table["colour"] = scale(table["loading_pct"], 0, 100)
    elif layer == "Voltage":
        table["colour"] = scale(table["v_pu"], 0.95, 1.05)
    elif layer == "Violations":
        high = table["to_bus"].map(alive.groupby("bus")["v_pu"].max())
        wrong = (table["loading_pct"] > 100) | (table["v_pu"] < 0.95) | (high > 1.05)
        table["colour"] = [FAIL if bad else GREY for bad in wrong]
    elif layer == "Phases":
        table["colour"] = [PHASES.get(phases, GREY) for phases in table["phases"]]
    else:
        kinds = {kind: VIRIDIS[k % 5].tolist() for k, kind in enumerate(sorted(table["kind"].unique()))}
        table["colour"] = [kinds[kind] for kind in table["kind"]]
    return table


def deck(table: pd.DataFrame, geographic: bool) -> pdk.Deck:
    """Return the map: degrees on a plain ground, other coordinates on a plane."""
    line: dict[str, Any] = {"get_source_position": ["from_x", "from_y"], "get_target_position": ["to_x", "to_y"]}
    layer = pdk.Layer(
        "LineLayer",
        table,
        id="branches",
        get_color="colour",
        get_width=4,
        width_min_pixels=2,
        pickable=True,
        auto_highlight=True,
        **line,
    )
    x, y = (pd.concat([table[f"from_{axis}"], table[f"to_{axis}"]]) for axis in "xy")
    extent = max(float(np.ptp(x)), float(np.ptp(y)), 1e-6)
    if geographic:
        zoom = float(np.clip(np.log2(360 / extent) - 0.5, 1, 19))
        state, views = (
            pdk.ViewState(longitude=float(x.mean()), latitude=float(y.mean()), zoom=zoom),
            [pdk.View("MapView", controller=True)],
        )
    else:
        middle = [float(x.mean()), float(y.mean()), 0]
        state, views = (
            pdk.ViewState(target=middle, zoom=float(np.log2(600 / extent))),
            [pdk.View("OrthographicView", controller=True, flipY=False)],
        )
    tooltip = {"text": "{id} ({kind}, {phases})\n{from_bus} → {to_bus}\nloading {loading_pct} %\nvoltage {v_pu} pu"}
    return pdk.Deck(layers=[layer], initial_view_state=state, views=views, map_provider=None, tooltip=tooltip)
