from __future__ import annotations

import streamlit as st

from core import jobs
from core.jobs.time_series import ranking
from core.studies.time_series import year_inputs
from pages.parts import feeders
from pages.parts.feeder_year import (
    ELEMENT,
    HOUR,
    TABLES,
    VIEW,
    all_tables,
    one_element,
    one_hour,
    progress,
    runs_of,
    show_sums,
    years_run,
)
from pages.parts.shell import explained, guard, store

guard()


def ask(name: str) -> None:
    """Let a person choose profiles and time, and queue the run."""
    tables = {path.name: path for path in feeders.files(name, feeders.PROFILES)}
    profile = st.selectbox("Profiles", tables, placeholder="Bring profiles below")
    upload = st.file_uploader("Bring profiles", type=["csv", "txt", "parquet"], help="A column a profile, a row a step")
    if feeders.keep_beside(name, upload, feeders.PROFILES):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        hours = st.number_input("Hours [h]", 1, 8784, 8760, width=160)
        minutes = st.segmented_control("Step [min]", [60, 30, 15], default=60, required=True)
        held = st.toggle("Hold the imported taps")
    several = st.multiselect("Feeders", feeders.known(), default=[name], key=f"run-{name}")
    if st.button(
        "Run", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter", disabled=not (profile and several)
    ):
        cases = {each: [feeders.home() / each] for each in several}
        inputs = year_inputs(
            cases, tables[profile], hours=hours, step_minutes=float(minutes), hold_taps=held,
            workspace=store().settings.workspace, names=feeders.names_of(several), ranking=ranking(years_run()),
        )  # fmt: skip
        jobs.submit(store(), "time_series", inputs, title=f"{hours} h of {', '.join(several)}")
        st.session_state.pop("year-run", None)
        st.rerun()


st.title("Time series")
name = feeders.chosen()
if name is None:
    st.stop()
with explained():
    runs = {run.id: run for run in runs_of(name)}
    with st.expander("Run a year, or a part of one", expanded=not runs, icon=":material/calendar_month:"), explained():
        ask(name)
    if not runs:
        st.info("Run the year to see profiles, duration curves, the heat map, the worst hours and any hour on the map.")
        st.stop()
    titles = {id: f"{each.title} · {each.submitted_at.astimezone():%Y-%m-%d %H:%M}" for id, each in runs.items()}
    run = runs[st.selectbox("Run", list(runs), key="year-run", format_func=titles.__getitem__)]
    if run.is_active:
        progress(run.id)
        st.stop()
    if run.result is None:
        st.error(run.message or f"The run was {run.state} before it had a result.", icon=":material/error:")
        if st.button("Resume", icon=":material/play_arrow:"):
            jobs.resume(store(), run.id)
            st.rerun()
        st.stop()
    if jobs.inputs(store(), run.id).get("files", {}).get(name) != feeders.stamp(name):
        st.warning("The feeder's files have changed since this run: run it again.", icon=":material/update:")
    for part in run.result["failed"]:
        st.error(f"{part['feeder']}, block {part['block']}: {part['message']}", icon=":material/error:")
    years = {(year["case"], year["feeder"]): year for year in run.result["feeders"]}
    if not years:
        st.stop()
    at = next((k for k, (case, _) in enumerate(years) if case == name), 0)
    key = list(years)[at]
    if len(years) > 1:
        key = st.selectbox("Feeder of the run", list(years), index=at, format_func=" · ".join)
    year, step_h = years[key], run.result["step_h"]
    show_sums(year)
    st.session_state.setdefault(VIEW, ELEMENT)
    view = st.segmented_control("Show", [ELEMENT, TABLES, HOUR], key=VIEW, required=True)
    if view == ELEMENT:
        one_element(year, step_h)
    elif view == TABLES:
        all_tables(year)
    else:
        one_hour(year, step_h, run.result["steps"])
