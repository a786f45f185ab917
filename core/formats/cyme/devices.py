"""CYME's transformers, regulators, capacitors and generators as rows of the feeder model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from core.findings import Severity
from core.formats.cyme.equipment import Library
from core.formats.cyme.records import Record

SQRT3 = math.sqrt(3)
Rows = dict[str, list[dict[str, Any]]]
#: The phases between which a delta unit "of phase A" lies (notes on the formats, trap 8).
DELTA = {"A": "AB", "B": "BC", "C": "CA"}
#: Reactance of a regulator unit [ohm]: small enough not to matter, large enough not to be singular.
REGULATOR_OHM = 1e-4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device lies."""

    feeder: str
    section: str
    from_bus: str
    to_bus: str
    phases: str


@dataclass(slots=True)
class Rowing:
    """Collects rows by table; ids are unique within a table, whatever the device's class and its letters' case."""

    rows: Rows = field(default_factory=dict)
    taken: dict[str, set[str]] = field(default_factory=dict)

    def add(self, table: str, **values: Any) -> None:
        """Append one row."""
        self.rows.setdefault(table, []).append(values)

    def name(self, table: str, wanted: str, kind: str) -> str:
        """Return an id that the table doesn't have: the device's number, or with its kind in brackets."""
        taken = self.taken.setdefault(table, set())
        name, count = wanted, 1
        while name.lower() in taken:
            name = f"{wanted} ({kind})" if count == 1 else f"{wanted} ({kind} {count})"
            count += 1
        taken.add(name.lower())
        return name


def delta_pair(phase: str, phases: str) -> str:
    """Return the two phases of a delta unit: a section of two phases leaves no choice."""
    return phases if len(phases) == 2 else DELTA[phase]


def add_transformer(rowing: Rowing, library: Library, device: Record, place: Place) -> None:
    """Add a two-winding transformer or its single-phase units."""
    kind = library.find("transformer_type", device)
    if kind is None or kind.number("kva") <= 0 or kind.number("kv_primary") <= 0 or kind.number("kv_secondary") <= 0:
        library.remark(
            "transformer_unusable",
            Severity.ERROR,
            "The transformer has no type with kVA and voltages: it is left out",
            device,
            "Complete the transformer type in the equipment",
        )
        return
    connection = device.text("connection") or kind.text("connection") or "Yg_Yg"
    if device.text("connection") and kind.text("connection") and device.text("connection") != kind.text("connection"):
        library.remark(
            "transformer_connection_differs",
            Severity.WARNING,
            f"The device is connected {connection}, its type {kind.text('connection')}: the device's counts",
            device,
        )
    if kind.text("ltc") == "yes":
        library.remark(
            "transformer_ltc",
            Severity.WARNING,
            "The transformer changes its tap under load: it keeps its present tap in the model",
            device,
            "Compare with CYME's tap, or model it as a regulator",
        )
    name = rowing.name("transformers", device.text("id"), "transformer")
    if connection in ("YO_DO", "DO_DO"):
        _open_bank(rowing, library, device, kind, place, name, connection)
    elif kind.text("kind") == "single" or len(place.phases) < 3:
        _single_units(rowing, library, device, kind, place, name, connection)
    else:
        _unit(rowing, library, device, kind, place, _Unit(name, name, place.phases, place.phases, 3, connection))


def add_transformer_by_phase(rowing: Rowing, library: Library, device: Record, place: Place) -> None:
    """Add a bank with a type of its own in each phase."""
    name = rowing.name("transformers", device.text("id"), "transformer")
    for phase in place.phases:
        wanted = device.text(f"type_{phase.lower()}")
        if not wanted or wanted.upper() == "NONE":
            continue
        kind = library.find("transformer_type", device, wanted)
        if kind is not None and kind.number("kva") > 0:
            connection = device.text("connection") or kind.text("connection") or "Yg_Yg"
            _one_phase(rowing, library, device, kind, place, name, phase, connection)


@dataclass(frozen=True, slots=True)
class _Unit:
    """One transformer of a bank: its nodes on both sides."""

    name: str
    bank: str
    primary: str
    secondary: str
    phase_count: int
    connection: str


def _single_units(
    rowing: Rowing, library: Library, device: Record, kind: Record, place: Place, name: str, connection: str
) -> None:
    if kind.text("kind") == "single" and len(place.phases) == 3:
        unit = _Unit(name, name, place.phases, place.phases, 3, connection)
        _unit(rowing, library, device, kind, place, unit, kva=3 * kind.number("kva"))
        return
    if len(place.phases) == 2 and "D" in connection.upper():
        primary = place.phases if connection.upper().startswith("D") else place.phases[0]
        secondary = place.phases if connection.upper().endswith("D") else place.phases[0]
        _unit(rowing, library, device, kind, place, _Unit(name, name, primary, secondary, 1, connection))
        return
    kva = kind.number("kva") if kind.text("kind") == "single" else kind.number("kva") / 3
    for phase in place.phases:
        _one_phase(rowing, library, device, kind, place, name, phase, connection, kva)


