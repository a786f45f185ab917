"""Binary decision diagrams: exact answers for blocks that share components.

References
----------
.. [1] A. Rauzy, "New algorithms for fault trees analysis", Reliability Engineering & System Safety 40 (1993) 203–211.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import EngineError
from core.studies.availability.structure import Gate

NODE_LIMIT = 300_000
LOOK_EVERY_S = 0.05


class TooLarge(EngineError):
    """The diagram outgrows its limits; an estimate must do."""


@dataclass(frozen=True, slots=True)
class Value:
    """Probability that a function is true and false, and how often an hour it turns from true to false."""

    availability: float
    unavailability: float
    frequency_per_h: float


class Diagram:
    """The gates of one module as functions of its inputs (leaves and solved modules)."""

    def __init__(self, inputs: Sequence[int], gates: Mapping[int, Gate], until_s: float) -> None:
        """Build the functions; ``gates`` come members first. It ends at the latest at this thread time."""
        self._manager = _manager()
        self._manager.declare(*(f"x{node}" for node in inputs))
        self._functions: dict[int, Any] = {node: self._manager.var(f"x{node}") for node in inputs}
        self._until_s = until_s
        self._looked = 0.0
        try:
            for node, gate in gates.items():
                self._functions[node] = self._at_least(gate)
            self._refuse_too_large()
        except (RecursionError, MemoryError) as error:
            raise _too_large() from error

    def _at_least(self, gate: Gate) -> Any:
        """Return the function "at least k members": ``row[j]`` says it of the members so far behind, for j ≤ k."""
        manager = self._manager
        members = [self._functions[member] for member in gate.members]
        row = [manager.true] + [manager.false] * gate.need
        for place in reversed(range(len(members))):
            lowest = max(1, gate.need - place)
            highest = min(gate.need, len(members) - place)
            for j in range(highest, lowest - 1, -1):
                row[j] = manager.ite(members[place], row[j - 1], row[j])
            if time.thread_time() > self._looked + LOOK_EVERY_S:
                self._refuse_too_large()
        return row[gate.need]

    def _refuse_too_large(self) -> None:
        """Stop at the limits; counting the nodes takes as long as there are variables, so it is done now and then."""
        self._looked = time.thread_time()
        if len(self._manager) > NODE_LIMIT or self._looked > self._until_s:
            raise _too_large()

    def values(self, wanted: Iterable[int], inputs: Mapping[int, Value]) -> dict[int, Value]:
        """Return the value of every wanted gate: one pass from the terminals up, each node met once.

        With a(f) = p a(f₁) + q a(f₀), the frequency is the same linear form of the inputs' frequencies
        weighted by their Birnbaum importances: ν(f) = p ν(f₁) + q ν(f₀) + ν_x (a(f₁) − a(f₀)).
        """
        solved: dict[int, Value] = {int(self._manager.true): Value(1.0, 0.0, 0.0)}
        roots = {gate: self._functions[gate] for gate in wanted}
        for node in self._nodes(roots.values()):
            x = inputs[_input(node)]
            high, low = _read(node.high, solved), _read(node.low, solved)
            solved[int(node)] = Value(
                x.availability * high.availability + x.unavailability * low.availability,
                x.availability * high.unavailability + x.unavailability * low.unavailability,
                x.availability * high.frequency_per_h
                + x.unavailability * low.frequency_per_h
                + x.frequency_per_h * (high.availability - low.availability),
            )
        return {gate: _read(function, solved) for gate, function in roots.items()}

    def slopes(self, root: int, inputs: Mapping[int, Value]) -> dict[int, float]:
        """Return the Birnbaum importance of every input for one gate: paths to its nodes times what they decide."""
        function = self._functions[root]
        nodes = list(self._nodes([function]))
        solved: dict[int, float] = {int(self._manager.true): 1.0}
        for node in nodes:
            x = inputs[_input(node)]
            high, low = _chance(node.high, solved), _chance(node.low, solved)
            solved[int(node)] = x.availability * high + x.unavailability * low
        weight: dict[int, float] = dict.fromkeys(solved, 0.0)
        weight[int(_plain(function))] = -1.0 if function.negated else 1.0
        slope: dict[int, float] = {}
        for node in reversed(nodes):
            name, share = _input(node), weight[int(node)]
            x = inputs[name]
            slope[name] = slope.get(name, 0.0) + share * (_chance(node.high, solved) - _chance(node.low, solved))
            for child, chance in ((node.high, x.availability), (node.low, x.unavailability)):
                weight[int(_plain(child))] += share * chance * (-1.0 if child.negated else 1.0)
        return slope

    def _nodes(self, functions: Iterable[Any]) -> list[Any]:
        """Return the inner nodes below the functions, deepest level first."""
        terminal = int(self._manager.true)
        found: dict[int, Any] = {}
        stack = [_plain(function) for function in functions]
        while stack:
            node = stack.pop()
            if int(node) in found or int(node) == terminal:
                continue
            found[int(node)] = node
            stack += [_plain(node.high), _plain(node.low)]
        return sorted(found.values(), key=lambda node: -node.level)


def _too_large() -> TooLarge:
    text = "the blocks share components in a way that has no exact answer in reasonable time"
    return TooLarge(text, hint="simulate, or list shared components in fewer blocks")


def _manager() -> Any:
    """Return CUDD's manager, or dd's own in Python where CUDD is not built."""
    try:
        from dd import cudd as kernel
    except ImportError:
        from dd import autoref as kernel
    manager = kernel.BDD()
    manager.configure(reordering=False)  # the same model takes the same time and nodes every time
    return manager


def _input(node: Any) -> int:
    return int(node.var[1:])


def _plain(function: Any) -> Any:
    return ~function if function.negated else function


def _read(function: Any, solved: Mapping[int, Value]) -> Value:
    value = solved[int(_plain(function))]
    if function.negated:
        return Value(value.unavailability, value.availability, -value.frequency_per_h)
    return value


def _chance(function: Any, solved: Mapping[int, float]) -> float:
    value = solved[int(_plain(function))]
    return 1.0 - value if function.negated else value
