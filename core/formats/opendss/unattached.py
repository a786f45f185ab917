"""Controls without an element to act on or to measure: the engine ends the program when it solves such a circuit."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from core.findings import Finding, Severity, Where

#: What each class needs: the property that names it, and the class where the property leaves that out.
NEEDED: dict[str, tuple[tuple[str, str], ...]] = {
    "regcontrol": (("transformer", "transformer."),),
    "capcontrol": (("capacitor", "capacitor."), ("element", "")),
    "fuse": (("monitoredobj", ""),),
    "relay": (("monitoredobj", ""),),
    "recloser": (("monitoredobj", ""),),
}


def switch_off_unattached(engine: Any, file: str) -> list[Finding]:
    """Disable the circuit's controls whose element isn't there; return a finding for each."""
    circuit = engine.ActiveCircuit
    found = []
    for name in circuit.AllElementNames:
        needed = NEEDED.get(name.split(".", 1)[0].lower(), ())
        missing = next((what for what, kind in needed if not _is_there(circuit, name, what, kind)), None)
        if missing is not None:
            circuit.SetActiveElement(name)
            with suppress(Exception):  # the engine complains of what is missing, and switches it off
                circuit.ActiveCktElement.Enabled = False
            text = f"{name} has no {missing} that is in the circuit: left out"
            hint = f"Name its {missing} as the circuit has it"
            found.append(
                Finding(
                    "opendss.control_unattached", Severity.ERROR, text, hint, Where(file=file), name.split(".", 1)[1]
                )
            )
    return found


def _is_there(circuit: Any, name: str, what: str, kind: str) -> bool:
    """Say whether what an enabled control needs is in the circuit."""
    circuit.SetActiveElement(name)
    if not circuit.ActiveCktElement.Enabled:
        return True
    target = str(circuit.ActiveCktElement.Properties(what).Val).strip()
    return bool(target) and bool(circuit.SetActiveElement(f"{kind}{target}") >= 0)
