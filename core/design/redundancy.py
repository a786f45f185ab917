"""Reliability data and block diagram of a placed plant: generation k-of-n, halls, switchgear, control."""

from __future__ import annotations

from typing import Any

import pandas as pd

from core.criteria.screening import required_mw
from core.design.requirement import Requirement
from core.plant import INVERTER, Plant, firm_units_mw
from core.studies.availability.search import SPARE_MTTR

#: Parts that every plant has, with their type and block.
SECTIONS = ("SWGR_MAIN_A", "SWGR_MAIN_B")
CONTROL = "CTRL_PLANT"
PARTS = {**dict.fromkeys(SECTIONS, ("SWITCHGEAR", "ELECTRICAL")), CONTROL: ("CONTROL", "CONTROL")}
NAMES = {SECTIONS[0]: "Main section A", SECTIONS[1]: "Main section B", CONTROL: "Plant control system"}


def reliability_of(plant: Plant, requirement: Requirement) -> list[dict[str, Any]]:
    """Return a row for every unit (with its step-up), hall transformer, main section and control system."""
    technologies = {t.id: t for t in requirement.technologies}
    parts = requirement.electrical_parts
    kinds = ("TRANSFORMER", "SWITCHGEAR", "CONTROL")
    known = {kind: (kind, parts[f"{kind}.mtbf_h"], parts[f"{kind}.mttr_h"]) for kind in kinds}
    step_ups = plant["transformer"]["lv_bus"].value_counts()
    rows = []
    for unit, name, kind, bus, mw in plant["unit"][["id", "name", "type", "bus", "rated_mw"]].to_numpy().tolist():
        t = technologies[unit.removeprefix("GEN_").rpartition("_")[0]]
        row = _row(unit, name, (kind, t.mtbf_h, t.mttr_h), "GENERATION")
        if step_ups.get(bus) == 1:  # several in parallel don't stop the unit one by one
            row |= {"name": f"{name} with step-up"} | _in_series(row, known["TRANSFORMER"])
        cost = mw * 1000 * t.capex_usd_per_kw
        rows.append(row | {"distribution": t.distribution, "weibull_beta": t.weibull_beta, "added_cost": cost})
    halls = plant["transformer"][plant["transformer"]["lv_bus"].isin(plant["load"]["bus"])]
    feeding = zip(halls["id"], halls["name"], strict=True)
    rows += [_row(x, name, known["TRANSFORMER"], "ELECTRICAL") for x, name in feeding]
    for part, (kind, block) in PARTS.items():
        rows += [_row(twin, NAMES[part], known[kind], block) for twin in _twins(part, requirement)]
    return [row | _service(row, requirement) for row in rows]


def _row(element: str, name: str, data: tuple[str, float, float], subsystem: str) -> dict[str, Any]:
    kind, mtbf_h, mttr_h = data
    return {
        "id": element,
        "name": name,
        "type": kind,
        "mtbf_h": mtbf_h,
        "mttr_h": mttr_h,
        "subsystem": subsystem,
        "redundancy_group": subsystem if subsystem == "GENERATION" else "",
    }


def _in_series(row: dict[str, Any], other: tuple[str, float, float]) -> dict[str, float]:
    """Return the times of a part that fails with another: rates add up, repairs take their mean."""
    _, mtbf_h, mttr_h = other
    per_h, other_per_h = 1 / row["mtbf_h"], 1 / mtbf_h
    repair_h = (per_h * row["mttr_h"] + other_per_h * mttr_h) / (per_h + other_per_h)
    return {"mtbf_h": 1 / (per_h + other_per_h), "mttr_h": repair_h}


def _service(row: dict[str, Any], requirement: Requirement) -> dict[str, Any]:
    """Return what the ledger asks of a part's repair: shorter, or a spare on site, which spares the wait for it."""
    asked = requirement.equipment.get(row["id"], {})
    mttr_h = row["mttr_h"]
    for name, value in asked.items():  # in the order of the ledger: a spare shortens the repair that there was by then
        mttr_h = value if name == "mttr_h" else mttr_h * SPARE_MTTR if name == "spares" and value > 0 else mttr_h
    return {"spares": int(asked.get("spares", 0)), "mttr_h": mttr_h}


def _twins(part: str, requirement: Requirement) -> list[str]:
    """Return a part with those that the ledger puts in parallel with it."""
    count = int(requirement.equipment.get(part, {}).get("parallel_units", 1))
    return [part, *(f"{part}_{place}" for place in range(2, count + 1))]


def blocks_of(plant: Plant, requirement: Requirement) -> list[dict[str, Any]]:
    """Return the block diagram: THERMAL_GEN, ELECTRICAL and control in series."""
    halls = plant["transformer"].groupby("lv_bus", sort=False)["id"].agg(list)
    supplies = {f"{bus.removeprefix('BUS_')}_SUPPLY": halls[bus] for bus in plant["load"]["bus"]}
    twins = {part: _twins(part, requirement) for part in PARTS}
    names = {part: part if len(members) == 1 else f"{part}_ANY" for part, members in twins.items()}
    rows = [_generation(plant, requirement)]
    rows += [
        _block(name, "PARALLEL", members, 1, "Either transformer carries it") for name, members in supplies.items()
    ]
    rows.append(_block("XFMR_MAIN", "SERIES", list(supplies), len(supplies), "Every hall must be supplied"))
    rows += [_block(names[part], "PARALLEL", each, 1, "One is enough") for part, each in twins.items() if len(each) > 1]
    rows.append(_block("SWGR_MAIN", "SERIES", [names[part] for part in SECTIONS], 2, "Both sections are needed"))
    rows.append(_block("ELECTRICAL", "SERIES", ["XFMR_MAIN", "SWGR_MAIN"], 2, "All required"))
    return [*rows, _block("SYSTEM", "SERIES", ["THERMAL_GEN", "ELECTRICAL", names[CONTROL]], 3, "Top level")]


def _generation(plant: Plant, requirement: Requirement) -> dict[str, Any]:
    """Return the generation block: as many machines must work as carry the load whichever others are out.

    A battery carries its firm power of the peak, but no more than what a day's mean is lower: it doesn't last until a
    repair ends. Sun and wind carry nothing.
    """
    units = plant["unit"][~plant["unit"]["type"].isin(INVERTER)]
    battery_mw = firm_units_mw(plant).sum() - units["rated_mw"].sum()
    lasting_mw = requirement.heaviest_day_mw * (1 + requirement.loss_allowance_pct / 100)
    need_mw = max(required_mw(plant) - battery_mw, lasting_mw)
    rated: pd.Series = units["rated_mw"].sort_values(ascending=False)
    left = rated.sum() - rated.cumsum()
    spare = int((left >= need_mw - 1e-6).sum())
    k = max(1, len(units) - spare)
    text = f"{k} of {len(units)} units carry the load; N+{spare}"
    return _block("THERMAL_GEN", "PARALLEL_K_OF_N", list(units["id"]), k, text)


def _block(name: str, kind: str, members: list[str], k: int, text: str) -> dict[str, Any]:
    return {"id": name, "type": kind, "members": ",".join(members), "k": k, "description": text}
