from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.results.database import SOFTWARE, Simulation, components, software_of
from core.results.database.simulations import DONE
from pages.parts.downloads import download_table
from pages.parts.shell import explained, guard, store
from pages.parts.simulations import CHOSEN, elements, headings, label, needed_simulations, rows_of, show_numbers

guard()

#: Lines of a plot over time.
DRAWN = 8
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


def narrowed(rows: pd.DataFrame, component: str) -> pd.DataFrame:
    """Return the rows of the chosen buses and elements."""
    ends = [rows[name] for name in BUS_COLUMNS if name in rows]
    left, right = st.columns(2)
    if ends:
        buses = left.multiselect("At bus", sorted(set(pd.concat(ends).unique())), placeholder="all buses")
        if buses:
            rows = rows[pd.concat([end.isin(buses) for end in ends], axis=1).any(axis=1)]
    names = elements(rows, component)
    if component != "bus":
        picked = right.multiselect(component.capitalize(), names.unique(), placeholder="all")
        rows, names = (rows[names.isin(picked)], names[names.isin(picked)]) if picked else (rows, names)
    return rows.assign(element=names)


def plots(rows: pd.DataFrame, now: pd.DataFrame, component: str, titles: dict[str, str]) -> None:
    """Draw a quantity along the elements at the chosen time, and over time."""
    floats = [name for name in titles if name in rows and rows[name].dtype == float and rows[name].notna().any()]
    if not floats:
        st.info(
            "No value to plot: no rating to load against, no solution at these steps, or none given by the software."
        )
        return
    first = next(name for name in ("v_mag", "line_pct", *floats) if name in floats)
    quantity = st.segmented_control("Quantity", floats, default=first, format_func=titles.get, required=True)
    profile, course = st.columns(2)
    figure = go.Figure(go.Scatter(x=now["element"], y=now[quantity], mode="lines+markers"))
    figure.update_layout(title=f"Profile at {now['timestamp'].iloc[0]}", yaxis_title=titles[quantity], height=360)
    figure.update_xaxes(type="category", title=component.capitalize())
    profile.plotly_chart(figure, key="profile")
    if rows["timestamp"].nunique() > 1:
        names = rows["element"].unique()[:DRAWN]
        figure = go.Figure()
        for name in names:
            own = rows[rows["element"] == name]
            figure.add_scatter(x=own["timestamp"], y=own[quantity], name=name, mode="lines")
        figure.update_layout(title="Over time", yaxis_title=titles[quantity], height=360, showlegend=True)
        course.plotly_chart(figure, key="course")
        if rows["element"].nunique() > DRAWN:
            course.caption(f"The first {DRAWN} are drawn: choose others with the filters above.")


st.title("Results")
with explained():
    one, software, component = choose(needed_simulations())
    if one.state != DONE:
        st.warning(f"The simulation is {one.state}: its results are not complete.", icon=":material/hourglass_top:")
    every = rows_of(one, component, software)
    if every.empty:
        st.info(f"{SOFTWARE[software]} has no {component} results in this simulation.")
        st.stop()
    titles = headings(component, software)
    rows = narrowed(every, component)
    times = rows["timestamp"].unique().tolist()
    at = st.select_slider("Time", times) if len(times) > 1 else times[0]
    now = rows[rows["timestamp"] == at]
    shown = [name for name in titles if name in now]
    show_numbers(now[shown].rename(columns=titles))
    st.caption(f"{len(now):,} of {len(rows):,} rows; powers are per unit of {one.sbase_mva:g} MVA. Times as recorded.")
    download_table(rows[shown], f"simulation_{one.grid_sim_id}_{software}_{component}")
    plots(rows, now, component, titles)
