"""Exact availability, frequency and importance of a structure.

Modules whose members nobody else uses are solved one by one as threshold gates; where components are shared, the
smallest module around them becomes a decision diagram. Failure frequency follows from the Birnbaum importances of
independent repairable units, ν = Σ I_B,i ν_i [1]_.

References
----------
.. [1] R. Billinton, R. N. Allan, "Reliability Evaluation of Engineering Systems", 2nd ed., Plenum 1992, ch. 9–11.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.studies.availability.bdd import Diagram, TooLarge, Value
from core.studies.availability.structure import Floats, Gate, Structure, modules
from core.studies.availability.threshold import threshold

TIME_LIMIT_S = 6.0  # of this thread, whatever else runs, for the diagrams of all modules together

#: Of an unavailability, what is left when an equal one is subtracted: no digit of it is true.
ROUNDING = 1e-12


@dataclass(slots=True)
class Solution:
    """Every node below the root: its availability, unavailability, failure frequency, and the root's slope by it."""

    root: int
    availability: Floats
    unavailability: Floats
    frequency_per_h: Floats
    slope: Floats  # Birnbaum importance for the root; NaN for blocks that share members with others


def unsolved(structure: Structure) -> Solution:
    """Return the solution in which only the leaves are known."""
    return Solution(
        0,
        np.array(structure.availability),
        np.array(structure.unavailability),
        np.array(structure.frequency_per_h),
        np.full(len(structure.names), np.nan),
    )


def solve(structure: Structure, root: int, solution: Solution | None = None) -> Solution:
    """Return the exact solution for everything below the root.

    Parameters
    ----------
    structure, root
        What to solve, and the node that the slopes are those of.
    solution
        Taken further when given: for several roots, the one whose slopes are wanted last.

    Raises
    ------
    bdd.TooLarge
        When blocks share components in such a way that the decision diagram outgrows its limits, or a network is wide.
    """
    solution = solution or unsolved(structure)
    solution.root = root
    nodes = structure.below(root)
    if wide := structure.wide(nodes):
        raise TooLarge(f"{wide}: the network is too wide for an exact answer", hint="simulate, or take it apart")
    until_s = time.thread_time() + TIME_LIMIT_S
    apart = modules(structure, root)
    local: dict[int, dict[int, float]] = {}
    for node in nodes:
        if node in apart:
            members = structure.gates[node].members
            plain = len(set(members)) == len(members) and all(m in apart or m not in structure.gates for m in members)
            if plain:
                local[node] = _solve_gate(structure, node, solution)
            else:
                local[node] = _solve_shared(structure, node, apart, solution, until_s)
    _chain_slopes(local, solution)
    return solution


def _solve_gate(structure: Structure, node: int, solution: Solution) -> dict[int, float]:
    """Solve a module of distinct independent members; return its slope by each."""
    gate = structure.gates[node]
    members = np.array(gate.members)
    value = threshold(solution.availability[members], solution.unavailability[members], gate.need)
    solution.availability[node] = value.availability
    solution.unavailability[node] = value.unavailability
    solution.frequency_per_h[node] = value.slope @ solution.frequency_per_h[members]
    return dict(zip(gate.members, value.slope.tolist(), strict=True))


def _solve_shared(
    structure: Structure, node: int, apart: set[int], solution: Solution, until_s: float
) -> dict[int, float]:
    """Solve a module whose blocks share members, with all blocks inside; return its slope by each input."""
    inside, inputs = _inside(structure, node, apart)
    gates = {gate: structure.gates[gate] for gate in inside}
    try:
        diagram = Diagram(inputs, gates, (time.thread_time() + until_s) / 2)
    except TooLarge:
        diagram = Diagram(_by_depth(inputs, gates), gates, until_s)
    known = {
        i: Value(solution.availability[i], solution.unavailability[i], solution.frequency_per_h[i]) for i in inputs
    }
    for gate, value in diagram.values(inside, known).items():
        solution.availability[gate] = value.availability
        solution.unavailability[gate] = value.unavailability
        solution.frequency_per_h[gate] = value.frequency_per_h
    return diagram.slopes(node, known)


def _inside(structure: Structure, node: int, apart: set[int]) -> tuple[list[int], list[int]]:
    """Return the module's gates (members first) and its inputs in the order in which a walk from the left meets them.

    The diagram of a gate is put together from its last member to its first: what comes late then lies deep.
    """
    gates, inputs = {node}, dict[int, None]()
    stack = [*reversed(structure.gates[node].members)]
    while stack:
        member = stack.pop()
        if member not in structure.gates or member in apart:
            inputs[member] = None
        elif member not in gates:
            gates.add(member)
            stack += reversed(structure.gates[member].members)
    return sorted(gates), sorted(inputs, key=lambda node: structure.rank.get(node, -1))


def _by_depth(inputs: Sequence[int], gates: dict[int, Gate]) -> list[int]:
    """Return the inputs by the number of gates over them at most: members of long chains side by side stay together."""
    depth: dict[int, int] = {}
    for node in reversed(gates):
        for member in gates[node].members:
            depth[member] = max(depth.get(member, 0), depth.get(node, 0) + 1)
    return sorted(inputs, key=depth.__getitem__)


def _chain_slopes(local: dict[int, dict[int, float]], solution: Solution) -> None:
    """Carry the root's slopes down by the chain rule: modules are independent of one another."""
    solution.slope[solution.root] = 1.0
    for node in reversed(list(local)):
        for member, slope in local[node].items():
            solution.slope[member] = solution.slope[node] * slope


def importance(structure: Structure, solution: Solution, nodes: Sequence[int]) -> pd.DataFrame:
    """Return the importance of independent nodes for the root, one row each, the most important first.

    Columns: ``birnbaum`` dA/da; ``risk_achievement`` U(down)/U; ``risk_reduction`` U/U(up), infinite for the only
    cause; ``fussell_vesely`` 1 − U(up)/U, the share of the downtime in which the node takes part.
    """
    chosen = np.array(nodes, dtype=np.int64)
    a, u = solution.availability[chosen], solution.unavailability[chosen]
    birnbaum, total = solution.slope[chosen], solution.unavailability[solution.root]
    without = total - birnbaum * u  # the system when the node never fails
    without = np.where(without > ROUNDING * total, without, 0.0)
    failed = np.minimum(total + birnbaum * a, 1.0)  # the system while the node is down
    with np.errstate(divide="ignore", invalid="ignore"):
        frame = pd.DataFrame(
            {
                "id": [structure.names[node] for node in nodes],
                "availability": a,
                "birnbaum": birnbaum,
                "risk_achievement": failed / total,
                "risk_reduction": total / without,
                "fussell_vesely": birnbaum * u / total,
            }
        )
    return frame.sort_values(
        "fussell_vesely", ascending=False, kind="stable", key=lambda share: share.round(12)
    ).reset_index(drop=True)
