"""Many feeders together: each a line coloured by its worst value, on the map and in a table; a click opens one."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.feeder.shape import Ground
from core.jobs import RunStatus
from pages.parts import feeders
from pages.parts.feeder_layers import LOADING, VIOLATIONS, VOLTAGE, show_legend
from pages.parts.feeder_map import HEIGHT, LINES, deck, described, ends, layers_of, picked
from pages.parts.status import cell, cell_style

#: Pieces that are drawn of all feeders together; the longest of each show its way.
DRAWN = 5_000
ONE, ALL, VIEW = "One feeder", "All feeders", "feeder-map-view"
WORST = ("lowest_pu", "highest_pu", "loading_pct")
COLUMNS = {
    "folder": "Files",
    "feeder": "Feeder",
    "verdict": "Verdict",
    "lowest_pu": st.column_config.NumberColumn("Lowest voltage [pu]", format="%.4f"),
    "lowest_at": "lowest at",
    "highest_pu": st.column_config.NumberColumn("Highest voltage [pu]", format="%.4f"),
    "highest_at": "highest at",
    "loading_pct": st.column_config.NumberColumn("Highest loading [%]", format="%.1f"),
    "loading_at": "loaded most",
    "state": "State",
}


def overview(names: list[str], *, hold_taps: bool) -> None:
    """Draw all feeders of the workspace with their worst values."""
    reads = {name: feeders.asked("read", name) for name in names}
    solved = {name: feeders.asked("solve", name, hold_taps=hold_taps) for name in names}
    waiting = [run for run in [*reads.values(), *solved.values()] if run.is_active]
    if waiting:
        feeders.wait_for([run.id for run in waiting], f"{len(waiting)} runs under way")
    table = pd.DataFrame([row for name in names for row in _worst(name, solved[name])]).reindex(columns=list(COLUMNS))
    _map(table, {name: run for name, run in reads.items() if run.result})
    st.caption(
        "The verdict is PASS within range A of ANSI C84.1 and up to 90 % loading, WARN within range B and up to 100 %, "
        "FAIL beyond: the colours of *Violations*."
    )
    shown = table.assign(verdict=table["verdict"].map(cell)).style.map(cell_style, subset=["verdict"])
    folders = table["folder"].tolist()
    st.dataframe(
        shown, hide_index=True, width="stretch", column_config=COLUMNS, key="feeders-table",
        on_select=partial(_from_table, folders), selection_mode="single-row",
    )  # fmt: skip


def _worst(name: str, run: RunStatus) -> list[dict[str, Any]]:
    """Return a row for each feeder of an export, or one that says why there are none."""
    if run.result is None:
        return [{"folder": name, "feeder": name, "verdict": "NOT CHECKED", "state": run.message or str(run.state)}]
    state = "" if run.result["converged"] else "the power flow does not converge"
    return [{"folder": name, "state": state, **row} for row in run.result["worst"]]


def _map(table: pd.DataFrame, reads: dict[str, RunStatus]) -> None:
    placed = [name for name, run in reads.items() if run.result and run.result["ground"] == Ground.DEGREES]
    without = sorted(set(table["folder"]) - set(placed))
    if without:
        st.caption(f"Without longitude and latitude, so in the table only: {', '.join(without)}.")
    if not placed:
        return
    pieces = pd.concat([_longest(name, reads[name].id, DRAWN // len(placed)) for name in placed], ignore_index=True)
    pieces = pieces.merge(table[["folder", "feeder", *WORST]], on=["folder", "feeder"], how="left")
    pieces = pieces.rename(columns={"lowest_pu": "low_pu", "highest_pu": "high_pu"}).astype({"loading_pct": float})
    pieces = described(pieces, pieces["feeder"], pieces["folder"])
    layer = st.segmented_control("Worst", (VIOLATIONS, VOLTAGE, LOADING), default=VIOLATIONS, required=True)
    layers, legend = layers_of(str(layer), pieces.assign(key=pieces["folder"]), _sources(placed, reads, pieces), "")
    st.pydeck_chart(
        deck(layers, *ends(pieces), Ground.DEGREES), height=HEIGHT, key="feeders-map", on_select=_from_map,
        alt=f"All feeders coloured by {layer}; the table below has the same values",
    )  # fmt: skip
    show_legend(legend)


def _longest(name: str, read: str, most: int) -> pd.DataFrame:
    """Return the longest pieces of a feeder; what has no feeder's name belongs to the only one."""
    pieces = feeders.table(read, "pieces")
    squared = (pieces["to_x"] - pieces["from_x"]) ** 2 + (pieces["to_y"] - pieces["from_y"]) ** 2
    return pieces.loc[squared.nlargest(most).index].assign(folder=name)


def _sources(placed: list[str], reads: dict[str, RunStatus], pieces: pd.DataFrame) -> pd.DataFrame:
    """Return a dot at every source, with the values of its feeder."""
    devices = pd.concat([feeders.table(reads[name].id, "devices").assign(folder=name) for name in placed])
    sources = devices[devices["kind"] == "source"]
    worst = pieces.drop_duplicates("folder")[
        ["folder", "low_pu", "high_pu", "loading_pct", "label", "loading", "voltage"]
    ]
    return sources.merge(worst, on="folder").assign(key=lambda rows: rows["folder"], place="source")


def _open(name: str) -> None:
    st.session_state[feeders.FEEDER] = name
    st.session_state[VIEW] = ONE


def _from_map() -> None:
    if name := picked(st.session_state["feeders-map"], LINES, "devices"):
        _open(name)


def _from_table(folders: list[str]) -> None:
    rows = st.session_state["feeders-table"].selection.rows
    if rows:
        _open(folders[rows[0]])
