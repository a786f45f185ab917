"""How much of a technology is built, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.findings import counted


def amount_of(row: Mapping[str, Any]) -> str:
    """Return how much of a kind is built, of a row of a design's ``units``: "5 units", or "30 MW, 60 MWh"."""
    if row["count"]:
        return counted(row["count"], "unit")
    return f"{row['mw']:g} MW, {row['mwh']:g} MWh" if row["mwh"] else f"{row['mw']:g} MW"
