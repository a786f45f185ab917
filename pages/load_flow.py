from __future__ import annotations

from pages.parts.shell import guard
from pages.parts.study import Shown, study_page

guard()

COLUMNS = {
    "scenario": "Scenario",
    "bus": "Bus",
    "v_pu": "Voltage [pu]",
    "angle_deg": "Angle to the swing bus [deg]",
    "p_mw": "Injected [MW]",
    "q_mvar": "Injected [Mvar]",
    "loading_pct": "Loading [%]",
}
WHY = "Voltages, loadings and machine powers of the plant in its base cases and every scenario."
study_page(Shown("load_flow", "Load flow", WHY, "buses", COLUMNS, ("bus", "loading_pct")))
