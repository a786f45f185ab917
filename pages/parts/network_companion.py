"""A file that goes with a network: its counts, findings and records."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.formats.companions import Companion, counts, rows, write_companion
from core.formats.psse.contingency_files import Outage, spelled_outage
from core.formats.psse.monitor_files import Branch, spelled_branch
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
    shown = table.map(_words)
    if "parameters" in shown:
        shown["parameters"] = shown["parameters"].where(shown["parameters"] != "", "kept as in the file")
    st.dataframe(shown.astype(str).rename(columns=str.capitalize), hide_index=True)
    st.download_button(
        "Download it again", write_companion(reading.value), name, icon=":material/download:", on_click="ignore"
    )


def _words(value: Any) -> Any:
    """Return what a cell shows of outages, members and parameters."""
    if isinstance(value, Outage):
        return spelled_outage(value)
    if isinstance(value, Branch):
        return spelled_branch(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    if isinstance(value, tuple):
        return ", ".join(str(_words(each)) for each in value)
    return value
