"""Feeders on a map without a base map: flat columns, colours computed here, nothing from the internet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pydeck as pdk

from core.feeder.shape import Ground
from core.studies.feeder_flow.worst import verdicts
from pages.parts import feeders
from pages.parts.feeder_layers import EQUIPMENT, Colours, Legend, paint

#: What the first look shows fits into a window of this size [px].
WINDOW = (1000, 480)
HEIGHT = 520
#: Pieces of one feeder that a browser draws in time, and those of them that it finds under a click in time: a browser
#: without a graphics card takes the click for a long press otherwise.
MOST, CLICKED = 20_000, 5_000
LINES, DEVICES = "branches", "devices"
TOOLTIP = {"text": "{label}\n{place}\nloading {loading}\nvoltage {voltage}"}
#: Devices that carry a loading of their own and are drawn on every layer.
CARRYING = ("transformer", "regulator", "source")


def values_of(nodes: pd.DataFrame, branches: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the lowest and highest voltage of every bus, and the loading of every element."""
    alive = nodes[nodes["v_pu"] > 0.05].groupby("bus")["v_pu"]
    voltages = pd.DataFrame({"low_pu": alive.min(), "high_pu": alive.max()})
    return voltages, branches.drop_duplicates("id").set_index("id")["loading_pct"].astype(float)


