"""What a feeder model holds, in numbers."""

from __future__ import annotations

from typing import Any

from core.feeder.model import EQUIPMENT, Feeder
from core.feeder.topology import distances_km, islands_of, tree_of


def summary_of(feeder: Feeder) -> dict[str, Any]:
    """Return counts, phases, voltages, lengths and load of a feeder."""
    branches, loads = feeder["branches"], feeder["loads"]
    return {
        "name": feeder.name,
        "feeders": feeder.names,
        "frequency_hz": feeder.frequency_hz,
        "crs": feeder.crs,
        "counts": counts_of(feeder),
        "phases": {
            "buses": _by(feeder["buses"]["phases"]),
            "branches": _by(branches["phases"]),
            "loads": _by(loads["phases"]),
        },
        "kv_ll_bases": sorted({round(float(kv), 6) for kv in feeder["buses"]["kv_ll_base"].dropna()}, reverse=True),
        "length_km": round(float(branches.loc[branches["kind"].isin(("overhead", "cable")), "length_km"].sum()), 9),
        "load_kw": round(float(loads.loc[loads["in_service"], "p_kw"].sum()), 9),
        "load_kvar": round(float(loads.loc[loads["in_service"], "q_kvar"].sum()), 9),
        "load_kw_by_phase": _load_by_phase(feeder),
        "capacitor_kvar": round(float(feeder["capacitors"]["kvar"].sum()), 9),
        "der_kw": round(float(feeder["der"]["p_kw"].sum()), 9),
        "customers": float(loads["customers"].sum()),
        "topology": _topology(feeder),
    }


def _topology(feeder: Feeder) -> dict[str, Any]:
    """Return what the search from the sources finds, and how many buses each voltage zone has."""
    tree = tree_of(feeder)
    zones = feeder["buses"]["kv_ll_base"].round(6).value_counts()
    return {
        "fed_buses": len(tree.order),
        "islands": len(islands_of(feeder, tree)),
        "loops": len(tree.loops),
        "phase_misfits": len(tree.misfits),
        "longest_km": round(float(distances_km(feeder, tree).max()), 9) if tree.order else 0.0,
        "buses_by_kv_ll": {f"{kv:g}": int(zones[kv]) for kv in sorted(zones.index, reverse=True)},
    }


def counts_of(feeder: Feeder) -> dict[str, int]:
    """Return how many of each there are; banks and devices count once whatever their phases."""
    branches, units = feeder["branches"], feeder["transformers"]
    banks = units.loc[units["kind"] == "transformer"]
    kinds = branches["kind"].value_counts()
    counts = {
        "sources": len(feeder["sources"]),
        "buses": len(feeder["buses"]),
        "branches": len(branches),
        "lines": int(kinds.get("overhead", 0) + kinds.get("cable", 0)),
        **{str(kind): int(number) for kind, number in sorted(kinds.items())},
        "transformers": int(banks["bank"].where(banks["bank"] != "", banks["id"]).nunique()),
        "transformer_units": len(banks),
        "regulators": int(feeder["regulators"]["bank"].nunique()),
        "regulator_units": len(feeder["regulators"]),
        "capacitors": int(feeder["capacitors"]["device"].nunique()),
        "loads": int(loads) if (loads := feeder["loads"]["device"].nunique()) else 0,
        "load_units": len(feeder["loads"]),
        "der": int(feeder["der"]["device"].nunique()),
        "meters": len(feeder["meters"]),
        "poles": len(feeder["poles"]),
    }
    return {**counts, **{table: len(feeder[table]) for table in EQUIPMENT}}


def _by(phases: Any) -> dict[str, int]:
    return {str(key): int(value) for key, value in sorted(phases.value_counts().items())}


def _load_by_phase(feeder: Feeder) -> dict[str, float]:
    """Return the load of each phase; a load between phases counts half to each."""
    loads = feeder["loads"][feeder["loads"]["in_service"]]
    found = {}
    for phase in "ABC":
        letters = loads["phases"].map(lambda text: len([node for node in text if node in "ABC"]) or 1)
        has = loads["phases"].str.contains(phase, regex=False)
        found[phase] = round(float((loads["p_kw"] / letters)[has].sum()), 9)
    return found
