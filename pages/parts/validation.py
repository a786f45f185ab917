"""Parts of the validation dashboard, drawn from a round's document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.criteria import CriteriaSet
from core.project import Decision, Project, Proposal
from pages.parts.shell import explained
from pages.parts.status import LOOKS, badge_text, cell, cell_style

Document = Mapping[str, Any]

#: Criterion → how its value is told: heading, format, which end is the worst.
METRICS = {
    "voltage_pu": ("Lowest voltage", "{:.3f} pu", min),
    "loading_pct": ("Highest loading", "{:.1f} %", max),
    "breaker_duty_pct": ("Highest breaker duty", "{:.1f} %", max),
    "x_r_ratio": ("Highest X/R", "{:.1f}", max),
    "angle_deg": ("Largest angle to the slack", "{:.1f}°", max),
    "availability": ("System availability", "{:.5f}", min),
    "annual_downtime_h": ("Annual downtime", "{:.2f} h", max),
}


def stage_list(document: Document) -> None:
    """Draw the stages from top to bottom with their verdicts and why."""
    for stage in document["stages"]:
        look = LOOKS[stage["verdict"]]
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Stage {stage['id']}** · {stage['name']}", width=260)
            st.badge(stage["verdict"], icon=look.icon, color=look.badge)
            st.caption(stage["note"] or "")


def key_numbers(document: Document, criteria: CriteriaSet) -> None:
    """Draw the worst value of each criterion with its limit."""
    limits = {criterion.criterion: criterion.limits_text() for criterion in criteria.criteria}
    shown = [(name, _values(document, name)) for name in METRICS]
    columns = st.columns(4)
    for place, (name, values) in enumerate((name, values) for name, values in shown if values):
        title, form, worst = METRICS[name]
        columns[place % 4].metric(title, form.format(worst(values)), help=f"Limit: {limits[name]}", border=True)
        columns[place % 4].caption(f"limit {limits[name]}")


def verdict_table(verdicts: Sequence[Document], *, key: str) -> str | None:
    """Draw verdicts, the smallest margin first; return the element of the chosen row."""
    rows = sorted(verdicts, key=lambda v: v["margin"] if v["margin"] is not None else float("-inf"))
    frame = pd.DataFrame(
        {
            "Verdict": [cell(v["verdict"]) for v in rows],
            "Stage": [v["stage"] for v in rows],
            "Criterion": [v["criterion"] for v in rows],
            "Element": [v["element"] for v in rows],
            "Value": [v["value"] for v in rows],
            "Limit": [v["limit"] for v in rows],
            "Margin": [v["margin"] for v in rows],
            "Unit": [v["unit"] or "1" for v in rows],
            "Printed in": [place(v["where"]) for v in rows],
            "Note": [v["note"] or "" for v in rows],
        }
    )
    chosen = st.dataframe(
        frame.style.map(cell_style, subset=["Verdict"]).format(precision=4, na_rep="–"),
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        width="stretch",
    )
    selected = chosen["selection"]["rows"]
    return str(frame["Element"].iloc[selected[0]]) if selected else None


def place(where: Document) -> str:
    """Return a place as a person reads it: file, sheet, row, or the run that calculated the value."""
    if where.get("run"):
        return f"run {where['run'][:8]}"
    parts = [
        where.get("file"),
        where.get("sheet") and f"sheet {where['sheet']}",
        where.get("row") and f"row {where['row']}",
    ]
    return ", ".join(part for part in parts if part)


def finding_table(findings: Sequence[Document]) -> None:
    """Draw findings, errors first."""
    order = {"error": 0, "warning": 1, "info": 2}
    rows = sorted(findings, key=lambda finding: order[finding["severity"]])
    frame = pd.DataFrame(
        {
            "Severity": [row["severity"] for row in rows],
            "What": [row["text"] for row in rows],
            "What to do": [row["hint"] for row in rows],
            "Where": [place(row["where"]) for row in rows],
            "Code": [row["code"] for row in rows],
        }
    )
    st.dataframe(frame, hide_index=True, width="stretch")


def ledger_entry(project: Project, proposal: Proposal) -> None:
    """Draw one constraint update with what may be decided on it."""
    update = proposal.update
    with st.container(border=True):
        old, new = _number(update["old"]), _number(proposal.value)
        st.markdown(f"**`{update['name']}`** · {update['element']} · {old} → **{new}** {update['unit']}")
        st.caption(update["reason"])
        for other in update.get("alternatives", []):
            change = f"{_number(other['old'])} → {_number(other['new'])} {other['unit']}"
            text = f"or `{other['name']}` {other['element']}: {change}"
            cost = f", about {other['cost']:,.0f} USD" if other.get("cost") else ""
            st.caption(f"{text}{cost} ({other['reason']})")
        if proposal.state is not Decision.PROPOSED:
            reason = f": {proposal.reason}" if proposal.reason else ""
            st.markdown(f"*{proposal.state} by {proposal.who}, round {proposal.round}{reason}*")
            return
        _decide(project, proposal)


def _decide(project: Project, proposal: Proposal) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Accept", key=f"accept-{proposal.id}", type="primary", icon=":material/check:"):
            with explained():
                project.decide(proposal.id, Decision.ACCEPTED)
                st.rerun()
        with st.popover("Edit or reject", icon=":material/edit:"):
            value = st.number_input("New value", value=_float(proposal.value), key=f"value-{proposal.id}")
            reason = st.text_input("Reason", key=f"reason-{proposal.id}")
            for word, decision in (("Accept with this value", Decision.EDITED), ("Reject", Decision.REJECTED)):
                if st.button(word, key=f"{decision}-{proposal.id}"):
                    with explained():
                        project.decide(proposal.id, decision, value, reason)
                        st.rerun()


def stage_badges(document: Document) -> str:
    """Return the stages' verdicts in one line of Markdown."""
    return " ".join(f"{stage['id']} {badge_text(stage['verdict'])}" for stage in document["stages"])


def _values(document: Document, criterion: str) -> list[float]:
    return [v["value"] for v in document["verdicts"] if v["criterion"] == criterion and v["value"] is not None]


def _float(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else "none"
