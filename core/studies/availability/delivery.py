"""Megawatts through a block diagram: the probability that the system delivers what is required.

Units add their MW, what passes power on limits it to its rating, and what has no rating carries everything while it
works. Blocks of units are judged by MW, not by how many of them must work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import product

import numpy as np

from core.errors import BadInput
from core.findings import Finding, Severity
from core.reliability import MtbfMeaning, ReliabilityModel
from core.studies.availability.capacity import NOTHING, TOLERANCE_MW, Levels, with_few_sums
from core.studies.availability.compile import Compiled, compile_model
from core.studies.availability.structure import Floats, Gate, Structure
from core.studies.availability.threshold import threshold

SHARED_LIMIT = 12  # components shared between blocks: 2¹² cases
SLOPE_LIMIT = 300  # unlike leaves whose share in the frequency is calculated

#: Words in a component's type that say that it passes power on; the others with a rating generate it.
PASSIVE = ("TRANSFORMER", "XFMR", "SWITCHGEAR", "SWGR", "BREAKER", "CABLE", "BUS", "LINE", "CONTROL", "REACTOR")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether the required MW are delivered; all but the MW are NaN where that can't be calculated."""

    required_mw: float
    firm_mw: float
    installed_mw: float
    availability: float  # of the generating units alone, everything else perfect
    system_availability: float  # with everything that stands in series and parallel
    system_failures_per_h: float
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class _Paths:
    """The diagram in the form that deliveries are calculated from."""

    structure: Structure
    root: int
    mw: dict[int, float]  # what each rated leaf carries
    sources: set[int]  # nodes with generating units in or below them
    need_mw: float


def deliver(
    model: ReliabilityModel,
    required_mw: float,
    *,
    firm_mw: float = 0.0,
    mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME,
    frequency: bool = True,
) -> Delivery:
    """Return the probability that the system delivers the required MW.

    Parameters
    ----------
    model
        A model without errors and with a clear system block.
    required_mw
        What must be delivered [MW].
    firm_mw
        What a battery or the grid adds for as long as a shortage lasts [MW].
    mtbf_means
        What the components' MTBF counts.
    frequency
        Whether the failure frequency is wanted too; it takes a calculation for every unlike unit.
    """
    compiled = compile_model(model, mtbf_means, chains=False)
    structure, root = compiled.structure, compiled.nodes[str(model.system)]
    inside = set(structure.below(root))
    rated = {leaf: rating for leaf, rating in _ratings(model, compiled).items() if leaf in inside}
    units = [leaf for leaf, rating in rated.items() if not rating.passive]
    installed = sum(rated[leaf].mw for leaf in units)
    if not units:
        return _nothing(
            required_mw, firm_mw, "rbd.capacity.none", "no unit of the system has a capacity", "fill Capacity_MW"
        )
    uses = Counter(member for node in inside & structure.gates.keys() for member in structure.gates[node].members)
    shared = _leaves_below(structure, [node for node, count in uses.items() if count > 1])
    if len(shared) > SHARED_LIMIT or shared & rated.keys() or structure.wide(inside):
        text = "blocks share rated units or too many components; the deliverable MW have no closed form"
        return _nothing(required_mw, firm_mw, "rbd.capacity.shared", text, "list every unit in one block")
    mw, rounded_mw = with_few_sums(np.array([rating.mw for rating in rated.values()]))
    sources = _with_gates_above(structure, sorted(inside), units)
    paths = _Paths(structure, root, dict(zip(rated, mw.tolist(), strict=True)), sources, required_mw - firm_mw)
    up = 1 - np.array(structure.unavailability)
    unit_up = up.copy()
    unit_up[list(inside.difference(units))] = 1.0
    availability = _chance(paths, up, shared)
    return Delivery(
        required_mw,
        firm_mw,
        installed,
        _chance(paths, unit_up, shared),
        availability,
        _failures_per_h(paths, up, shared) if frequency else np.nan,
        [
            *compiled.findings,
            *_unrated_beside_rated(paths),
            *_beyond_installed(required_mw, installed, firm_mw),
            *(_rounded(paths, up, shared, rounded_mw, availability) if rounded_mw else []),
        ],
    )