def _one_phase(
    rowing: Rowing,
    library: Library,
    device: Record,
    kind: Record,
    place: Place,
    bank: str,
    phase: str,
    connection: str,
    kva: float | None = None,
) -> None:
    upper = connection.upper()
    primary = DELTA[phase] if upper.startswith("D") else phase
    secondary = DELTA[phase] if upper.endswith("D") else phase
    name = bank if len(place.phases) == 1 else f"{bank}_{phase}"
    _unit(rowing, library, device, kind, place, _Unit(name, bank, primary, secondary, 1, connection), kva=kva)


def _open_bank(
    rowing: Rowing, library: Library, device: Record, kind: Record, place: Place, name: str, connection: str
) -> None:
    """Open wye - open delta or open delta: two units; the phase without a unit is ODPrimPh, else the last."""
    missing = device.text("open_phase").upper()
    if missing not in ("A", "B", "C"):
        missing = "C"
        library.remark(
            "transformer_open_phase",
            Severity.WARNING,
            "The open bank doesn't say which phase has no unit: C is taken",
            device,
        )
    for phase in (phase for phase in "ABC" if phase != missing):
        primary = phase if connection.startswith("Y") else DELTA[phase]
        unit = _Unit(f"{name}_{phase}", name, primary, DELTA[phase], 1, "Yg_D" if connection.startswith("Y") else "D_D")
        single = kind.text("kind") == "single"
        _unit(rowing, library, device, kind, place, unit, kva=kind.number("kva") if single else kind.number("kva") / 3)


def _unit(
    rowing: Rowing, library: Library, device: Record, kind: Record, place: Place, unit: _Unit, kva: float | None = None
) -> None:
    r_pct, x_pct = _impedance(library, device, kind)
    power = kva or kind.number("kva")
    sides = unit.connection.upper().split("_")
    rowing.add(
        "transformers",
        id=unit.name,
        feeder=place.feeder,
        section=place.section,
        bank=unit.bank,
        phase_count=unit.phase_count,
        equipment=kind.text("equipment"),
        x_hl_pct=x_pct,
        no_load_loss_pct=100 * kind.number("no_load_kw") / kind.number("kva"),
        magnetizing_pct=kind.number("magnetizing_pct"),
        kva_normal=power,
        leading=_leads(device.text("shift")),
        in_service=device.text("status", "connected") != "disconnected",
        **device.provenance,
    )
    fed_from_to = device.text("feeding_node") == place.to_bus and place.to_bus != place.from_bus
    buses = (place.to_bus, place.from_bus) if fed_from_to else (place.from_bus, place.to_bus)
    ends = (("primary", unit.primary, sides[0]), ("secondary", unit.secondary, sides[-1]))
    for number, (side, nodes, connection) in enumerate(ends, start=1):
        rated = kind.number(f"kv_{side}") * (SQRT3 if kind.text("voltage_unit") == "ln" else 1.0)
        delta = connection.startswith("D")
        r_ground, x_ground = device.number(f"r_{side}"), device.number(f"x_{side}")
        grounded = "solid" if connection.endswith("G") or unit.phase_count == 1 else "none"
        if grounded == "solid" and (r_ground or x_ground):
            grounded = "impedance"
        rowing.add(
            "windings",
            transformer=unit.name,
            winding=number,
            bus=buses[number - 1],
            phases=nodes,
            connection="delta" if delta else "wye",
            grounding="none" if delta else grounded,
            kv=rated if delta or unit.phase_count > 1 else rated / SQRT3,
            kva=power,
            r_pct=r_pct / 2,
            tap_pu=(device.number(f"{side}_tap") or 100.0) / 100,
            r_neutral_ohm=r_ground or None,
            x_neutral_ohm=x_ground or None,
            **device.provenance,
        )


