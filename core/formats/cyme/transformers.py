"""CYME's transformers as rows of the feeder model: one unit of three phases, or a bank of single-phase units."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.findings import Severity
from core.formats.cyme.records import Record
from core.formats.cyme.rowing import DELTA, Site
from core.formats.cyme.tap_changers import TapChanger, add_tap_changer, changer_of

SQRT3 = math.sqrt(3)


@dataclass(frozen=True, slots=True)
class _Unit:
    """One transformer of a bank: its type and power, and its nodes on both sides."""

    name: str
    bank: str
    kind: Record
    primary: str
    secondary: str
    phase_count: int
    connection: str
    kva: float

    @property
    def sides(self) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
        """Return side, nodes and connection of both windings."""
        ends = self.connection.upper().split("_")
        return ("primary", self.primary, ends[0]), ("secondary", self.secondary, ends[-1])


def add_transformer(site: Site) -> None:
    """Add a two-winding transformer or its single-phase units."""
    kind = site.library.find("transformer_type", site.device)
    if kind is None or not _usable(kind):
        site.remark(
            "transformer_unusable",
            Severity.ERROR,
            "The transformer has no type with kVA and voltages: it is left out",
            "Complete the transformer type in the equipment",
        )
        return
    connection = site.device.text("connection") or kind.text("connection") or "Yg_Yg"
    if kind.text("connection") not in ("", connection):
        text = f"The device is connected {connection}, its type {kind.text('connection')}: the device's counts"
        site.remark("transformer_connection_differs", Severity.WARNING, text)
    name = site.rowing.name("transformers", site.device.text("id"), "transformer")
    changer = changer_of(site, kind)
    for unit in _units(site, kind, name, connection):
        _add_unit(site, unit, changer)


def add_transformer_by_phase(site: Site) -> None:
    """Add a bank with a type of its own in each phase."""
    name = site.rowing.name("transformers", site.device.text("id"), "transformer")
    for phase in site.place.phases:
        wanted = site.device.text(f"type_{phase.lower()}")
        if not wanted or wanted.upper() == "NONE":
            continue
        kind = site.library.find("transformer_type", site.device, wanted)
        if kind is not None and kind.number("kva") > 0:
            connection = site.device.text("connection") or kind.text("connection") or "Yg_Yg"
            _add_unit(site, _one_phase(site, kind, name, phase, connection), changer_of(site, kind))


def _usable(kind: Record) -> bool:
    return min(kind.number(name) for name in ("kva", "kv_primary", "kv_secondary")) > 0


def _units(site: Site, kind: Record, name: str, connection: str) -> list[_Unit]:
    """Return the units of a transformer: by its connection, its type and the phases of its section."""
    phases, single = site.place.phases, kind.text("kind") == "single"
    if connection in ("YO_DO", "DO_DO"):
        return _open_bank(site, kind, name, connection)
    if len(phases) == 3:
        kva = kind.number("kva") * (3 if single else 1)
        return [_Unit(name, name, kind, phases, phases, 3, connection, kva)]
    if len(phases) == 2 and "D" in connection.upper():
        primary = phases if connection.upper().startswith("D") else phases[0]
        secondary = phases if connection.upper().endswith("D") else phases[0]
        return [_Unit(name, name, kind, primary, secondary, 1, connection, kind.number("kva"))]
    return [_one_phase(site, kind, name, phase, connection, third=not single) for phase in phases]


def _one_phase(site: Site, kind: Record, bank: str, phase: str, connection: str, *, third: bool = False) -> _Unit:
    upper = connection.upper()
    primary = DELTA[phase] if upper.startswith("D") else phase
    secondary = DELTA[phase] if upper.endswith("D") else phase
    name = bank if len(site.place.phases) == 1 else f"{bank}_{phase}"
    return _Unit(name, bank, kind, primary, secondary, 1, connection, kind.number("kva") / (3 if third else 1))


def _open_bank(site: Site, kind: Record, name: str, connection: str) -> list[_Unit]:
    """Open wye - open delta or open delta: two units; the phase without a unit is ODPrimPh, else the last."""
    missing = site.device.text("open_phase").upper()
    if missing not in ("A", "B", "C"):
        missing = "C"
        text = "The open bank doesn't say which phase has no unit: C is taken"
        site.remark("transformer_open_phase", Severity.WARNING, text)
    sides = "Yg_D" if connection.startswith("Y") else "D_D"
    kva = kind.number("kva") / (1 if kind.text("kind") == "single" else 3)
    return [
        _Unit(f"{name}_{phase}", name, kind, phase if sides == "Yg_D" else DELTA[phase], DELTA[phase], 1, sides, kva)
        for phase in "ABC"
        if phase != missing
    ]


def _add_unit(site: Site, unit: _Unit, changer: TapChanger | None) -> None:
    device, kind = site.device, unit.kind
    r_pct, x_pct = impedance(site, kind)
    site.add(
        "transformers",
        id=unit.name,
        feeder=site.place.feeder,
        section=site.place.section,
        bank=unit.bank,
        phase_count=unit.phase_count,
        equipment=kind.text("equipment"),
        x_hl_pct=x_pct,
        no_load_loss_pct=100 * kind.number("no_load_kw") / kind.number("kva"),
        magnetizing_pct=kind.number("magnetizing_pct"),
        kva_normal=unit.kva,
        leading=leads(device.text("shift")),
        in_service=site.in_service,
    )
    turned = device.text("feeding_node") == site.place.to_bus != site.place.from_bus
    buses = (site.place.to_bus, site.place.from_bus) if turned else (site.place.from_bus, site.place.to_bus)
    for number, ((side, nodes, connection), bus) in enumerate(zip(unit.sides, buses, strict=True), start=1):
        tap = changer.tap_pu if changer and changer.side == number else 1.0
        site.add(
            "windings",
            transformer=unit.name,
            winding=number,
            bus=bus,
            phases=nodes,
            kv=_rated(unit, side, connection),
            kva=unit.kva,
            r_pct=r_pct / 2,
            tap_pu=tap * (device.number(f"{side}_tap") or 100.0) / 100,
            **grounding(device, side, connection, single=unit.phase_count == 1),
            **(changer.winding(number) if changer else {}),
        )
    if changer:
        connection = unit.sides[1][2]
        across = _rated(unit, "secondary", connection)
        between = connection.startswith("D") or unit.phase_count == 1
        phase = unit.secondary if len(unit.secondary) == 1 else ""
        add_tap_changer(site, changer, unit.name, phase, across if between else across / SQRT3)


def _rated(unit: _Unit, side: str, connection: str) -> float:
    """Return a winding's rated voltage [kV]: between phases, or of the winding where it is a single wye one."""
    rated = unit.kind.number(f"kv_{side}") * (SQRT3 if unit.kind.text("voltage_unit") == "ln" else 1.0)
    return rated if connection.startswith("D") or unit.phase_count > 1 else rated / SQRT3


