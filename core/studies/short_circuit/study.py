"""The short-circuit study: a plant or a network in, a ``StudyResult`` out."""

from __future__ import annotations

from dataclasses import asdict, replace

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity
from core.network import Network
from core.plant import Plant, double_ids
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.studies.short_circuit import duty, from_network, from_plant, through, zero_sequence
from core.studies.short_circuit.currents import MOST_CONTRIBUTIONS, PEAK_METHODS, Conditions, short_circuits
from core.studies.short_circuit.fault_network import FaultNetwork, check

TOOL = "Gridproof IEC 60909"


def plant_short_circuit(plant: Plant, scenario: str | None = None, conditions: Conditions | None = None) -> StudyResult:
    """Return fault currents at every bus of a plant and the duties of every breaker.

    The tables are ``faults`` (one row a bus and fault type, with the most loaded breaker's duties), ``breakers`` and
    ``contributions`` (of every source to the three-phase fault).
    """
    conditions = conditions or Conditions()
    network, findings = from_plant.fault_network(plant, scenario)
    if conditions.single_phase:
        findings += zero_sequence.assumptions(network)
    findings += [*double_ids(plant), *_unrated(plant)]
    result = _solve(network, conditions, findings)
    if result.status is Status.SOLVED:
        totals = _at_breakers(plant, network, conditions)
        carried = through.carried(network, plant["breaker"], totals, set(plant["load"]["id"]), conditions)
        at_bus, result.tables["breakers"] = (_duties(plant, currents) for currents in (totals, carried))
        result.tables["faults"] = _with_duties(result.tables["faults"], at_bus)
    result.tables = {name: table.assign(scenario=scenario or "") for name, table in result.tables.items()}
    return result


def network_short_circuit(network: Network, conditions: Conditions | None = None) -> StudyResult:
    """Return three-phase fault currents at every bus of a load-flow case; what is assumed is among the findings."""
    faults, findings = from_network.fault_network(network)
    return _solve(faults, replace(conditions or Conditions(), single_phase=False), findings, signed=True)


def _solve(
    network: FaultNetwork, conditions: Conditions, findings: list[Finding], *, signed: bool = False
) -> StudyResult:
    """Check and calculate; a network that can't be calculated has the status FAILED and says why."""
    if conditions.case not in ("max", "min"):
        raise BadInput(f"there is no case {conditions.case!r}", hint="cases are max and min")
    if conditions.peak_method not in PEAK_METHODS:
        methods = ", ".join(f"{name} ({meaning})" for name, meaning in PEAK_METHODS.items())
        raise BadInput(f"there is no peak method {conditions.peak_method!r}", hint=f"methods are {methods}")
    findings = findings + check(network, signed=signed)
    provenance = Provenance(tool=TOOL, options=asdict(conditions))
    if any(finding.severity is Severity.ERROR for finding in findings):
        empty = result_table("short_circuit", "faults", [])
        return StudyResult("short_circuit", {"faults": empty}, Status.FAILED, provenance, findings)
    solved = short_circuits(network, conditions)
    faults = result_table("short_circuit", "faults", solved.currents.rename(columns={"v_kv": "base_kv"}))
    dead = faults.loc[(faults["fault_type"] == "3ph") & (faults["ik_ka"] == 0), "bus"]
    findings += [
        Finding("short_circuit.bus.dead", Severity.WARNING, f"No source feeds bus {name}.", "Connect it.", element=name)
        for name in dead
    ]
    tables = {"faults": faults, "contributions": solved.contributions}
    if solved.contributions.empty and len(dead) < len(faults):
        text = (
            f"Contributions are left out: {len(faults)} buses times the sources are more than {MOST_CONTRIBUTIONS:,}."
        )
        findings.append(
            Finding("short_circuit.contributions.many", Severity.INFO, text, "Study a part of the network.")
        )
    return StudyResult("short_circuit", tables, Status.SOLVED, provenance, findings)


def _at_breakers(plant: Plant, network: FaultNetwork, conditions: Conditions) -> pd.DataFrame:
    """Return the currents at the bus of every breaker at its own opening time, one row a breaker and fault type."""
    breakers = plant["breaker"]
    parts = []
    for opening_s in sorted(breakers["opening_s"].unique()):
        group = breakers[breakers["opening_s"] == opening_s]
        currents = short_circuits(network, replace(conditions, delay_s=float(opening_s))).currents
        device = group[["id", "bus"]].rename(columns={"id": "device"})
        parts.append(device.merge(currents.rename(columns={"v_kv": "base_kv"}), on="bus"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["device", "bus", "fault_type"])


def _duties(plant: Plant, currents: pd.DataFrame) -> pd.DataFrame:
    """Return the duties of every breaker from its currents."""
    breakers = plant["breaker"]
    if currents.empty:
        return pd.DataFrame(columns=["device", "bus", "fault_type", "rating_ka", *duty.DUTIES, "next_rating_ka"])
    duties = duty.breaker_duties(breakers, currents, plant.settings.frequency_hz)
    return duties.sort_values("device", key=pd.Index(breakers["id"]).get_indexer, kind="stable", ignore_index=True)


def _with_duties(faults: pd.DataFrame, breakers: pd.DataFrame) -> pd.DataFrame:
    """Return the faults with the smallest rating at each bus and the largest duty of each kind.

    Where one breaker of several has no rating, a bus is overloaded or not checked, never good.
    """
    if breakers.empty:
        return faults
    by_fault = breakers.groupby(["bus", "fault_type"])[["rating_ka", *duty.DUTIES]]
    worst = by_fault.max().assign(rating_ka=by_fault.min()["rating_ka"])
    incomplete = by_fault.count().lt(by_fault.size(), axis=0)
    worst = worst.mask(incomplete & ~(worst > 100)).reset_index()
    kept = faults.drop(columns=[name for name in worst if name in faults and name not in ("bus", "fault_type")])
    joined = kept.merge(worst, on=["bus", "fault_type"], how="left").assign(duty_calc_pct=lambda t: t["duty_pct"])
    return joined.assign(next_rating_ka=joined["ik_ka"].map(duty.next_standard_rating))


def _unrated(plant: Plant) -> list[Finding]:
    rows = plant["breaker"]
    lost = rows[~rows["bus"].isin(plant["bus"]["id"])]
    none = rows[~(rows["breaking_ka"] > 0)]
    return [
        *(
            Finding("short_circuit.breaker.bus", Severity.ERROR, f"Breaker {name} is at an unknown bus.", element=name)
            for name in lost["id"]
        ),
        *(
            Finding(
                "short_circuit.breaker.unrated",
                Severity.WARNING,
                f"Breaker {name} has no breaking current; its duty is not checked.",
                "Give its rated short-circuit breaking current.",
                element=name,
            )
            for name in none["id"]
        ),
    ]
