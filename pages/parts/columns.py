"""Headings and decimals of result columns: names end with their unit, and so do headings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from core.catalogue import Column

#: Ending of a column's name → the unit in its heading, the decimals shown.
UNITS = {
    "_hz_per_s": ("Hz/s", 3),
    "_cal_cm2": ("cal/cm²", 2),
    "_j_cm2": ("J/cm²", 2),
    "_mva_s": ("MVA s", 1),
    "_pu": ("pu", 4),
    "_deg": ("deg", 3),
    "_pct": ("%", 2),
    "_kv": ("kV", 4),
    "_ka": ("kA", 3),
    "_a": ("A", 2),
    "_mw": ("MW", 2),
    "_mvar": ("Mvar", 2),
    "_mva": ("MVA", 2),
    "_kw": ("kW", 2),
    "_kvar": ("kvar", 2),
    "_hz": ("Hz", 3),
    "_s": ("s", 3),
    "_mm": ("mm", 0),
    "_ohm": ("Ω", 5),
}


def column_config(names: Iterable[str], headings: Mapping[str, str]) -> dict[str, Any]:
    """Return how columns are shown: under their own heading, else under their name in words with its unit."""
    return {name: _column(name, headings.get(name, "")) for name in names}


def declared(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return how the columns of a catalogue's table are shown: in words with their unit, what they mean behind."""
    return {name: st.column_config.Column(column.heading, help=column.help) for name, column in columns.items()}


def _column(name: str, heading: str) -> Any:
    ending = next((ending for ending in UNITS if name.endswith(ending)), "")
    words = name.removesuffix(ending).replace("_", " ")
    if not ending:
        return st.column_config.Column(heading or words[:1].upper() + words[1:])
    unit, decimals = UNITS[ending]
    return st.column_config.NumberColumn(heading or f"{words[:1].upper()}{words[1:]} [{unit}]", format=f"%.{decimals}f")
