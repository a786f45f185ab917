"""One feeder on the map: a click on it, a row of the table or the select box chooses the same element everywhere."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.feeder.shape import Ground
from pages.parts import feeders
from pages.parts.feeder_layers import LAYERS, show_legend
from pages.parts.feeder_map import (
    CLICKED,
    DEVICES,
    HEIGHT,
    LINES,
    deck,
    drawn,
    ends,
    layers_of,
    picked,
    values_of,
    worth_drawing,
)
from pages.parts.feeder_tables import show_results
from pages.parts.plain import plain

#: How often the table's choice was overruled from elsewhere; a new table shows the new choice.
_TURN = "element-turn"
GROUNDS = {
    Ground.DEGREES: "Placed by longitude and latitude.",
    Ground.PLANE: "Placed by the file's own coordinates; their system isn't known.",
    Ground.TOPOLOGY: "The files have no coordinates for it: laid out by topology, from the source on. Distances mean "
    "nothing. GIS layers or a CSV with coordinates among its files put it in its place.",
}


@st.fragment
def feeder_view(key: str, read: str, ground: str, nodes: pd.DataFrame, branches: pd.DataFrame) -> None:
    """Draw a feeder with its values, the table of its branches, and what is known about the chosen element."""
    voltages, loading = values_of(nodes, branches)
    pieces, devices = drawn(read, voltages, loading)
    if pieces.empty:
        st.info("The feeder has no branch to draw.")
        return
    elements = list(dict.fromkeys([*pieces["key"], *devices["key"]]))
    if st.session_state.get(feeders.ELEMENT) not in elements:
        st.session_state.pop(feeders.ELEMENT, None)
    layer = st.segmented_control("Layer", LAYERS, default=LAYERS[0], key=f"layer-{key}", required=True)
    element = st.selectbox(
        "Element: search here, click on the map, or choose a row of the table", elements, index=None,
        key=feeders.ELEMENT, bind="query-params", persist_state="session", on_change=_turn,
    )  # fmt: skip
    shown = worth_drawing(pieces, element or "")
    layers, legend = layers_of(str(layer), shown, devices, element or "")
    st.pydeck_chart(
        deck(layers, *ends(pieces), ground),
        height=HEIGHT,
        on_select=partial(_from_map, f"map-{key}"),
        selection_mode="single-object",
        key=f"map-{key}",
        alt=f"The feeder coloured by {layer}; the table below has the same values",
    )
    show_legend(legend)
    without = len(set(branches["id"]) - set(pieces["id"]))
    notes = [GROUNDS[Ground(ground)]]
    notes += [f"{without} of its elements have no place."] if without else []
    if len(shown) < len(pieces):
        notes.append(f"Drawn are {len(shown):,} of {len(pieces):,} pieces: what is out of limits, then the longest.")
    if len(shown) > CLICKED:
        notes.append(f"A click finds the first {CLICKED:,} in this order; the box and the table find every element.")
    st.caption(" ".join(notes))
    if element is not None:
        every = pd.concat([pieces, devices], ignore_index=True)
        _show_element(every[every["key"] == element].iloc[0], nodes, branches[branches["id"] == element])
    _table(key, branches.sort_values("loading_pct", ascending=False, na_position="last"))


def _show_element(about: pd.Series, nodes: pd.DataFrame, flow: pd.DataFrame) -> None:
    """Show what is known about an element: where it is, what flows through it, the voltages at its ends."""
    equipment = f" · equipment {about['equipment']}" if pd.notna(about["equipment"]) and about["equipment"] else ""
    with st.container(border=True):
        st.markdown(f"**{plain(about['label'])}** {plain(about['place'])}{plain(equipment)}")
        if len(flow):
            show_results(flow)
        show_results(nodes[nodes["bus"].isin(about[["from_bus", "to_bus", "bus"]])])


def _table(key: str, branches: pd.DataFrame) -> None:
    ids = branches["id"].tolist()
    element = st.session_state.get(feeders.ELEMENT)
    place = {"selection": {"rows": [ids.index(element)] if element in ids else []}}
    name = f"table-{key}-{st.session_state.get(_TURN, 0)}"
    st.markdown("**All elements that carry current, the most loaded first**")
    show_results(
        branches,
        key=name,
        on_select=partial(_from_table, name, ids),
        selection_mode="single-row",
        selection_default=place,
    )


def _from_map(key: str) -> None:
    if chosen := picked(st.session_state[key], LINES, DEVICES):
        st.session_state[feeders.ELEMENT] = chosen
        _turn()


def _from_table(key: str, ids: list[str]) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        st.session_state[feeders.ELEMENT] = ids[rows[0]]


def _turn() -> None:
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
