from __future__ import annotations

import streamlit as st

from core.errors import GridproofError
from core.findings import counted
from core.formats.kinds import kinds
from core.formats.recognise import Choice
from core.jobs import loop
from core.plant import Plant
from pages.parts.empty import empty_state
from pages.parts.examined import CHOICES, choices_of, look_at, show_table
from pages.parts.opening import needed_project
from pages.parts.plain import plain
from pages.parts.shell import explained, guard, show_error

guard()

TITLES = {(kind.tool, kind.study): kind.title for kind in kinds().values()}

st.title("Import results")
project = needed_project(
    "Results of ETAP, PSS/E and Windchill RAM belong to a project: its plant says which elements they are about."
)
plant = Plant.from_document(project.plant_document)
uploads = st.file_uploader(
    "Drop what ETAP, PSS/E or Windchill RAM answered",
    accept_multiple_files=True,
    max_upload_size=200,
    key=f"uploads-{st.session_state.get('uploads-version', 0)}",
    help="CSV, text, XLSX or ETAP report databases (.LF1S, .SA1S, .SA2S, .SI1S). The tool and study are recognised by "
    "content. Files are read outside this page with a time limit, and kept untouched when you import them.",
)
choices = choices_of(project)
ready, readable = [], 0
for place, upload in enumerate(uploads):
    st.subheader(upload.name)
    content = upload.getvalue()
    tables = look_at(content, upload.name, choices)
    if isinstance(tables, GridproofError):
        show_error(tables)
        continue
    readable += len(tables)
    for number, table in enumerate(tables):
        choice = choices.get(table.signature, Choice())
        picked = show_table(table, choice, plant, f"{place}-{number}-{table.signature[:12]}-{hash(str(choice))}")
        if picked != choice:
            st.session_state.setdefault(CHOICES, {})[table.signature] = picked
            st.rerun()
    readings = [table.reading for table in tables if table.reading is not None]
    if readings:
        ready.append((upload, content, readings, [table.signature for table in tables]))

count = sum(len(readings) for _, _, readings, _ in ready)
if readable and not count:
    st.info("Nothing to import yet: choose tool, study and columns by hand above.", icon=":material/info:")
if count and st.button(f"Import {counted(count, 'result')}", type="primary", icon=":material/download_done:"):
    with explained():
        files = []
        for upload, content, readings, signatures in ready:
            mapping = {"choices": {each: choices[each].as_dict() for each in signatures if each in choices}}
            files.append((content, upload.name, [reading.value for reading in readings], mapping))
        project.add_imports(files)
        loop.go_on(project)
        st.session_state["uploads-version"] = st.session_state.get("uploads-version", 0) + 1
        st.toast(f"{counted(count, 'result')} imported", icon=":material/check_circle:")
        st.rerun()

st.subheader("Imported results")
imports = project.imports()
if imports:
    if st.button("Judge them on the dashboard", icon=":material/fact_check:"):
        st.switch_page("pages/dashboard.py")
else:
    why = "Drop result files above. Demo mode on the dashboard brings sets of results of the sample plant."
    if empty_state("Nothing imported yet", why, button="Go to the dashboard"):
        st.switch_page("pages/dashboard.py")
for line in reversed(imports):
    what, when, remarks, remove = st.columns([5, 2, 2, 1], vertical_alignment="center")
    what.markdown(f"**{TITLES.get((line.tool, line.study), line.study)}** · {plain(line.name)}")
    when.caption(f"{line.at.astimezone():%Y-%m-%d %H:%M} · {line.who} · {line.sha256[:8]}")
    remarks.caption(counted(len(line.findings), "finding"))
    if remove.button("Remove", key=f"remove-{line.id}", icon=":material/delete:", type="tertiary"):
        with explained():
            project.remove_import(line.id)
            st.rerun()
