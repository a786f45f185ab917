"""The engine's active element in our words: names, nodes and properties; and the rows that are made of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.feeder import Matrices, rows_of
from core.findings import Finding, Severity, Where
from core.formats.opendss.names import BEYOND, PHASES, Names

Row = dict[str, Any]
#: The engine's number of a solution in which no control acts.
CONTROLS_OFF = -1


class Active:
    """Whatever element of the circuit is active; collections make their elements active one by one."""

    def __init__(self, engine: Any, names: Names, findings: list[Finding], file: str) -> None:
        self.circuit = engine.ActiveCircuit
        self.element = self.circuit.ActiveCktElement
        self.names = names
        self.findings = findings
        self.file = file
        self.controls_off = int(self.circuit.Solution.ControlMode) == CONTROLS_OFF
        self.rows: dict[str, list[Row]] = {}

    def add(self, table: str, **row: Any) -> None:
        """Append a row."""
        self.rows.setdefault(table, []).append(row)

    def note(self, code: str, severity: Severity, text: str, element: str | None = None, hint: str = "") -> None:
        """Note what the model can't hold."""
        self.findings.append(Finding(f"opendss.{code}", severity, text, hint, Where(file=self.file), element))

    def own(self, kind: str) -> str:
        """Return our name of the element."""
        return self.names.back(kind, self.element.Name.split(".", 1)[1])

    def free(self, table: str, name: str, kind: str) -> str:
        """Return the name, with its class where the table has it already."""
        taken = {row["id"].lower() for row in self.rows.get(table, [])}
        return name if name.lower() not in taken else f"{name} ({kind})"

    def bus(self, terminal: int) -> str:
        """Return the bus of a terminal."""
        return self.names.back("bus", self.element.BusNames[terminal].split(".")[0].strip())

    def nodes(self, terminal: int) -> list[str]:
        """Return the nodes of a terminal, one a conductor."""
        conductors = self.element.NumConductors
        order = self.element.NodeOrder[terminal * conductors : (terminal + 1) * conductors]
        return [PHASES.get(str(node), BEYOND) for node in order]

    def wye_nodes(self, terminal: int = 0) -> str:
        """Return the nodes of a unit with a star point; the star point is left out when it lies at earth."""
        found, phases = self.nodes(terminal), self.element.NumPhases
        star = found[phases : phases + 1]
        return "".join(found[:phases]) + ("" if star in ([], ["0"]) else star[0])

    def delta_nodes(self, terminal: int = 0) -> str:
        """Return the nodes of a unit between phases: one more than phases unless it has three."""
        phases = self.element.NumPhases
        return "".join(self.nodes(terminal)[: phases + 1 if phases < 3 else phases])

    def unit_nodes(self, delta: bool) -> str:
        """Return the nodes of a load or generating unit."""
        return self.delta_nodes() if delta else self.wye_nodes()

    def at_earth(self, terminal: int) -> bool:
        """Say whether all conductors of a terminal lie at earth."""
        return all(node == "0" for node in self.nodes(terminal))

    def property(self, name: str) -> str:
        """Return a property as the engine prints it."""
        return str(self.element.Properties(name).Val).strip().strip("[]()").strip()

    def is_delta(self) -> bool:
        """Say whether the element's connection is a delta."""
        return self.property("conn").lower().startswith(("d", "ll"))

    def yprim(self) -> np.ndarray:
        """Return the element's primitive admittances [S]."""
        values = np.asarray(self.element.Yprim).view(complex)
        size = round(math.sqrt(len(values)))
        return values.reshape((size, size))

    def injected(self) -> complex:
        """Return the power [kVA] that the element injects in the circuit's own state."""
        return -complex(np.asarray(self.element.Powers).view(complex)[: self.element.NumConductors].sum())

    def across_pu(self, kv: float, delta: bool) -> float:
        """Return the mean voltage across the units of the element [pu of their rated voltage in kV]."""
        volts, n = np.asarray(self.element.Voltages).view(complex), self.element.NumPhases
        if n == 1:
            across = abs(volts[0] - volts[1]) if len(volts) > 1 else abs(volts[0])
        elif delta:
            across = float(np.mean(np.abs(volts[:n] - np.roll(volts[:n], -1))))
        else:
            star = volts[n] if len(volts) > n else 0.0
            across = float(np.mean(np.abs(volts[:n] - star))) * math.sqrt(3)
        return float(across) / (kv * 1000) if kv > 0 else 0.0

    def series(self, name: str, kind: str, z_ohm: np.ndarray) -> None:
        """Add a series impedance as a branch of unit length; also one from a star point to earth."""
        n = z_ohm.shape[0]
        start, end = "".join(self.nodes(0)[:n]), "".join(self.nodes(1)[:n])
        self.add(
            "branches",
            id=name,
            kind=kind,
            from_bus=self.bus(0),
            to_bus=self.bus(1),
            phases=start,
            to_phases="" if end == start else end,
            length_km=1.0,
            origin="matrix",
            amps_normal=float(self.element.NormalAmps) or None,
            closed_phases=start,
        )
        self.rows.setdefault("impedances", []).extend(rows_of(name, Matrices(z_ohm, np.zeros((n, n)))))

    def of_class(self, name: str) -> Iterator[None]:
        """Make the enabled elements of a class without a collection of its own active, one by one."""
        self.circuit.SetActiveClass(name)
        for element in list(self.circuit.ActiveClass.AllNames):
            self.circuit.SetActiveElement(f"{name}.{element}")
            if self.element.Enabled:
                yield
