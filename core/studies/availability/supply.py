"""Megawatts through a block diagram: the probability of everything that the system can carry.

Units add their MW, what passes power on limits it to its rating, and what has no rating carries everything while it
works. Blocks of units are judged by MW, not by how many of them must work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from core.errors import EngineError
from core.findings import Finding, Severity
from core.reliability import MtbfMeaning, ReliabilityModel
from core.studies.availability.capacity import TOLERANCE_MW, Levels, total, with_few_sums
from core.studies.availability.compile import Compiled, compile_model
from core.studies.availability.structure import Floats, Structure
from core.studies.availability.threshold import threshold

SHARED_LIMIT = 12  # components shared between blocks: 2¹² cases

#: Words in a component's type that say that it passes power on; the others with a rating generate it.
PASSIVE = ("TRANSFORMER", "XFMR", "SWITCHGEAR", "SWGR", "BREAKER", "CABLE", "BUS", "LINE", "CONTROL", "REACTOR")

FILL = "give the units' MW in a column Capacity_MW of the component data; the exported RAM_Plant.xlsx has it"


class NoSupply(EngineError):
    """The MW of a diagram can't be calculated."""

    def __init__(self, code: str, text: str, hint: str) -> None:
        """Keep the finding that says why."""
        super().__init__(text, hint=hint)
        self.finding = Finding(code, Severity.WARNING, text, hint)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a node carries: MW, ascending from 0, and the probability of at least each; 0 says its path isn't cut.

    A node without rating carries infinitely many while it works.
    """

    mw: Floats
    at_least: Floats

    @property
    def is_rated(self) -> bool:
        """Whether there is an end to what the node carries."""
        return bool(self.mw[-1] < np.inf)

    def chance(self, mw: Floats) -> Floats:
        """Return the probability of at least the MW."""
        return np.append(self.at_least, 0.0)[np.searchsorted(self.mw, mw - TOLERANCE_MW)]

    def mean(self, most_mw: Floats) -> Floats:
        """Return the MW that are carried on the mean when no more than the most is asked for."""
        sums = np.concatenate(([0.0], np.cumsum(np.diff(self.mw) * self.at_least[1:])))
        return np.interp(most_mw, self.mw, sums)


@dataclass(slots=True)
class Supply:
    """A diagram in the form that its MW are calculated from."""

    structure: Structure
    root: int
    mw: dict[int, float]  # what each rated leaf carries
    units: list[int]  # the rated leaves that generate
    sources: set[int]  # nodes with units in or below them
    shared: list[int]  # leaves in several blocks
    installed_mw: float
    step_mw: float  # to which they were rounded down; 0: they weren't
    rounded_mw: float  # what rounding took off: the MW that are carried lie between the calculated and so many more
    findings: list[Finding] = field(default_factory=list)

    @property
    def up(self) -> Floats:
        """Return the probability that each leaf works."""
        return 1 - np.array(self.structure.unavailability)

    def units_up(self) -> Floats:
        """Return the same with everything perfect but the units."""
        up = self.up
        up[list(set(self.structure.below(self.root)).difference(self.units))] = 1.0
        return up

    def expected(self, up: Floats, of: Callable[[Carried], Floats]) -> Floats:
        """Return the mean of what the root carries, case by case over the shared leaves."""
        total = np.zeros(1)
        for states in product((0.0, 1.0), repeat=len(self.shared)):
            odds = np.prod(np.where(states, up[self.shared], 1 - up[self.shared]))
            if odds:
                given = up.copy()
                given[self.shared] = states
                total = total + odds * of(self._carried(given))
        return total

    def chance(self, up: Floats, need_mw: float) -> float:
        """Return the probability that the root carries the need."""
        return float(self.expected(up, lambda carried: carried.chance(np.array([max(need_mw, 0.0)])))[0])

    def rounded(self, text: str) -> list[Finding]:
        """Say between which values lies what was calculated from rounded MW."""
        if not self.rounded_mw:
            return []
        why = "the units make too many different sums of MW and were rounded down, by"
        return [Finding("rbd.capacity.rounded", Severity.INFO, f"{why} {self.rounded_mw:.3g} MW in all: {text}")]

    def _carried(self, up: Floats) -> Carried:
        """Return what the root carries with independent leaves."""
        carries: dict[int, Carried] = {}
        for node in self.structure.below(self.root):
            gate = self.structure.gates.get(node)
            if gate is None:
                mw = np.unique([0.0, self.mw.get(node, np.inf)])
                carries[node] = Carried(mw, np.full(len(mw), up[node]))
            elif gate.need == len(gate.members):
                units = [carries[member] for member in gate.members if member in self.sources]
                others = [carries[member] for member in gate.members if member not in self.sources]
                joined = [_parallel(units, len(units), self.step_mw)] if len(units) > 1 else units
                carries[node] = _series([*joined, *others])
            else:
                carries[node] = _parallel([carries[member] for member in gate.members], gate.need, self.step_mw)
        return carries[self.root]


def supply_of(model: ReliabilityModel, mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME) -> Supply:
    """Return the MW of a model without errors and with a clear system block.

    Raises
    ------
    NoSupply
        When no unit has a capacity, or blocks share them.
    """
    compiled = compile_model(model, mtbf_means, chains=False)
    structure, root = compiled.structure, compiled.nodes[str(model.system)]
    inside = set(structure.below(root))
    rated = {leaf: rating for leaf, rating in ratings(model, compiled).items() if leaf in inside}
    units = [leaf for leaf, rating in rated.items() if not rating.passive]
    if not units:
        raise NoSupply("rbd.capacity.none", "no unit of the system has a capacity", FILL)
    uses = Counter(member for node in inside & structure.gates.keys() for member in structure.gates[node].members)
    shared = _leaves_below(structure, [node for node, count in uses.items() if count > 1])
    if len(shared) > SHARED_LIMIT or shared & rated.keys() or structure.wide(inside):
        text = "blocks share rated units or too many components; the deliverable MW have no closed form"
        raise NoSupply("rbd.capacity.shared", text, "list every unit in one block")
    given = np.array([rating.mw for rating in rated.values()])
    mw, step_mw = with_few_sums(given)
    carries = dict(zip(rated, mw.tolist(), strict=True))
    sources = with_gates_above(structure, sorted(inside), units)
    installed = sum(rated[leaf].mw for leaf in units)
    findings = [*compiled.findings, *map(_every_unit_runs, compiled.unchained)]
    findings += _unrated_beside_rated(structure, sources)
    lost_mw = float((given - mw).sum())
    return Supply(structure, root, carries, units, sources, sorted(shared), installed, step_mw, lost_mw, findings)


def _every_unit_runs(block: str) -> Finding:
    text = f"{block}: its MW count as if all units ran and each had a repair crew"
    return Finding(
        "rbd.capacity.every_unit_runs", Severity.WARNING, text, "simulate with the required MW", element=block
    )


@dataclass(frozen=True, slots=True)
class Rating:
    """What a leaf carries."""

    mw: float
    passive: bool  # passes power on instead of generating it


def ratings(model: ReliabilityModel, compiled: Compiled) -> dict[int, Rating]:
    """Return the leaves that have a capacity."""
    structure, rows = compiled.structure, model.components[model.components["capacity_mw"] > 0]
    nodes = [compiled.nodes[component] for component in rows["id"]]
    leaves = [structure.gates[node].members[0] if node in structure.gates else node for node in nodes]
    passive = rows["type"].str.upper().map(lambda kind: any(word in kind for word in PASSIVE))
    values = (Rating(float(mw), bool(is_passive)) for mw, is_passive in zip(rows["capacity_mw"], passive, strict=True))
    return dict(zip(leaves, values, strict=True))


def with_gates_above(structure: Structure, nodes: list[int], leaves: Iterable[int]) -> set[int]:
    """Return the leaves and every gate above one of them; ``nodes`` come members first."""
    found = set(leaves)
    for node in nodes:
        if node in structure.gates and found.intersection(structure.gates[node].members):
            found.add(node)
    return found


def _leaves_below(structure: Structure, nodes: list[int]) -> set[int]:
    return {leaf for node in nodes for leaf in structure.below(node) if leaf not in structure.gates}


def _series(members: list[Carried]) -> Carried:
    """Return what a path carries: at least so much when every member does."""
    mw = np.unique(np.concatenate([member.mw for member in members]))
    mw = mw[mw <= min(member.mw[-1] for member in members)]
    return Carried(mw, np.asarray(np.prod([member.chance(mw) for member in members], axis=0)))


def _parallel(members: list[Carried], need: int, step_mw: float) -> Carried:
    """Return what parallel members carry together; a member whose path is cut carries nothing."""
    rated = [member for member in members if member.is_rated]
    if not rated:
        up = np.array([member.at_least[0] for member in members])
        return Carried(np.array([0.0, np.inf]), np.full(2, threshold(up, 1 - up, need).availability))
    sums = total([_levels(member) for member in rated], step_mw)
    return Carried(sums.mw, sums.at_least())


def _levels(member: Carried) -> Levels:
    at_least = np.concatenate(([1.0], member.at_least[1:], [0.0]))
    return Levels(member.mw, np.maximum(at_least[:-1] - at_least[1:], 0.0))


def _unrated_beside_rated(structure: Structure, sources: set[int]) -> list[Finding]:
    """Say which parallel blocks mix members with and without MW."""
    names = [
        structure.names[node]
        for node, gate in structure.gates.items()
        if node in sources and gate.need < len(gate.members) and not sources.issuperset(gate.members)
    ]
    text = "has parallel members without a capacity; they count as 0 MW"
    return [Finding("rbd.capacity.unrated", Severity.WARNING, f"{name} {text}", FILL, element=name) for name in names]
