"""A dictionary as text and as tables."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.formats.powermodels.components import COMPONENTS, Data, Item, items, single

#: The order of columns; fields without one come last, by name.
with Path(__file__).with_name("parameters.csv").open(encoding="utf-8", newline="") as _handle:
    PARAMETER_ORDER = {row["field"]: float(row["order"]) for row in csv.DictReader(_handle)}
LAST = 999.0


def component_table(data: Data, component: str, fields: str | Iterable[str]) -> list[list[Any]] | dict[str, Any]:
    """Return a row for each component: its index, then the fields; NaN where it has none.

    For a multinetwork the tables of its networks are returned by their names.
    """
    wanted = [fields] if isinstance(fields, str) else list(fields)
    if data.get("multinetwork"):
        return {key: component_table(network, component, wanted) for key, network in items(data, "nw")}
    if not _is_table(data.get(component)):
        raise BadInput(f"{component!r} is no table of the dictionary")
    return [[int(key), *(item.get(field, math.nan) for field in wanted)] for key, item in items(data, component)]


def summary(data: Data) -> str:
    """Return the dictionary as text: metadata, counts, and a table for each component."""
    single(data, "summary")
    return "\n".join(_lines(data)) + "\n"


def print_summary(data: Data) -> str:
    """Return what PowerModels prints: the same as :func:`summary`."""
    return summary(data)


def _lines(data: Data) -> Iterator[str]:
    tables = [key for key in sorted(data) if _is_table(data[key])]
    tables.sort(key=lambda name: COMPONENTS[name].order if name in COMPONENTS else LAST)
    yield "Metadata"
    yield from (f"  {key}: {_text(data[key])}" for key in sorted(data) if key not in tables)
    if tables:
        yield from ("", "Table Counts", *(f"  {name}: {len(data[name])}" for name in tables))
    for name in tables:
        if data[name]:
            yield from ("", "", f"Table: {name}")
            yield from _table(items(data, name))


def _table(rows: list[tuple[str, Item]]) -> Iterator[str]:
    """Yield one component's table; what is the same in all rows stands below it once."""
    shown = {key: {field: _text(value) for field, value in item.items()} for key, item in rows}
    fields = sorted({field for item in shown.values() for field in item} - {"index"})
    fields.sort(key=lambda field: PARAMETER_ORDER.get(field, LAST))
    same = {field: _common(field, shown) for field in fields} if len(rows) > 1 else {}
    columns = [field for field in fields if same.get(field) is None]
    width = {name: max(len(name), *(len(item.get(name, "--")) for item in shown.values())) for name in columns}
    left = max(len("index"), *(len(key) for key in shown))
    yield f"  {' ' * (left + 2)}" + ", ".join(name.rjust(width[name]) for name in columns)
    for key, item in shown.items():
        yield f"  {key.rjust(left)}: " + ", ".join(item.get(name, "--").rjust(width[name]) for name in columns)
    defaults = {field: value for field, value in same.items() if value is not None}
    if defaults:
        yield from ("", "  default values:", *(f"    {field}: {value}" for field, value in defaults.items()))


def _common(field: str, shown: dict[str, dict[str, str]]) -> str | None:
    """Return a field's value when all components that have it agree."""
    values = {item[field] for item in shown.values() if field in item}
    return values.pop() if len(values) == 1 else None


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, dict) for item in value.values())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.3f}" if math.isfinite(value) else {math.inf: "Inf", -math.inf: "-Inf"}.get(value, "NaN")
    if isinstance(value, list):
        return f"[({len(value)})]"
    return f"{{({len(value)})}}" if isinstance(value, dict) else str(value)
