from __future__ import annotations

import streamlit as st

from core import jobs
from core.project.catalogue import keep_catalogue, kept_catalogue
from pages.parts.opening import needed_project
from pages.parts.requirement_form import catalogue_form, requirement_form
from pages.parts.shell import explained, guard, store
from pages.parts.sizing_answer import comparison, show_designs
from pages.parts.study_runs import newest_result

guard()

WHY = "The optimiser chooses the cheapest units, battery, sun, wind and grid connection that meet a requirement."
SWEEPS = {
    "Load [factor]": ("load", "0.8, 0.9, 1, 1.1, 1.2"),
    "Fuel price [factor]": ("fuel_price", "0.5, 0.75, 1, 1.5, 2"),
    "Availability target": ("availability_target", "0.999, 0.9995, 0.9998"),
}
SIZING = "Sizing"

st.title("Sizing")
project = needed_project(WHY)
st.caption(WHY)
runs = [run for run in jobs.runs(store(), project.id) if run.kind == "sizing"]
last = jobs.inputs(store(), runs[0].id)["requirement"] if runs else {}


def submit(title: str, sweep: dict[str, object] | None = None) -> None:
    """Size for the requirement that the forms hold, once or for every value of a sweep."""
    with explained():
        inputs = {"requirement": {**requirement, **entered}, "sweep": sweep}
        jobs.submit(store(), "sizing", inputs, project=project.id, title=title)
        st.rerun()


with st.expander("Requirement", expanded=not runs, icon=":material/checklist:"):
    requirement = requirement_form(last)
with st.expander("Technology catalogue", icon=":material/inventory_2:"):
    entered = catalogue_form(kept_catalogue(project) or last)
    if entered and st.button("Keep as this project's catalogue", icon=":material/save:"):
        with explained():
            keep_catalogue(project, entered)
            st.success("Kept: the closed loop and everyone who opens this project start with it.")
refused = requirement is None or entered is None
if refused:
    st.error("A file of the requirement or the catalogue is refused: see above.", icon=":material/error:")
if st.button("Size the plant", type="primary", icon=":material/play_arrow:", disabled=refused):
    submit(SIZING)

design, sensitivity, compared = st.tabs(["Design", "Sensitivity", "Compare designs"])
with design:
    done = newest_result([run for run in runs if run.title == SIZING], "the requirement")
    if done and done.result:
        show_designs(done.id, done.result, project, charted=False)
with sensitivity:
    chosen, values = st.columns([1, 2])
    label = chosen.selectbox("How the design follows", list(SWEEPS))
    quantity, usual = SWEEPS[label]
    text = values.text_input("Values", usual, key=f"values-{quantity}", help="Numbers, separated by commas.")
    title = f"Sensitivity to {label.partition(' [')[0].lower()}"
    if st.button("Size for each value", icon=":material/stacked_line_chart:", disabled=refused):
        try:
            numbers = [float(value) for value in text.split(",") if value.strip()]
        except ValueError:
            numbers = []
        if numbers:
            submit(title, {"quantity": quantity, "values": numbers})
        else:
            st.error(f"“{text}” are no numbers. Separate them by commas, with a point before decimals: {usual}")
    swept = newest_result([run for run in runs if run.title == title], "the requirement")
    if swept and swept.result:
        show_designs(swept.id, swept.result, project, charted=True)
with compared:
    comparison([run for run in runs if run.result])
