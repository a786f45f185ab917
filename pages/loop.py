from __future__ import annotations

import streamlit as st

from core import jobs
from core.design.requirement import Requirement
from core.design.requirement_file import read_requirement
from core.jobs import loop as background
from core.project import Project, loops
from core.project.catalogue import with_catalogue
from core.project.loops import STAGE_OF, WAITING, Loop
from pages.parts.findings import show_findings
from pages.parts.loop import open_updates, requirement_costs, round_details, rounds_table
from pages.parts.opening import needed_project
from pages.parts.plain import plain
from pages.parts.shell import explained, guard, store

guard()

STARTS = {"usual": "From the requirement", "weak": "Weak on purpose", "ledger": "With the ledger's accepted updates"}
ROUNDS = 12


def start_form(project: Project) -> None:
    with st.form("begin-loop"):
        file = st.file_uploader("Requirement (JSON); without one, the sample of 200 MW", type="json")
        left, middle, right = st.columns(3)
        start = left.selectbox("Start", list(STARTS), format_func=STARTS.__getitem__)
        limit = middle.number_input("Rounds at most", 1, 50, ROUNDS)
        uploaded = right.multiselect(
            "Results that outside tools bring",
            list(STAGE_OF),
            format_func=lambda study: f"{STAGE_OF[study].name} ({STAGE_OF[study].tool})",
            help="In each round the loop waits for these results; the hub does the other studies itself.",
        )
        manual = st.toggle("One round at a time: I decide the updates")
        st.caption("Each round becomes a revision of this project's plant; undo brings the plant of before back.")
        if st.form_submit_button("Begin", type="primary", icon=":material/play_arrow:"):
            with explained():
                reading = read_requirement(file.getvalue(), file.name) if file else None
                requirement = reading.value if reading else Requirement()
                loop = loops.begin(
                    project, with_catalogue(project, requirement), start=start, uploaded=uploaded, limit=int(limit)
                )
                background.start(project, loop, manual=manual)
                st.session_state["loop-remarks"] = reading.findings if reading else []
                st.rerun()


def controls(project: Project, loop: Loop) -> None:
    turns = [run for run in jobs.runs(store(), project.id) if run.kind == background.LOOP.name]
    failed = (turns[0].result or {"failed": [turns[0].message]})["failed"] if turns else []
    if background.is_turning(project):
        st.info(f"Turning: {loop.progress or 'begins'}. Runs at the left show how far it is.", icon=":material/sync:")
        if st.button("Stop", icon=":material/stop:"):
            with explained():
                for run in turns:
                    if run.is_active:
                        jobs.cancel(store(), run.id)
                st.rerun()
        return
    if failed and failed[0] and not loop.ended:
        st.error(f"The last run failed: {failed[0]}", icon=":material/error:")
    elif loop.state == WAITING:
        st.warning(f"Waiting: {loops.uploads(project, loop).text}.", icon=":material/upload_file:")
        st.caption("Download the round's files below, run the tool, and bring its answer on *Import results*.")
        if st.button("Import results", icon=":material/download_done:"):
            st.switch_page("pages/import_results.py")
    else:
        said = st.success if loop.converged else st.warning if loop.ended else st.info
        said(f"**{loop.state.capitalize()}** — {plain(loop.reason)}")
    if loop.ended:
        return
    with st.container(horizontal=True):
        go = st.button("Go on", type="primary", icon=":material/play_arrow:")
        step = st.button("One round", icon=":material/skip_next:")
    if go or step:
        with explained():
            background.start(project, loop, manual=step)
            st.rerun()


st.title("Closed loop")
project = needed_project("The loop sizes a plant, studies it, and corrects it until every stage passes.")
st.caption("Design → plant → studies → verdicts → constraint updates, and again until every stage passes.")
loop = loops.latest(project)
if loop is None:
    start_form(project)
    st.stop()
with explained():
    background.go_on(project)
controls(project, loop)
if remarks := st.session_state.get("loop-remarks"):
    st.markdown("**Remarks on the requirement**")
    show_findings(remarks)
if loop.ended or not (loop.rounds or background.is_turning(project)):
    with st.expander("Begin a new loop"):
        start_form(project)
if loop.rounds:
    rounds_table(loop)
    if not loop.ended and loop.rounds[-1].judgement:
        open_updates(project, loop)
    requirement_costs(project, loop)
    round_details(project, loop)
