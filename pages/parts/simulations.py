"""Simulations on pages: choosing one, its tables read once, headings with units, and what tells an element."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
import streamlit as st

from core.jobs import simulation
from core.results import database
from core.results.database import SOFTWARE, Simulation
from core.results.database.comparison import IDENTITY
from core.results.database.software import columns
from pages.parts.columns import fitting, without_signed_zeros
from pages.parts.empty import empty_state
from pages.parts.shell import store

#: The number of the simulation that pages show, in the session.
CHOSEN = "simulation"
#: Software and engines as pages name them.
TITLES = {**SOFTWARE, "psse": "PSS/E", "pypsa-dispatch": "PyPSA dispatch"}
#: One side of a comparison: a simulation and whose results of it.
Side = tuple[Simulation, str]
#: How numbers are shown that are given, not calculated.
FORMS = {"Nominal voltage [kV]": "%g", "Rating [MVA]": "%g"}
FARM_HEADINGS = {"wec_farm_name": "Farm", "wecsim_case": "Case of its model", "power_output_mw": "Power [MW]"}
HEADINGS = {
    "timestamp": "Time",
    "bus": "Bus",
    "bus_name": "Bus name",
    "type": "Type",
    "p": "P [pu]",
    "q": "Q [pu]",
    "v_mag": "Voltage [pu]",
    "angle_deg": "Angle [deg]",
    "vbase": "Nominal voltage [kV]",
    "gen": "Generator",
    "gen_name": "Generator name",
    "load": "Load",
    "line": "Line",
    "ibus": "From bus",
    "jbus": "To bus",
    "line_pct": "Loading [%]",
    "mbase": "Rating [MVA]",
    "status": "In service",
}


def needed_simulations() -> list[Simulation]:
    """Return all simulations; without any say so, lead to where they are made, and end the page there."""
    every = simulation.simulations(store())
    if not every:
        why = (
            "Simulate a network over time, or import results of PSS/E, ETAP, OpenDSS or WEC-Grid: "
            "they stand side by side here."
        )
        if empty_state("No simulation yet", why, button="Make a simulation"):
            st.switch_page("pages/simulations.py")
        st.stop()
    return every


def engine_title(one: Simulation) -> str:
    """Return what calculated a simulation, or where its results come from."""
    return TITLES[one.inputs.get("engine", one.software)]


def label(one: Simulation) -> str:
    """Return a simulation as choices name it."""
    steps = "1 step" if one.steps == 1 else f"{one.steps_done} steps" if one.steps else "imported"
    return f"{one.grid_sim_id} · {one.case_name} · {engine_title(one)} · {steps} from {one.timestamp_start}"


def rows_of(one: Simulation, component: str, software: str) -> pd.DataFrame:
    """Return a table of a simulation's results; it is shared by all pages and must not be changed."""
    return _rows(str(store().engine.url), *_state(one), component, software)


@st.cache_resource(show_spinner="Reading the results", max_entries=8)
def _rows(database_url: str, sim: int, created_at: str, steps_done: int, component: str, software: str) -> pd.DataFrame:
    if component == "farm":
        return database.get_farm_data(store(), sim)
    return database.get_data(store(), sim, component, software)


@st.cache_resource(show_spinner="Reading the results", max_entries=32)
def _outline(
    database_url: str, sim: int, created_at: str, steps_done: int, component: str, software: str
) -> tuple[list[str], pd.DataFrame]:
    return database.get_outline(store(), sim, component, software, identity(component))


def outline_of(one: Simulation, component: str, software: str) -> tuple[list[str], pd.DataFrame]:
    """Return a table's time stamps, and its elements with the buses they are at; neither must be changed."""
    if component != "farm":
        return _outline(str(store().engine.url), *_state(one), component, software)
    rows = rows_of(one, component, software)
    return rows["timestamp"].unique().tolist(), rows[identity(component)].drop_duplicates(ignore_index=True)


def step_of(one: Simulation, component: str, software: str, at: str) -> pd.DataFrame:
    """Return a table's rows at one time stamp."""
    if component != "farm":
        return database.get_data(store(), one.grid_sim_id, component, software, at=at)
    rows = rows_of(one, component, software)
    return rows[rows["timestamp"] == at]


def course_of(one: Simulation, component: str, software: str, chosen: list[int]) -> pd.DataFrame:
    """Return a table's rows of a few elements over time; they must not be changed."""
    if component != "farm":
        return _course(str(store().engine.url), *_state(one), component, software, tuple(chosen))
    return rows_of(one, component, software)


@st.cache_resource(show_spinner="Reading the results", max_entries=16)
def _course(
    database_url: str,
    sim: int,
    created_at: str,
    steps_done: int,
    component: str,
    software: str,
    chosen: tuple[int, ...],
) -> pd.DataFrame:
    return database.get_data(store(), sim, component, software, numbers=chosen)


def _state(one: Simulation) -> tuple[int, str, int]:
    """Return what tells a simulation and how far it is."""
    return one.grid_sim_id, one.created_at, one.steps_done


def headings(component: str, software: str) -> dict[str, str]:
    """Return the columns of a table with their headings, units in brackets."""
    if component == "farm":
        return {"timestamp": "Time", **FARM_HEADINGS}
    declared = {
        column.name: column.name.replace("_", " ").capitalize() + (f" [{column.unit}]" if column.unit else "")
        for column in columns(software, component)
    }
    return {"timestamp": "Time", **{name: HEADINGS.get(name, heading) for name, heading in declared.items()}}


def identity(component: str) -> list[str]:
    """Return the columns that tell an element."""
    return {"farm": ["wec_farm_name"], "link": ["link", "bus0", "bus1"], **IDENTITY}[component]


def elements(rows: pd.DataFrame, component: str) -> pd.Series:
    """Return what tells each row's element: ``7``, ``2 at bus 5``, ``4: 2 – 5``."""
    parts = [rows[name].astype(str) for name in identity(component)]
    if len(parts) == 1:
        return parts[0]
    return parts[0] + " at bus " + parts[1] if len(parts) == 2 else parts[0] + ": " + parts[1] + " – " + parts[2]


def outline(values: np.ndarray, most: int) -> np.ndarray:
    """Return the positions of at most ``most`` values that draw the same line: smallest and largest of each stretch."""
    if len(values) <= most:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), most // 2 + 1).astype(int)
    low, high = (np.nan_to_num(sign * values, nan=np.inf) for sign in (1.0, -1.0))
    ends = [[part[a:b].argmin() + a for a, b in pairwise(edges)] for part in (low, high)]
    return np.unique(np.concatenate(ends))


def show_numbers(rows: pd.DataFrame, form: str = "%.4f", forms: Mapping[str, str] = FORMS) -> None:
    """Show a table with its numbers to four places, or as ``form`` or a column's own in ``forms`` say."""
    floats = {str(name): form for name in rows if rows[name].dtype == float}
    shown = floats | {name: own for name, own in forms.items() if name in rows}
    rows = without_signed_zeros(rows, shown)
    config = {name: st.column_config.NumberColumn(format=own) for name, own in shown.items()}
    st.dataframe(rows, hide_index=True, column_config=fitting(rows, config), placeholder="–")
