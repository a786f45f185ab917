from __future__ import annotations

import pandas as pd
import streamlit as st

from core.findings import Finding
from pages.parts import feeders
from pages.parts.feeder_overview import ALL, ONE, VIEW, overview
from pages.parts.feeder_view import feeder_view
from pages.parts.findings import fold_findings, show_findings, warn_of_errors
from pages.parts.shell import explained, guard

guard()


def one_feeder(name: str, *, hold_taps: bool) -> None:
    """Draw a feeder with its power flow."""
    read, solved = feeders.answer("read", name), feeders.answer("solve", name, hold_taps=hold_taps)
    answer = solved.result or {}
    findings = [Finding.from_dict(document) for document in answer["findings"]]
    if not answer["converged"]:
        st.error("The power flow has no solution, so the map has no voltages and no loadings.", icon=":material/error:")
        show_findings(findings)
        return
    others = warn_of_errors(findings)
    worst = pd.DataFrame(answer["worst"])
    figures = st.columns(5)
    for column, label, value, decimals in (
        (figures[0], "Lowest voltage [pu]", worst["lowest_pu"].min(), 4),
        (figures[1], "Highest voltage [pu]", worst["highest_pu"].max(), 4),
        (figures[2], "Highest loading [%]", worst["loading_pct"].max() if "loading_pct" in worst else None, 1),
        (figures[3], "Losses [kW]", answer["losses_kw"], 1),
        (figures[4], "From the source [kW]", answer["source_kw"], 0),
    ):
        column.metric(label, "–" if value is None or pd.isna(value) else f"{value:,.{decimals}f}")
    ground = (read.result or {})["ground"]
    feeder_view(name, read.id, ground, feeders.table(solved.id, "nodes"), feeders.table(solved.id, "branches"))
    fold_findings("What the power flow says", others)


st.title("Feeder map")
name = feeders.chosen()
if name is None:
    st.stop()
with st.container(horizontal=True, vertical_alignment="center"):
    view = st.segmented_control("Show", [ONE, ALL], default=ONE, key=VIEW, required=True, label_visibility="collapsed")
    held = st.toggle("Hold the imported taps", help="Regulators stay at the taps of the files instead of regulating")
with explained():
    if view == ALL:
        overview(feeders.known(), hold_taps=held)
    else:
        one_feeder(name, hold_taps=held)
