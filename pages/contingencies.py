from __future__ import annotations

import streamlit as st

from pages.parts.shell import guard
from pages.parts.study import Shown, study_page

guard()

COLUMNS = {
    "outage": "Out of service",
    "status": "Status",
    "v_min_pu": "Lowest voltage [pu]",
    "v_min_bus": "at bus",
    "v_max_pu": "Highest voltage [pu]",
    "v_max_bus": "at bus",
    "loading_max_pct": "Highest loading [%]",
    "loading_max_branch": "of",
    "lost_load_mw": "Lost load [MW]",
    "own_v_pu": "Worst by own limits [pu]",
    "own_v_bus": "at bus",
    "own_v_low_pu": "Own lower limit [pu]",
    "own_v_high_pu": "Own upper limit [pu]",
    "outside_own_limits": "Buses outside own limits",
    "outside_range": "Watched voltages outside their range",
    "interface_max_pct": "Highest interface loading [%]",
    "interface_max": "of interface",
}
WHY = "Every branch and every machine out of service, one at a time or two branches together."


def order() -> dict[str, object]:
    return {"order": 2 if st.toggle("Two branches together (N-2)") else 1}


shown = Shown("contingency", "Contingencies", WHY, "outages", COLUMNS, ("outage", "loading_max_pct"), elements=False)
study_page(shown, order)
