"""Uploaded values beside the hub's own, and the written reasons why contradicted ones stand."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.project import Project
from core.results.reconcile import tolerances
from pages.parts.errors import explained
from pages.parts.status import LOOKS, text_style
from pages.parts.verdicts import Document, place

#: Agreement → its words and the verdict whose colour it has, the worst first.
AGREEMENT = {
    "contradicts": ("✕ contradicts", "FAIL"),
    "explain": ("▲ to be explained", "WARN"),
    "agrees": ("✓ agrees", "PASS"),
    "nothing to compare": ("? nothing to compare", "NOT CHECKED"),
}
QUANTITIES = {
    "v_pu": "Voltage [pu]",
    "angle_deg": "Angle [deg]",
    "loading_pct": "Loading [%]",
    "ik_ka": "I″k [kA]",
    "x_r": "X/R",
    "duty_pct": "Breaker duty [%]",
    "availability": "Availability",
    "downtime_h": "Downtime [h/year]",
}
_LOOK = {words: LOOKS[verdict] for words, verdict in AGREEMENT.values()}


def discrepancy_table(project: Project, document: Document) -> None:
    """Draw uploaded values beside the hub's own, the worst first, and where contradictions are accepted."""
    rows = document["discrepancies"]
    if not rows:
        st.markdown("No uploaded result to set against the hub's own studies.")
        return
    ranked = sorted(rows, key=lambda row: list(AGREEMENT).index(row["agreement"]))
    within = {(one.study, one.quantity): one for study in {row["study"] for row in rows} for one in tolerances(study)}
    limits = [within[row["study"], row["quantity"]] for row in ranked]
    frame = pd.DataFrame(
        {
            "Agreement": [AGREEMENT[row["agreement"]][0] for row in ranked],
            "Stage": [row["stage"] for row in ranked],
            "Quantity": [QUANTITIES.get(row["quantity"], row["quantity"]) for row in ranked],
            "Element": [row["element"] for row in ranked],
            "Uploaded": pd.Series([row["uploaded"] for row in ranked], dtype=float),
            "Hub's own": pd.Series([row["embedded"] for row in ranked], dtype=float),
            "Difference": pd.Series([row["difference"] for row in ranked], dtype=float),
            "Agrees within": [limit.agree for limit in limits],
            "Contradicts beyond": [limit.contradict for limit in limits],
            "Unit": [row["unit"] for row in ranked],
            "Scenario": [row["scenario"] or "" for row in ranked],
            "Printed in": [place(row["where"]) for row in ranked],
        }
    )
    frame = frame.round(9)  # what is left of equal numbers in binary is no difference
    numbers = ["Uploaded", "Hub's own", "Difference", "Agrees within", "Contradicts beyond"]
    styled = frame.style.map(_coloured, subset=["Agreement"]).format("{:.5g}", numbers, na_rep="–")
    units = st.column_config.Column(help="Of the difference and of its tolerance; a ratio counts either way")
    st.dataframe(styled, hide_index=True, width="stretch", column_config={"Unit": units})
    contested = sorted({row["stage"] for row in rows if row["agreement"] in {"contradicts", "explain"}})
    if contested:
        _reasons(project, contested)


def _reasons(project: Project, contested: list[str]) -> None:
    """Let a reason be written for each stage that is contradicted or to be explained."""
    text = "**A contradicted stage is no PASS without a written reason.** It counts when the results are judged again."
    st.markdown(text)
    accepted = project.accepted_contradictions()
    for stage in contested:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = f"Stage {stage}: why the uploaded values stand"
            reason = st.text_input(label, value=accepted.get(stage, ""), key=f"reason-{stage}")
            if st.button("Keep", key=f"keep-{stage}") and reason != accepted.get(stage, ""):
                with explained():
                    project.accept_contradiction(stage, reason)
                    st.rerun()


def _coloured(text: str) -> str:
    return text_style(_LOOK[text])
