from __future__ import annotations

import streamlit as st

from core.findings import Finding, counted
from core.plant import Plant
from core.project import Project
from core.project.demos import demos, open_demo
from core.project.judgement import is_stale, record_judgement
from pages.parts.dashboard import (
    criteria_and_overrides,
    history,
    key_numbers,
    ledger,
    reports,
    stage_list,
    violations,
)
from pages.parts.discrepancies import discrepancy_table
from pages.parts.empty import empty_state
from pages.parts.errors import explained
from pages.parts.findings import show_findings
from pages.parts.opening import needed_project
from pages.parts.plain import plain
from pages.parts.shell import guard, open_project, workspace
from pages.parts.status import badge_text
from pages.parts.verdicts import verdict_table

guard()


def judge(project: Project) -> None:
    with explained(), st.spinner("Judging the results and running the hub's own studies …"):
        record_judgement(project)
        st.rerun()


def demo_mode() -> None:
    st.caption("Each demo opens a project of its own; yours stays as it is.")
    for demo in demos():
        if st.button(demo.title, key=f"demo-{demo.id}", help=demo.shows, width="stretch"):
            with explained(), st.spinner("Opening the demo …"):
                open_project(open_demo(workspace(), demo).id)
                st.rerun()


st.title("Validation dashboard")
project = needed_project("The dashboard shows stage by stage what passed, warned and failed, and what must change.")
plant = Plant.from_document(project.plant_document)
rounds = project.rounds()
with st.container(horizontal=True, vertical_alignment="center"):
    imports = len(project.imports())
    st.markdown(f"**{plain(project.name)}** · revision {project.revision} · {counted(imports, 'imported result')}")
    if not imports and st.button("Import results", icon=":material/download_done:"):
        st.switch_page("pages/import_results.py")
    with st.popover("Demo mode", icon=":material/play_circle:", key=f"demos-{project.id}"):
        demo_mode()
if not rounds:
    why = (
        "A round judges the plant and the results from *Import results*, and sets them against the hub's own studies. "
        "Demo mode above brings results of its own."
    )
    if empty_state("Nothing judged yet", why, button="Judge now", icon=":material/gavel:"):
        judge(project)
    st.stop()

latest = rounds[-1]
document = latest.document
st.markdown(f"## {badge_text(latest.overall)} &nbsp; round {latest.number}")
if is_stale(project):
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(":material/history: Plant, results or criteria changed since this round.")
        if st.button("Judge again", type="primary", shortcut="J"):
            judge(project)

stage_list(document)
key_numbers(document, project.criteria())
reports(project, plant, latest)

bad = sum(verdict["verdict"] in {"FAIL", "WARN"} for verdict in document["verdicts"])
tabs = st.tabs(
    [
        f"Violations ({bad})",
        f"Constraint updates ({len(document['constraint_updates'])})",
        f"Beside the hub's own studies ({len(document['discrepancies'])})",
        f"All verdicts ({len(document['verdicts'])})",
        f"Findings ({len(document['findings'])})",
        "Criteria",
        f"Rounds ({len(rounds)})",
    ]
)
with tabs[0]:
    violations(plant, document)
with tabs[1]:
    ledger(project)
with tabs[2]:
    discrepancy_table(project, document)
with tabs[3]:
    verdict_table(document["verdicts"], key="verdicts")
with tabs[4]:
    show_findings([Finding.from_dict(finding) for finding in document["findings"]])
with tabs[5]:
    criteria_and_overrides(project)
with tabs[6]:
    history(rounds)
