"""Minimal cut sets: the smallest sets of units whose failure takes the system down.

The sets grow from the units up: a block of n members that needs k fails with n − k + 1 of them, by the recursion that
its probability follows too, and a set that contains another is dropped at every step. Dropping large sets on the way
loses no small one, so what is listed is complete up to its order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from core.findings import Finding, Severity
from core.settings import HOURS_PER_YEAR
from core.studies.availability.structure import Gate, Structure

CutSet = frozenset[int]

LARGEST = 4  # units of a set
EFFORT = 100_000  # sets that are put together for one order
SHOWN = 1000


@dataclass(frozen=True, slots=True)
class CutSets:
    """All minimal cut sets of at most ``order`` units, and whether there are no larger ones."""

    sets: list[CutSet]
    order: int
    complete: bool


class _Effort(Exception):
    """The order has too many sets, or a network is too wide."""


def minimal_cut_sets(structure: Structure, root: int) -> CutSets:
    """Return the root's minimal cut sets up to the largest order, at most four, that takes no more than the effort."""
    found = CutSets([], 0, False)
    nodes = structure.below(root)
    for order in range(1, LARGEST + 1):
        try:
            found = _Search(structure, order).run(nodes, root)
        except _Effort:
            break
        if found.complete:
            break
    return found


def cut_set_table(structure: Structure, cuts: CutSets) -> pd.DataFrame:
    """Return one row a set, the likeliest first: that all its units are down at once, and how often that begins.

    With the units' unavailabilities q and frequencies ν: U = Π q, and Σ ν_i Π_{j≠i} q_j failures an hour.
    """
    rows = []
    for cut in cuts.sets:
        units = sorted(cut)
        down, often = 1.0, 0.0
        for unit in units:
            often = often * structure.unavailability[unit] + structure.frequency_per_h[unit] * down
            down *= structure.unavailability[unit]
        rows.append(([structure.names[unit] for unit in units], len(units), float(down), float(often * HOURS_PER_YEAR)))
    frame = pd.DataFrame(rows, columns=["members", "order", "unavailability", "failures_per_year"])
    return frame.sort_values("unavailability", ascending=False, kind="stable").head(SHOWN).reset_index(drop=True)


def cut_set_findings(cuts: CutSets) -> list[Finding]:
    """Say which cut sets are not listed."""
    left_out = []
    if len(cuts.sets) > SHOWN:
        left_out.append(f"{len(cuts.sets)} were found, the {SHOWN} likeliest are listed")
    if cuts.order == 0:
        left_out.append("there are too many to list")
    elif not cuts.complete:
        left_out.append(f"those of more than {cuts.order} units are not searched for")
    if not left_out:
        return []
    return [Finding("rbd.cut_sets", Severity.INFO, f"minimal cut sets: {'; '.join(left_out)}")]


class _Search:
    def __init__(self, structure: Structure, order: int) -> None:
        self._structure, self._order = structure, order
        self._left = EFFORT
        self._complete = True

    def run(self, nodes: list[int], root: int) -> CutSets:
        """Return the root's sets; ``nodes`` are those below it, members first."""
        found: dict[int, list[CutSet]] = {}
        for node in nodes:
            gate = self._structure.gates.get(node)
            found[node] = self._of_gate(gate, found) if gate else [frozenset([node])]
        return CutSets(found[root], self._order, self._complete)

    def _of_gate(self, gate: Gate, found: dict[int, list[CutSet]]) -> list[CutSet]:
        """Return the sets that fail the gate: ``row[j]`` holds those that fail j of the members so far."""
        if gate.links:
            raise _Effort
        failures = len(gate.members) - gate.need + 1
        row: list[list[CutSet]] = [[frozenset()], *([] for _ in range(failures))]
        for place, member in enumerate(gate.members):
            left = len(gate.members) - place - 1
            for j in range(min(failures, place + 1), max(0, failures - left - 1), -1):
                row[j].extend(self._joined(row[j - 1], found[member]))
        return _minimal(row[failures])

    def _joined(self, some: list[CutSet], others: list[CutSet]) -> Iterator[CutSet]:
        self._left -= len(some) * len(others) + 1
        if self._left < 0:
            raise _Effort
        for one in some:
            for other in others:
                cut = one | other
                if len(cut) <= self._order:
                    yield cut
                else:
                    self._complete = False


def _minimal(sets: list[CutSet]) -> list[CutSet]:
    """Return the sets that contain no other, small ones first."""
    kept: dict[CutSet, None] = {}
    for cut in sorted(sets, key=len):
        if cut not in kept and not any(part in kept for part in _parts(cut)):
            kept[cut] = None
    return list(kept)


def _parts(cut: CutSet) -> Iterator[CutSet]:
    """Return the proper subsets that are not empty."""
    for size in range(1, len(cut)):
        yield from map(frozenset, combinations(cut, size))
