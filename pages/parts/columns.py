"""Headings and decimals of result columns: names end with their unit, and so do headings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
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
#: What is smaller is the engines' tolerance.
NOISE = 1e-9
#: Decimals of a number without a form.
DECIMALS = 4
#: Pixels of a letter in a table and around its text; letters at most.
LETTER, AROUND, LONGEST = 6.6, 16, 60
#: Letters that an exponent saves at most.
EXPONENT = 2
#: How much wider a capital is, in letters.
CAPITAL = 0.25


def column_config(names: Iterable[str], headings: Mapping[str, str]) -> dict[str, Any]:
    """Return how columns are shown: under their own heading, else under their name in words with its unit."""
    return {name: _column(name, headings.get(name, "")) for name in names}


def without_signed_zeros(rows: pd.DataFrame, forms: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows with zero for what its column's form, such as ``%.4f``, would show as −0.0000."""
    smallest = {name: 10.0 ** -int(form[2:-1]) if form.endswith("f") else NOISE for name, form in forms.items()}
    floats = [name for name in smallest if name in rows and rows[name].dtype.kind == "f"]
    return rows.assign(**{name: rows[name].mask(rows[name].abs() < smallest[name] / 2, 0.0) for name in floats})


def fitting(rows: pd.DataFrame, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return how columns are shown, each wide enough for all that is in it.

    Streamlit measures columns by itself once, and leaves out what is rare: a longer number is then cut at its left, and
    reads as another number.
    """
    forms = {name: {"label": own} if isinstance(own, str) else dict(own or {}) for name, own in config.items()}
    return {name: {**forms.get(name, {}), "width": _width(rows[name], forms.get(name, {}))} for name in rows}


def _width(column: pd.Series, config: Mapping[str, Any]) -> int:
    """Return the pixels that a column needs for its heading and its longest value."""
    form = (config.get("type_config") or {}).get("format") or ""
    known = column.dropna()
    if form.startswith("%"):
        lengths = known.map(lambda value: len(form % value))
    elif column.dtype.kind in "if":
        lengths = known.round(DECIMALS).map(lambda value: len(f"{value:,}"))
    else:
        texts = known.astype(str)
        lengths = texts.str.len() + CAPITAL * texts.str.count("[A-Z]")
    written_out = EXPONENT if form.endswith("g") else 0  # 1e-05 is 0.00001 in the browser
    longest = max(lengths.max() + written_out if len(known) else 0, len(config.get("label") or str(column.name)))
    return round(min(longest, LONGEST) * LETTER + AROUND)


def declared(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return how the columns of a catalogue's table are shown: in words with their unit, what they mean behind."""
    return {name: st.column_config.Column(column.heading, help=column.help) for name, column in columns.items()}


def decimals_of(rows: pd.DataFrame) -> dict[str, str]:
    """Return the form in which each float column with a unit is shown."""
    floats = [name for name in rows if rows[name].dtype == float]
    return {name: f"%.{UNITS[_ending(name)][1]}f" for name in floats if _ending(name)}


def _ending(name: str) -> str:
    return next((ending for ending in UNITS if name.endswith(ending)), "")


def _column(name: str, heading: str) -> Any:
    ending = _ending(name)
    words = name.removesuffix(ending).replace("_", " ")
    if not ending:
        return st.column_config.Column(heading or words[:1].upper() + words[1:])
    unit, decimals = UNITS[ending]
    return st.column_config.NumberColumn(heading or f"{words[:1].upper()}{words[1:]} [{unit}]", format=f"%.{decimals}f")
