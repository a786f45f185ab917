from __future__ import annotations

import pandas as pd
import streamlit as st

from core.findings import counted
from core.results.database import Simulation, components, software_of
from core.results.database.simulations import DONE
from pages.parts.downloads import download_table
from pages.parts.result_plots import DRAWN, plots
from pages.parts.shell import explained, guard, store
from pages.parts.simulations import (
    CHOSEN,
    TITLES,
    course_of,
    elements,
    headings,
    identity,
    label,
    needed_simulations,
    outline_of,
    rows_of,
    show_numbers,
    step_of,
)

guard()

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
    row = st.container(horizontal=True, gap="large")
    software = row.segmented_control(
        "Software", known, default=one.software if one.software in known else known[0],
        format_func=TITLES.__getitem__, required=True, key=f"software-{one.grid_sim_id}",
    )  # fmt: skip
    tables = [*components(software), "farm"]
    component = row.segmented_control("Table", tables, default="bus", format_func=str.capitalize, required=True)
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


st.title("Results")
with explained():
    one, software, component = choose(needed_simulations())
    if one.state != DONE:
        st.warning(f"The simulation is {one.state}: its results are not complete.", icon=":material/hourglass_top:")
    times, known = outline_of(one, component, software)
    if not times:
        st.info(f"{TITLES[software]} has no {component} results in this simulation.")
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
