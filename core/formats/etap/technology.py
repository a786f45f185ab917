"""What kind of source a unit is: the tool's Type column names machines alike, so id and name must tell."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import pandas as pd

_WORDS = re.compile(r"[a-z]+")
MACHINE = "Synchronous Generator"
ASSUMED_MACHINE = "RECIPROCATING_ENGINE"
ASSUMED_INVERTER = "BESS"


@cache
def _technologies() -> dict[str, tuple[str, frozenset[str]]]:
    """Return technology → the type written for it and the words that tell it, in the order they are tried."""
    with Path(__file__).with_name("technologies.csv").open(encoding="utf-8", newline="") as handle:
        return {r["technology"]: (r["etap_type"], frozenset(r["words"].split())) for r in csv.DictReader(handle)}


def etap_types(technology: pd.Series) -> pd.Series:
    """Return the word of the Type column for each unit."""
    return technology.map(lambda name: _technologies()[name][0] if name in _technologies() else name)


def recognise(kind: str, unit_id: str, name: str) -> tuple[str, str]:
    """Return a unit's technology and what it was told by: "type", "id", "name", or "" when it was assumed."""
    for source, text in (("type", kind), ("id", unit_id), ("name", name)):
        found = _told_by(text)
        if found:
            return found, source
    inverter = "inverter" in kind.casefold() or "converter" in kind.casefold()
    return (ASSUMED_INVERTER if inverter else ASSUMED_MACHINE), ""


def _told_by(text: str) -> str | None:
    folded = text.strip().casefold()
    words = set(_WORDS.findall(folded))
    for technology, (_, telling) in _technologies().items():
        if words & telling or folded == technology.casefold():
            return technology
    return None
