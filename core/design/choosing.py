"""Which change of each update is taken: the cheapest, where needed by sizing the plant with each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.design.ledger import Applied, changes, cheapest, sizes_by, with_updates
from core.design.requirement import Requirement
from core.design.sizing import size


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
        costs = {}
        for number in options:
            tried = [*applied[:place], replace(each, choice=number), *applied[place + 1 :]]
            design = size(with_updates(requirement, tried))
            if design.feasible:
                costs[number] = design.cost_usd_per_year
        if costs:
            applied[place] = replace(each, choice=min(costs, key=lambda number: costs[number]))
    return applied
