from __future__ import annotations

import streamlit as st

from core import jobs
from core.design.requirement_file import read_hours
from core.documents import plain
from core.plant import Plant, total_load
from pages.parts.availability_answer import show_answer
from pages.parts.empty import empty_state
from pages.parts.opening import needed_project
from pages.parts.shell import explained, guard, store
from pages.parts.study_runs import newest_result

guard()

st.title("Availability")
project = needed_project("How often the plant's power is there, and what would reach the target.")
plant = Plant.from_document(project.plant_document)
if plant["block"].empty:
    why = "The plant has no reliability blocks: nothing says which equipment must work."
    if empty_state("No block diagram", why, button="Choose another project"):
        st.switch_page("pages/home.py")
    st.stop()

batteries = plant.online("unit").query("type == 'BESS'")
with st.form("run", border=True):
    columns = st.columns(4)
    required = columns[0].number_input("Required power [MW]", 0.0, value=max(total_load(plant)[0], 0.0), step=10.0)
    bess_mw = columns[1].number_input("Battery power [MW]", 0.0, value=float(batteries["rated_mw"].sum()))
    bess_mwh = columns[2].number_input("Battery energy [MWh]", 0.0, value=float(batteries["energy_mwh"].sum()))
    wanted = min(max(plant.settings.availability_target, 0.0), 1.0)
    target = columns[3].number_input("Target availability", 0.0, 1.0, value=wanted, step=0.0001, format="%.6f")
    histories = columns[0].number_input("Simulated histories", 0, 100_000, value=2000, step=1000)
    years = columns[1].number_input("Years of each history", 1.0, 1000.0, value=20.0)
    seed = columns[2].number_input("Seed", 0, 2**31, value=1, help="The same seed gives the same histories")
    file = st.file_uploader("Load of every hour [MW], a CSV; without one it is the required power", type=["csv", "txt"])
    pressed = st.form_submit_button("Run the study", type="primary", icon=":material/play_arrow:")
if pressed:
    options = {"required_mw": required, "bess_mw": bess_mw, "bess_mwh": bess_mwh, "histories": histories}
    options |= {"years": years, "seed": seed, "load_mw": [required]}
    inputs = {"plant": project.plant_document, "target": target, "options": options}
    with explained():
        if file:
            loads = read_hours(file.getvalue(), file.name, "load_mw", or_52_weeks=True)
            options["load_mw"], inputs["remarks"] = loads.value, plain(loads.findings)
        jobs.submit(store(), "availability", inputs, project=project.id, title="Availability")
        st.rerun()

runs = [run for run in jobs.runs(store(), project.id) if run.kind == "availability"]
run = newest_result(runs, f"the plant of {project.name}")
if run and run.result:
    show_answer(run.result, plant)
