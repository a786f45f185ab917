"""What a placed plant's transformers, breakers, banks and reactors cost, in the place of what the optimiser counted."""

from __future__ import annotations

from dataclasses import replace

from core.design.design import Design
from core.design.formulation import annuity
from core.design.growth import with_more_each_year
from core.design.prices import breaker
from core.design.requirement import Requirement
from core.findings import Finding, Severity
from core.plant import Plant


def electrical_amounts(plant: Plant, requirement: Requirement) -> dict[str, float]:
    """Return how much electrical equipment of each kind a plant has, in what its price is for (MVA, each, Mvar)."""
    breakers = plant["breaker"]["rated_kv"].map(breaker).value_counts().sort_index()
    amounts = {
        "TRANSFORMER": float(plant["transformer"]["rated_mva"].sum()),
        **{str(name): float(count) for name, count in breakers.items()},
        "CAPACITOR_BANK": float(plant["shunt"]["q_mvar"].abs().sum()),
        "REACTOR": _reactors_mvar(plant, requirement),
    }
    return {name: amount for name, amount in amounts.items() if amount}


def _reactors_mvar(plant: Plant, requirement: Requirement) -> float:
    """Return the reactive power of the reactors at rated current [Mvar]: (S/U)²·X of every feed."""
    rows, total = plant["transformer"], 0.0
    step_ups = rows["lv_bus"].isin(plant["unit"]["bus"])
    for bus, bounds in requirement.equipment.items():
        if ohm := bounds.get("reactor_ohm"):
            low = rows["lv_bus"] == bus
            feeds, side = (rows[low], "lv_kv") if low.any() else (rows[step_ups], "hv_kv")
            total += float(((feeds["rated_mva"] / feeds[side]) ** 2).sum()) * len(feeds) * ohm
    return total


def _without_price(name: str) -> Finding:
    text = f"{name} is in the plant and has no price: it costs nothing here"
    return Finding("design.price.none", Severity.WARNING, text, f"enter equipment_prices.{name}", element=name)


def with_electrical(design: Design, plant: Plant, requirement: Requirement) -> Design:
    """Return the design with the price of its plant's electrical equipment, written off over the project's years."""
    amounts, prices = electrical_amounts(plant, requirement), requirement.equipment_prices
    electrical = {name: amount * prices[name] for name, amount in amounts.items()}
    usd = sum(electrical.values())
    yearly = usd * annuity(requirement.discount_rate, requirement.project_years)
    more = yearly - design.costs.get("electrical", 0.0)
    investment = design.investment_usd - sum(design.electrical.values()) + usd
    costs = {**design.costs, "electrical": yearly}
    unpriced = (_without_price(name) for name in electrical if not electrical[name])
    findings = (*design.findings, *(finding for finding in unpriced if finding not in design.findings))
    placed = replace(design, costs=costs, investment_usd=investment, electrical=electrical, findings=findings)
    return with_more_each_year(requirement, placed, more) if design.growth else placed
