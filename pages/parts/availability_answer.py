"""The answer of an availability study: headline numbers, blocks, importance, measures, diagram and remarks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.documents import dump
from core.findings import Finding
from core.plant import Plant
from core.reports.block_diagram import block_diagram_svg
from pages.parts.columns import fitting
from pages.parts.downloads import download_drawing, download_table
from pages.parts.drawing import drawing
from pages.parts.findings import show_findings
from pages.parts.status import badge_text

BLOCKS = {
    "id": "Block",
    "availability": "Availability",
    "target": "Target",
    "downtime_h_per_year": "Downtime [h/year]",
    "failures_per_year": "Failures [1/year]",
    "mtbf_h": "Mean up time [h]",
    "mttr_h": "Mean down time [h]",
}
MEASURES = {
    "measures": "Measures",
    "cost": "Budget cost [USD]",
    "availability": "Availability",
    "downtime_h_per_year": "Downtime [h/year]",
}
CUT_SETS = {
    "members": "Down together",
    "order": "Units",
    "unavailability": "Unavailability",
    "failures_per_year": "Failures [1/year]",
}
IMPORTANCE = {
    "id": "Component",
    "availability": "Availability",
    "birnbaum": "Birnbaum",
    "risk_achievement": "Risk achievement",
    "risk_reduction": "Risk reduction",
    "fussell_vesely": "Fussell-Vesely",
}
NUMBERS = {
    "Availability": st.column_config.NumberColumn(format="%.7f"),
    "Target": st.column_config.NumberColumn(format="%.6f"),
    "Downtime [h/year]": st.column_config.NumberColumn(format="%.3f"),
    "Failures [1/year]": st.column_config.NumberColumn(format="%.5f"),
    "Mean up time [h]": st.column_config.NumberColumn(format="%.0f"),
    "Mean down time [h]": st.column_config.NumberColumn(format="%.2f"),
    "Unavailability": st.column_config.NumberColumn(format="scientific"),
    "Budget cost [USD]": st.column_config.NumberColumn(format="localized"),
}
SHOWN = 20
#: Blocks that the diagram draws on the page at most.
DRAWN = 500


def show_answer(answer: dict[str, Any], plant: Plant) -> None:
    """Draw the result of a run of kind ``availability``."""
    _headline(answer)
    blocks, importance, cut_sets, measures, diagram, findings = st.tabs(
        ["Blocks", "Importance", "Cut sets", "Reach the target", "Diagram", "Findings"]
    )
    with blocks:
        _blocks(answer)
    with importance:
        _importance(pd.DataFrame(answer["importance"]))
    with cut_sets:
        _cut_sets(pd.DataFrame(answer.get("cut_sets", [])))
    with measures:
        _measures(answer["measures"])
    with diagram:
        _diagram(answer, plant)
    with findings:
        found = [*answer["findings"], *answer["measures"].get("findings", [])]
        show_findings([Finding.from_dict(finding) for finding in found])


def _diagram(answer: dict[str, Any], plant: Plant) -> None:
    values = {row["id"]: row["availability"] for row in answer["blocks"] if row["availability"] is not None}
    picture = partial(block_diagram_svg, plant, availabilities=values)
    if len(plant["block"]) > DRAWN:
        st.info(f"{len(plant['block']):,} blocks are too many for a page: their drawing is a file.")
        download_drawing(picture, "block_diagram.svg")
    else:
        drawing(picture(), key="availability-diagram")


def _headline(answer: dict[str, Any]) -> None:
    system, capacity, simulated = answer["system"], answer.get("capacity"), answer.get("simulation")
    lost, target = answer.get("adequacy"), answer["target"]
    diagram, delivered, short, histories = st.columns(4)
    if system:
        value = system["availability"]
        help_text = "Blocks in series, in parallel and k of n, as Windchill RAM counts them"
        diagram.metric("Block diagram", f"{value:.6f}", border=True, help=help_text)
        down = f"{system['downtime_h_per_year']:.2f} h/year down"
        diagram.markdown(f"{_verdict(value, value, target)} target {target:g}, {down}")
    if capacity and capacity["system_availability"] is not None:
        value = capacity["system_availability"]
        help_text = "The units' megawatts in place of k of n; the battery counts with its power, however long it lasts"
        delivered.metric(f"{capacity['required_mw']:g} MW delivered", f"{value:.6f}", border=True, help=help_text)
        alone = f"units alone {capacity['availability']:.6f}"
        delivered.markdown(f"{_verdict(value, value, target)} target {target:g}, {alone}")
    if lost and lost["lole_h_per_year"] is not None:
        value = f"{lost['lole_h_per_year']:,.4f}"
        help_text = "Expected hours short of the load (LOLE) and energy not served (LOEE); the battery never runs empty"
        short.metric("Load not served [h/year]", value, border=True, help=help_text)
        energy = f"{lost['loee_mwh_per_year']:,.2f} of {lost['energy_mwh']:,.0f} MWh lost"
        short.markdown(f"up to {lost['peak_mw']:g} MW, {energy} in a year of {lost['year_h']:,.0f} h")
    if simulated:
        value, low, high = (simulated[name] for name in ("availability", "availability_low", "availability_high"))
        help_text = "Random histories of failures and repairs; the battery is empty once it has given its energy"
        histories.metric("Simulated with battery energy", f"{value:.6f}", border=True, help=help_text)
        spread = "no interval" if low is None else f"95 % interval {low:.6f}–{high:.6f}"
        verdict = _verdict(low, high, target)
        histories.markdown(f"{verdict} {spread}, {simulated['histories']} × {simulated['years']:g} years")


def _verdict(low: float | None, high: float | None, target: float) -> str:
    """Return the badge of a value between two bounds: one that may lie on either side of the target is not judged."""
    if low is None or high is None or low < target - 1e-9 <= high:
        return badge_text("NOT CHECKED")
    return badge_text("PASS" if low >= target - 1e-9 else "FAIL")


def _blocks(answer: dict[str, Any]) -> None:
    rows = pd.DataFrame(answer["blocks"])
    system = (answer["system"] or {}).get("id")
    rows["target"] = [answer["target"] if block == system else None for block in rows["id"]]
    table = rows.rename(columns=BLOCKS)[list(BLOCKS.values())]
    st.dataframe(table, hide_index=True, column_config=fitting(table, NUMBERS), placeholder="–")
    with st.container(horizontal=True):
        download_table(table, "availability_blocks")
        text = dump(answer, indent=2)
        st.download_button("Download availability.json", text, "availability.json", icon=":material/download:")


def _importance(rows: pd.DataFrame) -> None:
    """Show who takes part in the downtime: bars of Fussell-Vesely, and all measures in a table."""
    if rows.empty:
        st.info("There is no exact answer, hence no importance.")
        return
    import plotly.graph_objects as go

    top = rows.head(SHOWN)
    figure = go.Figure(go.Bar(x=top["fussell_vesely"] * 100, y=top["id"], orientation="h", marker_color="#0072B2"))
    figure.update_layout(xaxis_title="Part in the downtime [%]", yaxis={"autorange": "reversed"}, margin={"t": 10})
    st.plotly_chart(figure)
    table = rows.rename(columns=IMPORTANCE)
    st.dataframe(table, hide_index=True, column_config=fitting(table, NUMBERS), placeholder="–")
    download_table(table, "availability_importance")


def _cut_sets(rows: pd.DataFrame) -> None:
    """Show the smallest sets of units that take the system down."""
    if rows.empty:
        st.info("No cut sets are listed for this diagram.")
        return
    table = rows.assign(members=rows["members"].map(", ".join)).rename(columns=CUT_SETS)[list(CUT_SETS.values())]
    st.dataframe(table, hide_index=True, column_config=fitting(table, NUMBERS))
    st.caption("The smallest sets of units whose failure takes the system down, the likeliest first.")
    download_table(table, "availability_cut_sets")


def _measures(found: dict[str, Any]) -> None:
    if "failed" in found:
        st.warning(found["failed"], icon=":material/warning:")
    elif not found["alternatives"]:
        st.markdown(f"{badge_text('PASS')} &nbsp; The block diagram reaches the target as it is.")
    else:
        rows = pd.DataFrame(found["alternatives"])
        table = rows.rename(columns=MEASURES)[list(MEASURES.values())]
        st.dataframe(table, hide_index=True, column_config=fitting(table, NUMBERS))
        st.caption("Budget costs by type of equipment unless the plant states its own; the cheapest set comes first.")
