from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import feeders
from pages.parts.feeder_map import deck, segments
from pages.parts.shell import explained, guard

guard()

st.title("Feeder map")
name = feeders.chosen()
if name is None:
    st.stop()
with explained():
    feeder = feeders.reading(name, feeders.stamp(name)).value
    held = st.toggle("Hold the imported taps")
    solved = feeders.answer("solve", name, feeders.stamp(name), *(["--hold-taps"] if held else []))
    if not solved["converged"]:
        for finding in solved["findings"]:
            st.error(finding["text"]) if finding["severity"] == "error" else None
        st.stop()
    nodes, branches = pd.DataFrame(solved["nodes"]), pd.DataFrame(solved["branches"])
    alive = nodes[nodes["v_pu"] > 0.05]
    figures = st.columns(4)
    figures[0].metric("Lowest voltage [pu]", f"{alive['v_pu'].min():.4f}")
    figures[1].metric("Highest voltage [pu]", f"{alive['v_pu'].max():.4f}")
    figures[2].metric("Highest loading [%]", f"{branches['loading_pct'].max():.1f}")
    figures[3].metric("Losses [kW]", f"{solved['losses_kw']:.1f}")
    layer = st.segmented_control(
        "Layer", ["Voltage", "Loading", "Violations", "Phases", "Equipment"], default="Voltage"
    )
    drawn = segments(feeder, branches, nodes, layer or "Voltage")
    picked = ""
    if drawn.empty:
        st.info("No bus has coordinates: add GIS layers or a CSV with coordinates to the feeder's files.")
    else:
        geographic = feeder.crs == "EPSG:4326"
        event = st.pydeck_chart(deck(drawn, geographic), on_select="rerun", selection_mode="single-object", key="map")
        chosen = event.selection.get("objects", {}).get("branches", [])
        picked = str(chosen[0]["id"]) if chosen else ""
        if len(drawn) < len(feeder["branches"]):
            st.caption(f"{len(feeder['branches']) - len(drawn)} of {len(feeder['branches'])} branches have no place.")
    names = list(branches["id"])
    element = st.selectbox("Element", names, index=names.index(picked) if picked in names else 0)
    st.dataframe(branches[branches["id"] == element], hide_index=True, width="stretch")
    with st.expander("All branches, the most loaded first"):
        st.dataframe(branches.sort_values("loading_pct", ascending=False), hide_index=True, width="stretch")
