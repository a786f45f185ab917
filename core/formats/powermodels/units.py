"""Per unit and mixed units: MW, Mvar and degrees on one side, per unit of ``baseMVA`` and radians on the other."""

from __future__ import annotations

import csv
import math
import operator
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.formats.powermodels.components import Data, Item, networks

#: Fields that change with the units, by component: (field, kind); ``ne_branch`` is treated as ``branch``.
FIELDS: dict[str, list[tuple[str, str]]] = {}
with Path(__file__).with_name("units.csv").open(encoding="utf-8", newline="") as _handle:
    for _row in csv.DictReader(_handle):
        FIELDS.setdefault(_row["component"], []).append((_row["field"], _row["kind"]))
FIELDS["ne_branch"] = FIELDS["branch"]

#: The storage powers that PowerModels forgets to scale; the physical mode scales them.
UNSCALED_STORAGE = ("ps", "qs")


def make_per_unit(data: Data, *, physical: bool = False) -> None:
    """Change the dictionary to per unit and radians; nothing happens when it already is.

    PowerModels leaves the storage powers ``ps`` and ``qs`` in MW; with ``physical`` they are scaled as well.
    """
    if not data.get("per_unit"):
        data["per_unit"] = True
        _change(data, True, physical)


def make_mixed_units(data: Data, *, physical: bool = False) -> None:
    """Change the dictionary to MW, Mvar and degrees; nothing happens when it already is."""
    if data.get("per_unit"):
        data["per_unit"] = False
        _change(data, False, physical)


def _change(data: Data, per_unit: bool, physical: bool) -> None:
    for network in networks(data):
        base = float(network.get("baseMVA") or data["baseMVA"])
        scale: dict[str, Callable[[float], float]] = {
            "power": partial(_divided, base) if per_unit else partial(operator.mul, base),
            "dual": partial(operator.mul, base) if per_unit else partial(_divided, base),
            "angle": math.radians if per_unit else math.degrees,
        }
        for component, fields in FIELDS.items():
            further = [(field, "power") for field in UNSCALED_STORAGE] if physical and component == "storage" else []
            for item in network.get(component, {}).values():
                for field, kind in (*fields, *further):
                    if isinstance(item.get(field), (int, float)):
                        item[field] = scale[kind](item[field])
        for component in ("gen", "dcline"):
            for item in network.get(component, {}).values():
                _scale_cost(item, base if per_unit else 1.0 / base)


def _divided(base: float, value: float) -> float:
    return value / base


def _scale_cost(item: Item, base: float) -> None:
    """Rescale a cost: the x of a piecewise one, each coefficient of a polynomial one by its power."""
    cost = item.get("cost")
    if not isinstance(cost, list):
        return
    if item.get("model") == 1:
        item["cost"] = [value / base if place % 2 == 0 else value for place, value in enumerate(cost)]
    elif item.get("model") == 2:
        degree = len(cost) - 1
        item["cost"] = [value * base ** (degree - place) for place, value in enumerate(cost)]
