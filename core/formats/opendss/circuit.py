"""What a script says of its circuit: where elements are, what they are rated for, and what its monitors measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.findings import Finding
from core.formats.opendss.script import defined_circuit

#: Classes of elements by the table that holds them; machines give what flows out of them.
MACHINES = ("vsource", "isource", "generator", "pvsystem", "storage", "windgen", "indmach012", "generic5", "vccs")
LOADS, LINES = ("load",), ("line", "transformer")


@dataclass(frozen=True, slots=True)
class Element:
    """The bus and the nodes of each terminal, the number of phases, and the normal rating [A] (0: none)."""

    buses: list[str]
    nodes: list[tuple[int, ...]]
    phases: int
    normal_amps: float


@dataclass(frozen=True, slots=True)
class Monitor:
    """What a monitor measures: an element's terminal, voltages and currents (mode 0) or powers (1), or else."""

    element: str
    terminal: int
    mode: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit's buses in the engine's order, its enabled elements and its monitors; names are in small letters."""

    base_kv: dict[str, float]  # line to line, 0 where the script calculates none
    nodes: dict[str, tuple[int, ...]]
    elements: dict[str, Element]
    monitors: dict[str, Monitor]

    def classed(self, classes: tuple[str, ...]) -> list[str]:
        """Return the elements of some classes."""
        return [name for name in self.elements if name.partition(".")[0] in classes]


def read_circuit(script: Path) -> tuple[Circuit, list[Finding]]:
    """Run a script as far as it defines its circuit, and return that with what the engine refused."""
    with defined_circuit(script) as runner:
        circuit = _circuit(runner.engine)
    return circuit, runner.findings


def _circuit(engine: Any) -> Circuit:
    engine.Text.Command = "MakeBusList"
    active, base_kv, nodes = engine.ActiveCircuit, {}, {}
    for name in active.AllBusNames:
        active.SetActiveBus(name)
        base_kv[name.lower()] = round(active.ActiveBus.kVBase * 3**0.5, 9)
        nodes[name.lower()] = tuple(active.ActiveBus.Nodes)
    elements = {}
    for name in active.AllElementNames:
        active.SetActiveElement(name)
        if active.ActiveCktElement.Enabled:
            elements[name.lower()] = _element(active.ActiveCktElement)
    monitors = {each.Name.lower(): Monitor(each.Element.lower(), each.Terminal, each.Mode) for each in active.Monitors}
    return Circuit(base_kv, nodes, elements, monitors)


def _element(active: Any) -> Element:
    buses = [bus.partition(".")[0].lower() for bus in active.BusNames]
    order, wide = [int(node) for node in active.NodeOrder], active.NumConductors
    nodes = [tuple(order[first : first + wide]) for first in range(0, len(order), wide)]
    return Element(buses, nodes, active.NumPhases, active.NormalAmps)
