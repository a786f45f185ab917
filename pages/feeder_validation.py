from __future__ import annotations

import pandas as pd
import streamlit as st

from core.findings import Finding
from pages.parts import feeders
from pages.parts.columns import fitting, without_signed_zeros
from pages.parts.feeder_tables import forms_of, results_config
from pages.parts.findings import show_findings
from pages.parts.shell import explained, guard
from pages.parts.spreadsheet import without_formulas
from pages.parts.status import badge_text, cell, cell_style

guard()

QUANTITIES = {
    "voltage": "Voltage [pu]",
    "angle": "Angle [deg]",
    "loading": "Loading [% points]",
    "current": "Current [A]",
}
STATISTICS = {
    "count": "Compared",
    "max_abs": "Largest error",
    "rmse": "RMSE",
    "mean": "Mean error",
    "worst": "Largest at",
}


def bring(name: str) -> list[str]:
    """Return the files of results to compare with, as a person chooses or brings them: all unless told otherwise."""
    upload = st.file_uploader(
        "Bring results as CSV or XLSX", type=["csv", "xlsx", "txt"],
        help="A column that names the node with VpuA, VpuB, VpuC, or the section with IA, IB, IC or its loading",
    )  # fmt: skip
    feeders.keep_beside(name, upload, feeders.RESULTS)
    baselines = {path.name: str(path) for path in feeders.files(name, feeders.RESULTS)}
    if not baselines:
        st.info("Bring the results that the study program printed for this feeder, to compare with ours.")
    elif not (chosen := st.multiselect("Results to compare with", list(baselines), default=list(baselines))):
        st.info("Choose at least one file of results.")
    else:
        return [baselines[each] for each in chosen]
    return []


def show(title: str, table: pd.DataFrame) -> None:
    """Show a comparison row by row, the worst first, and offer it as a file."""
    if table.empty:
        return
    missing = int((~table["matched"]).sum())
    st.subheader(title)
    st.caption(f"{len(table):,} rows, the worst first" + (f"; {missing} without a counterpart" if missing else ""))
    shown = table.drop(columns="matched").dropna(axis="columns", how="all")
    shown["verdict"] = shown["verdict"].map(cell)
    shown = without_signed_zeros(shown, forms_of(shown))
    styled = shown.style.map(cell_style, subset=["verdict"]) if len(shown) < 2000 else shown
    st.dataframe(styled, hide_index=True, width="stretch", column_config=fitting(shown, results_config(list(shown))))
    st.download_button(
        f"Download {title.lower()} (CSV)", without_formulas(table).to_csv(index=False),
        file_name=f"{name}_{title.lower()}.csv", mime="text/csv", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


st.title("Feeder validation")
st.markdown("Our power flow against what CYME, or anybody else, says: every node and section, the worst first.")
name = feeders.chosen()
if name is None:
    st.stop()
with explained():
    baseline = bring(name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        held = st.toggle("Hold the imported taps", value=True, help="Compare with regulators at the taps of the files")
        tolerance = st.number_input(
            "Voltage that passes [pu]", 0.0001, 0.1, 0.005, step=0.001, format="%.4f", width=220
        )
    if not baseline:
        st.stop()
    size = feeders.stamp_of(baseline)
    run = feeders.answer("compare", name, baseline=baseline, results=size, hold_taps=held, tolerance_pu=tolerance)
    found = run.result or {}
    st.markdown(badge_text(found["verdict"]))
    st.caption(
        f"A voltage within {tolerance:g} pu passes and within {2 * tolerance:g} warns; a loading within 2 percentage "
        "points passes and within 5 warns."
    )
    statistics = pd.DataFrame(
        {QUANTITIES[key]: values for key, values in found["statistics"].items() if values["count"]}
    ).T
    if len(statistics):
        st.dataframe(statistics[list(STATISTICS)].rename(columns=STATISTICS), width="stretch")
    if found["findings"]:
        show_findings([Finding.from_dict(document) for document in found["findings"]])
    for title, table in (("Nodes", "nodes"), ("Sections", "branches")):
        show(title, feeders.table(run.id, table))
