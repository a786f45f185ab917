from __future__ import annotations

import streamlit as st

from pages.parts.shell import guard
from pages.parts.study import Shown, study_page

guard()

COLUMNS = {
    "bus": "Bus",
    "fault_type": "Fault",
    "case": "Case",
    "ik_ka": "I″k [kA]",
    "ip_ka": "ip [kA]",
    "peak_method": "ip by method",
    "ib_ka": "Ib [kA]",
    "ib_asym_ka": "Ib asymmetrical [kA]",
    "x_r": "X/R",
    "rating_ka": "Breaking current [kA]",
    "duty_pct": "Duty [%]",
    "duty_asymmetrical_pct": "Asymmetrical duty [%]",
    "duty_dc_pct": "DC duty [%]",
    "duty_making_pct": "Making duty [%]",
    "next_rating_ka": "Next standard rating [kA]",
}
WHY = "Fault currents to IEC 60909 at every bus, and what they ask of the breakers."
CASES = {"max": "Maximum", "min": "Minimum"}
METHODS = {"A": "Uniform ratio (A)", "B": "Ratio at the fault (B)", "C": "Equivalent frequency (C)"}


def conditions() -> dict[str, object]:
    left, right = st.columns(2)
    case = left.selectbox("Currents", CASES, format_func=CASES.get)
    method = right.selectbox("Peak current by", METHODS, index=2, format_func=METHODS.get)
    return {"case": case, "peak_method": method}


shown = Shown("short_circuit", "Short circuit", WHY, "faults", COLUMNS, ("bus", "duty_pct"))
study_page(shown, conditions)
