"""Tables of a feeder as a person reads them: units in the headings, what a column means in its tooltip."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import streamlit as st

from core.feeder import COLUMNS
from pages.parts.columns import declared, fitting, without_signed_zeros

#: Headings of what the power flow and the year say about nodes and elements.
HEADINGS = {
    "id": "Element",
    "element": "Element",
    "kind": "Kind",
    "bus": "Bus",
    "node": "Node",
    "phase": "Phase",
    "v_pu": "Voltage [pu]",
    "v_kv": "Voltage to neutral [kV]",
    "angle_deg": "Angle [deg]",
    "i_a_a": "Current A [A]",
    "i_b_a": "Current B [A]",
    "i_c_a": "Current C [A]",
    "i_max_a": "Largest current [A]",
    "amps_normal": "Rating [A]",
    "loading_pct": "Loading [%]",
    "p_kw": "Power [kW]",
    "q_kvar": "Reactive power [kvar]",
    "losses_kw": "Losses [kW]",
    "below_a_h": "Below range A [h]",
    "above_a_h": "Above range A [h]",
    "below_b_h": "Below range B [h]",
    "above_b_h": "Above range B [h]",
    "min_pu": "Lowest [pu]",
    "max_pu": "Highest [pu]",
    "dead_h": "Without voltage [h]",
    "overload_h": "Overloaded [h]",
    "max_pct": "Highest loading [%]",
    "mean_pct": "Mean loading [%]",
    "baseline_v_pu": "Theirs [pu]",
    "error_pu": "Error [pu]",
    "baseline_angle_deg": "Their angle [deg]",
    "error_deg": "Angle error [deg]",
    "i_a": "Current [A]",
    "baseline_i_a": "Theirs [A]",
    "error_a": "Current error [A]",
    "baseline_loading_pct": "Their loading [%]",
    "error_points": "Loading error [% points]",
    "verdict": "Verdict",
}
DECIMALS = {
    "error_pu": "%.6f",
    "error_deg": "%.4f",
    "error_a": "%.3f",
    "error_points": "%.3f",
    "amps_normal": "%.1f",
    "_pu": "%.4f",
    "_pct": "%.1f",
    "_a": "%.2f",
    "_deg": "%.3f",
    "_kw": "%.2f",
    "_kvar": "%.2f",
    "_kv": "%.4f",
}


def forms_of(columns: Iterable[str]) -> dict[str, str]:
    """Return the form in which each column of numbers is shown."""
    forms = {
        column: next((form for ending, form in DECIMALS.items() if column.endswith(ending)), "") for column in columns
    }
    return {column: form for column, form in forms.items() if form}


def results_config(columns: Iterable[str]) -> dict[str, Any]:
    """Return the headings and decimals of result columns."""
    words = {column: HEADINGS.get(column, column) for column in columns}
    forms = forms_of(words)
    return {
        column: st.column_config.NumberColumn(heading, format=forms[column]) if column in forms else heading
        for column, heading in words.items()
    }


def show_results(table: pd.DataFrame, **options: Any) -> Any:
    """Show a table of results."""
    shown = [column for column in table if column in HEADINGS]
    config = results_config(shown)
    rows = without_signed_zeros(table[shown], forms_of(shown))
    return st.dataframe(rows, hide_index=True, column_config=fitting(rows, config), placeholder="–", **options)


def show_model(name: str, table: pd.DataFrame) -> None:
    """Show a table of the model: columns that hold nothing are left out."""
    filled = [column for column in table if (table[column].notna() & (table[column].astype(str) != "")).any()]
    st.dataframe(table[filled], hide_index=True, placeholder="–", column_config=declared(COLUMNS[name]))
    st.caption(f"{len(table):,} rows" + f"; {len(table.columns) - len(filled)} empty columns aren't shown")
