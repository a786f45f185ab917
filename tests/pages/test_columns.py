"""Columns of tables: what is smaller than its last shown place is zero, without a sign."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.columns import decimals_of, fitting, without_signed_zeros


def test_no_number_is_shown_as_minus_zero() -> None:
    rows = pd.DataFrame({"v_pu": [-1e-6, -0.2], "p_mw": [-0.004, -0.006], "bus": ["A", None]})
    forms = decimals_of(rows)
    assert forms == {"v_pu": "%.4f", "p_mw": "%.2f"}
    shown = without_signed_zeros(rows, forms)
    texts = [form % value for name, form in forms.items() for value in shown[name]]
    assert texts == ["0.0000", "-0.2000", "0.00", "-0.01"]


def test_a_column_is_wide_enough_for_its_rarest_and_longest_number() -> None:
    rows = pd.DataFrame({"rmse": [0.0] * 200 + [1.23456e-6], "at": ["bus 7"] * 201})
    config = fitting(rows, {"rmse": st.column_config.NumberColumn("RMSE", format="%.5g"), "at": "Worst element"})
    shown = len("0.0000012346")  # as the browser writes it
    assert config["rmse"]["width"] >= shown * 6.6
    assert config["at"]["label"] == "Worst element"
    assert config["at"]["width"] >= len("Worst element") * 6.6
