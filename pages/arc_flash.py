from __future__ import annotations

from pages.parts.shell import guard
from pages.parts.study import Shown, study_page

guard()

COLUMNS = {
    "bus": "Bus",
    "energy_cal_cm2": "Incident energy [cal/cm²]",
    "worst_boundary_mm": "Boundary [mm]",
    "arcing_ka": "Arcing current [kA]",
    "reduced_arcing_ka": "Reduced arcing current [kA]",
    "clearing_s": "Clearing time [s]",
    "clearing_reduced_s": "Clearing time, reduced [s]",
    "bolted_ka": "Bolted fault [kA]",
    "voltage_kv": "Voltage [kV]",
    "working_distance_mm": "Working distance [mm]",
    "equipment": "Equipment",
    "configuration": "Electrodes",
    "gap_mm": "Gap [mm]",
    "reason": "Not calculated because",
    "name": "Name",
}
WHY = "What an arc at every bus would do to a person who works there, to IEEE 1584-2018."
study_page(Shown("arc_flash", "Arc flash", WHY, "buses", COLUMNS, ("bus", "energy_cal_cm2")))
