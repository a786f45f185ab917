"""Parts of the Loop page: rounds side by side, open updates with their alternatives, one round's plant and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.design.ledger import changes, takes
from core.project import Decision, Project, Proposal
from core.project.loops import Loop, LoopRound, plant_of
from pages.parts.downloads import download_bundle
from pages.parts.errors import explained
from pages.parts.oneline import oneline
from pages.parts.status import cell, cell_style

CHANGED = "background-color: #E69F0033; font-weight: 600"
GROUPS = ("Constraints in", "Design", "Cost", "Verdicts", "Updates out")


def rounds_table(loop: Loop) -> None:
    """Draw the rounds as columns; what differs from the round before is marked."""
    columns = {f"Round {each.number}": _column(each) for each in loop.rounds}
    keys = sorted(dict.fromkeys(key for column in columns.values() for key in column), key=lambda k: GROUPS.index(k[0]))
    table = pd.DataFrame({name: [column.get(key, "–") for key in keys] for name, column in columns.items()})
    table.insert(0, "", [group for group, _ in keys])
    table.insert(1, "What", [name for _, name in keys])
    st.dataframe(
        table.style.apply(_marked, axis=1).map(cell_style, subset=list(columns)),
        hide_index=True,
        width="stretch",
        height=min(36 * len(table) + 40, 900),
    )
    st.caption("Marked: differs from the round before.")


def _column(this: LoopRound) -> dict[tuple[str, str], str]:
    """Return what a round's column says, by group and row."""
    document = this.as_dict()
    cells = {(GROUPS[0], f"{c['name']} · {c['element']}"): f"{c['value']:g}" for c in document["constraints"]}
    for row in document["design"]["units"]:
        energy = f", {row['mwh']:g} MWh" if row["mwh"] else ""
        cells[GROUPS[1], row["technology"]] = f"{row['count']} units" if row["count"] else f"{row['mw']:g} MW{energy}"
    cost = document["cost"]
    if cost["usd_per_year"] is not None:
        cells[GROUPS[2], "Yearly [M$]"] = f"{cost['usd_per_year'] / 1e6:.2f}"
        cells[GROUPS[2], "Investment [M$]"] = f"{cost['investment_usd'] / 1e6:.1f}"
    cells |= {(GROUPS[3], f"{s['id']} {s['name']}"): cell(s["verdict"]) for s in document["stages"]}
    for update in document["updates"]:
        taken = update["taken"] or {}
        text = f"→ {taken['value']:g}" if taken else update["decision"]
        cells[GROUPS[4], f"{taken.get('name', update['name'])} · {update['element']}"] = text
    return cells


def _marked(row: pd.Series) -> list[str]:
    values = list(row)
    if values[0] not in GROUPS[:3]:
        return [""] * len(values)
    return [CHANGED if n > 2 and values[n] != values[n - 1] else "" for n in range(len(values))]


def open_updates(project: Project, loop: Loop) -> None:
    """Draw the updates that nobody has decided yet, each with the changes that cure the failure."""
    proposals = [p for p in loop.rounds[-1].proposals if p.state is Decision.PROPOSED]
    if not proposals:
        return
    st.subheader(f"Open updates ({len(proposals)})")
    st.caption("What you leave open the loop decides when it goes on: by the cheapest change.")
    for proposal in proposals:
        with st.container(border=True):
            _open_update(project, proposal)


def _open_update(project: Project, proposal: Proposal) -> None:
    known = changes(proposal.update)
    st.markdown(proposal.update["reason"].replace("$", "\\$"))
    options = [number for number, change in enumerate(known) if takes(change)]
    if not options:
        st.caption("No bound of the optimiser answers to this update.")
        return
    choice = st.radio("Change", options, format_func=lambda number: _said(known[number]), key=f"choice-{proposal.id}")
    reason = st.text_input("Reason, to refuse it", key=f"refuse-why-{proposal.id}")
    with st.container(horizontal=True), explained():
        if st.button("Accept", key=f"accept-{proposal.id}", icon=":material/check:"):
            project.decide(proposal.id, Decision.ACCEPTED, choice=choice)
            st.rerun()
        if st.button("Refuse", key=f"refuse-{proposal.id}", icon=":material/close:"):
            project.decide(proposal.id, Decision.REJECTED, reason=reason)
            st.rerun()


def _said(change: Any) -> str:
    cost = f" · {change['cost']:,.0f} USD" if change.get("cost") is not None else ""
    return f"{change['name']} of {change['element']}: {change['old']} → {change['new']} {change['unit']}{cost}"


def round_details(project: Project, loop: Loop) -> None:
    """Draw one round's one-line and offer its files for the outside tools."""
    placed: Sequence[LoopRound] = [each for each in loop.rounds if each.revision is not None]
    if not placed:
        return
    numbers = [each.number for each in placed]
    number = st.segmented_control("Plant of round", numbers, default=numbers[-1], key="loop-round", required=True)
    this = placed[numbers.index(number)]
    download_bundle(project.id, this.revision or 0, 35)
    oneline(plant_of(project, this), key="loop-oneline")
