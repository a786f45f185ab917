"""A feeder's year: its sums, one element over all hours, everything at one hour."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import jobs
from core.findings import Finding
from core.jobs import RunStatus
from core.studies.time_series.look import series_of, state_at
from core.studies.time_series.metrics import OVERLOAD_PCT, RANGE_A_PU
from pages.parts import feeders
from pages.parts.feeder_tables import show_results
from pages.parts.feeder_view import feeder_view
from pages.parts.findings import fold_findings, warn_of_errors
from pages.parts.shell import store

VOLTAGE, LOADING, SYSTEM = "Voltage [pu]", "Loading [%]", "Power [kW]"
QUANTITIES = {VOLTAGE: ("voltages", RANGE_A_PU), LOADING: ("loadings", (OVERLOAD_PCT,)), SYSTEM: ("system", ())}
ELEMENT, TABLES, HOUR = "One element", "All nodes and elements", "One hour on the map"
VIEW = "year-view"
WORST, HEIGHT = 10, 320
Year = dict[str, Any]


def years_run() -> list[RunStatus]:
    """Return the runs over time, the newest first."""
    return [run for run in jobs.runs(store()) if run.kind == "time_series"]


def runs_of(name: str) -> list[RunStatus]:
    """Return the runs over time that have a feeder, the newest first."""
    return [run for run in years_run() if name in jobs.inputs(store(), run.id)["cases"]]


@st.fragment(run_every=0.5)
def progress(run: str) -> None:
    """Show how far a run is, and its results as soon as it has ended."""
    seen = jobs.status(store(), run)
    if not seen.is_active:
        st.rerun()
    share = seen.done / seen.total if seen.total else 0.0
    st.progress(share, text=f"{seen.title}: {seen.done} of {seen.total or '?'} blocks, {seen.state}")
    if st.button("Cancel the run", icon=":material/stop:", type="tertiary"):
        jobs.cancel(store(), run)


def show_sums(year: Year) -> None:
    """Show the year in numbers, and what there is to say about them."""
    others = warn_of_errors([Finding.from_dict(document) for document in year["findings"]])
    low, high, worst = year["lowest_voltage"], year["highest_voltage"], year["worst_element"]
    figures = [
        ("Energy [MWh]", _number(year["energy_mwh"], 1), ""),
        ("Losses [MWh]", _number(year["losses_mwh"], 2), ""),
        ("Losses [%]", _number(year["losses_pct"], 2), ""),
        ("Peak [kW]", _number(year["peak_kw"], 0), ""),
        ("Tap operations", f"{year['tap_operations']:,}", ""),
        ("Not converged [steps]", f"{year['not_converged']:,}", ""),
        ("Outside range A [h]", _number(year["outside_a_h"], 1), "Any node outside 0.95 to 1.05 pu, ANSI C84.1"),
        ("Outside range B [h]", _number(year["outside_b_h"], 1), "Any node outside 0.9167 to 1.0583 pu, ANSI C84.1"),
        ("Overload [h]", _number(year["overload_h"], 1), "Any element above 100 % of its rating"),
        ("Lowest voltage [pu]", _number(low and low["v_pu"], 4), _place(low)),
        ("Highest voltage [pu]", _number(high and high["v_pu"], 4), _place(high)),
        ("Highest loading [%]", _number(worst and worst["loading_pct"], 1), _place(worst)),
    ]
    for row in (figures[:4], figures[4:8], figures[8:]):
        for column, (label, value, note) in zip(st.columns(4), row, strict=True):
            column.metric(label, value, help=note or None)
    if not year["complete"]:
        st.warning("Some blocks are missing: the sums cover only a part of the time.", icon=":material/warning:")
    if worst:
        place = f"Worst element: **{worst['element']}**, {worst['loading_pct']:.1f} % in {when(worst['hour'])}"
        st.caption(place + f", {worst['overload_h']:g} h overloaded." if worst["overload_h"] else place + ".")
    fold_findings("What the run says", others)


def _number(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:,.{decimals}f}"


def _place(extreme: dict[str, Any] | None) -> str:
    if extreme is None:
        return ""
    element = extreme.get("element") or f"bus {extreme['bus']} phase {extreme['phase']}"
    return f"{element}, {when(extreme['hour'])}"


def when(hour: float) -> str:
    """Return an hour of the run as day and time."""
    day, rest = divmod(hour, 24)
    return f"day {int(day) + 1}, {int(rest):02d}:{round(rest % 1 * 60):02d}"


def one_element(year: Year, step_h: float) -> None:
    """Show one node's voltage, one element's loading or the whole feeder's power over the year."""
    st.session_state.setdefault("year-quantity", VOLTAGE)
    quantity = st.segmented_control("What", list(QUANTITIES), key="year-quantity", required=True)
    kind, limits = QUANTITIES[str(quantity)]
    ranked = _ranked(year, str(quantity))
    chosen = st.session_state.get(feeders.ELEMENT) or ""
    at = next((k for k, name in enumerate(ranked) if chosen in (name, name.rpartition(".")[0])), 0)
    name = st.selectbox("The worst first", ranked, index=at, key=f"year-{kind}-{chosen}")
    if name is None:
        st.info("There is nothing of this kind in the run.")
        return
    values = _series(tuple(year["files"][kind]), name)
    hours = values.index.to_numpy() * step_h
    label = f"{name}: {quantity}"
    st.plotly_chart(_profile(hours, values, label, limits), key="year-profile", alt=f"{label} over the hours")
    left, right = st.columns(2)
    left.plotly_chart(_duration(values, label, limits), key="year-duration", alt=f"Duration curve of {label}")
    if (heat := _heat(values, label, round(24 / step_h))) is not None:
        right.plotly_chart(heat, key="year-heat", alt=f"{label} by hour and day")
    else:
        right.caption("The heat map of hour by day needs at least a day.")
    st.markdown("**Worst hours**")
    worst = values.nsmallest(WORST) if quantity == VOLTAGE else values.nlargest(WORST)
    rows = {"Hour [h]": worst.index * step_h, "When": [when(step * step_h) for step in worst.index], quantity: worst}
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def _ranked(year: Year, quantity: str) -> list[str]:
    if quantity == SYSTEM:
        return ["source_kw", "losses_kw"]
    if quantity == VOLTAGE:
        return pd.read_parquet(year["files"]["nodes"]).sort_values("min_pu")["node"].tolist()
    return pd.read_parquet(year["files"]["elements"]).sort_values("max_pct", ascending=False)["element"].tolist()


