"""A network as a drawing: on the map where buses have coordinates, else laid out by forces between neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.network import Network
from core.network.layout import positions

#: Buses that a drawing shows; of larger networks the part around a chosen bus.
DRAWN = 600
SYMBOLS = {"SLACK": "star", "PV": "square", "ISOLATED": "x"}


def show_diagram(network: Network) -> None:
    """Draw the buses and what connects them."""
    buses = network["bus"]["bus"]
    if buses.empty:
        st.info("The network has no bus to draw.")
        return
    centre = None
    if len(buses) > DRAWN:
        st.caption(f"The network has {len(buses):,} buses: the {DRAWN:,} nearest to the chosen bus are drawn.")
        centre = int(st.number_input("Bus", value=int(buses.iloc[0]), step=1))
    place = positions(network, around=centre, most=DRAWN)
    st.plotly_chart(_figure(place.nodes, place.edges), width="stretch", theme="streamlit")
    kind = "by their coordinates" if place.geographic else "by forces between neighbours: distances mean nothing"
    st.caption(f"Buses are placed {kind}. Colour is the stored voltage.")


def _figure(nodes: pd.DataFrame, edges: np.ndarray) -> go.Figure:
    x, y = nodes["x"].to_numpy(), nodes["y"].to_numpy()
    gap = np.full(len(edges), np.nan)
    lines = go.Scatter(
        x=np.column_stack([x[edges[:, 0]], x[edges[:, 1]], gap]).ravel(),
        y=np.column_stack([y[edges[:, 0]], y[edges[:, 1]], gap]).ravel(),
        mode="lines", line={"width": 1, "color": "#888888"}, hoverinfo="skip",
    )  # fmt: skip
    text = [
        f"{bus} {name}<br>{kind}, {kv:g} kV, {v:.4f} pu"
        for bus, name, kind, kv, v in nodes[["bus", "name", "kind", "base_kv", "v_pu"]].to_numpy().tolist()
    ]
    marks = go.Scatter(
        x=x, y=y, mode="markers", text=text, hoverinfo="text",
        marker={"size": 9, "color": nodes["v_pu"], "colorscale": "Viridis", "colorbar": {"title": "V [pu]"},
                "symbol": nodes["kind"].map(SYMBOLS).fillna("circle")},
    )  # fmt: skip
    figure = go.Figure([lines, marks])
    figure.update_layout(showlegend=False, height=600, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    return figure
