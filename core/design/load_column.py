"""Which column of a CSV file has the hours, and in which unit they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.errors import BadInput
from core.findings import Finding, Severity, Where

#: What a unit in a column's name makes of its numbers in MW.
TO_MW = {"mw": 1.0, "kw": 1e-3, "gw": 1e3, "w": 1e-6}


def value_column(header: Sequence[str], columns: int, key: str, place: Where) -> tuple[int, float, list[Finding]]:
    """Return the number of the column that has the values, the factor that makes them MW, and remarks on it.

    Without a header it is the last of one or two columns. With one it is the only column that is named like the key or
    has a unit of power; where there is none, the second of two.
    """
    if not header and columns <= 2:
        return columns - 1, 1.0, _no_unit(key, "the column", place)
    units = [_unit(name) for name in header]
    fitting = [n for n, name in enumerate(header) if name.strip().lower() == key]
    if not fitting and key == "load_mw":
        fitting = [n for n, unit in enumerate(units) if unit]
    if not fitting and len(header) in (1, 2):
        fitting = [len(header) - 1]
    if len(fitting) != 1:
        text = f"which column is {key} can't be told: {', '.join(header) or f'{columns} columns without names'}"
        raise BadInput(text, hint=f"name one column {key}", where=place)
    chosen = fitting[0]
    name, factor = header[chosen], TO_MW.get(units[chosen], 1.0)
    if key == "load_mw" and not units[chosen]:
        return chosen, factor, _no_unit(key, f"the column {name!r}", place)
    return (chosen, factor, []) if key != "load_mw" or factor == 1 else (chosen, factor, [_converted(name, place)])


def _unit(name: str) -> str:
    """Return the unit of power at the end of a column's name, such as "load_kw", "Load (MW)" or "Last [kW]"."""
    found = re.search(r"(?:^|[\s_(\[/-])([kmg]?w)[)\]]?$", name.strip().lower())
    return found.group(1) if found else ""


def _no_unit(key: str, column: str, place: Where) -> list[Finding]:
    """Return the remark on megawatts that nobody named; fractions need no unit."""
    if key != "load_mw":
        return []
    text = f"{column} names no unit: it is taken for MW"
    return [Finding("design.load.unit", Severity.WARNING, text, "name the column load_mw", place)]


def _converted(name: str, place: Where) -> Finding:
    text = f"the column {name!r} is converted to MW"
    return Finding("design.load.converted", Severity.WARNING, text, "name the column load_mw and give MW", place)
