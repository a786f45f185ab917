"""An OpenDSS circuit, loaded by the engine, as the feeder model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.feeder import Feeder
from core.feeder.voltages import base_voltages
from core.findings import Finding, Reading, Severity, Source, Where, counted, listed
from core.formats.opendss.active import Active
from core.formats.opendss.context import plain
from core.formats.opendss.delivery import add_faults, add_lines, add_reactors, add_sources, add_transformers
from core.formats.opendss.injections import add_generators, add_inverters, add_loads
from core.formats.opendss.names import COLUMNS, Names
from core.formats.opendss.regulation import add_capacitor_controls, add_capacitors, add_regulators
from core.formats.opendss.script import defined_circuit, looks_like_dss, main_file
from core.formats.opendss.unattached import switch_off_unattached

__all__ = ["looks_like_dss", "main_file", "read_opendss"]

#: Classes that carry no power and need no place in the model.
# fmt: off
WITHOUT_POWER = frozenset((
    "energymeter", "monitor", "regcontrol", "capcontrol", "relay", "fuse", "recloser", "swtcontrol", "sensor",
    "storagecontroller", "invcontrol", "expcontrol", "gendispatcher",
))
# fmt: on
READ = frozenset(
    ("vsource", "line", "transformer", "capacitor", "load", "generator", "pvsystem", "storage", "reactor", "fault")
)
#: In this order: regulators and controls refer to what is there already.
STEPS: tuple[Callable[[Active], None], ...] = (
    add_sources,
    add_lines,
    add_transformers,
    add_regulators,
    add_capacitors,
    add_capacitor_controls,
    add_reactors,
    add_faults,
    add_loads,
    add_generators,
    add_inverters,
)


def read_opendss(path: Path) -> Reading[Feeder]:
    """Read the circuit that a script defines.

    Raises
    ------
    BadInput
        The script defines no circuit.
    """
    with defined_circuit(path) as runner:
        runner.findings += switch_off_unattached(runner.engine, path.name)
        feeder = _feeder(runner.engine, path, runner.findings)
    digest = sha256(path.read_bytes()).hexdigest()
    return Reading(feeder, runner.findings, Source(path.name, digest, "opendss", ""))


def _feeder(engine: Any, path: Path, findings: list[Finding]) -> Feeder:
    circuit = engine.ActiveCircuit
    _solve_once(engine, findings)
    names = _names(path, findings)
    active = Active(engine, names, findings, path.name)
    for add in STEPS:
        add(active)
    tables = {name: pd.DataFrame(rows) for name, rows in active.rows.items()}
    _report_unread(circuit, findings)
    tables["buses"] = _buses(circuit, names)
    frequency = float(circuit.Solution.Frequency)
    name = names.back("circuit", circuit.Name)
    for table in tables.values():
        table["source_file"] = path.name
        table["feeder"] = name
    feeder = Feeder(name, tables, frequency_hz=frequency)
    return feeder.with_tables({"buses": base_voltages(feeder)})


def _solve_once(engine: Any, findings: list[Finding]) -> None:
    """Build the circuit's matrices without moving a control: order of nodes and power of inverters come from there."""
    solution = engine.ActiveCircuit.Solution
    mode, control = solution.Mode, solution.ControlMode
    try:
        engine.Text.Command = "set mode=snapshot controlmode=off"
        solution.Solve()
        if not solution.Converged:
            text = "The circuit's own solution does not converge: what depends on it may be off"
            hint = "Raise maxiterations in the script, or look for what keeps it from settling"
            findings.append(Finding("opendss.not_converged", Severity.WARNING, text, hint))
    except Exception as error:  # noqa: BLE001
        text = plain(error)
        findings.append(
            Finding(
                "opendss.not_solved",
                Severity.WARNING,
                f"The circuit as it stands can't be solved: {text}",
                "The model may be incomplete",
            )
        )
    finally:
        solution.Mode, solution.ControlMode = mode, control


def _names(path: Path, findings: list[Finding]) -> Names:
    """Return the table of names beside the script, when we wrote it."""
    table = path.parent / "names.csv"
    text = table.read_text(encoding="utf-8", errors="replace") if table.is_file() else ""
    if not text.startswith(",".join(COLUMNS)):
        return Names()
    names, broken = Names.parse(text)
    if broken:
        said = f"{counted(len(broken), 'line')} of {table.name} can't be read: what they name keeps OpenDSS's names"
        hint = "Write the scripts again"
        findings.append(Finding("opendss.names", Severity.WARNING, said, hint, Where(file=table.name, line=broken[0])))
    return names


def _report_unread(circuit: Any, findings: list[Finding]) -> None:
    element = circuit.ActiveCktElement
    off = []
    classes: Counter[str] = Counter()
    for name in circuit.AllElementNames:
        circuit.SetActiveElement(name)
        if element.Enabled:
            classes[name.split(".", 1)[0].lower()] += 1
        else:
            off.append(name)
    if off:
        text = f"{len(off)} elements are not enabled: left out ({listed(off)})"
        findings.append(Finding("opendss.not_enabled", Severity.INFO, text))
    for kind, count in classes.items():
        if kind not in READ and kind not in WITHOUT_POWER:
            text = f"{count} elements of class {kind} have no place in the model: left out"
            findings.append(
                Finding(
                    "opendss.class_not_read", Severity.WARNING, text, "The model's solution differs from the circuit's"
                )
            )
    controllers = {
        kind: classes[kind]
        for kind in ("storagecontroller", "invcontrol", "expcontrol", "gendispatcher", "swtcontrol")
        if classes[kind]
    }
    for kind, count in controllers.items():
        text = f"{count} controls of class {kind} are not modelled: what they control keeps its state"
        findings.append(Finding("opendss.control_not_read", Severity.WARNING, text))


def _buses(circuit: Any, names: Names) -> pd.DataFrame:
    bus = circuit.ActiveBus
    rows = []
    for name in circuit.AllBusNames:
        circuit.SetActiveBus(name)
        base = float(bus.kVBase) * np.sqrt(3)
        there = bool(bus.Coorddefined)
        rows.append(
            {
                "id": names.back("bus", name),
                "kv_ll_base": base or None,
                "x": bus.x if there else None,
                "y": bus.y if there else None,
            }
        )
    return pd.DataFrame(rows)
