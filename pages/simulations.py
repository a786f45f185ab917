from __future__ import annotations

import pandas as pd
import streamlit as st

from core import jobs
from core.findings import Finding
from core.jobs import simulation
from core.results.database import Simulation
from core.results.database.simulations import DONE, INTERRUPTED, RUNNING
from pages.parts.columns import fitting
from pages.parts.findings import counted, show_findings
from pages.parts.job_panel import job_panel
from pages.parts.new_simulation import new_simulation
from pages.parts.plain import plain
from pages.parts.result_files import import_files
from pages.parts.shell import explained, guard, store
from pages.parts.simulations import CHOSEN, engine_title

guard()

STATES = {RUNNING: "▶ running", INTERRUPTED: "■ interrupted", DONE: "✓ done"}


def table(every: list[Simulation]) -> pd.DataFrame:
    """Return the simulations as the list shows them."""
    return pd.DataFrame(
        {
            "No.": [one.grid_sim_id for one in every],
            "Case": [one.case_name for one in every],
            "Series": [", ".join(file["name"] for file in one.inputs.get("series") or []) or "–" for one in every],
            "Software": [engine_title(one) for one in every],
            "State": [STATES[one.state] for one in every],
            "Steps": pd.array([one.steps for one in every], dtype="Int64"),
            "Done": [one.steps_done for one in every],
            "Unsolved": pd.array([one.unsolved for one in every], dtype="Int64"),
            "From": [one.timestamp_start for one in every],
            "To": [one.timestamp_end or "–" for one in every],
            "Base [MVA]": [one.sbase_mva for one in every],
        }
    )


def actions(one: Simulation) -> None:
    """Offer what can be done with the chosen simulation."""
    with st.container(horizontal=True), explained():
        if st.button("Show the results", type="primary", icon=":material/table_chart:"):
            st.session_state[CHOSEN] = one.grid_sim_id
            st.switch_page("pages/results.py")
        resumable = one.state == INTERRUPTED and "network" in one.inputs
        if resumable and st.button("Resume", icon=":material/play_arrow:"):
            simulation.resume(store(), one.grid_sim_id)
            st.rerun()
        if one.state == RUNNING and st.button("Stop", icon=":material/stop:"):
            simulation.cancel(store(), one.grid_sim_id)
            st.rerun()
        if one.state != RUNNING:
            with st.popover("Remove", icon=":material/delete:"):
                st.markdown(f"Simulation {one.grid_sim_id} goes with all its results. There is no way back.")
                if st.button(f"Remove simulation {one.grid_sim_id}", icon=":material/delete_forever:"):
                    simulation.remove(store(), one.grid_sim_id)
                    st.rerun()


def remarks(one: Simulation) -> None:
    """Show what the simulation says of its files and of steps without a solution."""
    run = simulation.run_of(store(), one)
    if run is None or run.state is not jobs.State.FINISHED:
        return
    result = jobs.result(store(), run.id)
    if result["unsolved"]:
        st.error(f"Steps without a solution: {result['unsolved']} of {one.steps}; their results are empty.")
    if findings := [Finding.from_dict(each) for each in result["findings"]]:
        with st.expander(counted(findings)):
            show_findings(findings)


st.title("Simulations")
every = simulation.simulations(store())
if not every:
    st.markdown("No simulation yet. Drop a network: it is calculated as it is, or at every step of a series.")
make, foreign = st.tabs(["New simulation", "Import results"])
with make:
    new_simulation()
with foreign:
    import_files()
every = simulation.simulations(store())
if every:
    st.subheader("All simulations")
    rows = table(every)
    event = st.dataframe(
        rows, hide_index=True, column_config=fitting(rows, {}), on_select="rerun", selection_mode="single-row",
        key=f"list-{len(every)}", placeholder="–",
    )  # fmt: skip
    picked = next(iter(event["selection"]["rows"]), 0)
    st.caption(
        f"Chosen: {every[picked].grid_sim_id} · {plain(every[picked].case_name)}. Click a row to choose another one."
    )
    actions(every[picked])
    remarks(every[picked])
job_panel(store(), kind=simulation.NAME)
