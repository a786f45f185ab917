"""Scenarios generated from the plant: base cases at several loads, every N-1, chosen N-2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from core.plant.model import CATALOGUE, SYNCHRONOUS, Plant
from core.plant.topology import main_island

BASE_LOADS_PCT = (100, 75, 50)


def generate_scenarios(plant: Plant, *, base_loads_pct: Sequence[int] = BASE_LOADS_PCT) -> pd.DataFrame:
    """Return the scenario table: base cases, N-1 of every unit, transformer and cable, N-2 of the largest units.

    The N-2 of each redundancy group takes its two largest units; the load is shed to what the plant can still serve.
    """
    load_mw, pf = total_load(plant)
    rows = [_base(load_mw, pf, pct) for pct in base_loads_pct]
    names = {row_id: name for table in ("unit", "transformer", "cable") for row_id, name in _names(plant, table)}
    for element in names:
        served = min(load_mw, _capacity_mw(plant, without=(element,)))
        rows.append(_outage((element,), names, min(served, load_mw), pf, shed=load_mw - served))
    for pair in _chosen_pairs(plant):
        served = min(load_mw, _capacity_mw(plant, without=pair))
        rows.append(_outage(pair, names, served, pf, shed=load_mw - served))
    return CATALOGUE.conform("scenario", rows)


def total_load(plant: Plant) -> tuple[float, float]:
    """Return the plant's full load [MW] and its power factor."""
    loads = plant.online("load")
    p_mw = float(loads["p_mw"].sum())
    if p_mw <= 0:
        return p_mw, 0.95
    q_mvar = float((loads["p_mw"] * (1 / loads["pf"].clip(1e-6, 1) ** 2 - 1) ** 0.5).sum())
    return p_mw, round(p_mw / (p_mw**2 + q_mvar**2) ** 0.5, 4)


def _base(load_mw: float, pf: float, pct: int) -> dict[str, Any]:
    return {
        "id": f"BASE_{pct:03d}",
        "name": f"Base Case - {pct}% Load",
        "type": "Normal",
        "load_mw": round(load_mw * pct / 100, 3),
        "load_pf": pf,
        "tripped": "",
        "description": "All equipment online",
    }


def _outage(
    elements: tuple[str, ...], names: dict[str, str], served_mw: float, pf: float, *, shed: float
) -> dict[str, Any]:
    order = len(elements)
    short = _short_name(elements, names)
    kind = "Single contingency" if order == 1 else "Double contingency"
    text = f"{kind}; {shed:.1f} MW of load shed" if shed > 0.05 else kind
    return {
        "id": f"N{order}_{short}",
        "name": f"N-{order}: {' and '.join(names[element] or element for element in elements)} trip",
        "type": f"N-{order} Contingency",
        "load_mw": math.floor(served_mw * 10 + 1e-6) / 10,
        "load_pf": pf,
        "tripped": ",".join(elements),
        "description": text,
    }


def _short_name(elements: tuple[str, ...], names: dict[str, str]) -> str:
    """Return ``RECIP_01`` for one unit, ``GT_BOTH`` for the only two of a kind, else the ids in a row."""
    short = [element.removeprefix("GEN_") for element in elements]
    stem = short[0].rstrip("0123456789").rstrip("_")
    if (
        len(short) == 2
        and short[1].startswith(stem + "_")
        and sum(name.removeprefix("GEN_").startswith(stem + "_") for name in names) == 2
    ):
        return f"{stem}_BOTH"
    return "_".join(short)


def _names(plant: Plant, table: str) -> list[tuple[str, str]]:
    rows = plant.online(table)
    return list(zip(rows["id"], rows["name"], strict=True))


def _capacity_mw(plant: Plant, *, without: tuple[str, ...]) -> float:
    """Return the active power that the remaining units can give after losses; the grid counts with its rating."""
    units = plant.online("unit", tripped=frozenset(without))
    units = units[units["bus"].isin(main_island(plant, frozenset(without)))]
    return float(units["rated_mw"].sum()) / (1 + plant.settings.loss_allowance_pct / 100)


def _chosen_pairs(plant: Plant) -> list[tuple[str, ...]]:
    units = plant.online("unit")
    machines = units[units["type"].isin(SYNCHRONOUS)].sort_values("rated_mw", ascending=False, kind="stable")
    pairs: list[tuple[str, ...]] = []
    for _, group in machines.groupby("type", sort=False):
        pairs += list(combinations(group["id"].head(2), 2))
    return pairs
