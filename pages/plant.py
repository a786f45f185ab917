from __future__ import annotations

import streamlit as st

from core.findings import Finding, Reading
from core.formats.isolated import isolated
from core.formats.plant_file import read_plant
from core.plant import Plant, check_plant, generate_scenarios
from pages.parts.empty import empty_state
from pages.parts.findings import counted, show_findings
from pages.parts.oneline import oneline
from pages.parts.opening import open_sample
from pages.parts.plain import plain
from pages.parts.plant_editor import plant_editor
from pages.parts.shell import current_project, explained, guard, open_project, store, workspace

guard()

NAMES = {
    "bus": "Buses",
    "unit": "Units",
    "transformer": "Transformers",
    "cable": "Connections",
    "breaker": "Breakers",
    "load": "Loads",
    "shunt": "Shunts",
    "reliability": "Reliability",
    "block": "Blocks",
    "scenario": "Scenarios",
}
TABLES, ONELINE, FILE, HISTORY = "Tables", "One-line", "From a file", "History"


@st.cache_data(show_spinner="Reading the file …", max_entries=8)
def reading_of(sha256: str, name: str) -> Reading[Plant]:
    return isolated(read_plant, store().content(sha256), name)


@st.cache_data(show_spinner=False, max_entries=8)
def findings_of(project_id: str, revision: int) -> list[Finding]:
    return check_plant(Plant.from_document(workspace().project(project_id).plant_at(revision)))


def upload() -> None:
    st.markdown(
        "A plant starts from an ETAP equipment file (CSV or XLSX), the workbook of the export hub, or a plant file of "
        "this program. The file is kept untouched; nothing changes before you say so."
    )
    file = st.file_uploader("Equipment or plant file", type=["csv", "txt", "xlsx", "xlsm", "json"])
    if file is None:
        return
    with explained():
        reading = reading_of(store().keep(file.getvalue(), file.name), file.name)
        findings = [*reading.findings, *check_plant(reading.value)]
        rows = ", ".join(f"{len(t)} {NAMES[n].lower()}" for n, t in reading.value.tables.items() if len(t))
        st.markdown(f"**{reading.value.name}**: {rows} — {counted(findings)}".replace("[", "\\["))
        show_findings(findings)
        start, replace = st.columns(2)
        if start.button("Start a new project with it", type="primary", icon=":material/add:"):
            open_project(workspace().create(reading.value.name, reading.value.to_document()).id)
            st.rerun()
        if project and replace.button(f"Replace the plant of “{plain(project.name)}”", icon=":material/swap_horiz:"):
            project.save_plant(reading.value.to_document(), f"plant from {file.name}", project.revision)
            st.rerun()


def toolbar() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Undo", icon=":material/undo:", shortcut="Ctrl+Z"):
            project.undo()
            st.rerun()
        if st.button("Redo", icon=":material/redo:", shortcut="Ctrl+Shift+Z"):
            project.redo()
            st.rerun()
        if st.button("Generate scenarios", icon=":material/auto_awesome:", help="Base cases, N-1 and chosen N-2"):
            changed = plant.with_table("scenario", generate_scenarios(plant))
            project.save_plant(changed.to_document(), "scenarios generated", project.revision)
            st.rerun()
        st.caption(f"Revision {project.revision} · every change is saved")


st.title("Plant")
project = current_project()
if project is None:
    why = "A project holds one plant. Open the sample, or start from an equipment file below."
    if empty_state("No project yet", why, button="Open the sample plant"):
        open_sample()
    upload()
    st.stop()

plant = Plant.from_document(project.plant_document)
findings = findings_of(project.id, project.revision)
with explained():
    toolbar()
view = st.segmented_control("Show", [TABLES, ONELINE, FILE, HISTORY], default=TABLES, key="plant-view", required=True)
if view == TABLES:
    table = st.segmented_control(
        "Table", list(NAMES), format_func=NAMES.__getitem__, default="unit", key="plant-table", required=True
    )
    with explained():
        plant_editor(project, table)
    own = [finding for finding in findings if finding.where.sheet in (table, None)]
    st.subheader("Findings")
    if findings:
        st.caption(f"{counted(findings)} in the plant, {len(own)} here")
    show_findings(own)
elif view == ONELINE:
    oneline(plant, key="plant-oneline")
elif view == FILE:
    upload()
else:
    for revision in project.history():
        mark = " :blue-badge[current]" if revision.is_current else ""
        st.markdown(f"**{revision.number}** {revision.what}{mark} — {revision.who}, {revision.at:%Y-%m-%d %H:%M} UTC")
