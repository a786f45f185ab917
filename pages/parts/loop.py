"""Parts of the Loop page: rounds side by side, open updates with their alternatives, one round's plant and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import jobs
from core.design.amounts import amount_of
from core.design.ledger import changes, meaning_of, takes
from core.jobs import requirement_costs as costs
from core.project import Decision, Project, Proposal
from core.project.loops import Loop, LoopRound, plant_of
from pages.parts.columns import fitting
from pages.parts.downloads import download_bundle
from pages.parts.errors import explained
from pages.parts.oneline import oneline
from pages.parts.plain import plain
from pages.parts.status import cell, cell_style

CHANGED = "background-color: #E69F0033; font-weight: 600"
VERDICTS, DESIGN, COST, CONSTRAINTS, UPDATES = GROUPS = ("Verdicts", "Design", "Cost", "Constraints in", "Updates out")


def rounds_table(loop: Loop) -> None:
    """Draw the rounds as columns; what differs from the round before is marked."""
    columns = {f"Round {each.number}": _column(each) for each in loop.rounds}
    keys = sorted(dict.fromkeys(key for column in columns.values() for key in column), key=lambda k: GROUPS.index(k[0]))
    table = pd.DataFrame({name: [column.get(key, "–") for key in keys] for name, column in columns.items()})
    for place, heading in enumerate(("", "What", "Of")):
        table.insert(place, heading, [key[place] for key in keys])
    st.dataframe(
        table.style.apply(_marked, axis=1).map(cell_style, subset=list(columns)),
        hide_index=True,
        column_config=fitting(table, {}),
        height=min(36 * len(table) + 40, 900),
    )
    st.caption("Marked: differs from the round before.")


def _column(this: LoopRound) -> dict[tuple[str, str, str], str]:
    """Return what a round's column says, by group, what it is and of which element."""
    document = this.as_dict()
    cells = {(CONSTRAINTS, *_said_of(c["name"], c["element"])): f"{c['value']:g}" for c in document["constraints"]}
    cells |= {(DESIGN, row["technology"], ""): amount_of(row) for row in document["design"]["units"]}
    cost = document["cost"]
    if cost["usd_per_year"] is not None:
        cells[COST, "Yearly [M USD]", ""] = f"{cost['usd_per_year'] / 1e6:.2f}"
        cells[COST, "Investment [M USD]", ""] = f"{cost['investment_usd'] / 1e6:.1f}"
    cells |= {(VERDICTS, f"{s['id']} {s['name']}", ""): cell(s["verdict"]) for s in document["stages"]}
    for update in document["updates"]:
        taken = update["taken"] or {}
        text = f"→ {taken['value']:g}" if taken else update["decision"]
        cells[UPDATES, *_said_of(taken.get("name", update["name"]), update["element"])] = text
    return cells


def _said_of(name: str, element: str) -> tuple[str, str]:
    """Return a constraint in words and the element that it is of: nothing for the plant."""
    meaning = meaning_of(name)
    return meaning[:1].upper() + meaning[1:], "" if element == "PLANT" else element.replace("*", "all")


def _marked(row: pd.Series) -> list[str]:
    values = list(row)
    if values[0] in (VERDICTS, UPDATES):
        return [""] * len(values)
    return [CHANGED if n > 3 and values[n] != values[n - 1] else "" for n in range(len(values))]


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
    st.markdown(plain(proposal.update["reason"]))
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
    said = " · ".join(filter(None, _said_of(change["name"], change["element"])))
    return f"{said}: {change['old']} → {change['new']}{cost}"


def requirement_costs(project: Project, loop: Loop) -> None:
    """Draw what each requirement of the last design costs, or offer to find it out in the background."""
    last = loop.rounds[-1]
    if last.revision is None or not last.is_whole:
        return
    st.subheader("Cost of each requirement")
    mine = [run for run in jobs.runs(project.store, project.id) if run.kind == costs.COSTS.name]
    if mine and mine[0].is_active:
        st.info("The optimiser sizes the plant without each requirement.", icon=":material/sync:")
        return
    result = mine[0].result if mine else None
    if result and (result["loop"], result["round"]) == (loop.id, last.number):
        for message in result["failed"]:
            st.error(message)
        _cost_table(result["rows"])
        return
    st.caption(f"Of round {last.number}: its yearly cost, less that of the cheapest design without the requirement.")
    if st.button("Find what each requirement costs", icon=":material/request_quote:"):
        with explained():
            costs.start(project, loop)
            st.rerun()


def _cost_table(rows: Sequence[Mapping[str, Any]]) -> None:
    million = 1e6
    table = pd.DataFrame(
        {
            "Requirement": [row["text"] for row in rows],
            "Costs [M USD/year]": [(row["costs_usd_per_year"] or 0.0) / million for row in rows],
            "Without it [M USD/year]": [
                None if row["usd_per_year_without"] is None else row["usd_per_year_without"] / million for row in rows
            ],
        }
    )
    numbers = {name: st.column_config.NumberColumn(format="%.2f") for name in list(table)[1:]}
    st.dataframe(table, hide_index=True, column_config=numbers)


def round_details(project: Project, loop: Loop) -> None:
    """Draw one round's one-line and offer its files for the outside tools."""
    placed: Sequence[LoopRound] = [each for each in loop.rounds if each.revision is not None]
    if not placed:
        return
    numbers = [each.number for each in placed]
    number = st.segmented_control(
        "Plant of round", numbers, default=numbers[-1], key=f"round-of-{numbers[-1]}", required=True
    )
    this = placed[numbers.index(number)]
    download_bundle(project.id, this.revision or 0, 35)
    oneline(plant_of(project, this), key="loop-oneline")
