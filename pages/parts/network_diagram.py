"""A network as a drawing: on the map where buses have coordinates, else laid out by forces between neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.network import Network
from core.network.layout import Layout, positions
from pages.parts.columns import NOISE

#: Buses that a drawing shows; of larger networks the part around a chosen bus.
DRAWN = 600
#: Buses of a drawing that are named by their number at most.
NUMBERED = 60
#: Marks along what stands between two buses, and where the first and the last are.
BEADS, FIRST, LAST = 15, 0.2, 0.8
SYMBOLS = {"SLACK": "star", "PV": "square", "ISOLATED": "x"}


def show_diagram(network: Network) -> None:
    """Draw the buses and what connects them."""
    place = _placed(network)
    if place is None:
        return
    text = [
        f"{bus} {name}<br>{kind}, {kv:g} kV, {v:.4f} pu"
        for bus, name, kind, kv, v in place.nodes[["bus", "name", "kind", "base_kv", "v_pu"]].to_numpy().tolist()
    ]
    numbered = len(place.nodes) <= NUMBERED
    marks = go.Scatter(
        x=place.nodes["x"], y=place.nodes["y"], mode="markers+text" if numbered else "markers",
        text=place.nodes["bus"], textposition="top center", hovertext=text, hoverinfo="text",
        marker={"size": 9, "color": place.nodes["v_pu"], "colorscale": "Viridis", "colorbar": {"title": "V [pu]"},
                "symbol": place.nodes["kind"].map(SYMBOLS).fillna("circle")},
    )  # fmt: skip
    _show(place, marks)
    st.caption(f"{_meaning(place)} Colour is the stored voltage.")


def show_differences(
    network: Network, ends: tuple[pd.Series, pd.Series], values: pd.Series, text: pd.Series, unit: str
) -> None:
    """Draw the network with values between the buses numbered ``ends``, both the same for what is at one bus."""
    place = _placed(network)
    if place is None:
        return
    nodes = place.nodes.set_index("bus")[["x", "y"]]
    order = np.argsort(values.abs().to_numpy())  # the largest on top
    first, last = (nodes.reindex(end).to_numpy()[order] for end in ends)
    is_line = not ends[0].equals(ends[1])
    shares = np.linspace(FIRST, LAST, BEADS) if is_line else np.array([0.0])
    marks_at = first[:, None] + (last - first)[:, None] * shares[:, None]
    largest = max(float(values.abs().max()), NOISE)
    marks = go.Scatter(
        x=marks_at[..., 0].ravel(), y=marks_at[..., 1].ravel(), mode="markers", hoverinfo="text",
        text=text.iloc[order].repeat(len(shares)),
        marker={"size": 6 if is_line else 11, "line": {"width": 0 if is_line else 1, "color": "#888888"},
                "color": values.iloc[order].repeat(len(shares)), "autocolorscale": True,
                "cmin": -largest, "cmax": largest,
                "colorbar": {"title": f"A − B {unit}", "exponentformat": "power"}},
    )  # fmt: skip
    _show(place, marks)
    st.caption(f"{_meaning(place)} Colour is each element's largest difference A − B over time.")


def _placed(network: Network) -> Layout | None:
    buses = network["bus"]["bus"]
    if buses.empty:
        st.info("The network has no bus to draw.")
        return None
    centre = None
    if len(buses) > DRAWN:
        st.caption(f"The network has {len(buses):,} buses: the {DRAWN:,} nearest to the chosen bus are drawn.")
        centre = int(st.number_input("Bus", value=int(buses.iloc[0]), step=1))
    return positions(network, around=centre, most=DRAWN)


def _meaning(place: Layout) -> str:
    kind = "by their coordinates" if place.geographic else "by forces between neighbours: distances mean nothing"
    guessed = f"; {place.guessed:,} without any stand beside their neighbours" if place.guessed else ""
    return f"Buses are placed {kind}{guessed}."


def _show(place: Layout, marks: go.Scatter) -> None:
    x, y = place.nodes["x"].to_numpy(), place.nodes["y"].to_numpy()
    edges, gap = place.edges, np.full(len(place.edges), np.nan)
    lines = go.Scatter(
        x=np.column_stack([x[edges[:, 0]], x[edges[:, 1]], gap]).ravel(),
        y=np.column_stack([y[edges[:, 0]], y[edges[:, 1]], gap]).ravel(),
        mode="lines", line={"width": 1, "color": "#888888"}, hoverinfo="skip",
    )  # fmt: skip
    figure = go.Figure([lines, marks])
    figure.update_layout(showlegend=False, height=600, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    st.plotly_chart(figure, width="stretch", theme="streamlit", key="diagram")
