"""The answer of an availability study: headline numbers, blocks, importance, measures, diagram and remarks."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.documents import dump
from core.plant import Plant
from core.reports.block_diagram import block_diagram_svg
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
NUMBERS = {
    "Availability": st.column_config.NumberColumn(format="%.7f"),
    "Target": st.column_config.NumberColumn(format="%.6f"),
    "Downtime [h/year]": st.column_config.NumberColumn(format="%.3f"),
    "Unavailability": st.column_config.NumberColumn(format="scientific"),
    "Budget cost [USD]": st.column_config.NumberColumn(format="localized"),
}
SHOWN = 20


def show_answer(answer: dict[str, Any], plant: Plant) -> None:
    """Draw the result of a run of kind ``availability``."""
    _headline(answer)
    blocks, importance, cut_sets, measures, diagram, remarks = st.tabs(
        ["Blocks", "Importance", "Cut sets", "Reach the target", "Diagram", "Remarks"]
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
        values = {row["id"]: row["availability"] for row in answer["blocks"] if row["availability"] is not None}
        st.image(block_diagram_svg(plant, availabilities=values))
    with remarks:
        for finding in [*answer["findings"], *answer["measures"].get("findings", [])]:
            st.markdown(f"- **{finding['severity']}** {finding['text']} {finding['hint']}")


def _headline(answer: dict[str, Any]) -> None:
    system, capacity, simulated = answer["system"], answer.get("capacity"), answer.get("simulation")
    diagram, delivered, histories = st.columns(3)
    if system:
        diagram.metric("Block diagram", f"{system['availability']:.6f}", border=True)
        down = f"{system['downtime_h_per_year']:.2f} h/year down"
        diagram.markdown(f"{_verdict(system['availability'], answer)} target {answer['target']:g}, {down}")
    if capacity and capacity["system_availability"] is not None:
        value = capacity["system_availability"]
        delivered.metric(f"{capacity['required_mw']:g} MW delivered", f"{value:.6f}", border=True)
        delivered.markdown(
            f"{_verdict(value, answer)} target {answer['target']:g}, units alone {capacity['availability']:.6f}"
        )
    if simulated:
        low, high = simulated["availability_low"], simulated["availability_high"]
        histories.metric("Simulated, with the battery's energy", f"{simulated['availability']:.6f}", border=True)
        interval = "no interval" if low is None else f"95 % interval {low:.6f}–{high:.6f}"
        histories.markdown(f"{interval}, {simulated['histories']} × {simulated['years']:g} years")


def _verdict(availability: float, answer: dict[str, Any]) -> str:
    return badge_text("PASS" if availability >= answer["target"] - 1e-9 else "FAIL")


def _blocks(answer: dict[str, Any]) -> None:
    rows = pd.DataFrame(answer["blocks"])
    system = (answer["system"] or {}).get("id")
    rows["target"] = [answer["target"] if block == system else None for block in rows["id"]]
    table = rows.rename(columns=BLOCKS)[list(BLOCKS.values())]
    st.dataframe(table, hide_index=True, column_config=NUMBERS)
    with st.container(horizontal=True):
        csv = table.to_csv(index=False)
        st.download_button("Blocks as CSV", csv, "availability_blocks.csv", icon=":material/download:")
        text = dump(answer, indent=2)
        st.download_button("Result as JSON", text, "availability.json", icon=":material/download:")


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
    st.dataframe(rows, hide_index=True)


def _cut_sets(rows: pd.DataFrame) -> None:
    """Show the smallest sets of units that take the system down."""
    if rows.empty:
        st.info("No cut sets are listed for this diagram.")
        return
    table = rows.assign(members=rows["members"].map(", ".join)).rename(columns=CUT_SETS)[list(CUT_SETS.values())]
    st.dataframe(table, hide_index=True, column_config=NUMBERS)
    st.caption("The smallest sets of units whose failure takes the system down, the likeliest first.")
    csv = table.to_csv(index=False)
    st.download_button("Cut sets as CSV", csv, "availability_cut_sets.csv", icon=":material/download:")


def _measures(found: dict[str, Any]) -> None:
    if "failed" in found:
        st.warning(found["failed"], icon=":material/warning:")
    elif not found["alternatives"]:
        st.success("The plant reaches the target as it is.", icon=":material/task_alt:")
    else:
        rows = pd.DataFrame(found["alternatives"])
        st.dataframe(rows.rename(columns=MEASURES)[list(MEASURES.values())], hide_index=True, column_config=NUMBERS)
        st.caption("Budget costs by type of equipment unless the plant states its own; the cheapest set comes first.")
