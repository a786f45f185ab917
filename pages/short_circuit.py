from __future__ import annotations

from pages.parts.shell import guard
from pages.parts.study import Shown, study_page

guard()

COLUMNS = {
    "bus": "Bus",
    "fault_type": "Fault",
    "ik_ka": "I″k [kA]",
    "ip_ka": "ip [kA]",
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
study_page(Shown("short_circuit", "Short circuit", WHY, "faults", COLUMNS, ("bus", "duty_pct")))
