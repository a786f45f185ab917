"""The block diagram as a graph of threshold gates over independent leaves, and its modules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.reliability import Link

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gate:
    """A block: works while at least ``need`` of its members work, or while those that work link IN with OUT."""

    members: tuple[int, ...]
    need: int
    links: tuple[Link, ...] = ()  # of a network that is too wide for threshold gates: what each member joins


@dataclass(slots=True)
class Structure:
    """Nodes in an order in which members come before the gates that use them; a node without a gate is a leaf."""

    names: list[str] = field(default_factory=list)
    availability: list[float] = field(default_factory=list)
    unavailability: list[float] = field(default_factory=list)
    frequency_per_h: list[float] = field(default_factory=list)
    gates: dict[int, Gate] = field(default_factory=dict)
    rank: dict[int, int] = field(default_factory=dict)  # members of networks: their place in the network's order

    def add_leaf(self, name: str, availability: float, unavailability: float, frequency_per_h: float) -> int:
        """Append an independent two-state leaf; return its node number."""
        self.names.append(name)
        self.availability.append(availability)
        self.unavailability.append(unavailability)
        self.frequency_per_h.append(frequency_per_h)
        return len(self.names) - 1

    def add_gate(self, name: str, members: Iterable[int], need: int, links: Iterable[Link] = ()) -> int:
        """Append a gate over nodes that are there already; return its node number."""
        node = self.add_leaf(name, np.nan, np.nan, np.nan)
        self.gates[node] = Gate(tuple(members), need, tuple(links))
        return node

    def below(self, root: int) -> list[int]:
        """Return the nodes that the root depends on, itself included, members first."""
        found, stack = {root}, [root]
        while stack:
            gate = self.gates.get(stack.pop())
            fresh = set(gate.members) - found if gate else set()
            found.update(fresh)
            stack += fresh
        return sorted(found)

    def wide(self, nodes: Iterable[int]) -> str | None:
        """Return the name of the first network among nodes that is too wide for threshold gates."""
        return next((self.names[node] for node in nodes if node in self.gates and self.gates[node].links), None)


def modules(structure: Structure, root: int) -> set[int]:
    """Return the gates below the root whose nodes no other gate uses: each can be solved apart and counts as one unit.

    A gate is a module when it dominates everything below it: every way from the root to those nodes leads through it.
    Node numbers grow from members to gates, so one pass down finds immediate dominators and one pass up compares.
    """
    nodes = structure.below(root)
    dominator: dict[int, int] = {}
    depth = {root: 0}
    for node in reversed(nodes):
        if node != root:
            depth[node] = depth[dominator[node]] + 1
        for member in structure.gates[node].members if node in structure.gates else ():
            dominator[member] = _meet(dominator[member], node, dominator, depth) if member in dominator else node
    highest: dict[int, int] = {}  # smallest depth of a dominator of anything strictly below the gate
    found = set()
    for node in nodes:
        if node in structure.gates:
            members = structure.gates[node].members
            highest[node] = min(
                min(depth[dominator[m]] for m in members),
                min(highest.get(m, depth[root] + len(nodes)) for m in members),
            )
            if highest[node] >= depth[node]:
                found.add(node)
    return found


def _meet(a: int, b: int, dominator: dict[int, int], depth: dict[int, int]) -> int:
    """Return the last node that dominates both."""
    while a != b:
        if depth[a] < depth[b]:
            b = dominator[b]
        else:
            a = dominator[a]
    return a
