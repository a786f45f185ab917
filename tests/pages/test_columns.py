"""Columns of tables: what is smaller than its last shown place is zero, without a sign."""

from __future__ import annotations

import pandas as pd

from pages.parts.columns import decimals_of, without_signed_zeros


def test_no_number_is_shown_as_minus_zero() -> None:
    rows = pd.DataFrame({"v_pu": [-1e-6, -0.2], "p_mw": [-0.004, -0.006], "bus": ["A", None]})
    forms = decimals_of(rows)
    assert forms == {"v_pu": "%.4f", "p_mw": "%.2f"}
    shown = without_signed_zeros(rows, forms)
    texts = [form % value for name, form in forms.items() for value in shown[name]]
    assert texts == ["0.0000", "-0.2000", "0.00", "-0.01"]
