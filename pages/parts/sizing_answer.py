"""What the optimiser answered: designs with cost and dispatch, sweeps, and designs side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import jobs
from core.design.amounts import amount_of
from core.documents import dump
from core.findings import Finding
from core.jobs import RunStatus
from core.project import Project
from core.settings import HOURS_PER_YEAR
from pages.parts.findings import show_findings
from pages.parts.shell import explained, store

HOURS_PER_WEEK = 168
COST = {
    "investment": "Investment, as annuity",
    "electrical": "Transformers, breakers, banks, as annuity",
    "fixed": "Fixed operation",
    "variable": "Variable operation",
    "fuel": "Fuel",
    "starts": "Starts",
    "grid": "Grid energy",
    "carbon": "Carbon",
}
PALETTE = ("#0072B2", "#56B4E9", "#009E73", "#CC79A7", "#E69F00", "#D55E00", "#8C6BB1", "#999999", "#4D4D4D")


def show_designs(run: str, result: Mapping[str, Any], project: Project, *, charted: bool) -> None:
    """Draw the designs of a run: the sweep as chart and table where there is one, then one design in full."""
    for message in result["failed"]:
        st.error(message)
    designs = result["designs"]
    chosen = designs[0]
    if charted:
        _sweep(designs)
        names = [f"{each['value']:g}" for each in designs]
        chosen = designs[names.index(st.selectbox("Look at the design for", names, key=f"of-{run}"))]
    _design(run, chosen, project)


def _design(run: str, entry: Mapping[str, Any], project: Project) -> None:
    design, number = entry["design"], entry["number"]
    if design["status"] == "infeasible":
        st.error(f"No design meets the requirement: {design['conflict_text']}", icon=":material/block:")
        show_findings([Finding.from_dict(each) for each in design["findings"]])
        return
    _headline(design)
    equipment, money, week, curve, remarks = st.tabs(["Equipment", "Cost", "Dispatch", "Duration curves", "Remarks"])
    with equipment:
        st.dataframe(_units(design, jobs.inputs(store(), run)["requirement"]), hide_index=True)
        _take(run, number, project)
        text = dump(design, indent=2)
        st.download_button(
            "Design as JSON", text, "design.json", icon=":material/download:", key=f"json-{run}-{number}"
        )
    with money:
        _cost(design)
    dispatch = _dispatch(run, number)
    with week:
        _week(dispatch, f"{run}-{number}")
    with curve:
        _duration(dispatch)
    with remarks:
        show_findings([Finding.from_dict(each) for each in design["findings"]])


def _headline(design: Mapping[str, Any]) -> None:
    cost = design["cost"]
    columns = st.columns(4)
    columns[0].metric("Cost [M USD/year]", f"{cost['usd_per_year'] / 1e6:,.2f}", border=True)
    columns[1].metric("Levelised cost [USD/MWh]", f"{cost['usd_per_mwh']:,.2f}", border=True)
    columns[2].metric("Investment [M USD]", f"{cost['investment_usd'] / 1e6:,.1f}", border=True)
    availability = design["availability"]
    columns[3].metric("Availability", "–" if availability is None else f"{availability:.6f}", border=True)
    if design["status"] != "optimal":
        st.warning("The time limit ended the search: this is the best design found, not the proven best.")
    if design["gap"] is not None:
        st.caption(
            f"{design['status'].capitalize()}: within {design['gap'] * 100:.2f} % of the best on the days that stand "
            f"for the year; no design costs less than {design['bound_usd_per_year'] / 1e6:,.2f} M USD a year on them."
        )


def _units(design: Mapping[str, Any], requirement: Mapping[str, Any]) -> pd.DataFrame:
    """Return what is built, under its name in the catalogue that the design was chosen from."""
    headings = {"technology": "Technology", "name": "Name", "count": "Units", "mw": "Power [MW]", "mwh": "Energy [MWh]"}
    known = pd.DataFrame(requirement["technologies"]).set_index("id")
    rows = pd.DataFrame(design["units"], columns=list(headings)).set_index("technology", drop=False)
    rows["name"] = known["name"].reindex(rows.index)
    counted = pd.to_numeric(rows["count"]) * known["unit_mw"].reindex(rows.index)
    rows["mw"] = pd.to_numeric(rows["mw"]).fillna(counted)
    return rows.dropna(axis="columns", how="all").rename(columns=headings)


def _take(run: str, number: int, project: Project) -> None:
    if st.button("Make this the project's plant", icon=":material/factory:", key=f"take-{run}-{number}"):
        with explained():
            document = json.loads((jobs.folder(store(), run) / f"plant_{number}.json").read_text(encoding="utf-8"))
            project.save_plant(document, "plant of the optimiser's design", project.revision)
            st.success("The project has the design's plant now; the one before stands in its history on Plant.")


def _cost(design: Mapping[str, Any]) -> None:
    rows = pd.DataFrame(
        [{"Kind": COST.get(kind, kind), "USD a year": value} for kind, value in design["cost"]["by_kind"].items()]
    )
    rows["USD a year"] = rows["USD a year"].round()
    rows["Share [%]"] = rows["USD a year"] / max(rows["USD a year"].sum(), 1e-9) * 100
    numbers = {
        "USD a year": st.column_config.NumberColumn(format="localized"),
        "Share [%]": st.column_config.ProgressColumn(format="%.1f", min_value=0, max_value=100),
    }
    st.dataframe(rows, hide_index=True, column_config=numbers)
    st.caption(f"Net present cost over the project: {design['cost']['net_present_usd'] / 1e6:,.1f} M USD.")


@st.cache_data(show_spinner=False, max_entries=16)
def _dispatch(run: str, number: int) -> pd.DataFrame:
    return pd.read_parquet(jobs.folder(store(), run) / f"dispatch_{number}.parquet")


def _week(dispatch: pd.DataFrame, key: str) -> None:
    """Draw any week of the dispatch: what runs, stacked, and the load that it carries."""
    import plotly.graph_objects as go

    weeks = max(1, len(dispatch) // HOURS_PER_WEEK)
    week = st.slider("Week", 1, weeks, 1, key=f"week-{key}") if weeks > 1 else 1
    shown = dispatch.iloc[(week - 1) * HOURS_PER_WEEK : week * HOURS_PER_WEEK]
    figure = go.Figure()
    sources = [name for name in shown if name not in ("load_mw", "charge_mw", "soc_mwh") and shown[name].max() > 1e-3]
    for place, name in enumerate(sources):
        colour = PALETTE[place % len(PALETTE)]
        figure.add_scatter(
            x=shown.index, y=shown[name], name=_label(name), stackgroup="power", line={"width": 0, "color": colour}
        )
    figure.add_scatter(x=shown.index, y=shown["load_mw"], name="Load", line={"color": "#888888", "width": 2})
    if shown["charge_mw"].max() > 1e-3:
        taken = shown["load_mw"] + shown["charge_mw"]
        figure.add_scatter(x=shown.index, y=taken, name="Load and charging", line={"color": "#888888", "dash": "dot"})
    hour = "Hour of the day" if len(dispatch) < HOURS_PER_WEEK else "Hour of the year"
    figure.update_layout(xaxis_title=hour, yaxis_title="Power [MW]", margin={"t": 10})
    st.plotly_chart(figure, key=f"dispatch-{key}")
    if len(dispatch) < HOURS_PER_WEEK:
        st.caption("Every day of the year is like this one.")


def _label(column: str) -> str:
    names = {"pv_mw": "Sun", "wind_mw": "Wind", "grid_mw": "Grid", "discharge_mw": "Battery"}
    return names.get(column, column.removesuffix("_mw"))


def _duration(dispatch: pd.DataFrame) -> None:
    """Draw how many hours the load, and the load less sun and wind, is at least so high."""
    net = dispatch["load_mw"] - dispatch["pv_mw"] - dispatch["wind_mw"]
    curves = {"Load [MW]": dispatch["load_mw"], "Net load [MW]": net}
    table = pd.DataFrame({name: values.sort_values(ascending=False).to_numpy() for name, values in curves.items()})
    table.index = (table.index + 1) * (HOURS_PER_YEAR / len(table))
    st.line_chart(table, x_label="Hours of the year", y_label="Power [MW]", color=list(PALETTE[:2]))
    st.caption("Net load: the load less what sun and wind give.")


def _sweep(designs: Sequence[Mapping[str, Any]]) -> None:
    costs = [{"Value": each["value"], "Cost [M USD/year]": each["design"]["cost"]["usd_per_year"]} for each in designs]
    curve = pd.DataFrame(costs).dropna().assign(**{"Cost [M USD/year]": lambda rows: rows.iloc[:, 1] / 1e6})
    st.line_chart(curve, x="Value", y="Cost [M USD/year]", color=PALETTE[0])
    rows = pd.DataFrame([{"Value": f"{each['value']:g}", **_line(each["design"])} for each in designs])
    st.dataframe(rows, hide_index=True)


def _line(design: Mapping[str, Any]) -> dict[str, str]:
    """Return a design in one row of a table."""
    cost = design["cost"]
    units = "; ".join(f"{row['technology']}: {amount_of(row)}" for row in design["units"])
    return {
        "Equipment": units or design["conflict_text"],
        "Cost [M USD/year]": _number(cost["usd_per_year"], 2, 1e6),
        "Investment [M USD]": _number(cost["investment_usd"], 1, 1e6),
        "Levelised cost [USD/MWh]": _number(cost["usd_per_mwh"], 2),
        "CO2 [t/year]": _number(design["emissions_t"], 0),
        "Largest units out": _number(design["redundancy_level"], 0),
        "Availability": _number(design["availability"], 6),
        "Status": design["status"],
    }


def _number(value: float | None, digits: int, unit: float = 1.0) -> str:
    return "–" if value is None else f"{value / unit:,.{digits}f}"


def comparison(runs: Sequence[RunStatus]) -> None:
    """Draw chosen designs side by side, one column a design, what differs first."""
    entries = {
        f"{run.title}{_of(each)} · {run.submitted_at:%d %b %H:%M:%S}": each["design"]
        for run in runs
        if run.result
        for each in run.result["designs"]
    }
    if len(entries) < 2:
        st.info("Two designs are needed: size for another requirement, or run a sweep.")
        return
    names = st.multiselect("Designs", list(entries), default=list(entries)[:2])
    table = pd.DataFrame({name: _line(entries[name]) for name in names})
    if not names:
        return
    table.insert(0, "Differs", ["yes" if len(set(row)) > 1 else "" for row in table.to_numpy().tolist()])
    st.dataframe(table)


def _of(entry: Mapping[str, Any]) -> str:
    return f" = {entry['value']:g}" if "value" in entry else ""
