from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.findings import counted
from core.results.database import SOFTWARE, Simulation, components, software_of
from core.results.database.simulations import DONE
from pages.parts.downloads import download_table
from pages.parts.shell import explained, guard, store
from pages.parts.simulations import (
    CHOSEN,
    course_of,
    elements,
    headings,
    identity,
    label,
    needed_simulations,
    outline,
    outline_of,
    rows_of,
    show_numbers,
    step_of,
)

guard()

#: Lines of a plot over time, and points of each.
DRAWN, POINTS = 8, 2000
BUS_COLUMNS = ("bus", "ibus", "jbus", "bus0", "bus1")


def choose(every: list[Simulation]) -> tuple[Simulation, str, str]:
    """Ask for simulation, software and table."""
    numbers = [one.grid_sim_id for one in every]
    wanted = st.session_state.get(CHOSEN)
    one = st.selectbox(
        "Simulation", every, index=numbers.index(wanted) if wanted in numbers else 0, format_func=label
    )  # fmt: skip
    st.session_state[CHOSEN] = one.grid_sim_id
    known = software_of(store(), one.grid_sim_id) or [one.software]
    left, right = st.columns(2)
    software = left.segmented_control(
        "Software", known, default=one.software if one.software in known else known[0],
        format_func=SOFTWARE.__getitem__, required=True, key=f"software-{one.grid_sim_id}",
    )  # fmt: skip
    tables = [*components(software), "farm"]
    component = right.segmented_control("Table", tables, default="bus", format_func=str.capitalize, required=True)
    return one, software, component


def narrowed(known: pd.DataFrame, component: str) -> pd.DataFrame:
    """Return the chosen elements with what they are called."""
    chosen = known.assign(element=elements(known, component))
    ends = [name for name in BUS_COLUMNS if name in known]
    left, right = st.columns(2)
    if ends:
        buses = left.multiselect("At bus", sorted(set(known[ends].to_numpy().ravel())), placeholder="all buses")
        if buses:
            chosen = chosen[chosen[ends].isin(buses).any(axis=1)]
    if component != "bus":
        picked = right.multiselect(component.capitalize(), chosen["element"].tolist(), placeholder="all")
        chosen = chosen[chosen["element"].isin(picked)] if picked else chosen
    return chosen


def plots(course: pd.DataFrame, now: pd.DataFrame, chosen: pd.DataFrame, titles: dict[str, str]) -> None:
    """Draw a quantity along the elements at the chosen time, and over time."""
    floats = [name for name in titles if name in now and now[name].dtype == float and now[name].notna().any()]
    if not floats:
        st.info("No value to plot: no rating to load against, no solution at this step, or none given by the software.")
        return
    first = next(name for name in ("v_mag", "line_pct", *floats) if name in floats)
    quantity = st.segmented_control("Quantity", floats, default=first, format_func=titles.get, required=True)
    keys = [name for name in chosen if name != "element"]
    left, right = st.columns(2)
    names = now.merge(chosen, on=keys)["element"]
    figure = go.Figure(go.Scatter(x=names, y=now[quantity], mode="lines+markers"))
    figure.update_layout(title=f"Profile at {now['timestamp'].iloc[0]}", yaxis_title=titles[quantity], height=360)
    figure.update_xaxes(type="category")
    left.plotly_chart(figure, key="profile")
    if course["timestamp"].nunique() == 1:
        return
    figure = go.Figure()
    for element in chosen.head(DRAWN).to_dict(orient="records"):
        own = course[np.logical_and.reduce([course[key] == element[key] for key in keys])]
        own = own.iloc[outline(own[quantity].to_numpy(), POINTS)]
        figure.add_scatter(x=own["timestamp"], y=own[quantity], name=str(element["element"]), mode="lines")
    figure.update_layout(title="Over time", yaxis_title=titles[quantity], height=360, showlegend=True)
    right.plotly_chart(figure, key="course")
    if len(chosen) > DRAWN:
        right.caption(f"The first {DRAWN} are drawn: choose others with the filters above.")


st.title("Results")
with explained():
    one, software, component = choose(needed_simulations())
    if one.state != DONE:
        st.warning(f"The simulation is {one.state}: its results are not complete.", icon=":material/hourglass_top:")
    times, known = outline_of(one, component, software)
    if not times:
        st.info(f"{SOFTWARE[software]} has no {component} results in this simulation.")
        st.stop()
    chosen = narrowed(known, component)
    keys = identity(component)
    middle = st.columns((1, 16, 1))[1]  # a time stamp is wider than the slider's end
    at = middle.select_slider("Time", times) if len(times) > 1 else times[0]
    now = step_of(one, component, software, at).merge(chosen[keys], on=keys)
    titles = headings(component, software)
    shown = [name for name in titles if name in now]
    show_numbers(now[shown].rename(columns=titles))
    st.caption(f"{counted(len(times), 'time')} in the download. Powers are per unit of {one.sbase_mva:g} MVA.")
    download_table(
        lambda: rows_of(one, component, software).merge(chosen[keys], on=keys)[shown],
        f"simulation_{one.grid_sim_id}_{software}_{component}",
    )
    if len(now):
        plots(course_of(one, component, software, chosen[keys[0]].head(DRAWN).tolist()), now, chosen, titles)
