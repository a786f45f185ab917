"""What a person decides about GIS files: what layers and columns mean, and which asset is which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from core.formats.gis.layers import check_system, field_names, keep_corrections, kinds, load_corrections
from core.settings import load_settings
from pages.parts import feeders

LEFT_OUT, NO_COLUMN = "leave out", "—"
#: Below this a match deserves a look.
SURE = 0.9


def remembered() -> dict[str, Any]:
    """Return the meaning of layers as decided in earlier imports of this workspace."""
    return load_corrections(load_settings().workspace / "gis_layers.json")


def show_layers(name: str, layers: list[dict[str, Any]]) -> None:
    """Show how every layer is read, and let a person correct it."""
    st.caption(
        "What a layer holds and what its columns mean is told by their names. What you decide counts for this feeder, "
        "and for the next import of a layer of this name."
    )
    corrections = {}
    for layer in layers:
        kind = layer["kind"] or LEFT_OUT
        title = f"{layer['layer']} · {kind} · {layer['rows']:,} rows · {layer['crs'] or 'no coordinate system'}"
        with st.expander(title, expanded=not layer["kind"], icon=":material/layers:"):
            corrections[layer["layer"]] = _layer(name, layer)
    changed = {layer: change for layer, change in corrections.items() if change}
    if st.button("Read again so", type="primary", disabled=not changed, icon=":material/refresh:"):
        decided = feeders.decided(name)
        merged = dict(decided.layers)
        for layer, change in changed.items():
            check_system(change.get("crs", ""))
            before = merged.get(layer, {})
            merged[layer] = {**before, **change, "fields": {**before.get("fields", {}), **change.get("fields", {})}}
        keep_corrections(load_settings().workspace / "gis_layers.json", merged)
        feeders.decide(name, replace(decided, layers=merged))
        st.rerun()


def _layer(name: str, layer: dict[str, Any]) -> dict[str, Any]:
    """Draw a layer's widgets; return what differs from how it is read."""
    key = f"{name}-{layer['layer']}"
    left, right = st.columns(2)
    options = [LEFT_OUT, *kinds()]
    index = options.index(layer["kind"] or LEFT_OUT)
    kind = left.selectbox("What it holds", options, index=index, key=f"kind-{key}")
    crs = right.text_input("Coordinate system", layer["crs"], key=f"crs-{key}", placeholder="EPSG:25832")
    head = pd.DataFrame(layer["head"])
    columns = [NO_COLUMN, *head.columns]
    shown = pd.DataFrame({"field": field_names()})
    shown["column"] = shown["field"].map(layer["fields"]).fillna(NO_COLUMN)
    config = {
        "field": st.column_config.TextColumn("Our field", disabled=True),
        "column": st.column_config.SelectboxColumn("Column of the layer", options=columns, required=True),
    }
    edited = st.data_editor(shown, hide_index=True, column_config=config, key=f"fields-{key}", height=250)
    st.caption("The first rows")
    st.dataframe(head, hide_index=True, width="stretch")
    differs = edited["column"] != shown["column"]
    fields = {
        field: "" if column == NO_COLUMN else column
        for field, column in zip(edited["field"][differs], edited["column"][differs], strict=True)
    }
    change: dict[str, Any] = {"fields": fields} if fields else {}
    if kind != (layer["kind"] or LEFT_OUT):
        change["kind"] = "" if kind == LEFT_OUT else kind
    if crs != layer["crs"]:
        change["crs"] = crs
    return change


def show_matches(name: str) -> None:
    """Show which asset of the model is which in the GIS, how sure that is, and let a person decide."""
    run = feeders.answer("reconcile", name)
    found = run.result or {}
    table = feeders.table(run.id, "matches")
    st.markdown(" · ".join(f"**{count}** by {method}" for method, count in found["counts"].items()))
    decided = feeders.decided(name)
    _by_hand(name, table, found["gis"])
    unsure = st.toggle(f"Only what is less sure than {SURE:.0%}", value=bool((table["confidence"] < SURE).any()))
    shown = (table[table["confidence"] < SURE] if unsure else table).sort_values("confidence")
    config = {
        "table": "Kind",
        "ours": "In the model",
        "gis": "In the GIS",
        "method": "Matched by",
        "confidence": st.column_config.ProgressColumn("Confidence", min_value=0.0, max_value=1.0, format="percent"),
        "distance": st.column_config.NumberColumn(f"Distance [{found['distance_unit']}]", format="%.6f"),
    }
    st.dataframe(shown, hide_index=True, width="stretch", column_config=config)
    for ours, theirs in decided.matches.items():
        if st.button(f"Forget {ours} = {theirs}", key=f"forget-{ours}", type="tertiary", icon=":material/link_off:"):
            kept = {one: other for one, other in decided.matches.items() if one != ours}
            feeders.decide(name, replace(decided, matches=kept))
            st.rerun()


def _by_hand(name: str, table: pd.DataFrame, theirs: dict[str, list[str]]) -> None:
    """Let a person say which asset is which."""
    with st.expander("Match by hand", icon=":material/link:"):
        kind = st.segmented_control("Kind", list(theirs), default="buses", required=True, key="match-kind")
        ranked = table[table["table"] == kind].sort_values("confidence")
        left, right = st.columns(2)
        ours = left.selectbox("In the model, the least sure first", ranked["ours"], index=None, key=f"ours-{kind}")
        other = right.selectbox("In the GIS", theirs[kind], index=None, key=f"gis-{kind}")
        if st.button("They are the same", disabled=ours is None or other is None, icon=":material/check:"):
            decided = feeders.decided(name)
            feeders.decide(name, replace(decided, matches={**decided.matches, str(ours): str(other)}))
            st.rerun()