def _impedance(library: Library, device: Record, kind: Record) -> tuple[float, float]:
    """Return resistance and reactance [%] of both windings together from Z and X/R."""
    z, ratio = kind.number("z1_pct"), kind.number("xr1")
    if z <= 0:
        library.remark(
            "transformer_no_impedance",
            Severity.WARNING,
            f"Type {kind.text('equipment')} has no impedance: 0.01 % is used",
            device,
            "Enter the impedance in the transformer type",
        )
        return 0.001, 0.01
    if ratio <= 0:
        library.remark(
            "transformer_no_xr",
            Severity.WARNING,
            f"Type {kind.text('equipment')} has X/R = 0: the impedance counts as reactance",
            device,
        )
        return 0.0, z
    z0 = kind.number("z0_pct")
    if z0 > 0 and abs(z0 - z) > 0.01 * z:
        library.remark(
            "transformer_zero_sequence",
            Severity.INFO,
            f"Zero-sequence impedance {z0:g} % is not modelled: {z:g} % counts for all sequences",
            device,
        )
    r = z / math.sqrt(1 + ratio**2)
    return r, r * ratio


def _leads(shift: str) -> bool:
    """Say whether the low-voltage side leads: 30 degrees is the eleventh choice, text ``30deg`` in XML."""
    return shift in ("11", "30deg", "E_30deg", "30")


def add_regulator(rowing: Rowing, library: Library, device: Record, place: Place) -> None:
    """Add a bank of single-phase units, each a transformer whose tap moves; other phases pass through."""
    kind = library.find("regulator_type", device)
    bank = rowing.name("banks", device.text("id"), "regulator")
    kv_ln = kind.number("kv_ln") if kind else 0.0
    active = device.text("phases_on") or place.phases
    regulated = [phase for phase in place.phases if phase in active]
    delta = device.text("connection") == "delta"
    if delta:
        library.remark(
            "regulator_delta",
            Severity.WARNING,
            "Regulator units between phases are modelled as separate windings",
            device,
            "Compare with CYME at the regulator's load side",
        )
    kva = kind.number("kva") if kind else 0.0
    if kv_ln <= 0 or kva <= 0:
        library.remark(
            "regulator_no_rating",
            Severity.WARNING,
            "The regulator's type has no kVA or voltage: the feeder's own is used",
            device,
        )
    for index, phase in enumerate(regulated):
        nodes = delta_pair(phase, place.phases) if delta else phase
        if delta and len(place.phases) == 2 and index:
            break
        _regulator_unit(rowing, device, kind, place, bank, phase, nodes)
    through = "".join(phase for phase in place.phases if phase not in regulated)
    if through:
        rowing.add(
            "branches",
            id=rowing.name("branches", f"{bank}_through", "link"),
            feeder=place.feeder,
            section=place.section,
            kind="link",
            origin="ideal",
            from_bus=place.from_bus,
            to_bus=place.to_bus,
            phases=through,
            length_km=0.0,
            closed_phases=through,
            **device.provenance,
        )


def _regulator_unit(
    rowing: Rowing, device: Record, kind: Record | None, place: Place, bank: str, phase: str, nodes: str
) -> None:
    name = rowing.name("transformers", f"{bank}_{phase}", "unit")
    letter = phase.lower()
    kva, kv = (kind.number("kva"), kind.number("kv_ln")) if kind else (0.0, 0.0)
    kva, kv = kva or 1000.0, (kv or 1.0) * (SQRT3 if len(nodes) == 2 else 1.0)
    boost = device.number("boost") or (kind.number("max_boost_pct", 10.0) if kind else 10.0) or 10.0
    buck = device.number("buck") or (kind.number("max_buck_pct", 10.0) if kind else 10.0) or 10.0
    steps = int(kind.number("steps", 32) if kind else 32) or 32
    step = (boost + buck) / 100 / steps
    tap = round(device.number(f"tap_{letter}"))
    vset = device.number(f"vset_{letter}")
    mode = "fixed" if device.text("option") == "fixed" or vset <= 0 else "automatic"
    rowing.add(
        "transformers",
        id=name,
        feeder=place.feeder,
        section=place.section,
        kind="regulator",
        bank=bank,
        phase_count=1,
        equipment=kind.text("equipment") if kind else "",
        x_hl_pct=REGULATOR_OHM / (kv**2 * 1000 / kva) * 100,
        amps_normal=(kind.number("amps") if kind else 0.0) or kva / kv / (boost / 100),
        kva_normal=kva,
        in_service=device.text("status", "connected") != "disconnected",
        **device.provenance,
    )
    for number, bus in ((1, place.from_bus), (2, place.to_bus)):
        rowing.add(
            "windings",
            transformer=name,
            winding=number,
            bus=bus,
            phases=nodes,
            connection="delta" if len(nodes) == 2 else "wye",
            grounding="none" if len(nodes) == 2 else "solid",
            kv=kv,
            kva=kva,
            r_pct=0.0,
            tap_pu=1.0 if number == 1 else 1.0 + tap * step,
            tap_min_pu=1 - buck / 100,
            tap_max_pu=1 + boost / 100,
            tap_steps=steps,
            **device.provenance,
        )
    rowing.add(
        "regulators",
        id=name,
        feeder=place.feeder,
        bank=bank,
        transformer=name,
        winding=2,
        phase=phase,
        mode=mode,
        vset_v=vset or 120.0,
        band_v=device.number("band") or (kind.number("band_v") if kind else 0.0) or 2.0,
        pt_ratio=device.number("pt") or 60.0,
        ct_a=device.number("ct") or 300.0,
        r_v=device.number(f"r_{letter}"),
        x_v=device.number(f"x_{letter}"),
        tap=tap,
        **device.provenance,
    )


