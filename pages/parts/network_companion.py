"""A file that goes with a network: its counts, findings and records."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.formats.companions import Companion, counts, rows, write_companion
from pages.parts.findings import show_findings


def show_companion(companion: Companion, content: bytes, name: str) -> None:
    """Show what the file holds and offer it as it is written again."""
    reading = companion.read(content, name)
    found = rows(reading.value)
    st.markdown(f"**{name}** · {companion.title}")
    st.caption(", ".join(f"{count:,} {what}" for what, count in counts(reading.value).items() if count) or "nothing")
    show_findings(reading.findings)
    if not found:
        return
    table = pd.DataFrame(found).drop(columns="values", errors="ignore")
    shown = table.map(lambda value: ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value)
    if "parameters" in shown:
        words = shown["parameters"].map(lambda each: ", ".join(f"{key} {value}" for key, value in each.items()))
        shown["parameters"] = words.where(words != "", table["parameters"].map(lambda _: "kept as in the file"))
    st.dataframe(shown.astype(str).rename(columns=str.capitalize), hide_index=True)
    st.download_button(
        "Download it again", write_companion(reading.value), name, icon=":material/download:", on_click="ignore"
    )
