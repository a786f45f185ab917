"""CYME's shunt capacitors, reactors and generating units as rows of the feeder model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from core.findings import Severity
from core.formats.cyme.records import SHUNT_DER, Record
from core.formats.cyme.rowing import Site, delta_pair

SQRT3 = math.sqrt(3)
BASE_V = 120.0
#: Controls that the model carries; the others keep the capacitor's state.
CONTROLS = ("voltage", "current", "kvar", "powerfactor", "time")
#: Largest set voltage in each unit, and the volts on the base of 120 V that one of it is at a rated voltage in kV.
VOLTAGES: tuple[tuple[str, float, Callable[[float], float]], ...] = (
    ("per unit", 2.0, lambda kv: BASE_V),
    ("kilovolts", 50.0, lambda kv: BASE_V / kv),
    ("per cent", 110.0, lambda kv: BASE_V / 100),
    ("volts on a base of 120 V", 200.0, lambda kv: 1.0),
    ("volts", math.inf, lambda kv: BASE_V / kv / 1000),
)


def add_capacitor(site: Site, bus: str) -> None:
    """Add a shunt capacitor, one unit a phase; its rating is per phase and its voltage to neutral.

    What a control switches is a unit of its own: the switched steps, or all of it where the file doesn't tell them.
    """
    device, phases = site.device, _phases(site)
    if not phases:
        text = f"The capacitor has phases {device.text('phases')}, its section {site.place.phases}: left out"
        site.remark("capacitor_phase", Severity.ERROR, text, "Correct the capacitor's phases or the section's")
    name = site.rowing.name("banks of capacitors", device.text("id"), "capacitor")
    kind = site.library.types.get("capacitor_type", {}).get(device.text("equipment"))
    kv = device.number("kv") or (kind.number("kv") if kind else 0.0)
    control = _control(site, kv)
    at = {"device": name, "bus": bus, "kv": kv * (SQRT3 if device.text("connection") == "delta" else 1.0)}
    in_steps = any(device.number(f"switched_{phase}") for phase in "abc")
    for phase in phases:
        unit, fixed, closed = f"{name}_{phase}", _fixed_kvar(device, kind, phase), _closed(device, phase, in_steps)
        switched = device.number(f"switched_{phase.lower()}")
        if not control:
            _add_unit(site, phase, id=unit, **at, kvar=fixed + (switched if closed else 0.0))
        elif in_steps:
            _add_unit(site, phase, id=unit, **at, kvar=fixed)
            _add_unit(site, phase, id=f"{unit}_switched", **at, kvar=switched, closed=closed, **control)
        else:
            _add_unit(site, phase, id=unit, **at, kvar=fixed, closed=closed, **control)


def add_reactor(site: Site, bus: str) -> None:
    """Add a shunt reactor: a capacitor of negative power."""
    before = len(site.rowing.rows.get("capacitors", []))
    add_capacitor(site, bus)
    for row in site.rowing.rows.get("capacitors", [])[before:]:
        row["kvar"] = -row["kvar"]


def _phases(site: Site) -> str:
    return "".join(phase for phase in (site.device.text("phases") or site.place.phases) if phase in site.place.phases)


def _fixed_kvar(device: Record, kind: Record | None, phase: str) -> float:
    if any(device.number(f"kvar_{letter}") for letter in "abc"):
        return device.number(f"kvar_{phase.lower()}")
    return device.number("kvar") or device.number("kvar_three") / 3 or (kind.number("kvar") if kind else 0.0)


def _closed(device: Record, phase: str, in_steps: bool) -> bool:
    """Say whether what is switched begins switched in; steps begin out unless the file says otherwise."""
    if device.has("initially_closed"):
        return phase in device.text("initially_closed")
    return device.text("initial_status", "open" if in_steps else "closed") == "closed"


def _add_unit(site: Site, phase: str, **values: Any) -> None:
    if values["kvar"] == 0:
        return
    delta = site.device.text("connection") == "delta"
    row = {
        "feeder": site.place.feeder,
        "phases": delta_pair(phase, site.place.phases) if delta else phase,
        "phase_count": 1,
        "connection": "delta" if delta else "wye",
        "equipment": site.device.text("equipment"),
        "control": "none",
        "control_phase": phase if "control" in values else "",
        "in_service": site.in_service,
    }
    site.add("capacitors", **{**row, **values})


def _control(site: Site, kv: float) -> dict[str, Any]:
    """Return the columns of a capacitor's control; nothing where it keeps its state."""
    device, kind = site.device, site.device.text("control", "none")
    on, off = _setting(device, "on"), _setting(device, "off")
    if kind == "none":
        return {}
    if kind not in CONTROLS or on is None or off is None:
        why = "has no settings" if kind in CONTROLS else "can't be simulated"
        text = f"The capacitor's control ({kind}) {why}: it keeps its state"
        site.remark("capacitor_control", Severity.WARNING, text, "Compare with CYME's state of the capacitor")
        return {}
    found: dict[str, Any] = {"control": kind, "control_on": on, "control_off": off, "control_ct_ratio": 1.0}
    if device.text("controlling_phase"):
        found["control_phase"] = device.text("controlling_phase")[0]
    if kv > 0:
        found["control_pt_ratio"] = kv * 1000 / BASE_V
    if kind == "voltage":
        scale = _volts(site, max(abs(on), abs(off)), kv)
        found |= {"control_on": on * scale, "control_off": off * scale}
    elif kind == "powerfactor" and max(abs(on), abs(off)) > 1:
        found |= {"control_on": on / 100, "control_off": off / 100}
    return found | _override(site, kv)


