"""What ships, with its sources: technologies, prices and failures of equipment, and the numbers of a requirement."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def shipped_rows(table: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of a table: "technologies", "equipment_prices", "electrical_parts" or "defaults"."""
    with Path(__file__).with_name(f"{table}.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


def default(name: str) -> float:
    """Return the number that a requirement has where none is given."""
    return next(float(row["value"]) for row in shipped_rows("defaults") if row["name"] == name)


def source_of(name: str) -> str:
    """Return the source of a requirement's number; empty where it makes no claim, such as "no carbon price"."""
    return next((row["source"] for row in shipped_rows("defaults") if row["name"] == name), "")
