"""A study's page: run it in the background, see its tables with their limits, on the one-line, and download them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core import jobs
from core.criteria import CriteriaSet, Criterion, State
from core.findings import Finding
from core.jobs import RunStatus
from core.plant import Plant
from core.project import Project
from core.reports.drawing import Note
from pages.parts.columns import column_config, decimals_of, fitting, without_signed_zeros
from pages.parts.downloads import download_table
from pages.parts.findings import show_findings
from pages.parts.oneline import oneline
from pages.parts.opening import needed_project
from pages.parts.shell import explained, store
from pages.parts.status import badge_text
from pages.parts.study_network import network_run
from pages.parts.study_runs import newest_result
from pages.parts.verdicts import verdict_table

#: Studies that a network file is enough for.
OF_NETWORKS = ("load_flow", "contingency", "short_circuit")
NOT_JUDGED = "Nothing could be judged: see *Findings*."
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


def study_page(shown: Shown, choose: Callable[[], Mapping[str, object]] = dict) -> None:
    """Draw the page of a study; ``choose`` draws its options and returns them."""
    st.title(shown.title)
    of = "Plant"
    if shown.study in OF_NETWORKS:
        of = st.segmented_control(
            "Study of", ("Plant", "Network"), default=of, label_visibility="collapsed", required=True
        )
    found, plant = None, None
    if of == "Network":
        st.caption(shown.why)
        with explained():
            found = network_run(shown.study, shown.title, choose())
    else:
        other = " A network file will do too: choose Network above." if shown.study in OF_NETWORKS else ""
        project = needed_project(shown.why + other)
        st.caption(shown.why)
        found = _plant_run(shown, project, choose())
        plant = Plant.from_document(project.plant_document)
    if found and found.result:
        _result(shown, found, found.result, plant)


def _plant_run(shown: Shown, project: Project, options: Mapping[str, object]) -> RunStatus | None:
    """Let the project's plant be studied; return its newest run with a result."""
    if st.button("Run the study", type="primary", icon=":material/play_arrow:"):
        given = {"study": shown.study, "plant": project.plant_document, "overrides": project.overrides()}
        inputs = {**given, **options}
        with explained():
            jobs.submit(store(), "study", inputs, project=project.id, title=shown.title)
            st.rerun()
    runs = [run for run in jobs.runs(store(), project.id) if run.kind == "study" and run.title == shown.title]
    return newest_result(runs, f"the plant of {project.name}", project.overrides(), options)


def _result(shown: Shown, run: RunStatus, result: Mapping[str, Any], plant: Plant | None) -> None:
    counts = " · ".join(f"{count} {state}" for state, count in result["counts"].items() if count)
    st.markdown(f"{badge_text(result['verdict'])} &nbsp; {counts or NOT_JUDGED}")
    criteria = _criteria(shown.study, plant, result.get("overrides", []))
    st.caption("Limits: " + "; ".join(f"{row.label} {row.limits_text()}" for row in criteria))
    for message in result["failed"]:
        st.error(message)
    files = result["tables"]
    main = _read(run.id, files[shown.table]) if shown.table in files else pd.DataFrame()
    others = {name: file for name, file in files.items() if name != shown.table}
    views: dict[str, Callable[[], None]] = {
        shown.table.capitalize(): lambda: _main_table(shown, main, criteria),
        "Verdicts": lambda: _verdicts(shown, result),
        "Plot": lambda: _plots(shown, main, run.id, files),
        "Findings": lambda: show_findings([Finding.from_dict(finding) for finding in result["findings"]]),
    }
    if others:
        views["Other tables"] = lambda: _others(run.id, others, shown.study)
    if plant:  # a network file has no equipment to draw
        views["One-line"] = lambda: _on_the_oneline(shown, main, result, plant)
    for tab, draw in zip(st.tabs(list(views)), views.values(), strict=True):
        with tab:
            draw()


def _main_table(shown: Shown, main: pd.DataFrame, criteria: list[Criterion]) -> None:
    """Draw the columns that hold something, with the limit beside every value that has one."""
    first = [name for name in shown.columns if name in _filled(main)]
    rows = _with_limits(without_signed_zeros(main[first], decimals_of(main[first])), criteria)
    limits = {name: st.column_config.Column("Limit", help=name) for name in rows if name.startswith(_LIMIT)}
    config = column_config(first, shown.columns) | limits
    st.dataframe(rows, hide_index=True, placeholder="–", column_config=fitting(rows, config))
    download_table(main, f"{shown.study}_{shown.table}")


def _plots(shown: Shown, main: pd.DataFrame, run: str, files: Mapping[str, str]) -> None:
    if shown.course and shown.course.table in files:
        _plot(_read(run, files[shown.course.table]), shown.course)
    element, quantity = shown.chart
    if quantity not in main or main[quantity].isna().all():
        st.info("The study has no values to plot.")
    else:
        worst = main.groupby(element)[quantity].max().sort_values(ascending=False).head(40)
        heading = shown.columns.get(quantity, quantity)
        st.bar_chart(worst, horizontal=True, x_label="", y_label=heading, sort=False)  # its axes are swapped


def _on_the_oneline(shown: Shown, main: pd.DataFrame, result: Mapping[str, Any], plant: Plant) -> None:
    every = main.get(shown.chart[0], []) if result["verdict"] == State.PASS else []
    notes = {name: Note("", State.PASS) for name in every} | _notes(pd.DataFrame(result["verdicts"]))
    oneline(plant, key=shown.study, notes=notes if shown.elements else {})


def _criteria(study: str, plant: Plant | None, overrides: list[dict[str, Any]]) -> list[Criterion]:
    """Return the study's criteria that hold at the plant's frequency."""
    rows = CriteriaSet.overridden(overrides).of_study(study)
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


def _verdicts(shown: Shown, result: Mapping[str, Any]) -> None:
    verdicts = result["verdicts"]
    if not verdicts:
        within = result["verdict"] == State.PASS
        said = "Every value is within its limit." if within else NOT_JUDGED
        st.markdown(f"{badge_text(result['verdict'])} &nbsp; {said}")
        return
    verdict_table(verdicts, key=f"verdicts-{shown.study}")
    download_table(pd.DataFrame(verdicts).drop(columns="where"), f"{shown.study}_verdicts")


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
        rows = _filled(_read(run, file))
        st.markdown(f"**{name.capitalize()}** · {len(rows):,} rows")
        shown = without_signed_zeros(rows, decimals_of(rows))
        config = fitting(shown, column_config(rows, {}))
        st.dataframe(shown, hide_index=True, placeholder="–", column_config=config)
        download_table(rows, f"{study}_{name}")


def _filled(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that hold something, the scenario first."""
    filled = [name for name in rows if (rows[name].notna() & (rows[name] != "")).any()]
    return rows[sorted(filled, key=lambda name: name != "scenario")]


@st.cache_data(show_spinner=False, max_entries=20)
def _read(run: str, file: str) -> pd.DataFrame:
    rows = pd.read_parquet(jobs.folder(store(), run) / file)
    return rows.drop(columns=["file", "sheet", "row", "severity"], errors="ignore")
