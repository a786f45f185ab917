"""The one-line of a plant on a page, with a choice of symbols and the chosen element's data beside it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.catalogue import Column
from core.plant import CATALOGUE, EQUIPMENT, Plant
from core.reports.drawing import Note
from core.reports.oneline import oneline_svg
from core.reports.symbols import SYMBOL_SETS
from pages.parts.drawing import drawing

#: The element that all views of a page mark; in the address, so that a link leads to it.
CHOSEN = "element"


def oneline(plant: Plant, *, key: str, notes: Mapping[str, Note] | None = None) -> str | None:
    """Show the one-line and, under it, what is known of the chosen element; return that element."""
    symbols = st.segmented_control(
        "Symbols",
        SYMBOL_SETS,
        default=SYMBOL_SETS[0],
        key=f"{key}-symbols",
        help="IEC 60617 or IEEE Std 315",
        required=True,
    )
    chosen = st.query_params.get(CHOSEN)
    picture = oneline_svg(plant, notes=notes, symbols=symbols)
    clicked = drawing(picture, key=key, chosen=chosen)
    if clicked and clicked != chosen:
        st.query_params[CHOSEN] = clicked
        st.rerun()
    if chosen:
        _properties(plant, chosen)
    else:
        st.caption("Click an element, or move to it with Tab and press Enter, to see its data.")
    return chosen


def _properties(plant: Plant, element: str) -> None:
    for table in ("bus", *EQUIPMENT):
        rows = plant[table][plant[table]["id"] == element]
        if rows.empty:
            continue
        row = rows.iloc[0]
        st.markdown(f"**{table} {element}**".replace("[", "\\["))
        shown = {c: row[c.name] for c in CATALOGUE[table].values() if str(row[c.name]) not in ("", "nan", "<NA>")}
        st.dataframe(
            {"Property": [_label(column) for column in shown], "Value": [str(value) for value in shown.values()]},
            hide_index=True,
            width="content",
        )
        return


def _label(column: Column) -> str:
    return f"{column.help} [{column.unit}]" if column.unit else column.help
