from __future__ import annotations

import streamlit as st

from core.findings import Finding
from pages.parts import feeders
from pages.parts.feeder_gis import show_layers, show_matches
from pages.parts.feeder_import import (
    bring,
    confirm_removal,
    offer_files,
    offer_repair,
    show_recognised,
    show_summary,
    show_tables,
)
from pages.parts.findings import counted, show_findings, warn_of_errors
from pages.parts.shell import explained, guard

guard()

SUMMARY, FINDINGS, MODEL, CATALOGUE = "Summary", "Findings", "Model", "Equipment catalogue"
LAYERS, MATCHES, DOWNLOADS = "GIS fields", "GIS ↔ model", "Downloads"

st.title("Feeder import")
name = feeders.chosen()
with st.expander("Bring a feeder or add files", expanded=name is None, icon=":material/upload_file:"):
    bring()
if name is None:
    st.stop()
if st.button("Remove this feeder", icon=":material/delete:", type="tertiary"):
    confirm_removal(name)
with explained():
    run = feeders.answer("read", name)
    found = run.result or {}
    findings = [Finding.from_dict(document) for document in found["findings"]]
    show_recognised(found)
    offer_repair(name, found)
    kinds = {each["kind"] for each in found["files"]}
    views = [SUMMARY, FINDINGS, MODEL, CATALOGUE, *[LAYERS] * bool(found["layers"])]
    views += [MATCHES] * ("GIS" in kinds and len(kinds & {"CYME", "OpenDSS"}) > 0)
    titles = {FINDINGS: f"{FINDINGS}: {counted(findings)}"}
    view = st.segmented_control(
        "Show", [*views, DOWNLOADS], default=SUMMARY, key="feeder-view", required=True, persist_state="session",
        format_func=lambda each: titles.get(each, each), label_visibility="collapsed",
    )  # fmt: skip
    if view == SUMMARY:
        warn_of_errors(findings)
        show_summary(found["summary"])
    elif view == FINDINGS:
        show_findings(findings)
    elif view in (MODEL, CATALOGUE):
        show_tables(run.id, found["tables"], catalogue=view == CATALOGUE)
    elif view == LAYERS:
        show_layers(name, found["layers"])
    elif view == MATCHES:
        show_matches(name)
    else:
        offer_files(name)
