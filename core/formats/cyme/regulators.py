"""CYME's voltage regulators: banks of single-phase units, each a transformer whose tap moves.

Units of a star lie between a phase and earth. Two units between phases share a phase that passes through: an open
delta. Three make a closed delta, whose units start from the phases of the source side and end on those of the load
side [1]_.

References
----------
.. [1] W. H. Kersting, Distribution System Modeling and Analysis, 4th ed., section 7.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from core.findings import Severity
from core.formats.cyme.records import Record
from core.formats.cyme.rowing import DELTA, Site, delta_pair
from core.formats.cyme.tap_changers import load_center

SQRT3 = math.sqrt(3)
#: Reactance of a regulator unit [ohm]: small enough not to matter, large enough not to be singular.
REGULATOR_OHM = 1e-4
#: Nodes of a closed delta's inner bus that stand for the phases of the load side.
LOAD_SIDE = {"A": "5", "B": "6", "C": "7"}


@dataclass(frozen=True, slots=True)
class _Unit:
    """One unit of a bank: its type, its phase, and its nodes on both sides."""

    bank: str
    kind: Record | None
    phase: str
    start: str
    end: str


def add_regulator(site: Site) -> None:
    """Add a bank whose units are of one type; phases without a unit pass through."""
    kind = site.library.find("regulator_type", site.device)
    _add_bank(site, dict.fromkeys(site.place.phases, kind))


def add_regulator_by_phase(site: Site) -> None:
    """Add a bank with a type of its own in each phase; a phase without one passes through."""
    kinds: dict[str, Record | None] = {}
    for phase in site.place.phases:
        wanted = site.device.text(f"type_{phase.lower()}")
        if wanted and wanted.upper() != "NONE":
            kinds[phase] = site.library.find("regulator_type", site.device, wanted)
    _add_bank(site, kinds)


def _add_bank(site: Site, kinds: dict[str, Record | None]) -> None:
    bank = site.rowing.name("banks", site.device.text("id"), "regulator")
    active = site.device.text("phases_on") or site.place.phases
    regulated = "".join(phase for phase in site.place.phases if phase in active and phase in kinds)
    if any(kind is None or min(kind.number("kv_ln"), kind.number("kva")) <= 0 for kind in kinds.values()):
        text = "The regulator's type has no kVA or voltage: the feeder's own is used"
        site.remark("regulator_no_rating", Severity.WARNING, text)
    connection = site.device.text("connection", "wye")
    if connection == "wye":
        pairs, through = {phase: phase for phase in regulated}, _without(site.place.phases, regulated)
    else:
        pairs, through = _between_phases(site, regulated, connection)
    if len(pairs) == 3 and connection != "wye":
        _add_closed_delta(site, bank, kinds)
        return
    for phase, nodes in pairs.items():
        _add_unit(site, _Unit(bank, kinds[phase], phase, nodes, nodes))
    if through:
        site.add_link(f"{bank}_through", through)


def _without(phases: str, others: str) -> str:
    return "".join(phase for phase in phases if phase not in others)


def _between_phases(site: Site, regulated: str, connection: str) -> tuple[dict[str, str], str]:
    """Return the nodes of the units between phases, by the phase that each moves, and what passes through."""
    phases = site.place.phases
    if len(phases) == 2:
        return ({regulated[0]: phases} if regulated else {}), ("" if regulated else phases)
    if len(phases) == 1:
        text = "A regulator between phases on a section of one phase: taken to neutral"
        site.remark("regulator_delta_single", Severity.ERROR, text, "Correct its connection or the section's phases")
        return {phase: phase for phase in regulated}, _without(phases, regulated)
    if len(regulated) == 3 and connection == "open_delta":
        text = "The open delta doesn't say which two units it has: A to B and C to B are taken"
        site.remark("regulator_open_delta", Severity.WARNING, text, "Compare with CYME at its load side")
        return {"A": "AB", "C": "CB"}, "B"
    pairs = {phase: delta_pair(phase, phases) for phase in regulated}
    if len(pairs) == 2:  # the phase that both units share passes through; each moves its other phase
        shared = next(iter(set(DELTA[regulated[0]]) & set(DELTA[regulated[1]])))
        moved = {phase: _without(pair, shared) for phase, pair in pairs.items()}
        return {phase: moved[phase] + shared for phase in pairs}, shared
    return pairs, _without(phases, next(iter(pairs.values()))[0] if pairs else "")


def _add_closed_delta(site: Site, bank: str, kinds: dict[str, Record | None]) -> None:
    """Add three units from an inner bus, where the phases of both sides meet, to the load side."""
    inner = f"{bank}~in"
    site.add_link(f"{bank}_source", "ABC", to_bus=inner)
    site.add_link(f"{bank}_load", "ABC", from_bus=site.place.to_bus, to_bus=inner, to_phases="567")
    behind = replace(site, place=replace(site.place, from_bus=inner))
    for phase, pair in DELTA.items():
        _add_unit(behind, _Unit(bank, kinds[phase], phase, pair[0] + LOAD_SIDE[pair[1]], pair))


def _setting(site: Site, kind: Record | None, name: str, phase: str, ours: str = "") -> float:
    """Return a setting: of the device's phase, of the device, or of its type."""
    device = site.device
    return device.number(f"{name}_{phase.lower()}") or device.number(name) or (kind.number(ours) if kind else 0.0)


