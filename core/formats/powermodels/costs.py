"""Cost functions of generators and DC lines: polynomials and piecewise linear ones."""

from __future__ import annotations

import math
from itertools import pairwise

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.powermodels.components import Data, Item, items, networks, note, warn

COSTED = ("gen", "dcline")

#: Slopes [$/h per pu] that differ by less count as one segment.
SLOPE_TOLERANCE = 1e-2


def correct_cost_functions(data: Data) -> list[Finding]:
    """Refuse malformed cost functions; simplify piecewise linear ones."""
    findings = []
    for component in COSTED:
        for key, item in items(data, component):
            if item.get("model") == 1 and "cost" in item:
                findings += _correct_piecewise(component, key, item)
            elif item.get("model") == 2 and "cost" in item and len(item["cost"]) != item["ncost"]:
                raise _error(component, item, f"{len(item['cost'])} coefficients, but ncost is {item['ncost']}")
            elif "cost" in item and item.get("model") not in (1, 2):
                findings.append(warn("cost.model", f"unknown cost model {item.get('model')}", component, key))
    return findings


def simplify_cost_terms(data: Data) -> list[Finding]:
    """Trim leading zeros of polynomials."""
    findings = []
    for network in networks(data):
        for component in COSTED:
            for key, item in items(network, component):
                if item.get("model") != 2:
                    continue
                first = next((place for place, value in enumerate(item["cost"]) if value != 0), len(item["cost"]))
                if first:
                    item["cost"] = item["cost"][first:]
                    item["ncost"] = len(item["cost"])
                    text = f"{first} leading zeros of the cost function are left out"
                    findings.append(note("cost.zeros", Severity.INFO, text, component, key))
    return findings


def standardize_cost_terms(data: Data, order: int = -1) -> list[Finding]:
    """Give all polynomials the same number of terms: of the given order, or of the highest that occurs."""
    findings = []
    polynomials = [
        (component, key, item)
        for network in networks(data)
        for component in COSTED
        for key, item in items(network, component)
        if item.get("model") == 2
    ]
    needed = max((len(_trimmed(item["cost"])) for _, _, item in polynomials), default=1)
    terms = max(needed, order + 1, 1)
    if order != -1 and needed > order + 1:
        text = f"an order of {order} was asked for, but the data need {needed - 1}"
        findings.append(Finding("powermodels.cost.order", Severity.WARNING, text))
    for component, key, item in polynomials:
        if len(item["cost"]) != terms:
            kept = item["cost"][-terms:]
            item["cost"] = [0.0] * (terms - len(kept)) + kept
            item["ncost"] = terms
            findings.append(note("cost.terms", Severity.INFO, f"now has {terms} terms", component, key))
    return findings


def _trimmed(cost: list[float]) -> list[float]:
    first = next((place for place, value in enumerate(cost) if value != 0), len(cost) - 1)
    return cost[max(first, 0) :]


def _correct_piecewise(component: str, key: str, item: Item) -> list[Finding]:
    cost = item["cost"]
    if len(cost) != 2 * item["ncost"]:
        raise _error(component, item, f"{len(cost)} values, but ncost is {item['ncost']}")
    if len(cost) < 4:
        raise _error(component, item, "a piecewise linear cost needs two points")
    points = _without_duplicates(list(zip(cost[::2], cost[1::2], strict=True)))
    if any(second[0] <= first[0] for first, second in pairwise(points)):
        raise _error(component, item, "the x values of the piecewise linear cost don't rise")
    findings = []
    low, high = item.get("pmin", -math.inf), item.get("pmax", math.inf)
    outside = [x for x, _ in points[1:] if not low <= x <= high]
    if outside:
        text = f"cost points at {outside} are outside {low} to {high}"
        findings.append(note("cost.outside", Severity.INFO, text, component, key))
    points = _simplified(points)
    if 2 * len(points) < len(cost):
        item["cost"] = [value for point in points for value in point]
        item["ncost"] = len(points)
        text = f"{len(cost) // 2 - len(points)} points of the piecewise linear cost add nothing and are left out"
        findings.append(warn("cost.simplified", text, component, key))
    return findings


def _without_duplicates(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept = points[:1]
    for point in points[1:]:
        same = all(math.isclose(a, b, rel_tol=1.5e-8) for a, b in zip(point, kept[-1], strict=True))
        kept += [] if same else [point]
    return kept


def _simplified(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Merge neighbouring segments of the same slope."""
    kept: list[tuple[float, float]] = []
    before: float | None = None
    for (x1, y1), (x2, y2) in pairwise(points):
        slope = (y2 - y1) / (x2 - x1)
        if before is None or abs(before - slope) > SLOPE_TOLERANCE:
            kept.append((x1, y1))
            before = slope
    return [*kept, points[-1]]


def _error(component: str, item: Item, text: str) -> BadInput:
    return BadInput(
        f"cost of {component} {item.get('index')}: {text}", where=Where(section=component, row=item.get("index"))
    )
