"""From a missed availability to the cheapest change that reaches it by the plant's own block diagram."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.constraints.update import Alternative, ConstraintUpdate
from core.criteria import Verdict
from core.findings import Severity
from core.plant import Plant
from core.reliability import ReliabilityModel, check
from core.settings import HOURS_PER_YEAR
from core.studies.availability.plant import plant_model
from core.studies.availability.search import Action, Goal, Option, reach_target, standard_options
from core.studies.availability.search import Alternative as Measures

Evidence = Callable[..., dict[str, Any]]


def reliability_updates(plant: Plant, failure: Verdict, evidence: Evidence) -> list[ConstraintUpdate]:
    """Return the updates that a missed availability asks for: the cheapest set of measures, others beside it.

    The search runs on the plant's own model. Where the failed value differs from the model's own, its unavailability
    is scaled by their ratio, so that the measures cure what the tool found: U_own · U_failed / U_own ≤ 1 − target.
    """
    failed, target = _availability(failure)
    reason = _reason(failure, failed, target)
    model = plant_model(plant)
    if model.system is None or any(finding.severity is Severity.ERROR for finding in check(model)):
        return [_one_level_more(plant, failure, reason, evidence)]
    own = Goal().availability(model)
    ratio = (1 - failed) / max(1 - own, 1e-12)
    sets = _sets(model, 1 - (1 - target) / max(ratio, 1e-9))
    if not sets:
        return [_one_level_more(plant, failure, reason, evidence)]
    computed = evidence(failure, own_availability=own, unavailability_ratio=ratio, target=target)
    return _updates(plant, model, sets, reason, ratio, computed)


def _sets(model: ReliabilityModel, target: float) -> list[Measures]:
    """Return sets of measures that reach the target, the cheapest first, and at the end the one of fewest measures."""
    priced = standard_options(model)
    counted = {replace(option, cost=1 + option.cost * 1e-12): option for option in priced}  # real costs break ties
    fewest = reach_target(model, target, list(counted), alternatives=1).alternatives
    found = reach_target(model, target, priced, alternatives=3).alternatives
    for each in fewest:
        real = tuple((counted[option], count) for option, count in each.measures)
        if all(real != other.measures for other in found):
            cost = sum(option.cost * count for option, count in real)
            found.append(replace(each, measures=real, cost=cost))
    return found


def _updates(
    plant: Plant,
    model: ReliabilityModel,
    sets: list[Measures],
    reason: str,
    ratio: float,
    computed: dict[str, Any],
) -> list[ConstraintUpdate]:
    best, *others = sets
    reached = 1 - (1 - best.availability) * ratio
    outcome = (
        f"{best.text} brings it to {reached * 100:.4f} %"
        if best.reaches
        else (f"no set of measures reaches it; {best.text} comes nearest with {reached * 100:.4f} %")
    )
    alternatives = tuple(_alternative(plant, model, other, ratio) for other in others)
    updates = []
    for option, count in best.measures:
        name, element, old, new, unit = _bound(plant, model, option, count)
        evidence = computed | {"measure": option.text, "count": count, "cost_usd": best.cost}
        updates.append(ConstraintUpdate(name, element, old, new, unit, f"{reason}; {outcome}", evidence, alternatives))
    return updates


def _alternative(plant: Plant, model: ReliabilityModel, measures: Measures, ratio: float) -> Alternative:
    option, count = measures.measures[0]
    name, element, old, new, unit = _bound(plant, model, option, count)
    reached = 1 - (1 - measures.availability) * ratio
    return Alternative(
        name, element, old, new, unit, f"{measures.text}: {reached * 100:.4f} %", round(measures.cost, 2)
    )


def _bound(
    plant: Plant, model: ReliabilityModel, option: Option, count: int
) -> tuple[str, str, float | None, float | None, str]:
    """Return a measure as a bound: name, element, old, new, unit."""
    first = option.on[0]
    component = model.components.set_index("id").loc[first]
    if option.action is Action.SHORTEN_REPAIR:
        return "mttr_h", ",".join(option.on), float(component["mttr_h"]), option.mttr_h, "h"
    if option.action is Action.ADD_SPARE:
        rows = plant["reliability"]
        held = rows.loc[rows["id"].isin(option.on), "spares"].max()
        return "spares", ",".join(option.on), float(held), float(held) + count, "spares"
    if first in set(plant["unit"]["id"]):
        level = float(plant.settings.redundancy_level)
        return "redundancy_level", first, level, level + count, "units"
    return "parallel_units", first, 1.0, 1.0 + count, "units"


def _one_level_more(plant: Plant, failure: Verdict, reason: str, evidence: Evidence) -> ConstraintUpdate:
    level = float(plant.settings.redundancy_level)
    text = f"{reason}; the plant's own block diagram names no measure that reaches it, so one more unit stands by"
    return ConstraintUpdate("redundancy_level", "PLANT", level, level + 1, "units", text, evidence(failure))


def _availability(failure: Verdict) -> tuple[float, float]:
    """Return the failed availability and the target, whichever of the two criteria failed."""
    value, limit = float(failure.value or 0.0), float(failure.limit or 0.0)
    if failure.criterion == "availability":
        return value, limit
    return 1 - value / HOURS_PER_YEAR, 1 - limit / HOURS_PER_YEAR


def _reason(failure: Verdict, failed: float, target: float) -> str:
    if failure.criterion == "availability":
        return f"availability {_percent(failed)} % is under the {_percent(target)} % target"
    return f"annual downtime {failure.value:g} h is over {failure.limit:g} h"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.4f}".rstrip("0").rstrip(".")