def _rounded(paths: _Paths, up: Floats, shared: set[int], rounded_mw: float, low: float) -> list[Finding]:
    """Say what rounding the MW did: the availability is between that of the rounded MW and of so much less need."""
    high = _chance(replace(paths, need_mw=paths.need_mw - rounded_mw), up, shared)
    text = f"the units make too many different sums of MW and were rounded down, by {rounded_mw:.3g} MW in all"
    return [Finding("rbd.capacity.rounded", Severity.INFO, f"{text}: the availability is {low:.9f} to {high:.9f}")]


def _beyond_installed(required_mw: float, installed_mw: float, firm_mw: float) -> list[Finding]:
    if required_mw <= installed_mw + firm_mw + TOLERANCE_MW:
        return []
    most = f"{installed_mw + firm_mw:.12g} MW with all units and the battery"
    text = f"{required_mw:.12g} MW are required, more than {most}"
    return [Finding("rbd.capacity.beyond", Severity.WARNING, text, "require less or add units")]


@dataclass(frozen=True, slots=True)
class _Rating:
    mw: float
    passive: bool  # passes power on instead of generating it


def _ratings(model: ReliabilityModel, compiled: Compiled) -> dict[int, _Rating]:
    """Return the leaves that have a capacity."""
    structure, rows = compiled.structure, model.components[model.components["capacity_mw"] > 0]
    nodes = [compiled.nodes[component] for component in rows["id"]]
    leaves = [structure.gates[node].members[0] if node in structure.gates else node for node in nodes]
    passive = rows["type"].str.upper().map(lambda kind: any(word in kind for word in PASSIVE))
    ratings = (
        _Rating(float(mw), bool(is_passive)) for mw, is_passive in zip(rows["capacity_mw"], passive, strict=True)
    )
    return dict(zip(leaves, ratings, strict=True))


def _with_gates_above(structure: Structure, nodes: list[int], leaves: Iterable[int]) -> set[int]:
    """Return the leaves and every gate above one of them; ``nodes`` come members first."""
    found = set(leaves)
    for node in nodes:
        if node in structure.gates and found.intersection(structure.gates[node].members):
            found.add(node)
    return found


def _nothing(required_mw: float, firm_mw: float, code: str, text: str, hint: str) -> Delivery:
    finding = Finding(code, Severity.WARNING, text, hint)
    return Delivery(required_mw, firm_mw, 0.0, np.nan, np.nan, np.nan, [finding])


def _leaves_below(structure: Structure, nodes: list[int]) -> set[int]:
    return {leaf for node in nodes for leaf in structure.below(node) if leaf not in structure.gates}


def _chance(paths: _Paths, up: Floats, shared: set[int]) -> float:
    """Return the probability of delivery, case by case over the shared leaves."""
    leaves = sorted(shared)
    total = 0.0
    for states in product((0.0, 1.0), repeat=len(leaves)):
        odds = float(np.prod([up[leaf] if state else 1 - up[leaf] for leaf, state in zip(leaves, states, strict=True)]))
        if odds:
            given = up.copy()
            given[leaves] = states
            total += odds * _delivered(paths, given)
    return total


@dataclass(frozen=True, slots=True)
class _Carried:
    """What a node carries: MW, ascending from 0, and the probability of at least each; 0 says its path isn't cut.

    A node without rating has the level 0 only and carries everything while it works.
    """

    mw: Floats
    at_least: Floats

    @property
    def is_rated(self) -> bool:
        return len(self.mw) > 1

    def chance(self, mw: Floats) -> Floats:
        """Return the probability of at least the MW."""
        if not self.is_rated:
            return np.full(len(mw), self.at_least[0])
        return np.append(self.at_least, 0.0)[np.searchsorted(self.mw, mw - TOLERANCE_MW)]


