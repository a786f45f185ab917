"""CYME's lines, switching devices and series reactances as branches of the feeder model."""

from __future__ import annotations

from core.feeder import rows_of
from core.findings import Severity
from core.formats.cyme.rowing import Site

LINES = {
    "overhead_line": "overhead",
    "overhead_unbalanced": "overhead",
    "overhead_byphase": "overhead",
    "underground": "cable",
}
SWITCHING = {
    "switch": "switch",
    "breaker": "breaker",
    "lvcb": "breaker",
    "fuse": "fuse",
    "recloser": "recloser",
    "sectionaliser": "sectionaliser",
    "network_protector": "network_protector",
    "miscellaneous": "switch",
}
REACTANCES = {
    "series_reactor": ("reactor", "reactor_type", 1.0),
    "series_capacitor": ("series_capacitor", "series_capacitor_type", -1.0),
}


def add_line(site: Site, table: str) -> None:
    """Add an overhead line or cable; one without length or impedance connects without impedance."""
    made = site.library.line(table, site.device, site.place.phases)
    length = site.device.number("length")
    name = site.rowing.name("branches", site.device.text("id"), LINES[table])
    if length <= 0:
        what = "has no length" if length == 0 else f"is {length:g} km long"
        severity = Severity.INFO if length == 0 else Severity.WARNING
        site.remark("line_zero_length", severity, f"Line {name} {what}: it connects without impedance")
    origin = made.origin if length > 0 and made.matrices is not None else "ideal"
    site.add_branch(
        name,
        kind=LINES[table],
        length_km=max(length, 0.0),
        origin=origin,
        equipment=made.equipment,
        amps_normal=made.amps,
        closed_phases=site.place.phases,
    )
    if origin != "ideal" and made.matrices is not None:
        for row in rows_of(name, made.matrices):
            site.add("impedances", **row)


def add_switch(site: Site, table: str) -> None:
    """Add a switching device with the phases that are closed."""
    device, phases = site.device, site.place.phases
    found = site.library.types.get(f"{table}_type", {}).get(device.text("equipment"))
    normal = device.text("state", "closed") == "closed"
    closed = device.text("closed") or (phases if normal else "NONE")
    there = "" if closed == "NONE" else "".join(phase for phase in closed if phase in phases)
    if normal and there != phases:
        text = f"Normally closed, but {there or 'no phase'} of {phases} is closed in the study"
        site.remark("switch_partly_open", Severity.INFO, text)
    if found is None and device.has("equipment"):
        text = f"The {SWITCHING[table]} type {device.text('equipment')!r} is not in the equipment: it has no rating"
        site.remark("switch_type_missing", Severity.WARNING, text)
    site.add_branch(
        site.rowing.name("branches", device.text("id"), SWITCHING[table]),
        kind=SWITCHING[table],
        equipment=device.text("equipment"),
        amps_normal=(found.number("amps") or None) if found else None,
        closed_phases=there,
        normally_closed=normal,
    )


def add_reactance(site: Site, table: str) -> None:
    """Add a series reactor or capacitor as a branch of unit length."""
    kind, types, sign = REACTANCES[table]
    found = site.library.find(types, site.device)
    name = site.rowing.name("branches", site.device.text("id"), kind)
    ohms = sign * found.number("ohms") if found else 0.0
    site.add_branch(
        name,
        kind=kind,
        length_km=1.0,
        origin="matrix" if ohms else "ideal",
        equipment=site.device.text("equipment"),
        amps_normal=(found.number("amps") or None) if found else None,
        closed_phases=site.place.phases,
    )
    for k in range(1, len(site.place.phases) + 1) if ohms else ():
        site.add("impedances", branch=name, row=k, column=k, r_ohm_km=0.0, x_ohm_km=ohms, b_us_km=0.0)
