"""How the design follows the load, the price of fuel and the availability that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from core.design.design import Design
from core.design.electrical import with_electrical
from core.design.placement import place
from core.design.requirement import Requirement
from core.design.sizing import size
from core.errors import BadInput
from core.findings import Finding, Severity
from core.plant import Plant
from core.studies.availability import AvailabilityOptions, as_document, plant_model, study_availability

#: What can be swept → what its values mean.
QUANTITIES = {
    "load": "factor of the load",
    "fuel_price": "factor of all fuel prices",
    "availability_target": "system availability at least",
}
AVAILABILITY = "availability_target"
MOST_REDUNDANCY = 3  # largest units out; more never raised the availability of a plant whose switchgear limits it


@dataclass(frozen=True, slots=True)
class SizedPlant:
    """A design with its plant and the availability of the plant's block diagram."""

    requirement: Requirement
    design: Design
    plant: Plant | None = None  # none where the design is infeasible
    availability: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the design with the plant's availability as JSON documents carry it."""
        level = self.requirement.bounds.get("redundancy_level")
        return self.design.as_dict() | {"availability": self.availability, "redundancy_level": level}


def varied(requirement: Requirement, quantity: str, value: float) -> Requirement:
    """Return the requirement with one quantity of :data:`QUANTITIES` set."""
    if quantity not in QUANTITIES:
        raise BadInput(f"{quantity!r} can't be swept", hint=f"one of {', '.join(QUANTITIES)}")
    if quantity == AVAILABILITY:
        if not 0 < value < 1:
            raise BadInput(f"an availability of {value:g} can't be asked for", hint="a number between 0 and 1")
        return replace(requirement, availability_target=value)
    if value <= 0:
        raise BadInput(f"{QUANTITIES[quantity]} is {value:g}", hint="a factor above 0; 1 changes nothing")
    if quantity == "load":
        growth = {year: load * value for year, load in requirement.growth.items()}
        return replace(requirement, load_mw=tuple(load * value for load in requirement.load_mw), growth=growth)
    prices = {fuel: price * value for fuel, price in requirement.fuel_usd_per_gj.items()}
    return replace(requirement, fuel_usd_per_gj=prices)


def size_for(quantity: str | None, requirement: Requirement, *, time_limit_s: float = 60.0) -> SizedPlant:
    """Return the design of one value of a sweep; a target of availability chooses the redundancy too."""
    choose = size_for_availability if quantity == AVAILABILITY else size_and_place
    return choose(requirement, time_limit_s=time_limit_s)


def size_and_place(requirement: Requirement, *, time_limit_s: float = 60.0) -> SizedPlant:
    """Return the cheapest design with its plant and the availability that its block diagram gives."""
    design = size(requirement, time_limit_s=time_limit_s)
    if not design.feasible:
        return SizedPlant(requirement, design)
    plant = place(design, requirement)
    design = with_electrical(design, plant, requirement)
    system = as_document(study_availability(plant_model(plant), AvailabilityOptions()))["system"]
    availability = float(system["availability"]) if system else None
    if availability is not None and availability < requirement.availability_target:
        design = replace(design, findings=(*design.findings, _missed(availability, requirement)))
    return SizedPlant(requirement, design, plant, availability)


def _missed(availability: float, requirement: Requirement) -> Finding:
    level = requirement.bound("redundancy_level", 1)
    text = (
        f"The plant is available {availability:.4%} of the time, less than the target of "
        f"{requirement.availability_target:.4%}: sizes are chosen for {level:g} largest units out"
    )
    return Finding(
        "design.availability.missed", Severity.WARNING, text, "raise redundancy_level, or let the loop do it"
    )


def size_for_availability(
    requirement: Requirement, *, most: int = MOST_REDUNDANCY, time_limit_s: float = 60.0
) -> SizedPlant:
    """Return the design of the least redundancy that reaches the target, else the most available one."""
    best: SizedPlant | None = None
    for level in range(most + 1):
        sized = size_and_place(requirement.with_bound("redundancy_level", level), time_limit_s=time_limit_s)
        if best and (sized.availability or 0.0) <= (best.availability or 0.0) + 1e-9:
            return best
        best = sized
        if (sized.availability or 0.0) >= requirement.availability_target:
            return sized
    assert best is not None
    return best