def drawn(read: str, voltages: pd.DataFrame, loading: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the pieces and the devices of a feeder that was read, with values and the texts of tooltips."""
    made = []
    for rows, bus in ((feeders.table(read, "pieces"), "to_bus"), (feeders.table(read, "devices"), "bus")):
        rows = rows.assign(
            loading_pct=rows["id"].map(loading), **{name: rows[bus].map(voltages[name]) for name in voltages}
        )
        label = rows["id"] + " (" + rows["kind"] + ", phases " + rows["phases"] + ")"
        made.append(
            described(
                rows, label, rows["from_bus"] + " → " + rows["to_bus"] if "to_bus" in rows else "at " + rows["bus"]
            )
        )
    return made[0], made[1]


def described(rows: pd.DataFrame, label: pd.Series, place: pd.Series) -> pd.DataFrame:
    """Return the rows with the texts of their tooltips."""
    return rows.assign(
        label=label,
        place=place,
        loading=_text(rows["loading_pct"], "{:.1f} %"),
        voltage=_text(rows["low_pu"], "{:.4f}") + " to " + _text(rows["high_pu"], "{:.4f} pu"),
    )


def _text(values: pd.Series, form: str) -> pd.Series:
    return values.map(lambda value: "–" if pd.isna(value) else form.format(value)).astype(object)


def worth_drawing(pieces: pd.DataFrame, selected: str, most: int = MOST) -> pd.DataFrame:
    """Return as many pieces as a browser draws and picks in time: the selected, what is out of limits, the longest."""
    if len(pieces) <= most:
        return pieces
    squared = (pieces["to_x"] - pieces["from_x"]) ** 2 + (pieces["to_y"] - pieces["from_y"]) ** 2
    wrong = verdicts(pieces["low_pu"], pieces["high_pu"], pieces["loading_pct"].astype(float)) != "PASS"
    order = pd.DataFrame({"selected": pieces["key"] == selected, "wrong": wrong, "length": squared})
    return pieces.loc[order.sort_values(["selected", "wrong", "length"], ascending=False).index[:most].sort_values()]


def layers_of(layer: str, pieces: pd.DataFrame, devices: pd.DataFrame, selected: str) -> tuple[list[pdk.Layer], Legend]:
    """Return the map's layers and the legend."""
    shown = devices if layer == EQUIPMENT else devices[devices["kind"].isin(CARRYING)]
    colours, legend = paint(layer, pd.concat([pieces, shown], ignore_index=True))
    marked = pieces[pieces["key"] == selected], devices[devices["key"] == selected]
    clicked = pieces.index.isin(worth_drawing(pieces, selected, CLICKED).index)
    of_pieces = colours[: len(pieces)]
    made = [
        _lines("selected", marked[0], _same(marked[0]), width=14, pickable=False),
        _points("selected-device", marked[1], _same(marked[1]), radius=11, pickable=False),
        _lines("others", pieces[~clicked], of_pieces[~clicked], width=4, pickable=False),
        _lines(LINES, pieces[clicked], of_pieces[clicked], width=4),
        _points(DEVICES, shown, colours[len(pieces) :], radius=5),
    ]
    return made, legend


def _same(rows: pd.DataFrame) -> Colours:
    """Return the colour of what is selected, one that no layer uses."""
    return np.full((len(rows), 3), (190, 70, 220), dtype=np.int64)


def _lines(name: str, rows: pd.DataFrame, colours: Colours, *, width: int, pickable: bool = True) -> pdk.Layer:
    places = rows[["from_x", "from_y", "to_x", "to_y"]].round(7)
    return pdk.Layer(
        "LineLayer",
        _data(rows, places, colours),
        id=name,
        get_source_position="[from_x, from_y]",
        get_target_position="[to_x, to_y]",
        get_color="[red, green, blue]",
        get_width=width,
        width_min_pixels=2,
        pickable=pickable,
        auto_highlight=pickable,
    )


def _points(name: str, rows: pd.DataFrame, colours: Colours, *, radius: int, pickable: bool = True) -> pdk.Layer:
    return pdk.Layer(
        "ScatterplotLayer",
        _data(rows, rows[["x", "y"]].round(7), colours),
        id=name,
        get_position="[x, y]",
        get_fill_color="[red, green, blue]",
        get_radius=radius,
        radius_units="'pixels'",
        pickable=pickable,
        auto_highlight=pickable,
    )


def _data(rows: pd.DataFrame, places: pd.DataFrame, colours: Colours) -> pd.DataFrame:
    """Return what is sent: flat columns only."""
    texts = rows[["key", "label", "place", "loading", "voltage"]]
    painted = pd.DataFrame(colours, columns=["red", "green", "blue"], index=rows.index)
    return pd.concat([texts, places, painted], axis=1)


def deck(layers: list[pdk.Layer], x: pd.Series, y: pd.Series, ground: str) -> pdk.Deck:
    """Return the map: degrees on a plain ground, other coordinates on a plane, everything in sight."""
    middle = [(float(axis.min()) + float(axis.max())) / 2 for axis in (x, y)]
    extent = [max(float(np.ptp(axis)), 1e-6) for axis in (x, y)]
    if ground == Ground.DEGREES:
        pixels = [512 * extent[0] / 360, 512 * extent[1] / 360 / max(np.cos(np.radians(middle[1])), 0.01)]
        state = pdk.ViewState(longitude=middle[0], latitude=middle[1], zoom=min(_zoom(pixels), 20.0))
        view = pdk.View("MapView", controller=True)
    else:
        state = pdk.ViewState(target=[*middle, 0], zoom=_zoom(extent))
        view = pdk.View("OrthographicView", controller=True, flipY=False)
    return pdk.Deck(layers=layers, initial_view_state=state, views=[view], map_provider=None, tooltip=TOOLTIP)


def _zoom(extent: list[float]) -> float:
    """Return the zoom at which an extent at zoom 0 [px] fills the window."""
    return float(np.log2(min(size / each for size, each in zip(WINDOW, extent, strict=True))))


def ends(pieces: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the coordinates of all pieces' ends."""
    return tuple(pd.concat([pieces[f"from_{axis}"], pieces[f"to_{axis}"]]) for axis in "xy")  # type: ignore[return-value]


def picked(event: Any, *layers: str) -> str | None:
    """Return what a click on the map chose, ``None`` when it chose nothing."""
    objects = event.selection.get("objects", {})
    rows = [row for layer in layers for row in objects.get(layer, [])]
    return str(rows[0]["key"]) if rows else None
