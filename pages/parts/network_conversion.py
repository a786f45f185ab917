"""Converting a network with its proof, and comparing it with another file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core.findings import Reading
from core.formats.conversion import PARTS, compare, converted
from core.formats.isolated import isolated
from core.formats.networks import FORMATS
from core.network import Network
from pages.parts.findings import show_findings
from pages.parts.network_file import look_at, repaired_by
from pages.parts.network_tabs import ROWS
from pages.parts.progress import shown_parts


def show_conversion(reading: Reading[Network], name: str) -> None:
    """Let choose a format; show what came through and offer the file."""
    columns = st.columns(2)
    form = FORMATS[columns[0].selectbox("Format", list(FORMATS), format_func=lambda key: FORMATS[key].title)]
    version = columns[1].selectbox("Version", form.versions) if form.versions else None
    if not st.button("Convert", type="primary", icon=":material/swap_horiz:"):
        return
    with shown_parts(PARTS):
        result = isolated(converted, reading, form.name, version)
    ledger, proof = result.ledger, result.proof
    gap = proof["admittance_difference_pu"]
    if gap is not None and gap < 1e-9:
        st.success("Read again, the admittance matrix is the same to 1e-9 pu.", icon=":material/verified:")
    elif gap is None:
        st.warning("Read again, the buses are others: see the ledger.", icon=":material/warning:")
    else:
        st.warning(f"Read again, the admittance matrix differs by up to {gap:.3g} pu.", icon=":material/warning:")
    st.download_button(
        "Download the file", result.content, f"{Path(name).stem}{form.ending}", icon=":material/download:",
        on_click="ignore", type="primary",
    )  # fmt: skip
    totals = pd.DataFrame(proof["totals"]).rename_axis("Sum in service").reset_index()
    st.dataframe(totals.rename(columns={"before": "Before", "after": "After"}), hide_index=True)
    st.markdown("**Ledger:** " + ", ".join(f"{count:,} {what}" for what, count in ledger["summary"].items()))
    if ledger["summary"]["dropped"] + ledger["summary"]["approximated"] and not ledger["summary"]["lost"]:
        st.caption("What is dropped or approximated rides along in the file: read here again, nothing is lost.")
    for what in ("dropped", "approximated", "added"):
        if ledger[what]:
            st.markdown(f"*{what.capitalize()}*")
            st.dataframe(pd.DataFrame(ledger[what]).astype(str).rename(columns=str.capitalize), hide_index=True)
    show_findings(result.findings)


def show_difference(reading: Reading[Network]) -> None:
    """Let drop a second file and show what differs."""
    other = st.file_uploader("Drop the file to compare with", key="other-network", max_upload_size=200)
    if other is None:
        st.caption("Any format: two PSS/E files are compared record by record, others table by table.")
        return
    second = repaired_by(look_at(other.getvalue(), other.name), ()).value
    with st.spinner("Comparing"):
        found = isolated(compare, reading.value, second)
    if found.is_empty:
        st.success("The two networks are the same.", icon=":material/check_circle:")
        return
    sums = {"only in the second": len(found.added), "only in the first": len(found.removed)}
    st.markdown(", ".join(f"{n:,} {what}" for what, n in {**sums, "values differ": len(found.changed)}.items()))
    for title, rows in (
        ("Values", found.changed),
        ("Only in the second", found.added),
        ("Only in the first", found.removed),
    ):
        if len(rows):
            st.markdown(f"**{title}**")
            if len(rows) > ROWS:
                st.caption(f"The first {ROWS:,} of {len(rows):,} rows.")
            st.dataframe(rows.head(ROWS).astype(str).rename(columns=str.capitalize), hide_index=True)
