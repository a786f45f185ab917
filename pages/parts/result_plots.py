"""Plots of a simulation's results: along the elements at one time, and over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.parts.simulations import outline

#: Lines of a plot over time, and points of each.
DRAWN, POINTS = 8, 2000
#: What the network gives: it doesn't change over time.
GIVEN = ("vbase", "mbase")


def plots(course: pd.DataFrame, now: pd.DataFrame, chosen: pd.DataFrame, titles: dict[str, str]) -> None:
    """Draw a quantity along the elements at the chosen time, and over time."""
    known = now.drop(columns=list(GIVEN), errors="ignore").dropna(axis="columns", how="all")
    floats = [name for name in titles if name in known and known[name].dtype == float]
    if not floats:
        st.info("No value to plot: no rating to load against, no solution at this step, or none given by the software.")
        return
    first = next(name for name in ("v_mag", "line_pct", *floats) if name in floats)
    quantity = st.segmented_control("Quantity", floats, default=first, format_func=titles.get, required=True)
    keys = [name for name in chosen if name != "element"]
    over_time = course["timestamp"].nunique() > 1
    left, right = st.columns(2) if over_time else (st, st)
    names = now.merge(chosen, on=keys)["element"]
    figure = go.Figure(go.Scatter(x=names, y=now[quantity], mode="lines+markers"))
    figure.update_layout(title=f"Profile at {now['timestamp'].iloc[0]}", yaxis_title=titles[quantity], height=360)
    figure.update_xaxes(type="category")
    figure.update_yaxes(exponentformat="power")
    left.plotly_chart(figure, key="profile")
    if not over_time:
        return
    figure = go.Figure()
    for element in chosen.head(DRAWN).to_dict(orient="records"):
        own = course[np.logical_and.reduce([course[key] == element[key] for key in keys])]
        own = own.iloc[outline(own[quantity].to_numpy(), POINTS)]
        figure.add_scatter(x=own["timestamp"], y=own[quantity], name=str(element["element"]), mode="lines")
    figure.update_layout(title="Over time", yaxis_title=titles[quantity], height=360, showlegend=True)
    figure.update_yaxes(exponentformat="power")
    right.plotly_chart(figure, key="course")
    if len(chosen) > DRAWN:
        right.caption(f"The first {DRAWN} are drawn: choose others with the filters above.")
