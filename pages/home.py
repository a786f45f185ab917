from __future__ import annotations

import streamlit as st

from core.findings import counted
from pages.parts import feeders
from pages.parts.opening import open_sample
from pages.parts.plain import plain
from pages.parts.shell import current_id, current_project, explained, guard, open_project, workspace
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
def remove(id: str, name: str) -> None:
    st.markdown(f"**{name}** goes with its revisions, results, verdicts and ledger. This can't be undone.")
    if st.button("Remove it", type="primary"):
        workspace().remove(id)
        st.rerun()


def begin(title: str, icon: str, what: str, *, sample: str, page: str) -> bool:
    """Draw a way to begin, with its sample and a page for own files; return whether the sample was asked for."""
    with st.container(border=True, height="stretch"):
        st.markdown(f"#### :material/{icon}: {title}\n{what}")
        with st.container(horizontal=True):
            asked = st.button(sample, type="secondary" if project else "primary")
            if st.button("My own files", key=page, icon=":material/arrow_forward:"):
                st.switch_page(page)
    return asked


#: What one does with a plant, in this order.
NEXT = (
    ("Export it", "upload_file", "pages/export_hub.py"),
    ("Import results", "download_done", "pages/import_results.py"),
    ("Judge it", "fact_check", "pages/dashboard.py"),
)

st.title("Gridproof")
st.markdown("The validation hub between a power-system design and the tools that prove it.")

lines = workspace().projects()
project = None
with explained():
    project = current_project()
if project:
    rounds = project.rounds()
    with st.container(border=True):
        st.subheader(plain(project.name))
        overall = badge_text(rounds[-1].overall if rounds else "NOT CHECKED")
        units, buses = (len(project.plant_document["tables"][table]) for table in ("unit", "bus"))
        st.markdown(
            f"{overall} &nbsp; {units} units on {buses} buses · revision {project.revision} · "
            f"{counted(len(project.imports()), 'imported result')} · {counted(len(rounds), 'round')}"
        )
        with st.container(horizontal=True):
            for title, icon, target in NEXT:
                if st.button(title, icon=f":material/{icon}:"):
                    st.switch_page(target)
            if st.button("Rename", icon=":material/edit:"):
                rename()
            if st.button("Remove", icon=":material/delete:"):
                remove(project.id, project.name)
elif lines:
    damaged = next(line for line in lines if line.id == current_id())
    if st.button(f"Remove {damaged.name}", icon=":material/delete:"):
        remove(damaged.id, damaged.name)

st.markdown("### Begin with")
plant, network, feeder = st.columns(3)
with plant:
    what = "Export it to ETAP, PSS/E and Windchill RAM, study it, judge the tools' answers. The sample: 200 MW of load."
    if begin("A plant", "factory", what, sample="Open the sample plant", page="pages/plant.py"):
        open_sample()
with network:
    what = "A case of PSS/E, MATPOWER or PowerModels: findings, audit, conversion with proof, studies, simulation."
    if begin("A network", "hub", what, sample="Open a small case", page="pages/network_exchange.py"):
        st.session_state["network-sample"] = True
        st.switch_page("pages/network_exchange.py")
with feeder:
    what = "From CYME, GIS or OpenDSS files to a year of unbalanced power flow on the map. Two samples with profiles."
    if begin("A feeder", "account_tree", what, sample="Open the sample feeders", page="pages/feeder_import.py"):
        feeders.open_samples()
        st.switch_page("pages/feeder_map.py")

if lines:
    st.markdown("### Projects of this workspace")
    for line in lines:
        name, verdict, when = st.columns([5, 2, 3], vertical_alignment="center")
        if name.button(plain(line.name), key=f"open-{line.id}", type="tertiary", icon=":material/folder:"):
            open_project(line.id)
            st.rerun()
        verdict.markdown(badge_text(line.overall or "NOT CHECKED"))
        when.caption(f"changed {line.changed_at.astimezone():%Y-%m-%d %H:%M}")
