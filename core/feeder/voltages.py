"""Base voltages of the zones between transformers, and rated voltages that a file leaves open."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import pandas as pd

from core.feeder.model import Feeder, phases_of
from core.findings import Finding, Severity

SQRT3 = math.sqrt(3)
#: A capacitor whose rated voltage is further from the feeder's than this is taken to have the feeder's.
STRANGE_VOLTAGE = 0.25


def base_voltages(feeder: Feeder) -> pd.DataFrame:
    """Return the buses with phases and the base voltage of their zone [kV between phases].

    A zone ends at a transformer; behind it the base is the winding's rated voltage.
    """
    base = _spread(feeder)
    phases = _phases(feeder)
    buses = feeder["buses"].copy()
    known = buses["kv_ll_base"].to_numpy(dtype=float)
    buses["kv_ll_base"] = np.where(np.isnan(known), buses["id"].map(base).astype(float), known)
    buses["phases"] = buses["id"].map(phases).fillna("")
    return buses


def _spread(feeder: Feeder) -> dict[str, float]:
    joined: dict[str, list[tuple[str, float | None]]] = {}
    branches = feeder["branches"]
    for start, end in zip(branches["from_bus"], branches["to_bus"], strict=True):
        joined.setdefault(start, []).append((end, None))
        joined.setdefault(end, []).append((start, None))
    regulators = set(feeder["transformers"].loc[feeder["transformers"]["kind"] == "regulator", "id"])
    for name, group in feeder["windings"].groupby("transformer", sort=False):
        ends = list(zip(group["bus"], line_voltage(group), strict=True))
        for bus, _ in ends:
            joined.setdefault(bus, []).extend(
                (other, None if name in regulators else kv) for other, kv in ends if other != bus
            )
    base = dict(zip(feeder["sources"]["bus"], feeder["sources"]["kv_ll"], strict=True))
    waiting = deque(base)
    while waiting:
        bus = waiting.popleft()
        for other, kv in joined.get(bus, []):
            if other not in base:
                base[other] = base[bus] if kv is None else kv
                waiting.append(other)
    return base


def line_voltage(windings: pd.DataFrame) -> np.ndarray:
    """Return the windings' rated voltages between phases [kV]: a single wye winding is rated to neutral."""
    nodes = windings["phases"].map(lambda text: len([node for node in text if node in "ABC"]))
    single = (windings["connection"] == "wye") & (nodes == 1)
    return np.where(single, windings["kv"] * SQRT3, windings["kv"]).astype(float)


def _phases(feeder: Feeder) -> dict[str, str]:
    found: dict[str, str] = {}
    branches = feeder["branches"]
    far = branches["to_phases"].where(branches["to_phases"] != "", branches["phases"])
    pairs = [(branches["from_bus"], branches["phases"]), (branches["to_bus"], far)]
    pairs += [
        (feeder[table]["bus"], feeder[table]["phases"])
        for table in ("sources", "windings", "loads", "capacitors", "der")
    ]
    for buses, nodes in pairs:
        for bus, text in zip(buses, nodes, strict=True):
            found[bus] = found.get(bus, "") + text
    return {bus: phases_of(text) for bus, text in found.items()}


def fill_rated_voltages(feeder: Feeder, findings: list[Finding]) -> Feeder:
    """Return the feeder with rated voltages from its zones where the file gives none, or one that can't be."""
    base = dict(zip(feeder["buses"]["id"], feeder["buses"]["kv_ll_base"], strict=True))
    tables = {}
    for name in ("loads", "der", "capacitors"):
        table = feeder[name].copy()
        local = _own_voltage(table, base)
        rated = table["kv"].to_numpy(dtype=float)
        missing = ~(rated > 0)
        if name == "capacitors":
            strange = ~missing & (np.abs(rated / np.where(local > 0, local, np.nan) - 1) > STRANGE_VOLTAGE)
            for element, file_kv, local_kv in zip(table["id"][strange], rated[strange], local[strange], strict=True):
                rating = f"rated {file_kv:g} kV where the feeder has {local_kv:.4g} kV"
                text = f"Capacitor {element} is {rating}: the feeder's voltage is used"
                findings.append(
                    Finding(
                        "feeder.capacitor_voltage",
                        Severity.WARNING,
                        text,
                        "Check the capacitor's rated voltage",
                        element=element,
                    )
                )
            missing = missing | strange
        table["kv"] = np.where(missing, local, rated)
        tables[name] = table
    tables["windings"] = _regulator_voltages(feeder, base)
    return feeder.with_tables(tables)


def _own_voltage(table: pd.DataFrame, base: dict[str, float]) -> np.ndarray:
    """Return the voltage across one unit [kV]: to neutral for a single wye unit, else between phases."""
    kv = table["bus"].map(base).to_numpy(dtype=float)
    to_neutral = ((table["connection"] == "wye") & (table["phase_count"] == 1)).to_numpy()
    return np.where(to_neutral, kv / SQRT3, kv)


def _regulator_voltages(feeder: Feeder, base: dict[str, float]) -> pd.DataFrame:
    """Give regulator units without a rating (1 kV stands in) the voltage of their zone."""
    windings = feeder["windings"].copy()
    units = set(feeder["transformers"].loc[(feeder["transformers"]["kind"] == "regulator"), "id"])
    open_ = windings["transformer"].isin(units) & windings["kv"].isin([1.0, SQRT3])
    kv = windings["bus"].map(base).astype(float)
    local = np.where(windings["connection"] == "delta", kv, kv / SQRT3)
    windings["kv"] = np.where(open_ & np.isfinite(local), local, windings["kv"]).astype(float)
    return windings
