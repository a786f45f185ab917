from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.parts import feeders
from pages.parts.shell import explained, guard
from pages.parts.status import badge_text

guard()

st.title("Feeder validation")
st.markdown("Our power flow against what CYME (or anybody) says: every node and section, the worst first.")
name = feeders.chosen()
if name is None:
    st.stop()
left, right = st.columns(2)
held = left.toggle("Hold the imported taps", value=True)
repair = right.toggle("Repair CYME 5 text exports")
upload = st.file_uploader(
    "Results as CSV or XLSX: node with VpuA/B/C, section with loading", type=["csv", "xlsx", "txt"]
)
if upload is None:
    st.info("Upload the study's results to compare with.")
    st.stop()
with explained(), tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / f"baseline{Path(upload.name).suffix}"
    path.write_bytes(upload.getvalue())
    words = ["--baseline", str(path), *(["--hold-taps"] if held else []), *(["--repair"] if repair else [])]
    found = feeders.answer("compare", name, feeders.stamp(name), *words)
    st.markdown(badge_text(found["verdict"]))
    st.dataframe(
        pd.DataFrame({quantity: found[quantity] for quantity in ("voltage", "angle", "loading", "current")}).T,
        column_config={"max_abs": "largest error", "rmse": "RMSE", "worst": "where"},
    )
    if found["unmatched"]:
        st.warning(
            f"{len(found['unmatched'])} rows of the results have no counterpart: {', '.join(found['unmatched'][:8])}"
        )
    for label, rows in (("Nodes", found["nodes"]), ("Sections", found["branches"])):
        if rows:
            st.subheader(label)
            st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
