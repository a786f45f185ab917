"""What the feeder map's colours mean: a colour for every piece, and the legend with its unit."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.studies.feeder_flow.worst import NEARLY_PCT, verdicts
from core.studies.time_series.metrics import OVERLOAD_PCT, RANGE_A_PU

VOLTAGE, LOADING, VIOLATIONS, PHASES, EQUIPMENT = "Voltage", "Loading", "Violations", "Phases", "Equipment"
LAYERS = (VOLTAGE, LOADING, VIOLATIONS, PHASES, EQUIPMENT)
FAIL, WARN, GREY = (204, 51, 17), (230, 159, 0), (140, 140, 140)
#: Viridis without the end that is lost on the theme's ground: its yellow on white, its violet on black.
LIGHT = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (72, 173, 106), (146, 190, 40))
DARK = ((86, 120, 200), (50, 140, 170), (40, 170, 130), (120, 209, 80), (253, 231, 37))
BY_PHASES = {
    "ABC": (0, 114, 178),
    "A": (204, 51, 17),
    "B": (230, 159, 0),
    "C": (0, 158, 115),
    "AB": (213, 94, 0),
    "AC": (204, 121, 167),
    "BC": (86, 180, 233),
}
BY_KIND = {
    "overhead": (0, 114, 178),
    "cable": (86, 180, 233),
    "switch": (213, 94, 0),
    "fuse": (204, 121, 167),
    "breaker": (213, 94, 0),
    "recloser": (204, 51, 17),
    "transformer": (0, 158, 115),
    "regulator": (230, 159, 0),
    "capacitor": (204, 121, 167),
    "load": (140, 140, 140),
    "DER": (240, 200, 40),
    "source": (204, 51, 17),
}
VERDICTS = {"FAIL": FAIL, "WARN": WARN, "PASS": GREY}
Colours = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Legend:
    """What stands under the map: a scale with its ends, and classes with their colours."""

    title: str
    ends: tuple[str, str] | None
    classes: tuple[tuple[str, tuple[int, int, int]], ...]


def paint(layer: str, rows: pd.DataFrame) -> tuple[Colours, Legend]:
    """Return a colour for every row and the legend.

    Parameters
    ----------
    layer
        One of :data:`LAYERS`.
    rows
        With ``kind``, ``phases``, ``loading_pct``, ``low_pu`` and ``high_pu``.
    """
    if layer == PHASES:
        return _classes("Phases", rows["phases"], BY_PHASES)
    if layer == EQUIPMENT:
        return _classes("Equipment", rows["kind"], BY_KIND)
    low, high, loading = rows["low_pu"], rows["high_pu"], rows["loading_pct"]
    if layer == VIOLATIONS:
        painted = np.array([VERDICTS[verdict] for verdict in verdicts(low, high, loading)], dtype=np.int64).reshape(
            -1, 3
        )
        wrong = f"✕ outside range B of ANSI C84.1, or above {OVERLOAD_PCT:g} %"
        nearly = f"▲ outside range A, or above {NEARLY_PCT:g} %"
        return painted, Legend("Violations", None, ((wrong, FAIL), (nearly, WARN), ("within", GREY)))
    if layer == LOADING:
        beyond = (f"above {OVERLOAD_PCT:g} %", FAIL), ("no rating", GREY)
        return _scale(loading, 0.0, OVERLOAD_PCT), Legend("Loading [%]", ("0", f"{OVERLOAD_PCT:g}"), beyond)
    worst = low.where((1 - low).abs() > (high - 1).abs(), high)
    beyond = ("outside range A", FAIL), ("no voltage", GREY)
    ends = (f"{RANGE_A_PU[0]:.2f}", f"{RANGE_A_PU[1]:.2f}")
    return _scale(worst, *RANGE_A_PU), Legend("Voltage, the phase furthest from 1 [pu]", ends, beyond)


def scheme() -> tuple[tuple[int, int, int], ...]:
    """Return the scale's colours on the theme's ground."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def _scale(values: pd.Series, low: float, high: float) -> Colours:
    colours = np.array(scheme())
    place = ((values.astype(float) - low) / (high - low)).to_numpy()
    steps = np.linspace(0, 1, len(colours))
    mixed = np.column_stack([np.interp(np.nan_to_num(place), steps, colours[:, k]) for k in range(3)]).astype(np.int64)
    mixed[(place < 0) | (place > 1)] = FAIL
    mixed[np.isnan(place)] = GREY
    return mixed


def _classes(title: str, values: pd.Series, known: dict[str, tuple[int, int, int]]) -> tuple[Colours, Legend]:
    there = set(values)
    classes = [(name, colour) for name, colour in known.items() if name in there]
    others = sorted(there - set(known))
    classes += [(f"other: {', '.join(others[:4])}", GREY)] if others else []
    painted = np.array([known.get(value, GREY) for value in values], dtype=np.int64).reshape(-1, 3)
    return painted, Legend(title, None, tuple(classes))


def show_legend(legend: Legend) -> None:
    """Draw the legend."""
    parts = [f"<b>{escape(legend.title)}</b>"]
    if legend.ends:
        gradient = ", ".join(f"rgb{colour}" for colour in scheme())
        bar = (
            f"<span style='display:inline-block;width:9rem;height:.7rem;background:linear-gradient(90deg,{gradient})'>"
        )
        parts.append(f"{legend.ends[0]} {bar}</span> {legend.ends[1]}")
    parts += [
        f"<span style='display:inline-block;width:.8rem;height:.8rem;background:rgb{colour}'></span> {escape(name)}"
        for name, colour in legend.classes
    ]
    rows = "".join(f"<span style='display:inline-flex;gap:.4rem;align-items:center'>{part}</span>" for part in parts)
    st.html(f"<div style='display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;font-size:.85rem'>{rows}</div>")
