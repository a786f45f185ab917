"""Which change of each update is taken: the cheapest, where needed by sizing the plant with each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.design.ledger import Applied, changes, cheapest, sizes_by, with_updates
from core.design.requirement import Requirement
from core.design.sizing import size
from core.errors import BadInput


def chosen(requirement: Requirement, updates: Sequence[Mapping[str, Any]]) -> list[Applied]:
    """Return the updates with the cheapest change of each.

    Where costs are not known and several of an update's changes are bounds that sizes are chosen by, the plant is sized
    with each of them, and the least yearly cost decides.
    """
    applied = [Applied(update, cheapest(update)) for update in updates]
    for place, each in enumerate(applied):
        options = [number for number, change in enumerate(changes(each.update)) if sizes_by(change)]
        if each.choice or "cost_usd" in each.update["evidence"] or len(options) < 2:
            continue
        tried = {n: [*applied[:place], replace(each, choice=n), *applied[place + 1 :]] for n in options}
        costs = {n: usd for n in options if (usd := _usd_per_year(with_updates(requirement, tried[n]))) is not None}
        if costs:
            applied[place] = replace(each, choice=min(costs, key=lambda number: costs[number]))
    return applied


def _usd_per_year(requirement: Requirement) -> float | None:
    """Return the yearly cost of the best design, ``None`` where nothing in the catalogue can meet the requirement."""
    try:
        design = size(requirement)
    except BadInput:
        return None
    return design.cost_usd_per_year if design.feasible else None
