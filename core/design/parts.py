"""Constants of the electrical parts of a placed plant: impedances, earthing, voltages, failures and repairs.

``electrical_parts.csv`` has those that ship, each with its public source and year; a requirement replaces each by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.design.defaults import shipped_rows


def shipped_parts() -> dict[str, float]:
    """Return the constants that ship, by name such as ``TRANSFORMER.mtbf_h``."""
    return {row["name"]: float(row["value"]) for row in shipped_rows("electrical_parts")}


def by_rating(parts: Mapping[str, float], quantity: str, rated_mva: float) -> float:
    """Return what holds up to the next rating in the names, such as ``TRANSFORMER.z_pct.25``; above all, the last."""
    classes = sorted((float(name.removeprefix(quantity + ".")), name) for name in parts if name.startswith(quantity))
    return parts[next((name for most, name in classes if rated_mva <= most), classes[-1][1])]


def transformer_z_pct(parts: Mapping[str, float], rated_mva: float) -> float:
    """Return the short-circuit impedance of a transformer [%]."""
    return by_rating(parts, "TRANSFORMER.z_pct", rated_mva)


def transformer_x_r(parts: Mapping[str, float], rated_mva: float) -> float:
    """Return the reactance of a transformer as a multiple of its resistance."""
    z_r = transformer_z_pct(parts, rated_mva) / by_rating(parts, "TRANSFORMER.r_pct", rated_mva)
    return round(math.sqrt(z_r**2 - 1), 2)


def neutral_ohm(parts: Mapping[str, float], rated_kv: float) -> float:
    """Return the resistance that limits the earth-fault current of a machine's neutral [ohm]."""
    return round(rated_kv * 1000 / math.sqrt(3) / parts["MACHINE.neutral_a"], 2)
