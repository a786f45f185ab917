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

#: Longest arc that a person is taken to stay in (IEEE 1584-2018, clause 6.9.1) [s].
LONGEST_S = 2.0


def plant_arc_flash(plant: Plant, scenario: str | None = None) -> StudyResult:
    """Return the incident energy and the arc-flash boundary at every bus of a plant.

    The equipment at a bus is the typical one of its voltage (Tables 8 and 10); the arc lasts until the slowest breaker
    at the bus has cleared, two seconds at most and where there is none.
    """
    faults = plant_short_circuit(plant, scenario, Conditions(single_phase=False))
    provenance = Provenance(tool=TOOL, options={"longest_s": LONGEST_S})
    if faults.status is not Status.SOLVED:
        return StudyResult("arc_flash", {}, faults.status, provenance, faults.findings)
    bolted = faults.main.drop_duplicates("bus").set_index("bus")["ik_ka"]
    bus = plant["bus"].reset_index(drop=True)
    equipment = typical_equipment(bus["kv"])
    slowest = plant["breaker"].groupby("bus")["clearing_s"].max()
    clearing = bus["id"].map(slowest)
    findings = [finding for finding in faults.findings if finding.severity is not Severity.INFO]
    findings += _unprotected(bus.loc[clearing.isna(), "id"])
    seconds = clearing.fillna(LONGEST_S).clip(upper=LONGEST_S).to_numpy()
    current = bus["id"].map(bolted).to_numpy(dtype=float)
    answer = ieee_1584.arc_flash(equipment, current, seconds, seconds)
    reasons = ieee_1584.out_of_range(equipment, current)
    findings += _outside(bus["id"], reasons)
    table = pd.DataFrame({"bus": bus["id"], "name": bus["name"], "scenario": scenario or ""})
    table = pd.concat([table, equipment, answer], axis=1).assign(bolted_ka=current, clearing_s=seconds, reason=reasons)
    return StudyResult(
        "arc_flash", {"buses": result_table("arc_flash", "buses", table)}, Status.SOLVED, provenance, findings
    )


def typical_equipment(kv: pd.Series) -> pd.DataFrame:
    """Return the typical switchgear of each nominal voltage [kV], one row a bus."""
    classes = _equipment_classes()
    chosen = np.minimum(np.searchsorted(classes["up_to_kv"], kv), len(classes) - 1)
    rows = classes.iloc[chosen].drop(columns="up_to_kv").reset_index(drop=True)
    return rows.assign(voltage_kv=kv.to_numpy())


@cache
def _equipment_classes() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name("equipment.csv"))


def _unprotected(buses: pd.Series) -> list[Finding]:
    text = "Bus {} has no breaker: an arc of {:g} s is taken."
    return [
        Finding(
            "arc_flash.breaker.none",
            Severity.WARNING,
            text.format(name, LONGEST_S),
            "Give the breaker that clears it.",
            element=name,
        )
        for name in buses
    ]


def _outside(buses: pd.Series, reasons: pd.Series) -> list[Finding]:
    hint = "IEEE 1584-2018 does not cover it; use another method there."
    return [
        Finding("arc_flash.range", Severity.WARNING, f"Bus {name} is not calculated: {reason}.", hint, element=name)
        for name, reason in zip(buses[reasons != ""], reasons[reasons != ""], strict=True)
    ]
