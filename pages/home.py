from __future__ import annotations

import streamlit as st

from core.plant import sample_plant
from pages.parts import feeders
from pages.parts.opening import needed_project, open_sample
from pages.parts.shell import explained, guard, open_project, workspace
from pages.parts.status import badge_text

guard()


@st.dialog("Rename the project")
def rename() -> None:
    name = st.text_input("Name", value=project.name)
    if st.button("Rename", type="primary"):
        with explained():
            project.rename(name)
            st.rerun()


@st.dialog("Remove the project")
def remove() -> None:
    st.markdown(f"**{project.name}** goes with its revisions, results, verdicts and ledger. This can't be undone.")
    if st.button("Remove it", type="primary"):
        workspace().remove(project.id)
        st.rerun()


st.title("Gridproof")
st.markdown("The validation hub between a power-system design and the tools that prove it.")

if st.button("Open the sample feeders", icon=":material/account_tree:", type="tertiary"):
    feeders.open_samples()
    st.switch_page("pages/feeder_map.py")
project = needed_project(
    "A project holds a plant, the results that ETAP, PSS/E and Windchill RAM answered, and the verdicts on them. "
    "The sample is a real one: 200 MW of data-centre load behind the meter of an island plant."
)
rounds = project.rounds()
with st.container(border=True):
    st.subheader(project.name)
    overall = badge_text(rounds[-1].overall if rounds else "NOT CHECKED")
    units, buses = (len(project.plant_document["tables"][table]) for table in ("unit", "bus"))
    st.markdown(
        f"{overall} &nbsp; {units} units on {buses} buses · revision {project.revision} · "
        f"{len(project.imports())} imported results · {len(rounds)} rounds"
    )
    with st.container(horizontal=True):
        if st.button("Rename", icon=":material/edit:"):
            rename()
        if st.button("Remove", icon=":material/delete:"):
            remove()

lines = workspace().projects()
if all(line.name != sample_plant().name for line in lines) and st.button("Open the sample plant"):
    open_sample()

st.subheader("Projects of this workspace")
for line in lines:
    name, verdict, when = st.columns([5, 2, 3], vertical_alignment="center")
    if name.button(line.name, key=f"open-{line.id}", type="tertiary", icon=":material/folder:"):
        open_project(line.id)
        st.rerun()
    verdict.markdown(badge_text(line.overall or "NOT CHECKED"))
    when.caption(f"changed {line.changed_at.astimezone():%Y-%m-%d %H:%M}")
