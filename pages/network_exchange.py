from __future__ import annotations

import streamlit as st

from core.formats.blocking import refuse_blocked
from core.formats.companions import COMPANIONS, companion_of
from core.formats.networks import FORMATS
from pages.parts.empty import empty_state
from pages.parts.network_companion import show_companion
from pages.parts.network_conversion import show_conversion, show_difference
from pages.parts.network_diagram import show_diagram
from pages.parts.network_file import look_at, repaired_by, sample
from pages.parts.network_tabs import show_audit, show_findings_and_repairs, show_summary, show_tables
from pages.parts.shell import explained, guard
from pages.parts.study_network import LAST

guard()

st.title("Network exchange")
endings = ", ".join(sorted({form.ending for form in FORMATS.values()} | set(COMPANIONS)))
upload = st.file_uploader(
    "Drop a network file",
    max_upload_size=200,
    help=f"PSS/E v29 to v35 and RAWX, MATPOWER, PowerModels, pandapower and PyPSA files, and those that go with "
    f"a PSS/E case ({endings}).",
)
if upload is None and not st.session_state.get("network-sample"):
    why = "A power-flow case of any format: what it holds, what is wrong with it, whether it is solved, and conversion."
    if empty_state("No network", why, button="Show me with a small case"):
        st.session_state["network-sample"] = True
        st.rerun()
    st.stop()
content, name = (upload.getvalue(), upload.name) if upload else sample()
with explained():
    if companion := companion_of(name):
        show_companion(companion, content, name)
        st.stop()
    identity = look_at(content, name)
    st.session_state[LAST] = (content, name)
    reading = repaired_by(identity, tuple(st.session_state.get(f"repairs-{identity}", ())))
    show_summary(reading)
    views = ("Findings", "Audit", "Tables", "Diagram", "Convert", "Compare")
    view = st.segmented_control("View", views, default=views[0], label_visibility="collapsed") or views[0]
    if view in ("Audit", "Convert", "Compare"):
        refuse_blocked(reading)
    if view == "Findings":
        show_findings_and_repairs(reading, identity)
    elif view == "Audit":
        show_audit(reading.value)
    elif view == "Tables":
        show_tables(reading.value)
    elif view == "Diagram":
        show_diagram(reading.value)
    elif view == "Convert":
        show_conversion(reading, name)
    else:
        show_difference(reading)
