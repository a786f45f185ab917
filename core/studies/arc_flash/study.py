"""The arc-flash study of a plant: every bus, its bolted fault current and its breakers' clearing time."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.plant import Plant
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.studies.arc_flash import ieee_1584
from core.studies.short_circuit import Conditions, plant_short_circuit

TOOL = "Gridproof IEEE 1584"

#: Longest arc that a person is taken to stay in, typical of practice with IEEE 1584-2018 [s].
LONGEST_S = 2.0

#: What a bus may state of its equipment, with its name in the model and in words.
STATED = {
    "electrodes": ("configuration", "electrode configuration"),
    "gap_mm": ("gap_mm", "conductor gap"),
    "working_distance_mm": ("working_distance_mm", "working distance"),
    "enclosure_height_mm": ("height_mm", "enclosure height"),
    "enclosure_width_mm": ("width_mm", "enclosure width"),
    "enclosure_depth_mm": ("depth_mm", "enclosure depth"),
}


def plant_arc_flash(plant: Plant, scenario: str | None = None) -> StudyResult:
    """Return the incident energy and the arc-flash boundary at every bus of a plant.

    What a bus doesn't state of its equipment is typical of its voltage. The arc lasts as long as the bus states, or
    until the slowest breaker at the bus has cleared, two seconds at most and where there is none. At the reduced
    arcing current an inverse-time relay takes longer: the breakers' own time counts there.
    """
    faults = plant_short_circuit(plant, scenario, Conditions(single_phase=False))
    provenance = Provenance(tool=TOOL, options={"longest_s": LONGEST_S})
    if faults.status is not Status.SOLVED:
        return StudyResult("arc_flash", {}, faults.status, provenance, faults.findings)
    bolted = faults.main.drop_duplicates("bus").set_index("bus")["ik_ka"]
    bus = plant["bus"].reset_index(drop=True)
    equipment, assumed = bus_equipment(bus)
    seconds, reduced_s, remarks = arc_durations(plant["breaker"], bus["id"], bus["arc_s"])
    findings = [finding for finding in faults.findings if finding.severity is not Severity.INFO] + assumed + remarks
    current = bus["id"].map(bolted).to_numpy(dtype=float)
    answer = ieee_1584.arc_flash(equipment, current, seconds, reduced_s)
    reasons = ieee_1584.out_of_range(equipment, current)
    findings += _outside(bus["id"], reasons)
    table = pd.DataFrame({"bus": bus["id"], "name": bus["name"], "scenario": scenario or ""})
    table = pd.concat([table, equipment, answer], axis=1).assign(
        bolted_ka=current, clearing_s=seconds, clearing_reduced_s=reduced_s, reason=reasons
    )
    return StudyResult(
        "arc_flash", {"buses": result_table("arc_flash", "buses", table)}, Status.SOLVED, provenance, findings
    )


def bus_equipment(bus: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the equipment at every bus as it states it, else typical of its voltage, and what is typical."""
    typical = typical_equipment(bus["kv"])
    stated = bus[list(STATED)].rename(columns={name: column for name, (column, _) in STATED.items()})
    stated = stated.mask(stated == "")
    open_air = stated["configuration"].isin(ieee_1584.OPEN_AIR)
    equipment = typical.assign(**{str(column): stated[column].fillna(typical[column]) for column in stated})
    equipment["equipment"] = typical["equipment"].where(stated.isna().all(axis=1), "as the bus states")
    missing = stated.isna()
    missing.loc[open_air, ["height_mm", "width_mm", "depth_mm"]] = False
    words = dict(STATED.values())
    lists = missing.apply(lambda row: ", ".join(words[column] for column in row.index[row]), axis=1)
    hint = "State them in the plant's bus table: the incident energy depends on them."
    findings = [
        Finding("arc_flash.typical", Severity.WARNING, f"{_names(ids)}: {what} typical of the voltage", hint)
        for what, ids in bus["id"].groupby(lists)
        if what
    ]
    return equipment, findings


def _names(ids: pd.Series) -> str:
    shown = ", ".join(ids.head(5))
    return shown if len(ids) <= 5 else f"{shown} and {len(ids) - 5} more buses"


def typical_equipment(kv: pd.Series) -> pd.DataFrame:
    """Return the typical switchgear of each nominal voltage [kV], one row a bus."""
    classes = _equipment_classes()
    chosen = np.minimum(np.searchsorted(classes["up_to_kv"], kv), len(classes) - 1)
    rows = classes.iloc[chosen].drop(columns="up_to_kv").reset_index(drop=True)
    return rows.assign(voltage_kv=kv.to_numpy())


@cache
def _equipment_classes() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name("equipment.csv"))


def arc_durations(
    breakers: pd.DataFrame, buses: pd.Series, stated_s: pd.Series
) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """Return every bus's arc durations at the full and the reduced arcing current [s], and what was assumed.

    A bus may state its own duration, for both currents; its breakers' times count elsewhere.
    """
    own = stated_s.mask(stated_s <= 0, np.inf).reset_index(drop=True)
    judged = own.isna().to_numpy()
    breakers = breakers[breakers["bus"].isin(buses[judged])]
    full, reduced = breakers["clearing_s"], breakers["clearing_reduced_s"]
    senseless = ~(full > 0) | (reduced <= 0)
    one_time = breakers.loc[reduced.isna() & (full < LONGEST_S), "bus"]
    times = pd.DataFrame({"full": full, "reduced": reduced.fillna(full)}).mask(senseless, np.inf)
    slowest = times.groupby(breakers["bus"]).max()
    by_breakers = slowest.reindex(buses).fillna(LONGEST_S).reset_index(drop=True)
    limited = by_breakers.apply(own.fillna).clip(upper=LONGEST_S)
    findings = _unprotected(buses[judged & ~buses.isin(breakers["bus"])])
    findings += _senseless(breakers.loc[senseless, "id"]) + _senseless(buses[(stated_s <= 0).to_numpy()])
    if len(one_time := one_time.drop_duplicates()):
        text = f"{len(one_time)} buses: the clearing time counts at the reduced arcing current too"
        hint = "a relay whose time depends on the current takes longer there: give the breakers' clearing_reduced_s"
        findings.append(Finding("arc_flash.breaker.one_time", Severity.WARNING, text, hint))
    faster = breakers.loc[reduced < full, "id"]
    findings += [
        Finding("arc_flash.breaker.faster", Severity.WARNING, f"{name} clears the lesser current faster", element=name)
        for name in faster
    ]
    return limited["full"].to_numpy(), limited["reduced"].to_numpy(), findings


def _senseless(elements: pd.Series) -> list[Finding]:
    text = "{}: the clearing time is not above 0 s; an arc of {:g} s is taken."
    hint = "Give the seconds from the fault to its interruption."
    return [
        Finding("arc_flash.breaker.time", Severity.WARNING, text.format(name, LONGEST_S), hint, element=name)
        for name in elements
    ]


def _unprotected(buses: pd.Series) -> list[Finding]:
    text = "Bus {} has no breaker: an arc of {:g} s is taken."
    hint = "Give the breaker that clears it."
    return [
        Finding("arc_flash.breaker.none", Severity.WARNING, text.format(name, LONGEST_S), hint, element=name)
        for name in buses
    ]


def _outside(buses: pd.Series, reasons: pd.Series) -> list[Finding]:
    hint = "IEEE 1584-2018 does not cover it; use another method there."
    return [
        Finding("arc_flash.range", Severity.WARNING, f"Bus {name} is not calculated: {reason}.", hint, element=name)
        for name, reason in zip(buses[reasons != ""], reasons[reasons != ""], strict=True)
    ]
