"""The app's router: sections, pages and what stands around them. A page is one line in :data:`SECTIONS`."""

from __future__ import annotations

import streamlit as st

from pages.parts.errors import guarded
from pages.parts.shell import frame

#: Section → its pages as (file in ``pages/`` and address, title, icon). The first page of all is the start page.
SECTIONS = {
    "Project": [
        ("home", "Home", "home"),
        ("plant", "Plant", "factory"),
    ],
    "Exchange": [
        ("export_hub", "Export hub", "upload_file"),
        ("import_results", "Import results", "download_done"),
        ("network_exchange", "Network exchange", "hub"),
    ],
    "Validate": [
        ("dashboard", "Dashboard", "fact_check"),
    ],
    "Design": [
        ("sizing", "Sizing", "tune"),
        ("loop", "Closed loop", "autorenew"),
    ],
    "Studies": [
        ("load_flow", "Load flow", "electric_bolt"),
        ("contingencies", "Contingencies", "call_split"),
        ("short_circuit", "Short circuit", "offline_bolt"),
        ("arc_flash", "Arc flash", "local_fire_department"),
        ("frequency", "Frequency", "ssid_chart"),
        ("availability", "Availability", "percent"),
    ],
    "Feeders": [
        ("feeder_import", "Feeder import", "account_tree"),
        ("feeder_map", "Feeder map", "map"),
        ("feeder_time_series", "Time series", "calendar_month"),
        ("feeder_validation", "Feeder validation", "rule"),
    ],
    "Results": [
        ("simulations", "Simulations", "timeline"),
        ("results", "Results", "table_chart"),
        ("compare", "Compare", "compare_arrows"),
    ],
}


def navigation() -> dict[str, list[st.Page]]:
    """Return the sections that have pages; the start page answers at the root and, unlisted, under its own name."""
    home = st.Page("pages/home.py", title="Home", url_path="home", visibility="hidden")
    sections = {
        section: [
            st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:", url_path=name)
            if name != "home"
            else st.Page("pages/home.py", title=title, icon=f":material/{icon}:", url_path="start", default=True)
            for name, title, icon in pages
        ]
        for section, pages in SECTIONS.items()
        if pages
    }
    return {**sections, "": [home]}


st.set_page_config(page_title="Gridproof", page_icon="pages/parts/icon.svg", layout="wide")
page = st.navigation(navigation(), expanded=True)
with guarded():
    frame()
    page.run()
