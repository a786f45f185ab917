from __future__ import annotations

from pages.parts.shell import guard
from pages.parts.study import Course, Shown, study_page

guard()

COLUMNS = {
    "trip": "Trip of",
    "lost_mw": "Lost [MW]",
    "rocof_window_hz_per_s": "RoCoF over 500 ms [Hz/s]",
    "nadir_hz": "Nadir [Hz]",
    "nadir_s": "Nadir after [s]",
    "settling_hz": "Settling [Hz]",
    "rocof_hz_per_s": "Initial RoCoF [Hz/s]",
    "headroom_mw": "Headroom of the others [MW]",
    "status": "Status",
    "name": "Name",
}
WHY = "How far and how fast the island's frequency falls after the trip of each unit."
COURSE = Course("curves", "trip", "t_s", "Time after the trip [s]", "frequency_hz", "Frequency [Hz]")
study_page(Shown("frequency", "Frequency", WHY, "trips", COLUMNS, ("trip", "rocof_window_hz_per_s"), course=COURSE))
