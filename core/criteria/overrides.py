"""A file of overrides: the project's own limits as a JSON list, for the command line as in the project."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from core.criteria.criterion import CriteriaSet, Override
from core.errors import BadInput
from core.findings import Where

_FIELDS = tuple(field.name for field in fields(Override))
_EXAMPLE = '[{"criterion": "voltage_pu", "low": 0.93, "reason": "utility agreement 12"}]'


def read_overrides(data: bytes, name: str) -> CriteriaSet:
    """Return the shipped criteria with the overrides of a file: objects of a criterion, limits and a reason."""
    where = Where(file=name)
    try:
        rows = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise BadInput("the file is no JSON", hint=f"overrides are such as {_EXAMPLE}", where=where) from None
    if not isinstance(rows, list):
        raise BadInput("the overrides are no list", hint=f"such as {_EXAMPLE}", where=where)
    criteria = CriteriaSet.default()
    for number, row in enumerate(rows, start=1):
        try:
            criteria = criteria.override(_override(row))
        except BadInput as error:
            raise BadInput(f"override {number}: {error.message}", hint=error.hint, where=where) from None
    return criteria


def _override(row: Any) -> Override:
    if not isinstance(row, Mapping) or not isinstance(row.get("criterion"), str):
        raise BadInput("it names no criterion", hint=f"such as {_EXAMPLE}")
    if unknown := [str(key) for key in row if key not in _FIELDS]:
        raise BadInput(f"an override has no {', '.join(unknown)}", hint=f"it has {', '.join(_FIELDS)}")
    limits = {key: row[key] for key in ("low", "warn", "high") if row.get(key) is not None}
    if not limits:
        raise BadInput("it changes no limit", hint="give low, warn or high")
    for key, limit in limits.items():
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not math.isfinite(limit):
            raise BadInput(f"{key} is no number: {limit!r}", hint=f"such as {_EXAMPLE}")
    reason = row.get("reason") or ""
    return Override(row["criterion"], str(reason), **{key: float(limit) for key, limit in limits.items()})