def add_capacitor(rowing: Rowing, library: Library, device: Record, place: Place, bus: str) -> None:
    """Add a shunt capacitor, one unit a phase; its rating is per phase and its voltage to neutral."""
    phases = "".join(phase for phase in (device.text("phases") or place.phases) if phase in place.phases)
    kind = library.types.get("capacitor_type", {}).get(device.text("equipment"))
    each = (
        device.number("kvar")
        or device.number("kvar_three") / 3
        or (kind.number("kvar") if kind and not _per_phase(device) else 0.0)
    )
    kv = device.number("kv") or (kind.number("kv") if kind else 0.0)
    delta = device.text("connection") == "delta"
    name = rowing.name("banks of capacitors", device.text("id"), "capacitor")
    if device.text("control", "0").upper() not in ("0", "", "NONE", "MANUAL"):
        library.remark(
            "capacitor_control",
            Severity.INFO,
            f"The capacitor's control ({device.text('control')}) is not simulated: it keeps its state",
            device,
        )
    on = device.text("switched_closed").upper()
    for phase in phases or place.phases:
        switched = device.number(f"switched_{phase.lower()}") if on in ("1", "ABC", "CLOSED") or phase in on else 0.0
        kvar = (device.number(f"kvar_{phase.lower()}") if _per_phase(device) else each) + switched
        if kvar == 0:
            continue
        nodes = delta_pair(phase, place.phases) if delta else phase
        rowing.add(
            "capacitors",
            id=f"{name}_{phase}",
            device=name,
            feeder=place.feeder,
            bus=bus,
            phases=nodes,
            phase_count=1,
            connection="delta" if delta else "wye",
            equipment=device.text("equipment"),
            kv=(kv or 0.0) * (SQRT3 if delta else 1.0),
            kvar=kvar,
            control="none",
            in_service=device.text("status", "connected") != "disconnected",
            **device.provenance,
        )


def add_reactor(rowing: Rowing, library: Library, device: Record, place: Place, bus: str) -> None:
    """Add a shunt reactor: a capacitor of negative power."""
    before = len(rowing.rows.get("capacitors", []))
    add_capacitor(rowing, library, device, place, bus)
    for row in rowing.rows.get("capacitors", [])[before:]:
        row["kvar"] = -row["kvar"]


def _per_phase(device: Record) -> bool:
    return device.number("kvar_a") != 0 or device.number("kvar_b") != 0 or device.number("kvar_c") != 0


def add_generator(
    rowing: Rowing, library: Library, device: Record, place: Place, bus: str, kind: str, generation: Record | None
) -> None:
    """Add a generating unit with the power of its generation model or its type."""
    source = generation or device
    rated = library.types.get(f"{kind}_type", {}).get(device.text("equipment"))
    active = source.number("active") or (rated.number("active") if rated else 0.0)
    factor = (source.number("power_factor") or (rated.number("power_factor") if rated else 0.0) or 100.0) / 100
    factor = max(-1.0, min(1.0, factor))
    kva = device.number("rating") or (rated.number("kva") if rated else 0.0)
    if kind == "photovoltaic" and rated and not kva:
        kva = (
            rated.number("current")
            * rated.number("voltage")
            / 1000
            * max(device.number("ns"), 1)
            * max(device.number("np"), 1)
        )
    phases = device.text("phases") or place.phases
    reactive = active * math.tan(math.acos(abs(factor))) * (1 if factor > 0 else -1)
    if active == 0:
        library.remark("generator_idle", Severity.INFO, "The generator has no active power in the study", device)
    rowing.add(
        "der",
        id=rowing.name("der", device.text("id"), "generator"),
        device=device.text("id"),
        feeder=place.feeder,
        bus=bus,
        phases=phases,
        phase_count=len(phases),
        kind={"photovoltaic": "pv", "bess": "storage"}.get(kind, "generator"),
        kva=kva or None,
        p_kw=active,
        q_kvar=reactive,
        rated_kw=active,
        kv=0.0,
        in_service=device.text("status", "connected") != "disconnected",
        **device.provenance,
    )
