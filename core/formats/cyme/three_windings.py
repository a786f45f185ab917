"""CYME's transformers of three windings: impedances between pairs of windings become those of the windings."""

from __future__ import annotations

import math

from core.findings import Severity
from core.formats.cyme.records import Record
from core.formats.cyme.rowing import Site
from core.formats.cyme.transformers import grounding, leads, parts

SIDES = ("primary", "secondary", "tertiary")
#: The pairs of windings: Z and X/R of our fields.
PAIRS = (("z1_pct", "xr1"), ("z1_ht_pct", "xr1_ht"), ("z1_lt_pct", "xr1_lt"))
#: X/R that stands in where there is none: it counts as reactance.
NO_RESISTANCE = 1e6


def add_three_winding(site: Site) -> None:
    """Add a transformer of three windings; a tertiary without a node has a bus of its own that feeds nothing."""
    kind = site.library.find("three_winding_type", site.device)
    needed = [f"kv_{side}" for side in SIDES] + ["kva", *(z for z, _ in PAIRS)]
    missing = [name for name in needed if kind is None or kind.number(name) <= 0]
    if kind is None or missing:
        text = f"The transformer of three windings is left out: its type has no {', '.join(missing)}"
        site.remark("transformer_unusable", Severity.ERROR, text, "Complete the type in the equipment")
        return
    _remark_simplified(site, kind)
    name = site.rowing.name("transformers", site.device.text("id"), "transformer")
    (r12, x12), (r13, x13), (r23, x23) = (parts(kind.number(z), kind.number(xr) or NO_RESISTANCE) for z, xr in PAIRS)
    site.add(
        "transformers",
        id=name,
        feeder=site.place.feeder,
        section=site.place.section,
        bank=name,
        phase_count=len(site.place.phases),
        equipment=kind.text("equipment"),
        x_hl_pct=x12,
        x_ht_pct=x13,
        x_lt_pct=x23,
        no_load_loss_pct=100 * kind.number("no_load_kw") / kind.number("kva"),
        magnetizing_pct=kind.number("magnetizing_pct"),
        kva_normal=kind.number("kva"),
        leading=leads(kind.text("shift_secondary")),
        in_service=site.in_service,
    )
    _add_windings(site, kind, name, ((r12 + r13 - r23) / 2, (r12 + r23 - r13) / 2, (r13 + r23 - r12) / 2))


def _add_windings(site: Site, kind: Record, name: str, resistances: tuple[float, float, float]) -> None:
    phases = site.place.phases
    buses = (site.place.from_bus, site.place.to_bus, site.device.text("tertiary_node") or f"{name}~tertiary")
    for number, (side, bus, r_pct) in enumerate(zip(SIDES, buses, resistances, strict=True), start=1):
        connection = (kind.text(f"connection_{side}") or "Yg").upper()
        rated = kind.number(f"kv_{side}")
        site.add(
            "windings",
            transformer=name,
            winding=number,
            bus=bus,
            phases=phases,
            kv=rated if len(phases) > 1 or connection.startswith("D") else rated / math.sqrt(3),
            kva=kind.number("kva" if number == 1 else f"kva_{side}") or kind.number("kva"),
            r_pct=r_pct,
            tap_pu=(site.device.number(f"{side}_tap") or 100.0) / 100,
            **grounding(kind, side, connection, single=len(phases) == 1),
        )


def _remark_simplified(site: Site, kind: Record) -> None:
    """Report what the model takes more simply than the type says it."""
    name = kind.text("equipment")
    ratings = {kind.number("kva" if side == "primary" else f"kva_{side}") for side in SIDES} - {0.0}
    if len(ratings) > 1:
        text = f"The windings of type {name} differ in rating: all impedances count on the primary's"
        site.remark("three_winding_ratings", Severity.INFO, text)
    if any(kind.number(f"ltc{k}_steps") > 0 for k in (1, 2)):
        text = "The tap changer of a transformer of three windings keeps its present tap"
        site.remark("transformer_ltc", Severity.WARNING, text, "Compare with CYME's tap")
    if leads(kind.text("shift_secondary")) != leads(kind.text("shift_tertiary")):
        connections = [kind.text(f"connection_{side}").upper()[:1] for side in SIDES]
        if connections[0] != connections[1] and connections[0] != connections[2]:
            text = f"Secondary and tertiary of type {name} turn in different directions: the secondary's counts"
            site.remark("three_winding_shift", Severity.WARNING, text, "Check angles behind the tertiary")
