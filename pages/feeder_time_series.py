from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import jobs
from pages.parts import feeders
from pages.parts.shell import current_project, explained, guard, store

guard()


def start(profiles: Path, hours: int, minutes: int) -> str:
    """Queue the run of a year."""
    paths = [str(feeders.home() / name)]
    inputs: dict[str, Any] = {
        "cases": {name: paths},
        "profiles": str(profiles),
        "steps": hours * 60 // minutes,
        "step_h": minutes / 60,
        "block_steps": 2190,
        "repair": False,
        "hold_taps": False,
        "ranking": {},
        "files": feeders.stamp(name),
    }
    project = current_project()
    return jobs.submit(store(), "time_series", inputs, project=project.id if project else None, title=f"Year of {name}")


@st.cache_data(max_entries=32, show_spinner=False)
def column(files: tuple[str, ...], label: str) -> pd.Series:
    """Return one element's year."""
    return pd.concat([pd.read_parquet(file, columns=["step", label]) for file in files]).set_index("step")[label]


@st.fragment(run_every=1)
def wait(run: str) -> None:
    """Show how far the run is, and the results as soon as it has ended."""
    seen = jobs.status(store(), run)
    if not seen.is_active:
        st.rerun()
    st.progress(seen.done / seen.total if seen.total else 0.0, text=f"{seen.done} of {seen.total or '?'} blocks")


st.title("Time series")
name = feeders.chosen()
if name is None:
    st.stop()
tables = sorted(path.name for path in (feeders.home() / name).iterdir() if path.suffix in (".csv", ".parquet"))
profile = st.selectbox("Profiles", tables, index=tables.index("profiles.csv") if "profiles.csv" in tables else 0)
hours = int(st.number_input("Hours [h]", 1, 8784, 8760))
minutes = int(st.segmented_control("Step [min]", [60, 15], default=60) or 60)
if profile and st.button("Run", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter"):
    with explained():
        st.session_state["feeder-run"] = start(feeders.home() / name / profile, hours, minutes)
run = st.session_state.get("feeder-run")
if run is None:
    st.info("Run the year to see duration curves, the heat map and the worst hours.")
    st.stop()
state = jobs.status(store(), run)
if state.is_active:
    wait(run)
    st.stop()
if state.result is None:
    st.error(state.message or "The run ended without a result.")
    st.stop()
for part in state.result["failed"]:
    st.error(f"{part['feeder']} block {part['block']}: {part['message']}")
for year in state.result["feeders"]:
    st.subheader(year["feeder"])
    figures = st.columns(6)
    shown = (("Energy [MWh]", "energy_mwh"), ("Losses [%]", "losses_pct"), ("Outside range A [h]", "outside_a_h"))
    shown += (
        ("Outside range B [h]", "outside_b_h"),
        ("Overload [h]", "overload_h"),
        ("Tap operations", "tap_operations"),
    )
    for box, (label, key) in zip(figures, shown, strict=True):
        box.metric(label, f"{year[key]:,.2f}" if year[key] is not None else "–")
    elements, nodes = (pd.read_parquet(year["files"][key]) for key in ("elements", "nodes"))
    what = st.segmented_control("What", ["Voltage", "Loading"], default="Voltage", key=f"what-{year['feeder']}")
    voltage = what != "Loading"
    ranked = nodes.sort_values("min_pu") if voltage else elements.sort_values("max_pct", ascending=False)
    names = ranked["node" if voltage else "element"].tolist()
    picked = st.selectbox("Element, the worst first", names, key=f"element-{year['feeder']}")
    values = column(tuple(year["files"]["voltages" if voltage else "loadings"]), picked)
    label = "Voltage [pu]" if voltage else "Loading [%]"
    per_day = round(24 / state.result["step_h"])
    left, right = st.columns(2)
    curve = go.Figure(go.Scatter(y=np.sort(values)[::-1], mode="lines"))
    curve.update_layout(title="Duration curve", xaxis_title="Steps", yaxis_title=label, height=340)
    left.plotly_chart(curve, key=f"curve-{year['feeder']}")
    days = len(values) // per_day
    if days:
        grid = values.to_numpy()[: days * per_day].reshape(days, per_day).T
        heat = go.Figure(go.Heatmap(z=grid, colorscale="Viridis", colorbar={"title": label}))
        heat.update_layout(title="Hour by day", xaxis_title="Day", yaxis_title="Step of the day", height=340)
        right.plotly_chart(heat, key=f"heat-{year['feeder']}")
    st.markdown("**Worst steps**")
    st.dataframe((values.nsmallest(10) if voltage else values.nlargest(10)).rename(label), width="stretch")
