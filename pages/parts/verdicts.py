"""Verdicts in a table: what was judged, against which limit, and where the value was printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.criteria import CriteriaSet
from core.criteria.criterion import urgency
from pages.parts.status import cell, cell_style

Document = Mapping[str, Any]


def verdict_table(verdicts: Sequence[Document], *, key: str) -> str | None:
    """Draw verdicts, failures first and the smallest margin of each state; return the element of the chosen row."""
    labels = {criterion.criterion: criterion.label for criterion in CriteriaSet.default().criteria}
    rows = sorted(verdicts, key=lambda v: urgency(v["verdict"], v["margin"]))
    frame = pd.DataFrame(
        {
            "Verdict": [cell(v["verdict"]) for v in rows],
            "Stage": ["" if v["stage"] == "study" else v["stage"] for v in rows],
            "Criterion": [labels.get(v["criterion"], v["criterion"]) for v in rows],
            "Element": [v["element"] for v in rows],
            "Scenario": [v["scenario"] or "" for v in rows],
            "Value": pd.Series([v["value"] for v in rows], dtype=float),
            "Limit": pd.Series([v["limit"] for v in rows], dtype=float),
            "Margin": pd.Series([v["margin"] for v in rows], dtype=float),
            "Unit": [v["unit"] for v in rows],
            "Printed in": [place(v["where"]) for v in rows],
            "Note": [v["note"] or "" for v in rows],
        }
    )
    frame = frame.loc[:, (frame.notna() & (frame != "")).any()]
    numbers = [name for name in ("Value", "Limit", "Margin") if name in frame]
    chosen = st.dataframe(
        frame.style.map(cell_style, subset=["Verdict"]).format("{:.6g}", numbers, na_rep="–"),
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        width="stretch",
    )
    selected = chosen["selection"]["rows"]
    return str(frame["Element"].iloc[selected[0]]) if selected else None


def place(where: Document) -> str:
    """Return a place as a person reads it: file, sheet, row, or the run that calculated the value."""
    if where.get("run"):
        return f"run {where['run'][:8]}"
    parts = [
        where.get("file"),
        where.get("sheet") and f"sheet {where['sheet']}",
        where.get("row") and f"row {where['row']}",
    ]
    return ", ".join(part for part in parts if part)