def _add_unit(site: Site, unit: _Unit) -> None:
    kind, between = unit.kind, len(unit.end) == 2
    name = site.rowing.name("transformers", f"{unit.bank}_{unit.phase}", "unit")
    kva, kv = (kind.number("kva"), kind.number("kv_ln")) if kind else (0.0, 0.0)
    kva, kv = kva or 1000.0, (kv or 1.0) * (SQRT3 if between else 1.0)
    boost = _setting(site, kind, "boost", unit.phase, "max_boost_pct") or 10.0
    buck = _setting(site, kind, "buck", unit.phase, "max_buck_pct") or 10.0
    steps = round(kind.number("steps") if kind else 0.0) or 32
    tap = round(site.device.number(f"tap_{unit.phase.lower()}"))
    site.add(
        "transformers",
        id=name,
        feeder=site.place.feeder,
        section=site.place.section,
        kind="regulator",
        bank=unit.bank,
        phase_count=1,
        equipment=kind.text("equipment") if kind else "",
        x_hl_pct=REGULATOR_OHM / (kv**2 * 1000 / kva) * 100,
        amps_normal=(kind.number("amps") if kind else 0.0) or kva / kv / (boost / 100),
        kva_normal=kva,
        in_service=site.in_service,
    )
    for number, (bus, nodes) in enumerate(((site.place.from_bus, unit.start), (site.place.to_bus, unit.end)), start=1):
        site.add(
            "windings",
            transformer=name,
            winding=number,
            bus=bus,
            phases=nodes,
            connection="delta" if between else "wye",
            grounding="none" if between else "solid",
            kv=kv,
            kva=kva,
            r_pct=0.0,
            tap_pu=1.0 if number == 1 else 1.0 + tap * (boost + buck) / 100 / steps,
            tap_min_pu=1 - buck / 100,
            tap_max_pu=1 + boost / 100,
            tap_steps=steps,
        )
    _add_control(site, unit, name, tap)


def _add_control(site: Site, unit: _Unit, name: str, tap: int) -> None:
    device, kind, letter = site.device, unit.kind, unit.phase.lower()
    vset = device.number(f"vset_{letter}")
    option = device.text("option")
    if option != "fixed" and vset <= 0:
        text = f"Unit {unit.phase} of the regulator has no set voltage: it keeps its tap"
        site.remark("regulator_no_set_voltage", Severity.WARNING, text, "Enter its set voltage, or fix its tap")
    drop = option not in ("terminal", "load_center")
    site.add(
        "regulators",
        id=name,
        feeder=site.place.feeder,
        bank=unit.bank,
        transformer=name,
        winding=2,
        phase=unit.phase,
        mode="fixed" if option == "fixed" or vset <= 0 else "automatic",
        vset_v=vset or 120.0,
        band_v=_setting(site, kind, "band", unit.phase, "band_v") or 2.0,
        pt_ratio=_setting(site, kind, "pt", unit.phase) or 60.0,
        ct_a=_setting(site, kind, "ct", unit.phase) or 300.0,
        r_v=device.number(f"r_{letter}") if drop else 0.0,
        x_v=device.number(f"x_{letter}") if drop else 0.0,
        tap=tap,
        remote_bus=load_center(site, unit.phase) if len(unit.end) == 1 else "",
    )
