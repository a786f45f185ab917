"""The frequency study of a plant: every unit trip in island operation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity
from core.plant import INVERTER, Plant
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.studies.frequency.island import DAMPING_PCT_PER_PCT, Island, island_of
from core.studies.frequency.response import CURVE_S, WINDOW_S, curves, respond, solvable

TOOL = "Gridproof SFR"


def plant_frequency(plant: Plant, scenario: str | None = None) -> StudyResult:
    """Return RoCoF, nadir and settling frequency after the trip of each unit that runs.

    The options of the result say what was assumed. A grid-connected plant has no island frequency: its table is empty
    and a finding says so.
    """
    if not 0 < plant.settings.frequency_hz < float("inf"):
        raise BadInput(f"the plant's frequency of {plant.settings.frequency_hz:g} Hz is not above 0 Hz")
    island, findings = island_of(plant, scenario)
    options = {
        "frequency_hz": plant.settings.frequency_hz,
        "load_damping_pct_per_pct": DAMPING_PCT_PER_PCT,
        "rocof_window_s": WINDOW_S,
    }
    provenance = Provenance(tool=TOOL, options=options)
    if island is None:
        short = any(finding.severity is Severity.ERROR for finding in findings)
        status = Status.INFEASIBLE if short else Status.SOLVED
        return StudyResult("frequency", {"trips": result_table("frequency", "trips", [])}, status, provenance, findings)
    trips = trip_table(island).assign(scenario=scenario or "")
    findings += [*_idle(island), *_short(trips), *_without_inertia(trips)]
    tables = {
        "trips": result_table("frequency", "trips", trips),
        "curves": result_table("frequency", "curves", curve_table(island)),
    }
    return StudyResult("frequency", tables, Status.SOLVED, provenance, findings)


def trip_table(island: Island) -> pd.DataFrame:
    """Return one row for the trip of each unit."""
    swing, hz = island.trips(), island.frequency_hz
    response = respond(swing)
    headroom = swing.up_mw.sum(axis=1)
    return pd.DataFrame(
        {
            "trip": island.units["id"],
            "name": island.units["name"],
            "status": np.where(solvable(swing) | (swing.loss_mw == 0), "settled", "collapsed"),
            "lost_mw": swing.loss_mw,
            "inertia_mva_s": swing.inertia_mva_s,
            "headroom_mw": headroom,
            "short_mw": np.maximum(swing.loss_mw - headroom, 0.0),
            "rocof_hz_per_s": response.rocof_pu_per_s * hz,
            "rocof_window_hz_per_s": response.window_rocof_pu_per_s * hz,
            "nadir_hz": (1 + response.nadir_pu) * hz,
            "nadir_s": response.nadir_s,
            "settling_hz": (1 + response.settling_pu) * hz,
        }
    )


def curve_table(island: Island) -> pd.DataFrame:
    """Return the course of the frequency after each trip, one row a moment."""
    deviation = curves(island.trips())
    return pd.DataFrame(
        {
            "trip": np.repeat(island.units["id"].to_numpy(), len(CURVE_S)),
            "t_s": np.tile(CURVE_S, len(deviation)).round(3),
            "frequency_hz": ((1 + deviation) * island.frequency_hz).ravel().round(6),
        }
    ).dropna()


def _idle(island: Island) -> list[Finding]:
    idle = island.units[island.units["type"].isin(INVERTER - {"BESS"})]["id"]
    if idle.empty:
        return []
    text = f"{', '.join(idle.head(5))}: wind and PV are taken at zero power; they neither answer nor are missed"
    return [Finding("frequency.renewable", Severity.INFO, text, "", element=idle.iloc[0])]


def _short(trips: pd.DataFrame) -> list[Finding]:
    short = trips[trips["short_mw"] > 1e-9]
    text = (
        "after the trip of {} the others have {:.1f} MW less headroom than was lost: the load's own fall must carry it"
    )
    return [
        Finding("frequency.reserve", Severity.WARNING, text.format(*row), "hold more spinning reserve", element=row[0])
        for row in zip(short["trip"], short["short_mw"], strict=True)
    ]


def _without_inertia(trips: pd.DataFrame) -> list[Finding]:
    text = "after the trip of {} too little inertia is left to hold a frequency"
    hint = "keep another machine online, or a battery that forms the grid, which this model doesn't cover"
    return [
        Finding("frequency.collapse", Severity.ERROR, text.format(trip), hint, element=trip)
        for trip in trips.loc[trips["status"] == "collapsed", "trip"]
    ]
