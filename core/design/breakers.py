"""Breakers of a placed plant: standard ratings from the plant's own short-circuit study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.constraints import next_standard
from core.design.requirement import Requirement
from core.plant import Plant
from core.studies.short_circuit import plant_short_circuit

TARGET = 0.79  # just under the warning band
CONTINUOUS_TARGET = 1.0
CLASS_KV = ((15.5, 15.0), (38.0, 38.0), (72.5, 72.5), (145.0, 145.0), (245.0, 245.0))  # rated voltages


def breakers_of(plant: Plant, requirement: Requirement) -> list[dict[str, Any]]:
    """Return one breaker for each unit, each end of a transformer that can feed a fault, and the tie.

    A bus that the ledger has not spoken of gets no more than ``breaker_limit_ka`` where the requirement sets one: so a
    deliberately weak start is made.
    """
    kv = plant["bus"].set_index("id")["kv"]
    ratings = _ratings(plant, requirement)
    rows = []
    for name, bus, element, mva in _places(plant):
        amperes = mva / (3**0.5 * float(kv[bus])) * 1000
        rows.append(
            {
                "id": name,
                "bus": bus,
                "element": element,
                "rated_kv": next((rated for most, rated in CLASS_KV if kv[bus] <= most), float(kv[bus])),
                "breaking_ka": ratings[bus],
                "dc_pct": requirement.equipment.get(bus, {}).get("breaker_dc_pct"),
                "continuous_a": next_standard("continuous_a", amperes) or round(amperes),
            }
        )
    return rows


def _places(plant: Plant) -> list[tuple[str, str, str, float]]:
    """Return id, bus, element and MVA of every breaker."""
    units, transformers, kv = plant["unit"], plant["transformer"], plant["bus"].set_index("id")["kv"]
    halls = transformers[transformers["lv_bus"].isin(plant["load"]["bus"])]
    ties = plant["cable"]
    tie_mva = 3**0.5 * ties["from_bus"].map(kv) * ties["rated_a"] / 1000
    parts = (
        (units["id"].str.removeprefix("GEN_"), units["bus"], units["id"], units["rated_mva"]),
        (transformers["id"] + "_HV", transformers["hv_bus"], transformers["id"], transformers["rated_mva"]),
        (halls["id"] + "_LV", halls["lv_bus"], halls["id"], halls["rated_mva"]),
        (ties["id"], ties["from_bus"], ties["id"], tie_mva),
    )
    return [
        (f"CB_{name}", bus, element, float(mva))
        for part in parts
        for name, bus, element, mva in zip(*part, strict=True)
    ]


def _ratings(plant: Plant, requirement: Requirement) -> Mapping[str, float]:
    """Return the breaking current of each bus's breakers [kA]."""
    faults = plant_short_circuit(plant).main
    currents: pd.Series = faults.groupby("bus")["ik_ka"].max()
    judged: pd.Series = faults[faults["fault_type"] == "3ph"].groupby("bus")["ik_ka"].max()
    limit = requirement.equipment.get("*", {}).get("breaker_limit_ka")
    ratings = {}
    for bus in plant["bus"]["id"]:
        least = float(currents.get(bus, 0.0)) / TARGET
        asked = requirement.equipment.get(bus, {}).get("breaker_rating_ka")
        if asked is None and limit is not None and judged.get(bus, 0.0) > limit:
            least = limit  # fails on purpose; one that would only warn asks for no update and never goes away
        least = max(least, asked or 0.0)
        ratings[bus] = next_standard("breaking_ka", least) or least
    return ratings