def grounding(device: Record, side: str, connection: str, *, single: bool = False) -> dict[str, object]:
    """Return how a winding is connected, and what lies between its star point and earth."""
    r_ground, x_ground = device.number(f"r_{side}"), device.number(f"x_{side}")
    delta = connection.startswith("D")
    earthed = not delta and (single or connection.endswith("G"))
    return {
        "connection": "delta" if delta else "wye",
        "grounding": "none" if not earthed else "impedance" if r_ground or x_ground else "solid",
        "r_neutral_ohm": r_ground or None,
        "x_neutral_ohm": x_ground or None,
    }


def impedance(site: Site, kind: Record) -> tuple[float, float]:
    """Return resistance and reactance [%] of both windings together from Z and X/R."""
    z, ratio, name = kind.number("z1_pct"), kind.number("xr1"), kind.text("equipment")
    if z <= 0:
        text = f"Type {name} has no impedance: 0.01 % is used"
        hint = "Enter the impedance in the transformer type"
        site.remark("transformer_no_impedance", Severity.WARNING, text, hint)
        return 0.001, 0.01
    if ratio <= 0:
        text = f"Type {name} has X/R = 0: the impedance counts as reactance"
        site.remark("transformer_no_xr", Severity.WARNING, text)
        return 0.0, z
    z0 = kind.number("z0_pct")
    if z0 > 0 and abs(z0 - z) > 0.01 * z:
        text = f"Zero-sequence impedance {z0:g} % is not modelled: {z:g} % counts for all sequences"
        site.remark("transformer_zero_sequence", Severity.INFO, text)
    return parts(z, ratio)


def parts(z: float, ratio: float) -> tuple[float, float]:
    """Return resistance and reactance of an impedance and its X/R."""
    r = z / math.sqrt(1 + ratio**2)
    return r, r * ratio


def leads(shift: str) -> bool:
    """Say whether the low-voltage side leads: 30 degrees is the eleventh choice, text ``30deg`` in XML."""
    return shift in ("11", "30deg", "E_30deg", "30")
