"""The hub's own studies of a plant in the form of uploaded results, and where the two part.

Each study is imported when it is asked for: a page that only shows a judgement loads no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.findings import Severity
from core.plant import Plant
from core.results.reconcile import Discrepancy, reconcile
from core.results.study_result import Status, StudyResult, result_table

#: Studies whose results differ from scenario to scenario.
BY_SCENARIO = frozenset({"load_flow", "power_flow"})


def embedded_study(plant: Plant, study: str, scenarios: Sequence[str] = ()) -> StudyResult:
    """Return the hub's own result of a study: load flows in the named scenarios, the others of the whole plant."""
    return _STUDIES[study](plant, scenarios)


def base_scenario(plant: Plant) -> str | None:
    """Return the scenario that a result without one belongs to: the normal one with the highest load."""
    rows = plant["scenario"]
    normal = rows[(rows["type"] == "Normal") & (rows["tripped"] == "")]
    return None if normal.empty else str(normal.sort_values("load_mw", ascending=False, kind="stable")["id"].iloc[0])


def discrepancies(plant: Plant, results: Sequence[StudyResult]) -> list[Discrepancy]:
    """Set every uploaded result against the hub's own study of the same plant.

    A plant that the hub can't calculate gives nothing to compare.
    """
    names = _names(plant)
    found: list[Discrepancy] = []
    for study in _STUDIES:
        uploaded = [result for result in results if result.study == study]
        if not uploaded:
            continue
        base = base_scenario(plant) or ""
        known = set(plant["scenario"]["id"])
        asked = sorted({base} | {str(name) for result in uploaded for name in result.main["scenario"]} & known)
        own = embedded_study(plant, study, [name for name in asked if name])
        if own.status is not Status.SOLVED:
            continue
        for result in uploaded:
            found += reconcile(result, own, names=names, scenario=base if study in BY_SCENARIO else "")
    return found


def _load_flow(plant: Plant, scenarios: Sequence[str]) -> StudyResult:
    from core.studies.load_flow import plant_load_flow

    return plant_load_flow(plant, scenarios)


def _power_flow(plant: Plant, scenarios: Sequence[str]) -> StudyResult:
    return as_power_flow(_load_flow(plant, scenarios))


def as_power_flow(flow: StudyResult) -> StudyResult:
    """Return a load flow with the columns of a PSS/E power flow."""
    rows = flow.main[["bus", "name", "scenario", "base_kv", "v_pu", "v_kv", "angle_deg"]]
    table = result_table("power_flow", "buses", rows)
    return StudyResult("power_flow", {"buses": table}, flow.status, flow.provenance, flow.findings)


def _short_circuit(plant: Plant, _: Sequence[str]) -> StudyResult:
    """Return the three-phase faults: what a fault row without a type is about."""
    from core.studies.short_circuit import plant_short_circuit

    result = plant_short_circuit(plant)
    faults = result.main
    result.tables["faults"] = faults[faults["fault_type"] == "3ph"].reset_index(drop=True)
    return result


def _availability(plant: Plant, _: Sequence[str]) -> StudyResult:
    from core.studies.availability.plant import plant_model
    from core.studies.availability.study import study_availability

    model = plant_model(plant)
    result = study_availability(model)
    if model.system is None or any(finding.severity is Severity.ERROR for finding in result.findings):
        result.status = Status.FAILED
    return result


def _frequency(plant: Plant, _: Sequence[str]) -> StudyResult:
    from core.studies.frequency import plant_frequency

    return plant_frequency(plant)


_STUDIES: dict[str, Callable[[Plant, Sequence[str]], StudyResult]] = {
    "load_flow": _load_flow,
    "short_circuit": _short_circuit,
    "power_flow": _power_flow,
    "availability": _availability,
    "frequency": _frequency,
}


def _names(plant: Plant) -> dict[str, str]:
    """Return what a tool may call a bus, in capitals → its id in capitals."""
    buses = plant["bus"]
    own = buses["id"].str.upper()
    names: dict[str, str] = {}
    for column in ("name", "number", "id"):
        names |= {name: each for name, each in zip(buses[column].astype(str).str.upper(), own, strict=True) if name}
    return names