@st.cache_data(max_entries=64, show_spinner=False)
def _series(files: tuple[str, ...], name: str) -> pd.Series:
    return series_of(files, [name])[name]


def _limited(figure: go.Figure, limits: tuple[float, ...]) -> go.Figure:
    for limit in limits:
        figure.add_hline(y=limit, line={"color": "#CC3311", "dash": "dash", "width": 1})
    figure.update_layout(height=HEIGHT, margin={"t": 40, "b": 40})
    return figure


def _profile(hours: np.ndarray, values: pd.Series, label: str, limits: tuple[float, ...]) -> go.Figure:
    figure = go.Figure(go.Scatter(x=hours, y=values, mode="lines", line={"width": 1}))
    figure.update_layout(title="Profile", xaxis_title="Hour [h]", yaxis_title=label)
    return _limited(figure, limits)


def _duration(values: pd.Series, label: str, limits: tuple[float, ...]) -> go.Figure:
    share = (np.arange(len(values)) + 1) / len(values) * 100
    figure = go.Figure(go.Scatter(x=share, y=np.sort(values)[::-1], mode="lines"))
    figure.update_layout(title="Duration curve", xaxis_title="Share of the time [%]", yaxis_title=label)
    return _limited(figure, limits)


def _heat(values: pd.Series, label: str, per_day: int) -> go.Figure | None:
    days = len(values) // per_day
    if not days:
        return None
    grid = values.to_numpy()[: days * per_day].reshape(days, per_day).T
    hours = np.arange(per_day) * 24 / per_day
    scale = {"colorscale": "Viridis", "colorbar": {"title": label.rpartition(": ")[2]}}
    figure = go.Figure(go.Heatmap(z=grid, x=np.arange(days) + 1, y=hours, **scale))
    figure.update_layout(title="Hour by day", xaxis_title="Day", yaxis_title="Hour of the day [h]")
    return _limited(figure, ())


def all_tables(year: Year) -> None:
    """Show the extremes of every node and element; a click on a row opens its year."""
    st.caption("A click on a row opens its year.")
    for title, file, name, order, down in (
        ("Nodes, the lowest voltage first", "nodes", "node", "min_pu", False),
        ("Elements, the most loaded first", "elements", "element", "max_pct", True),
    ):
        st.markdown(f"**{title}**")
        table = pd.read_parquet(year["files"][file]).sort_values(order, ascending=not down, na_position="last")
        key = f"year-table-{file}"
        opened = partial(_open, key, table[name].tolist(), LOADING if down else VOLTAGE)
        show_results(table, key=key, on_select=opened, selection_mode="single-row")


def _open(key: str, names: list[str], quantity: str) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        st.session_state[feeders.ELEMENT] = names[rows[0]]
        st.session_state["year-quantity"] = quantity
        st.session_state[VIEW] = ELEMENT


def one_hour(year: Year, step_h: float, steps: int) -> None:
    """Show everything at one hour, from what the run kept."""
    worst = year["lowest_voltage"] or {"hour": 0.0}
    step = int(
        st.slider("Step", 0, steps - 1, round(worst["hour"] / step_h), help="It begins where the voltage is lowest")
    )
    st.caption(f"Hour {step * step_h:g}: {when(step * step_h)}")
    read = feeders.answer("read", year["case"])
    nodes, branches = state_at(year, step)
    feeder_view(f"year-{year['case']}", read.id, (read.result or {})["ground"], nodes, branches)
