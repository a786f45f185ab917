"""What only the whole model tells: the power of loads in amperes, and what the controls of capacitors measure."""

from __future__ import annotations

import math

import numpy as np

from core.feeder import Feeder
from core.feeder.topology import Edge, tree_of
from core.findings import Finding, Severity

KINDS = {"branches": "line", "transformers": "transformer"}


def power_of_amperes(feeder: Feeder, loads: set[str], findings: list[Finding]) -> Feeder:
    """Return the feeder with the power of the loads whose currents the export gives, at their rated voltage.

    Their columns hold the current times the power factor until then. A current is one of a conductor: a unit of three
    phases takes √3 of it times the voltage between phases.
    """
    if not loads:
        return feeder
    table = feeder["loads"].copy()
    chosen = table["id"].isin(loads)
    across = table["kv"] * np.where(table["phase_count"] == 3, math.sqrt(3), 1.0)
    for column in ("p_kw", "q_kvar"):
        table[column] = table[column].where(~chosen, table[column] * across)
    text = f"{len(loads)} loads are given in amperes: their power counts at rated voltage"
    findings.append(Finding("cyme.load_in_amperes", Severity.INFO, text))
    return feeder.with_tables({"loads": table})


def measured_elements(feeder: Feeder, findings: list[Finding]) -> Feeder:
    """Return the feeder with the element that feeds it as what each capacitor's control measures."""
    table = feeder["capacitors"]
    if (table["control"] == "none").all():
        return feeder
    tree = tree_of(feeder)
    elements, terminals, controls = [], [], []
    columns = (table[column] for column in ("id", "bus", "control", "control_element", "control_terminal"))
    for name, bus, control, element, terminal in zip(*columns, strict=True):
        edge = tree.parent.get(bus) if control != "none" else None
        if control != "none" and edge is None:
            text = f"No element feeds bus {bus}: the control of capacitor {name} measures nothing, it keeps its state"
            hint = "Put the capacitor behind a line"
            findings.append(Finding("cyme.capacitor_control", Severity.WARNING, text, hint, element=name))
        measured = _measured(feeder, edge, bus, control) if edge else (element, terminal)
        elements.append(measured[0])
        terminals.append(measured[1])
        controls.append(control if edge else "none")
    table = table.assign(control=controls, control_element=elements, control_terminal=terminals)
    return feeder.with_tables({"capacitors": table})


def _measured(feeder: Feeder, edge: Edge, bus: str, control: str) -> tuple[str, int]:
    """Return element and terminal: voltages at the capacitor's end, flows where they come in."""
    windings = feeder["windings"]
    ends = [edge.start, edge.end]
    if edge.table == "transformers":
        ends = list(windings.loc[windings["transformer"] == edge.element].sort_values("winding")["bus"])
    here = ends.index(bus)
    there = next((k for k, end in enumerate(ends) if end != bus), here)
    return f"{KINDS[edge.table]}.{edge.element}", 1 + (here if control == "voltage" else there)


def finish(feeder: Feeder, in_amperes: set[str], findings: list[Finding]) -> Feeder:
    """Return the feeder with everything that needed the whole of it."""
    return measured_elements(power_of_amperes(feeder, in_amperes, findings), findings)
