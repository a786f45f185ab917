"""What holds the voltage of an OpenDSS circuit: regulator controls, capacitors and their controls as rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.findings import Severity
from core.formats.opendss.active import Active, Row

CAP_CONTROLS = {0: "current", 1: "voltage", 2: "kvar", 3: "time", 4: "powerfactor"}
#: Our columns and the engine's attributes: numbers as they are.
REGULATOR = {
    "vset_v": "ForwardVreg",
    "band_v": "ForwardBand",
    "pt_ratio": "PTratio",
    "ct_a": "CTPrimary",
    "r_v": "ForwardR",
    "x_v": "ForwardX",
    "delay_s": "Delay",
    "tap_delay_s": "TapDelay",
    "max_tap_change": "MaxTapChange",
    "reverse_vset_v": "ReverseVreg",
    "reverse_band_v": "ReverseBand",
    "reverse_r_v": "ReverseR",
    "reverse_x_v": "ReverseX",
    "voltage_limit_v": "VoltageLimit",
}
CAPACITOR = {
    "control_terminal": "MonitoredTerm",
    "control_on": "ONSetting",
    "control_off": "OFFSetting",
    "control_pt_ratio": "PTratio",
    "control_ct_ratio": "CTratio",
    "control_delay_s": "Delay",
    "control_delay_off_s": "DelayOff",
    "control_dead_time_s": "DeadTime",
    "control_v_min": "Vmin",
    "control_v_max": "Vmax",
}


def add_regulators(active: Active) -> None:
    """Add regulator controls; a transformer of equal voltages whose tap moves is a regulator's unit."""
    controls = active.circuit.RegControls
    units = {row["id"]: row for row in active.rows.get("transformers", [])}
    windings = {(row["transformer"], row["winding"]): row for row in active.rows.get("windings", [])}
    if active.controls_off and controls.Count:
        text = f"The circuit's controls are off: its {controls.Count} regulators stay at their taps"
        active.note("controls_off", Severity.INFO, text, hint="Set controlmode=static in the script")
    for _ in controls:
        transformer = active.names.back("transformer", controls.Transformer)
        moving = windings.get((transformer, int(controls.TapWinding)))
        if transformer not in units or moving is None:
            continue
        if moving["kv"] == windings[transformer, 1]["kv"]:
            units[transformer]["kind"] = "regulator"
        step = (moving["tap_max_pu"] - moving["tap_min_pu"]) / max(moving["tap_steps"], 1)
        active.circuit.SetActiveElement(f"RegControl.{controls.Name}")
        active.add(
            "regulators",
            id=active.names.back("regcontrol", controls.Name),
            bank=units[transformer]["bank"],
            transformer=transformer,
            winding=int(controls.Winding),
            tap_winding=int(controls.TapWinding) if controls.TapWinding != controls.Winding else None,
            phase=moving["phases"] if len(moving["phases"]) == 1 else active.property("PTPhase"),
            mode="fixed" if active.controls_off else "automatic",
            tap=round((moving["tap_pu"] - 1) / step) if step else 0,
            reversible=bool(controls.IsReversible),
            remote_bus=_remote(active, str(controls.MonitoredBus)),
            reverse_threshold_kw=float(active.property("revThreshold")),
            reverse_delay_s=float(active.property("revDelay")),
            reverse_neutral=active.property("revNeutral").lower().startswith("y"),
            **_numbers(controls, REGULATOR),
        )


def _numbers(control: Any, columns: dict[str, str]) -> Row:
    return {column: float(getattr(control, name)) for column, name in columns.items()}


def _remote(active: Active, text: str) -> str:
    """Return a measured bus with our name and the engine's nodes."""
    bus, dot, rest = text.strip().partition(".")
    return f"{active.names.back('bus', bus)}{dot}{rest}" if bus else ""


def add_capacitors(active: Active) -> None:
    """Add capacitors: shunt units with their state, series ones as branches."""
    capacitors = active.circuit.Capacitors
    for _ in capacitors:
        name, n, delta = active.own("capacitor"), active.element.NumPhases, bool(capacitors.IsDelta)
        kv, states = float(capacitors.kV), list(capacitors.States) or [1]
        kvar = _switched_in(active, name, float(capacitors.kvar), states)
        if not delta and active.bus(1) != active.bus(0) and not active.at_earth(1):
            active.series(name, "series_capacitor", np.diag([-1j * kv**2 * 1000 / kvar] * n))
            continue
        star = active.nodes(1)[:1] if not delta else ["0"]
        phases = "".join(active.nodes(0)[: n + 1 if delta and n == 1 else n])
        active.add(
            "capacitors",
            id=name,
            device=name,
            bus=active.bus(0),
            phases=phases + ("" if star == ["0"] else star[0]),
            phase_count=n,
            connection="delta" if delta else "wye",
            kv=kv,
            kvar=kvar,
            closed=any(states),
            control="none",
        )


def _measured_phase(active: Active, control: Any) -> str:
    """Return the node that a capacitor's control measures, or what it makes of all: AVG, MAX or MIN."""
    active.circuit.SetActiveElement(f"CapControl.{control.Name}")
    place = active.property("PTPhase" if CAP_CONTROLS.get(int(control.Mode)) == "voltage" else "CTPhase")
    if not place.isdigit():
        return place.upper()
    active.circuit.SetActiveElement(control.MonitoredObj)
    nodes = active.nodes(int(control.MonitoredTerm) - 1)
    return nodes[int(place) - 1] if 0 < int(place) <= len(nodes) else ""


def _switched_in(active: Active, name: str, kvar: float, states: list[int]) -> float:
    """Return the power of the steps that are in; of all steps when none is, for the state says so already."""
    if len(states) == 1:
        return kvar
    there = sum(1 for state in states if state)
    kvar *= there / len(states) or 1.0
    text = f"{there} of {len(states)} steps are in: one unit of {kvar:g} kvar stands for all"
    active.note("capacitor_steps", Severity.INFO, text, name)
    return kvar


def add_capacitor_controls(active: Active) -> None:
    """Put their controls beside the capacitors, unless the circuit's controls are off."""
    controls = active.circuit.CapControls
    rows = {row["id"]: row for row in active.rows.get("capacitors", [])}
    for _ in controls:
        row = rows.get(active.names.back("capacitor", controls.Capacitor))
        if row is None or active.controls_off:
            continue
        kind, _, element = str(controls.MonitoredObj).lower().partition(".")
        row.update(
            _numbers(controls, CAPACITOR),
            control_phase=_measured_phase(active, controls),
            control=CAP_CONTROLS.get(int(controls.Mode), "manual"),
            control_element=f"{kind}.{active.names.back(kind, element)}",
            control_voltage_override=bool(controls.UseVoltOverride),
        )
