"""Parts of the validation dashboard, drawn from a round's document."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from typing import Any

import pandas as pd
import streamlit as st

from core.criteria import CriteriaSet, Override
from core.documents import dump
from core.findings import counted
from core.plant import Plant
from core.project import Decision, Project, Proposal, Round
from core.reports.validation import InputFile, ValidationReport, notes
from pages.parts.errors import explained
from pages.parts.oneline import CHOSEN, oneline
from pages.parts.spreadsheet import without_formulas
from pages.parts.status import LOOKS, badge_text
from pages.parts.verdicts import Document, verdict_table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: Criterion → how its value is told: heading, format, which end is the worst.
METRICS = {
    "voltage_pu": ("Lowest voltage", "{:.3f} pu", min),
    "loading_pct": ("Loading", "{:.1f} %", max),
    "breaker_duty_pct": ("Breaker duty", "{:.1f} %", max),
    "x_r_ratio": ("X/R ratio", "{:.1f}", max),
    "angle_deg": ("Angle to slack", "{:.1f}°", max),
    "availability": ("Availability", "{:.5f}", min),
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
    present = [(name, values) for name, values in shown if values]
    for start in range(0, len(present), 4):
        for column, (name, values) in zip(st.columns(4), present[start : start + 4], strict=False):
            title, form, worst = METRICS[name]
            column.metric(title, form.format(worst(values)))
            column.caption(f"limit {limits[name]}")


def violations(plant: Plant, document: Document) -> None:
    """Draw what is outside its limit or in its warning band; a chosen row marks its element on the one-line."""
    bad = [verdict for verdict in document["verdicts"] if verdict["verdict"] in {"FAIL", "WARN"}]
    if bad:
        st.caption("Choose a row to see its element on the one-line below.")
        picked = verdict_table(bad, key="violations")
        bus = _plant_element(plant, picked) if picked else None
        if bus and bus != st.query_params.get(CHOSEN):
            st.query_params[CHOSEN] = bus
            st.rerun()
    else:
        st.markdown("No value is outside its limit or in its warning band.")
    doubted = sum(row["agreement"] in {"contradicts", "explain"} for row in document["discrepancies"])
    if doubted:
        differing = counted(doubted, "uploaded value")
        st.markdown(f"The hub's own studies differ from {differing}: see *Beside the hub's own studies*.")
    report = ValidationReport("", plant, document)
    oneline(plant, key="dashboard-oneline", notes=notes(report))


def _plant_element(plant: Plant, element: str) -> str | None:
    buses = plant["bus"]
    for column in ("id", "number", "name"):
        found = buses[buses[column].astype(str).str.upper() == element.strip().upper()]
        if not found.empty:
            return str(found["id"].iloc[0])
    return element if element in set(plant.equipment_ids().index) else None


def ledger(project: Project) -> None:
    """Draw the constraint ledger, open proposals first, and what is handed to an outside optimiser."""
    proposals = project.ledger()
    if not proposals:
        st.markdown("No failure asked for a constraint update.")
        return
    accepted = [p.as_dict() for p in proposals if p.state in {Decision.ACCEPTED, Decision.EDITED}]
    with st.container(horizontal=True):
        table = pd.DataFrame(accepted).drop(columns=["evidence", "alternatives"], errors="ignore")
        name = f"constraint_updates_{project.id}"
        st.download_button(
            f"Accepted updates as JSON ({len(accepted)})",
            dump(accepted, indent=2),
            f"{name}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
            disabled=not accepted,
        )
        st.download_button(
            f"Accepted updates as CSV ({len(accepted)})",
            without_formulas(table).to_csv(index=False),
            f"{name}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=not accepted,
        )
    for proposal in sorted(proposals, key=lambda p: p.state is not Decision.PROPOSED):
        ledger_entry(project, proposal)


def criteria_and_overrides(project: Project) -> None:
    """Draw every criterion with its limits and source; let a limit be overridden with a reason."""
    criteria = project.criteria()
    frame = pd.DataFrame(
        {
            "Stage": [c.stage for c in criteria.criteria],
            "Criterion": [c.label for c in criteria.criteria],
            "Limit": [c.limits_text() for c in criteria.criteria],
            "When violated": [c.action for c in criteria.criteria],
            "Source": [c.source for c in criteria.criteria],
            "Overridden because": [c.override_reason for c in criteria.criteria],
        }
    )
    st.dataframe(frame, hide_index=True, width="stretch")
    if overrides := project.overrides():
        text, file = "Overrides as JSON for --criteria", "criteria.json"
        st.download_button(text, dump(overrides, indent=1), file, icon=":material/download:", on_click="ignore")
    names = sorted({c.criterion for c in criteria.criteria if c.low is not None or c.high is not None})
    with st.expander("Override a limit in this project"):
        rules = {name: next(c for c in criteria.criteria if c.criterion == name) for name in names}
        chosen = st.selectbox("Criterion", names, format_func=lambda name: rules[name].label)
        rule = rules[chosen]
        limits = {n: getattr(rule, n) for n in ("low", "warn", "high") if getattr(rule, n) is not None}
        unit = f" [{rule.unit}]" if rule.unit else ""
        entered = {
            n: st.number_input(f"{n.capitalize()} limit{unit}", value=v, format="%.5g", key=f"limit-{chosen}-{n}")
            for n, v in limits.items()
        }
        reason = st.text_input("Reason", key=f"override-reason-{chosen}")
        if st.button("Override", type="primary"):
            with explained():
                project.override(Override(chosen, reason, **entered))
                st.rerun()
        if rule.override_reason and st.button("Back to the shipped limit"):
            project.withdraw_override(chosen)
            st.rerun()


def history(rounds: Sequence[Round]) -> None:
    """Draw the rounds, newest first."""
    for each in reversed(rounds):
        with st.container(border=True):
            st.markdown(f"**Round {each.number}** {badge_text(each.overall)} &nbsp; {stage_badges(each.document)}")
            updates = len(each.document["constraint_updates"])
            st.caption(
                f"{each.at.astimezone():%Y-%m-%d %H:%M} · {each.who} · plant revision {each.revision} · "
                f"{len(each.imports)} imports · {updates} constraint updates"
            )


def reports(project: Project, plant: Plant, latest: Round) -> None:
    """Offer the report of a round as PDF and workbook, made when they are asked for."""
    with st.container(horizontal=True):
        for title, kind, mime in (("Report (PDF)", "pdf", "application/pdf"), ("Report (XLSX)", "xlsx", XLSX)):
            st.download_button(
                title,
                partial(_report, project.id, latest.number, kind),
                file_name=f"validation_round_{latest.number}.{kind}",
                mime=mime,
                icon=":material/description:",
                on_click="ignore",
            )


def _report(project_id: str, number: int, kind: str) -> bytes:
    from core.reports.validation_pdf import write_pdf
    from core.reports.validation_workbook import write_xlsx
    from pages.parts.shell import workspace

    project = workspace().project(project_id)
    judged = next(each for each in project.rounds() if each.number == number)
    used = [each for each in project.imports() if each.id in set(judged.imports)]
    report = ValidationReport(
        project=project.name,
        plant=Plant.from_document(project.plant_at(judged.revision)),
        document=judged.document,
        criteria=project.criteria(),
        ledger=[proposal.as_dict() for proposal in project.ledger()],
        inputs=[InputFile(each.name, each.tool, each.study, each.sha256) for each in used],
        versions={name: version(name) for name in ("pandapower", "numpy", "pandas", "streamlit")},
        revision=judged.revision,
        round=judged.number,
        made_at=judged.at.isoformat(timespec="seconds"),
        made_by=judged.who,
    )
    return write_pdf(report) if kind == "pdf" else write_xlsx(report)


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