def _delivered(paths: _Paths, up: Floats) -> float:
    """Return the probability that the root carries the need."""
    carries: dict[int, _Carried] = {}
    for node in paths.structure.below(paths.root):
        gate = paths.structure.gates.get(node)
        if gate is None:
            mw = np.array([0.0, paths.mw[node]]) if paths.mw.get(node) else np.zeros(1)
            carries[node] = _Carried(mw, np.full(len(mw), up[node]))
        elif gate.need == len(gate.members):
            units = [carries[member] for member in gate.members if member in paths.sources]
            others = [carries[member] for member in gate.members if member not in paths.sources]
            carries[node] = _series([_parallel(units, len(units)), *others] if len(units) > 1 else [*units, *others])
        else:
            carries[node] = _parallel([carries[member] for member in gate.members], gate.need)
    return float(carries[paths.root].chance(np.array([max(paths.need_mw, 0.0)]))[0])


def _series(members: list[_Carried]) -> _Carried:
    """Return what a path carries: at least so much when every member does."""
    rated = [member.mw for member in members if member.is_rated]
    mw = np.unique(np.concatenate(rated)) if rated else np.zeros(1)
    mw = mw[mw <= min((levels[-1] for levels in rated), default=0.0)]
    return _Carried(mw, np.asarray(np.prod([member.chance(mw) for member in members], axis=0)))


def _parallel(members: list[_Carried], need: int) -> _Carried:
    """Return what parallel members carry together; a member whose path is cut carries nothing."""
    rated = [member for member in members if member.is_rated]
    if not rated:
        up = np.array([member.at_least[0] for member in members])
        return _Carried(np.zeros(1), np.array([threshold(up, 1 - up, need).availability]))
    sums = reduce(Levels.plus, (_levels(member) for member in rated), NOTHING)
    return _Carried(sums.mw, sums.split(sums.mw)[0])


def _levels(member: _Carried) -> Levels:
    at_least = np.concatenate(([1.0], member.at_least[1:], [0.0]))
    return Levels(member.mw, np.maximum(at_least[:-1] - at_least[1:], 0.0))


def _failures_per_h(paths: _Paths, up: Floats, shared: set[int]) -> float:
    """Return how often an hour the delivery fails: Σ (P(unit up) − P(unit down)) ν, like leaves calculated once."""
    frequency = paths.structure.frequency_per_h
    parents: dict[int, list[int]] = {}
    inside = paths.structure.below(paths.root)
    for node in inside:
        for member in paths.structure.gates[node].members if node in paths.structure.gates else ():
            parents.setdefault(member, []).append(node)
    alike: dict[tuple[object, ...], list[int]] = {}
    for leaf in (node for node in inside if node not in paths.structure.gates):
        key = (*parents.get(leaf, ()), float(up[leaf]), frequency[leaf], paths.mw.get(leaf))
        alike.setdefault(key, []).append(leaf)
    if len(alike) * 2 ** len(shared) > SLOPE_LIMIT:
        return float("nan")
    total = 0.0
    for leaves in alike.values():
        working, broken = up.copy(), up.copy()
        working[leaves[0]], broken[leaves[0]] = 1.0, 0.0
        slope = _chance(paths, working, shared) - _chance(paths, broken, shared)
        total += slope * frequency[leaves[0]] * len(leaves)
    return total


def _unrated_beside_rated(paths: _Paths) -> list[Finding]:
    """Say which parallel blocks mix members with and without MW."""
    names = [
        paths.structure.names[node]
        for node, gate in paths.structure.gates.items()
        if node in paths.sources and gate.need < len(gate.members) and not paths.sources.issuperset(gate.members)
    ]
    text = "has parallel members without a capacity; they count as 0 MW"
    return [
        Finding("rbd.capacity.unrated", Severity.WARNING, f"{name} {text}", "fill Capacity_MW", element=name)
        for name in names
    ]


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
    rated = _ratings(model, compiled)
    units = {leaf: rating.mw for leaf, rating in rated.items() if not rating.passive and leaf in inside}
    if not units:
        raise BadInput("no unit of the system has a capacity", hint="fill Capacity_MW")
    sources = _with_gates_above(structure, inside, units)
    uses = Counter(member for gate in gates.values() for member in gate.members)
    if any(uses[node] > 1 for node in sources) or structure.wide(sources):
        raise BadInput("blocks share rated units: their MW can't be simulated", hint="list every unit in one block")
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
