"""A study of a network file: chosen or taken over from Network exchange, run in the background like a plant's."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import streamlit as st

from core import jobs
from core.formats.networks import FORMATS
from core.jobs import RunStatus
from pages.parts.shell import current_project, explained, store
from pages.parts.study_runs import newest_result

#: Content and name of the network last looked at on Network exchange, in the session.
LAST = "network-file"
_LISTS = {"con": "Contingencies (.con)", "sub": "Subsystems (.sub)", "mon": "Watched sets (.mon)"}


def network_run(study: str, title: str, options: Mapping[str, object] | None) -> RunStatus | None:
    """Let a network be chosen and studied; return its newest run with a result, else say what there is."""
    files = _files(study)
    if "network" not in files:
        st.info("Drop a network file, or open one on Network exchange: it is taken over from there.")
        return None
    name = f"{title}: {files['network'][1]}"
    project = current_project()
    overrides = project.overrides() if project else []
    if st.button("Run the study", type="primary", icon=":material/play_arrow:"):
        with explained(), st.spinner("Reading the network"):
            from core.jobs import studies  # its engines are slow to load: the page doesn't wait for them

            given = {**(options or {}), "overrides": overrides}
            studies.start(store(), study, files, given, project=project and project.id, title=name)
            st.rerun()
    content = sha256(files["network"][0]).hexdigest()  # another file of the same name is another network
    runs = [run for run in jobs.runs(store(), project and project.id) if run.kind == "study" and run.title == name]
    mine = [run for run in runs if run.result is None or run.result.get("network_sha256") == content]
    return newest_result(mine, files["network"][1], overrides, options)


def _files(study: str) -> dict[str, tuple[bytes, str]]:
    """Return the files that the user chose."""
    endings = ", ".join(sorted({form.ending for form in FORMATS.values()}))
    last: tuple[bytes, str] | None = st.session_state.get(LAST)
    words = f"Network file ({endings})" + (f"; without one: {last[1]} of Network exchange" if last else "")
    upload = st.file_uploader(words, max_upload_size=200)
    files = {"network": (upload.getvalue(), upload.name)} if upload else {"network": last} if last else {}
    if study == "contingency":
        with st.expander("Contingency, subsystem and monitoring files of PSS/E", icon=":material/checklist:"):
            columns = st.columns(len(_LISTS))
            for column, (sort, label) in zip(columns, _LISTS.items(), strict=True):
                chosen = column.file_uploader(label, type=[sort])
                if chosen:
                    files[sort] = (chosen.getvalue(), chosen.name)
            if "con" not in files:
                st.caption("Without a .con file every branch and every machine is an outage.")
                files = {sort: file for sort, file in files.items() if sort not in _LISTS}
    return files
