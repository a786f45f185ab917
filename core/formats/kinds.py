"""The kinds of tables that outside tools print, declared in ``kinds.csv`` with each tool's headings in its dialects."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.formats.tables import Dialect, read_dialects

_FOLDER = Path(__file__).parent
_DIALECTS = ("etap/dialects.csv", "psse/result_dialects.csv", "windchill/dialects.csv")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that the hub knows."""

    name: str  # "etap.load_flow"
    tool: str
    title: str
    study: str  # "" for a file that holds no results
    totals: bool  # whether rows named Total are sums
    dialect: Dialect


@cache
def kinds() -> dict[str, Kind]:
    """Return every kind of table that the hub recognises, by name."""
    dialects = {name: dialect for path in _DIALECTS for name, dialect in read_dialects(_FOLDER / path).items()}
    with (_FOLDER / "kinds.csv").open(encoding="utf-8", newline="") as handle:
        return {
            row["kind"]: Kind(
                row["kind"], row["tool"], row["title"], row["study"], row["totals"] == "yes", dialects[row["kind"]]
            )
            for row in csv.DictReader(handle)
        }
