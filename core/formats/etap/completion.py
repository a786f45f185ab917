"""What an equipment file leaves out: buses, connections and the load, completed with one finding an assumption."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from core.findings import Finding, Severity
from core.plant import Plant

#: Series impedance of a unit's connection to the main bus [pu on 100 MVA]: the specification's own sample network.
TURBINE_TIE_PU = (0.0005, 0.008)
ENGINE_TIE_PU = (0.001, 0.01)
TURBINES = frozenset({"GAS_TURBINE", "STEAM_TURBINE"})
TIE_BASE_MVA = 100.0
MAIN_NUMBER = 200
MAIN_NAME = "MAIN_BUS"
HIGHEST_NUMBER = 999_997


def complete(plant: Plant) -> tuple[Plant, list[Finding]]:
    """Return the plant with buses, connections and a load where it has none, and what was assumed."""
    findings: list[Finding] = []
    main = None
    if plant["bus"].empty and len(plant["unit"]):
        plant = plant.with_table("bus", _buses(plant))
        findings.append(_buses_said(plant))
    if plant["cable"].empty and plant["transformer"].empty and len(plant["bus"]):
        plant, main, said = _connect(plant)
        findings += said
    if plant["breaker"].empty:
        text = "the file has no breakers: their duty can't be judged"
        findings.append(Finding("plant.breaker.none", Severity.WARNING, text, "enter each breaker's breaking current"))
    if plant["load"].empty and main:
        plant, said = _load(plant, main)
        findings += said
    return plant, findings


def _buses(plant: Plant) -> list[dict[str, Any]]:
    """Return a bus for every Bus_ID: voltage of its largest unit, number from the digits of its id."""
    units = plant["unit"][plant["unit"]["bus"] != ""]
    rows: list[dict[str, Any]] = []
    for bus, own in units.groupby("bus", sort=False):
        kv = own.sort_values("rated_mva", ascending=False, kind="stable")["rated_kv"].iloc[0]
        rows.append({"id": bus, "name": bus, "kv": kv, "number": _number(str(bus), rows)})
    known = {row["id"] for row in rows}
    main_kv = rows[0]["kv"] if rows else None
    for bus in dict.fromkeys(plant["load"]["bus"]):
        if bus and bus not in known:
            rows.append({"id": bus, "name": bus, "kv": main_kv, "number": _number(bus, rows)})
    return rows


def _number(bus: str, rows: list[dict[str, Any]]) -> int:
    taken = {row["number"] for row in rows}
    digits = re.findall(r"\d+", bus)
    number = int(digits[-1]) if digits and len(digits[-1]) <= 6 else 0
    if 1 <= number <= HIGHEST_NUMBER and number not in taken:
        return number
    return next(n for n in range(1, HIGHEST_NUMBER) if n not in taken)


def _buses_said(plant: Plant) -> Finding:
    buses = plant["bus"]
    shown = ", ".join(f"{i} ({kv:g} kV)" for i, kv in zip(buses["id"].head(6), buses["kv"].head(6), strict=True))
    more = f" and {len(buses) - 6} more" if len(buses) > 6 else ""
    text = f"{len(buses)} buses were made from Bus_ID, each with its unit's rated voltage: {shown}{more}"
    hint = "a Buses sheet with Bus_ID, Bus_Name, Nominal_kV and PSSE_Number gives the real ones"
    return Finding("plant.assumed.buses", Severity.INFO, text, hint)


def _connect(plant: Plant) -> tuple[Plant, str, list[Finding]]:
    """Tie every bus of the main voltage to a main bus; a lone bus is the main bus."""
    buses = plant["bus"]
    if len(buses) == 1:
        main = str(buses["id"].iloc[0])
        text = f"all units are on {main}: it was taken as the main bus"
        return plant, main, [Finding("plant.assumed.main_bus", Severity.INFO, text, element=main)]
    units = plant["unit"].assign(kv=plant["unit"]["bus"].map(buses.set_index("id")["kv"]))
    power = units.groupby("kv")["rated_mva"].sum()
    kv = float(power.idxmax()) if len(power) else float(buses["kv"].iloc[0])
    taken = set(buses["number"])
    number = next(
        n for n in range(MAIN_NUMBER, HIGHEST_NUMBER, 100) if n not in taken and f"BUS_{n}" not in set(buses["id"])
    )
    main = f"BUS_{number}"
    row = pd.DataFrame([{"id": main, "name": MAIN_NAME, "kv": kv, "number": number}])
    near = buses[buses["kv"] == kv]
    ties = [_tie(plant, str(bus), main, kv) for bus in near["id"]]
    plant = plant.with_table("bus", pd.concat([buses, row], ignore_index=True)).with_table("cable", ties)
    findings = [_ties_said(main, kv, len(near))]
    far = buses[buses["kv"] != kv]
    if len(far):
        text = f"{', '.join(far['id'])}: not {kv:g} kV like the main bus, so no connection was assumed"
        hint = "give the transformers between the voltages in a Transformers sheet or in the plant tables"
        findings.append(Finding("plant.assumed.no_transformer", Severity.ERROR, text, hint, element=far["id"].iloc[0]))
    return plant, main, findings


def _tie(plant: Plant, bus: str, main: str, kv: float) -> dict[str, Any]:
    units = plant["unit"][plant["unit"]["bus"] == bus]
    r_pu, x_pu = TURBINE_TIE_PU if set(units["type"]) & TURBINES else ENGINE_TIE_PU
    z_base = kv**2 / TIE_BASE_MVA
    rated_mva = max(TIE_BASE_MVA, 1.1 * float(units["rated_mva"].sum()))
    return {
        "id": f"CABLE_{bus}",
        "name": f"{bus} to {MAIN_NAME} (assumed)",
        "from_bus": bus,
        "to_bus": main,
        "r_ohm": r_pu * z_base,
        "x_ohm": x_pu * z_base,
        "rated_a": round(1000 * rated_mva / (3**0.5 * kv), 1),
    }


def _ties_said(main: str, kv: float, count: int) -> Finding:
    (r_gt, x_gt), (r, x) = TURBINE_TIE_PU, ENGINE_TIE_PU
    text = (
        f"the file has no connections: {count} buses were tied to an assumed main bus {main} ({MAIN_NAME}, {kv:g} kV) "
        f"with R = {r:g}, X = {x:g} pu on 100 MVA (turbines {r_gt:g}, {x_gt:g}), as in the specification's sample"
    )
    hint = "give the real ones: Transformers and Connections sheets of the hub's ETAP workbook, or the plant tables"
    return Finding("plant.assumed.connections", Severity.WARNING, text, hint, element=main)


def _load(plant: Plant, main: str) -> tuple[Plant, list[Finding]]:
    """Put the largest load of the scenarios on the main bus; without scenarios there is none."""
    rows = plant["scenario"]
    normal = rows[rows["type"] == "Normal"]
    rows = normal if len(normal) else rows
    rows = rows[rows["load_mw"] > 0]
    if rows.empty:
        text = "the file has no load, and no scenario says how large it is"
        hint = "add a Loads or Scenarios sheet, or enter the load in the plant tables"
        return plant, [Finding("plant.assumed.no_load", Severity.WARNING, text, hint)]
    largest = rows.loc[rows["load_mw"].idxmax()]
    load: dict[str, Any] = {"id": "LOAD_MAIN", "name": "Plant load (assumed)", "bus": main}
    load |= {"p_mw": float(largest["load_mw"]), "pf": float(largest["load_pf"])}
    text = (
        f"the file has no loads: {largest['load_mw']:g} MW at power factor {largest['load_pf']:g} of scenario "
        f"{largest['id']} were put on {main}"
    )
    hint = "a Loads sheet or the plant tables give the real ones"
    return plant.with_table("load", [load]), [Finding("plant.assumed.load", Severity.WARNING, text, hint, element=main)]
