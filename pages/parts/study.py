"""A study's page: run it in the background, see its tables with their limits, on the one-line, and download them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core import jobs
from core.criteria import CriteriaSet, Criterion, State
from core.jobs import RunStatus
from core.plant import Plant
from core.reports.drawing import Note
from pages.parts.downloads import download_table
from pages.parts.oneline import oneline
from pages.parts.opening import needed_project
from pages.parts.shell import explained, store
from pages.parts.status import badge_text, cell, cell_style
from pages.parts.study_network import network_run

#: Studies that a network file is enough for.
OF_NETWORKS = ("load_flow", "contingency", "short_circuit")


_LIMIT = "Limit: "


@dataclass(frozen=True, slots=True)
class Course:
    """A plot of one quantity over another, a line an element, from one of the study's tables."""

    table: str
    element: str
    x: str
    x_label: str
    y: str
    y_label: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of a study."""

    study: str
    title: str
    why: str
    table: str  # the main table
    columns: Mapping[str, str]  # its columns that are shown first → headings with units
    chart: tuple[str, str]  # element and quantity of the plot
    elements: bool = True  # whether verdicts are about equipment that the one-line shows
    course: Course | None = None  # plotted above the chart where the study has such a table


def study_page(shown: Shown, options: Mapping[str, object] | None = None) -> None:
    """Draw the page of a study."""
    st.title(shown.title)
    if shown.study in OF_NETWORKS:
        of = st.segmented_control("Study of", ("Plant", "Network"), default="Plant", label_visibility="collapsed")
        if of == "Network":
            st.caption(shown.why)
            with explained():
                found = network_run(shown.study, shown.title, options)
            if found and found.result:
                _result(shown, found, found.result, None)
            return
    other = " A network file will do too: choose Network above." if shown.study in OF_NETWORKS else ""
    project = needed_project(shown.why + other)
    st.caption(shown.why)
    if st.button("Run the study", type="primary", icon=":material/play_arrow:"):
        inputs = {"study": shown.study, "plant": project.plant_document, **(options or {})}
        with explained():
            jobs.submit(store(), "study", inputs, project=project.id, title=shown.title)
            st.rerun()
    runs = [run for run in jobs.runs(store(), project.id) if run.kind == "study" and run.title == shown.title]
    run = next((run for run in runs if run.result), None)
    if run is None or run.result is None:
        waiting = any(one.is_active for one in runs)
        st.info("The study is running." if waiting else "No result yet: run the study.")
        return
    if run.stale:
        st.warning("The plant has changed since this run: run the study again.", icon=":material/update:")
    _result(shown, run, run.result, Plant.from_document(project.plant_document))


def _result(shown: Shown, run: RunStatus, result: Mapping[str, object], plant: Plant | None) -> None:
    counts = " · ".join(f"{count} {state}" for state, count in result["counts"].items() if count)  # type: ignore[attr-defined]
    st.markdown(f"{badge_text(str(result['verdict']))} &nbsp; {counts}")
    criteria = _criteria(shown.study, plant)
    st.caption("Limits: " + "; ".join(f"{row.label} {row.limits_text()}" for row in criteria))
    for message in result["failed"]:  # type: ignore[attr-defined]
        st.error(message)
    verdicts = pd.DataFrame(result["verdicts"])
    names: Mapping[str, str] = result["tables"]  # type: ignore[assignment]
    oneline_tab = ["One-line"] if plant else []  # a network file has no equipment to draw
    tabs = st.tabs([shown.table.capitalize(), "Verdicts", "Plot", "Other tables", "Remarks", *oneline_tab])
    main = _read(run.id, names[shown.table]) if shown.table in names else pd.DataFrame()
    with tabs[0]:
        first = [name for name in shown.columns if name in main and (main[name].notna() & (main[name] != "")).any()]
        rows = _with_limits(main[first], criteria).rename(columns=shown.columns).round(4)
        headings = {name: st.column_config.Column("Limit", help=name) for name in rows if name.startswith(_LIMIT)}
        st.dataframe(rows, hide_index=True, placeholder="–", column_config=headings)
        download_table(main, f"{shown.study}_{shown.table}")
    with tabs[1]:
        _verdicts(verdicts)
    with tabs[2]:
        if shown.course and shown.course.table in names:
            _plot(_read(run.id, names[shown.course.table]), shown.course)
        element, quantity = shown.chart
        if quantity in main and main[quantity].notna().any():
            worst = main.groupby(element)[quantity].max().sort_values(ascending=False).head(40)
            heading = shown.columns.get(quantity, quantity)
            st.bar_chart(worst, horizontal=True, x_label="", y_label=heading, sort=False)  # its axes are swapped
    with tabs[3]:
        _others(run.id, {name: file for name, file in names.items() if name != shown.table}, shown.study)
    with tabs[4]:
        remarks = pd.DataFrame(result["findings"])
        st.dataframe(remarks[["severity", "element", "text", "hint"]] if len(remarks) else remarks, hide_index=True)
    if plant:
        with tabs[5]:
            every = main.get(element, []) if result["verdict"] == State.PASS else []
            notes = {name: Note("", State.PASS) for name in every} | _notes(verdicts)
            oneline(plant, key=shown.study, notes=notes if shown.elements else {})


def _criteria(study: str, plant: Plant | None) -> list[Criterion]:
    """Return the study's criteria that hold at the plant's frequency."""
    rows = CriteriaSet.default().of_study(study)
    return [row for row in rows if row.system_hz in (None, plant and plant.settings.frequency_hz)]


def _with_limits(rows: pd.DataFrame, criteria: list[Criterion]) -> pd.DataFrame:
    """Return the rows with the limit beside every value that has one."""
    shown = rows.copy()
    for row in criteria:
        if row.value in shown:
            shown.insert(shown.columns.get_loc(row.value) + 1, f"{_LIMIT}{row.label}", row.limits_text())  # type: ignore[operator]
    return shown


def _plot(rows: pd.DataFrame, course: Course) -> None:
    import plotly.graph_objects as go

    lines = [
        go.Scatter(x=part[course.x], y=part[course.y], name=str(element), mode="lines")
        for element, part in rows.groupby(course.element, sort=False)
    ]
    figure = go.Figure(lines)
    figure.update_layout(xaxis_title=course.x_label, yaxis_title=course.y_label, margin={"t": 10})
    st.plotly_chart(figure)


def _verdicts(verdicts: pd.DataFrame) -> None:
    if verdicts.empty:
        st.success("Every value is within its limit.")
        return
    columns = ["verdict", "criterion", "element", "scenario", "value", "limit", "unit", "margin", "note"]
    table = verdicts[columns].sort_values("margin", na_position="last")
    table["verdict"] = table["verdict"].map(cell)
    st.dataframe(table.style.map(cell_style, subset=["verdict"]), hide_index=True)
    download_table(verdicts[columns], "verdicts")


def _notes(verdicts: pd.DataFrame) -> dict[str, Note]:
    """Return the worst verdict of each element for the one-line."""
    if verdicts.empty:
        return {}
    order = {"FAIL": 0, "WARN": 1, "NOT CHECKED": 2}
    worst = (
        verdicts.assign(rank=verdicts["verdict"].map(order)).sort_values(["rank", "margin"]).drop_duplicates("element")
    )
    texts = worst["value"].map(lambda value: "" if pd.isna(value) else f"{value:.3g}") + " " + worst["unit"]
    return {
        str(element): Note(text.strip(), State(verdict))
        for element, text, verdict in zip(worst["element"], texts, worst["verdict"], strict=True)
    }


def _others(run: str, files: Mapping[str, str], study: str) -> None:
    for name, file in files.items():
        rows = _read(run, file)
        st.markdown(f"**{name}** · {len(rows)} rows")
        st.dataframe(rows, hide_index=True)
        download_table(rows, f"{study}_{name}")


@st.cache_data(show_spinner=False, max_entries=20)
def _read(run: str, file: str) -> pd.DataFrame:
    rows = pd.read_parquet(jobs.folder(store(), run) / file)
    return rows.drop(columns=["file", "sheet", "row", "severity"], errors="ignore")
