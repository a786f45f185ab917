"""Where the numbers of a requirement come from: public sources of what is left as it ships, or "as given"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.design.defaults import shipped_rows
from core.design.requirement import Requirement


def sources(requirement: Requirement) -> list[dict[str, Any]]:
    """Return a row for each number, price, part and technology: what it is of, its value and unit, and its source.

    A technology's text names the source of every field of its own.
    """
    numbers = [
        _row(row["name"], _number(requirement, row["name"]), row["value"], row["unit"], row["source"])
        for row in shipped_rows("defaults")
    ]
    prices = [
        _row(row["id"], requirement.equipment_prices.get(row["id"]), row["usd"], f"USD/{row['unit']}", row["source"])
        for row in shipped_rows("equipment_prices")
    ]
    parts = [
        _row(row["name"], requirement.electrical_parts.get(row["name"]), row["value"], row["unit"], row["source"])
        for row in shipped_rows("electrical_parts")
    ]
    technologies = [{"of": t.id, "value": None, "unit": "", "source": t.source} for t in requirement.technologies]
    return numbers + prices + parts + technologies


def _row(of: str, value: float | None, shipped: str, unit: str, source: str) -> dict[str, Any]:
    return {"of": of, "value": value, "unit": unit, "source": source if value == float(shipped) else "as given"}


def _number(requirement: Requirement, name: str) -> float | None:
    """Return one number of a requirement by its name, such as ``fuel_usd_per_gj.gas``; of hours, the highest."""
    key, _, entry = name.partition(".")
    value = getattr(requirement, key)
    if isinstance(value, Mapping):
        return value.get(entry)
    return max(value) if isinstance(value, tuple) else float(value)