def _setting(device: Record, name: str) -> float | None:
    """Return a setting of the bank, or of the first phase that has one."""
    given = (f"{name}{suffix}" for suffix in ("", "_a", "_b", "_c"))
    return next((device.number(field) for field in given if device.has(field)), None)


def _override(site: Site, kv: float) -> dict[str, Any]:
    low, high = site.device.number("override_on"), site.device.number("override_off")
    if site.device.text("override") != "yes" or not 0 < low < high:
        return {}
    scale = _volts(site, high, kv)
    return {"control_voltage_override": True, "control_v_min": low * scale, "control_v_max": high * scale}


def _volts(site: Site, largest: float, kv: float) -> float:
    """Return the volts on the base of 120 V that one unit of a control's set voltages is; its size tells the unit."""
    unit, _, scale = next(entry for entry in VOLTAGES if largest < entry[1])
    site.remark("capacitor_voltage_setting", Severity.INFO, f"The control's voltages are taken as {unit}")
    return float(scale(kv or 1.0))


def add_generator(site: Site, bus: str, table: str) -> None:
    """Add a generating unit with the power of its generation model or its type."""
    device, library = site.device, site.library
    models = library.types.get("generation", {}).values()
    source = next((record for record in models if record.text("id") == device.text("id")), device)
    rated = library.types.get(f"{table}_type", {}).get(device.text("equipment")) or Record({}, device.where)
    active = source.number("active") or rated.number("active")
    factor = max(-1.0, min(1.0, (source.number("power_factor") or rated.number("power_factor") or 100.0) / 100))
    if active == 0:
        site.remark("generator_idle", Severity.INFO, "The generator has no active power in the study")
    phases = device.text("phases") or site.place.phases
    site.add(
        "der",
        id=site.rowing.name("der", device.text("id"), "generator"),
        device=device.text("id"),
        feeder=site.place.feeder,
        bus=bus,
        phases=phases,
        phase_count=len(phases),
        kind={"photovoltaic": "pv", "bess": "storage"}.get(table, "generator"),
        kva=device.number("rating") or rated.number("kva") or _panels_kva(device, rated, table) or None,
        p_kw=active,
        q_kvar=active * math.tan(math.acos(abs(factor))) * (1 if factor > 0 else -1),
        rated_kw=active,
        kv=0.0,
        in_service=site.in_service,
    )


def _panels_kva(device: Record, rated: Record, table: str) -> float:
    """Return what photovoltaic panels in series and in parallel give at their best point [kVA]."""
    if table != "photovoltaic":
        return 0.0
    panels = max(device.number("ns"), 1) * max(device.number("np"), 1)
    return rated.number("current") * rated.number("voltage") / 1000 * panels


#: The tables of generating units.
GENERATORS = ("photovoltaic", *SHUNT_DER)
