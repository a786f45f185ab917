"""A diagram taken apart for the simulation of its MW: what each unit needs to deliver, and what all need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from core.findings import Finding, Severity
from core.reliability import ReliabilityModel
from core.studies.availability.compile import Compiled
from core.studies.availability.structure import Gate
from core.studies.availability.supply import FILL, NoSupply, ratings, with_gates_above


@dataclass(frozen=True, slots=True)
class UnitPaths:
    """The diagram taken apart for a simulation: what each unit needs to deliver, and what all need."""

    gates: dict[int, Gate]
    mw: dict[int, float]  # node → what it adds while it works
    root: int  # works while the part that all units share works
    findings: list[Finding]


def unit_paths(model: ReliabilityModel, compiled: Compiled) -> UnitPaths:
    """Return every unit with what stands in series with it alone, and the part in series with all.

    A gate that joins units (two or more, or one of several ways) only adds MW; above the outermost of them everything
    is shared. Ratings of what passes power on are not followed.
    """
    structure, top = compiled.structure, compiled.nodes[str(model.system)]
    inside = structure.below(top)
    gates = {node: structure.gates[node] for node in inside if node in structure.gates}
    rated = ratings(model, compiled)
    units = {leaf: rating.mw for leaf, rating in rated.items() if not rating.passive and leaf in inside}
    if not units:
        raise NoSupply("rbd.capacity.none", "no unit of the system has a capacity", FILL)
    sources = with_gates_above(structure, inside, units)
    uses = Counter(member for gate in gates.values() for member in gate.members)
    if any(uses[node] > 1 for node in sources) or structure.wide(sources):
        text = "blocks share rated units: their MW can't be simulated"
        raise NoSupply("rbd.capacity.shared", text, "list every unit in one block")
    above = {member: node for node, gate in gates.items() for member in gate.members if member in sources}
    size = len(structure.names)
    kept = {node: gate for node, gate in gates.items() if node not in sources}
    mw: dict[int, float] = {}
    shared: set[int] = set()
    for unit, power in units.items():
        own, common = _in_series(unit, above, gates, sources)
        shared.update(common)
        if own:
            kept[size] = Gate((unit, *own), len(own) + 1)
            mw[size] = power
            size += 1
        else:
            mw[unit] = power
    kept[size] = Gate(tuple(sorted(shared)), len(shared))
    passive = any(rating.passive for rating in rated.values())
    text = "the simulation does not limit the MW to the ratings of transformers and lines"
    return UnitPaths(kept, mw, size, [Finding("simulation.ratings", Severity.INFO, text)] if passive else [])


def _in_series(
    unit: int, above: Mapping[int, int], gates: Mapping[int, Gate], sources: set[int]
) -> tuple[list[int], list[int]]:
    """Return what stands in series with a unit below the outermost gate that joins units, and what above it."""
    path = []
    while (unit := above.get(unit, -1)) >= 0:
        path.append(unit)
    joins = [
        place
        for place, node in enumerate(path)
        if gates[node].need < len(gates[node].members) or len(sources.intersection(gates[node].members)) > 1
    ]
    own: list[int] = []
    common: list[int] = []
    for place, node in enumerate(path):
        if gates[node].need == len(gates[node].members):
            beside = own if joins and place < joins[-1] else common
            beside.extend(member for member in gates[node].members if member not in sources)
    return own, common
