"""From a design to a plant: buses, step-ups, main switchgear in two sections, hall transformers, banks, breakers.

Every unit stands on its own bus behind a step-up transformer; units and the two transformers of each hall alternate
between two main sections with a tie, so that no single transformer or section feeds a hall alone. Ids are made of the
technology and a number, so that they stay the same from round to round and the ledger's bounds find their equipment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from core.constraints import next_standard
from core.design.breakers import breakers_of
from core.design.design import Design
from core.design.parts import neutral_ohm, transformer_x_r, transformer_z_pct
from core.design.prices import BANK_MVAR_PER_MW, TARGET, UNIT_KV, hall_mva, halls, main_kv, transformer_mva
from core.design.redundancy import blocks_of, reliability_of
from core.design.requirement import Requirement
from core.design.technology import Technology
from core.plant import INVERTER, Plant, PlantSettings, generate_scenarios

BASE_MVA = 100.0  # of the tie's reactance in per unit
K_T = 0.95 * 1.1  # IEC 60909-0:2001, clause 3.3.3: numerator of a transformer's correction factor
SECTIONS = ("BUS_MAIN_A", "BUS_MAIN_B")
TIE = "TIE_MAIN"


@dataclass(frozen=True, slots=True)
class Layout:
    """What the parts of a plant are placed by."""

    requirement: Requirement
    design: Design

    @property
    def load_mw(self) -> float:
        """Return the load of the plant [MW]."""
        return self.requirement.peak_mw

    @property
    def main_kv(self) -> float:
        """Return the voltage of the main sections [kV]."""
        return main_kv(self.load_mw)

    @property
    def parts(self) -> Mapping[str, float]:
        """Return the constants of the electrical parts."""
        return self.requirement.electrical_parts

    @property
    def halls(self) -> int:
        """Return the number of halls."""
        return halls(self.load_mw)

    def bound(self, element: str, name: str, default: float) -> float:
        """Return what the ledger says of an element, else of all (``*``), else the default."""
        equipment = self.requirement.equipment
        return float(equipment.get(element, {}).get(name, equipment.get("*", {}).get(name, default)))

    def units(self) -> Iterator[tuple[str, Technology, float, float | None]]:
        """Yield id, technology, megawatts and megawatt-hours of every unit; batteries, sun and wind in equal blocks."""
        for t in self.requirement.technologies:
            megawatts = _up_to_kw(self.design.sizes.get(f"{t.kind.lower()}_mw", 0.0))
            count = self.design.counts.get(t.id, 0)
            if t.id not in self.design.counts and megawatts > 1e-3:
                count = math.ceil(megawatts / t.unit_mw - 1e-9)
            for place in range(1, count + 1):
                own = t.unit_mw if t.id in self.design.counts else _up_to_kw(megawatts / count)
                energy = _up_to_kw(self.design.sizes["bess_mwh"] / count) if t.kind == "BESS" else None
                yield f"{t.id}_{place:02d}", t, own, energy


def _up_to_kw(megawatts: float) -> float:
    """Return megawatts, or megawatt-hours, in whole thousandths, not below what was chosen."""
    return math.ceil(1000 * megawatts - 1e-6) / 1000


def place(design: Design, requirement: Requirement) -> Plant:
    """Return the plant of a design, with its breakers rated, its block diagram and its scenarios."""
    layout = Layout(requirement, design)
    transformers = [*_step_ups(layout), *_hall_transformers(layout)]
    tables: dict[str, list[dict[str, Any]]] = {
        "bus": _buses(layout),
        "unit": _units(layout),
        "transformer": transformers,
        "cable": _ties(layout, transformers),
        "load": _loads(layout),
        "shunt": _banks(layout),
    }
    settings = PlantSettings(
        frequency_hz=requirement.frequency_hz,
        redundancy_level=int(requirement.bound("redundancy_level", 1)),
        availability_target=requirement.availability_target,
        loss_allowance_pct=requirement.loss_allowance_pct,
        firm_battery_h=requirement.firm_battery_h,
    )
    plant = Plant.of(requirement.name, tables, settings)
    plant = plant.with_table("reliability", reliability_of(plant, requirement))
    plant = plant.with_table("block", blocks_of(plant, requirement))
    plant = plant.with_table("breaker", breakers_of(plant, requirement))
    return plant.with_table("scenario", generate_scenarios(plant))


def _buses(layout: Layout) -> list[dict[str, Any]]:
    rows = [
        {"id": f"BUS_{unit}", "name": f"{unit}_BUS", "kv": t.rated_kv if t.kind != "GRID" else UNIT_KV}
        for unit, t, _, _ in layout.units()
    ]
    rows += [{"id": bus, "name": bus.removeprefix("BUS_"), "kv": layout.main_kv} for bus in SECTIONS]
    rows += [{"id": f"BUS_HALL_{n}", "name": f"HALL_{n}", "kv": UNIT_KV} for n in range(1, layout.halls + 1)]
    return [{**row, "number": 100 + place} for place, row in enumerate(rows)]


def _units(layout: Layout) -> list[dict[str, Any]]:
    return [_unit(layout, *unit) for unit in layout.units()]


def _unit(layout: Layout, unit: str, t: Technology, megawatts: float, energy_mwh: float | None) -> dict[str, Any]:
    """Return a unit; a machine's sequence data follow from its X″d and voltage."""
    row: dict[str, Any] = {
        "id": f"GEN_{unit}",
        "name": f"{t.name} {unit[-2:]}",
        "type": t.kind,
        "bus": f"BUS_{unit}",
        "rated_kv": t.rated_kv if t.kind != "GRID" else UNIT_KV,
        "rated_mw": megawatts,
        "rated_mva": round(megawatts / t.power_factor, 3),
        "rated_pf": t.power_factor,
        "v_set_pu": layout.bound(f"GEN_{unit}", "v_set_pu", layout.parts["UNIT.v_set_pu"]),
        "p_min_mw": -megawatts if t.kind == "BESS" else round(megawatts * t.min_load_pct / 100, 3),
        "energy_mwh": energy_mwh,
        "status": "Online",
        "redundancy_group": "STORAGE" if t.kind == "BESS" else t.kind if t.kind in INVERTER else "SUPPLY",
    }
    if t.kind in INVERTER:
        return row | {"fault_current_factor": t.fault_current_factor}
    if t.kind == "GRID":
        return row | {"xd_double_prime_pu": 1 / layout.parts["GRID.short_circuit_ratio"]}
    machine = ("xd_pu", "xd_prime_pu", "xd_double_prime_pu", "h_s", "droop_pct", "governor_s")
    row |= {name: getattr(t, name) for name in machine}
    ratios = {f"{name}_pu": layout.parts[f"MACHINE.{name}_ratio"] for name in ("x2", "x0")}
    row |= {name: round(ratio * (t.xd_double_prime_pu or 0.0), 4) for name, ratio in ratios.items()}
    return row | {"neutral_ohm": neutral_ohm(layout.parts, t.rated_kv)}


def _step_ups(layout: Layout) -> list[dict[str, Any]]:
    rows = []
    units = list(layout.units())
    for place, (unit, t, megawatts, _) in enumerate(units):
        mva = megawatts / t.power_factor
        circuits = max(1 + _more(layout, f"XFMR_{unit}"), int(layout.bound(f"BUS_{unit}", "parallel_circuits", 1)))
        feeds = {f"BUS_{unit}": circuits} | dict.fromkeys(SECTIONS, circuits * len(units))
        for letter in _letters(circuits):
            name = f"XFMR_{unit}{letter}"
            row = {
                "id": name,
                "name": f"Step-up {unit}{letter}",
                "hv_bus": SECTIONS[place % 2],
                "lv_bus": f"BUS_{unit}",
                **_transformer(layout, name, mva / TARGET),
                "hv_kv": layout.main_kv,
                "lv_kv": t.rated_kv if t.kind != "GRID" else UNIT_KV,
                "vector_group": "YNd11",
            }
            rows.append(_with_reactors(layout, row, feeds))
    return rows


def _more(layout: Layout, stem: str) -> int:
    """Return how many transformers the ledger asks for beside those that are usual, whichever of them it names."""
    names = [stem + separator + letter for separator in ("", "_") for letter in ("", *ascii_uppercase)]
    asked = (layout.requirement.equipment.get(name, {}) for name in dict.fromkeys(names))
    return int(sum(bounds.get(kind, 1) - 1 for bounds in asked for kind in ("parallel_transformers", "parallel_units")))


def _with_reactors(layout: Layout, row: dict[str, Any], feeds: Mapping[str, int]) -> dict[str, Any]:
    """Return a transformer with the reactors that the ledger asks for in the feeds of its buses.

    ``feeds`` says by how many feeds in parallel each bus is fed: so many times the reactance is in each. IEC 60909
    multiplies a transformer's x by K_T = 0.95·c/(1 + 0.6·x) and a reactor's by nothing, so what stands for both is the
    x with K_T·x = K_T0·x0 + x_reactor.
    """
    ohm = {bus: count * layout.bound(bus, "reactor_ohm", 0.0) for bus, count in feeds.items()}
    kv = {bus: row["hv_kv"] if bus in SECTIONS else row["lv_kv"] for bus in feeds}
    reactor = sum(ohm[bus] * row["rated_mva"] / kv[bus] ** 2 for bus in feeds)
    if reactor:
        own = row["z_pct"] / 100
        corrected = K_T * own / (1 + 0.6 * own) + reactor
        row["z_pct"] = round(100 * corrected / (K_T - 0.6 * corrected), 4)
    return row


def _letters(circuits: int) -> list[str]:
    return [""] if circuits == 1 else [f"_{letter}" for letter in ascii_uppercase[:circuits]]


def _transformer(layout: Layout, name: str, least_mva: float) -> dict[str, float]:
    """Return the standard rating that carries the power, and what the ledger asks for at least, with its impedance."""
    mva = transformer_mva(max(least_mva, layout.bound(name, "transformer_mva", 0.0)))
    z_pct, x_r = transformer_z_pct(layout.parts, mva), transformer_x_r(layout.parts, mva)
    return {"rated_mva": mva, "z_pct": z_pct, "x_r": x_r}


def _hall_transformers(layout: Layout) -> list[dict[str, Any]]:
    rows = []
    mva = hall_mva(layout.load_mw, layout.requirement.power_factor, layout.parts)
    for hall in range(1, layout.halls + 1):
        asked = int(layout.bound(f"BUS_HALL_{hall}", "parallel_circuits", 2))
        count = max(2 + _more(layout, f"XFMR_HALL_{hall}"), asked)
        for place, letter in enumerate(ascii_uppercase[:count]):
            name = f"XFMR_HALL_{hall}{letter}"
            row = {
                "id": name,
                "name": f"Hall {hall} transformer {letter}",
                "hv_bus": SECTIONS[place % 2],
                "lv_bus": f"BUS_HALL_{hall}",
                **_transformer(layout, name, mva / TARGET),
                "hv_kv": layout.main_kv,
                "lv_kv": UNIT_KV,
                "tap_pct": layout.bound(name, "hall_tap_pct", -layout.parts["TRANSFORMER.tap_step_pct"]),
                "vector_group": "Dyn11",
            }
            rows.append(_with_reactors(layout, row, {f"BUS_HALL_{hall}": count}))
    return rows


def _ties(layout: Layout, transformers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bus ties, rated for the whole load; more than one where a section is asked to have more circuits."""
    amperes = layout.load_mw / layout.requirement.power_factor / (3**0.5 * layout.main_kv) * 1000
    factor = max(layout.bound(name, "equipment_rating_factor", 1.0) for name in (TIE, *SECTIONS))
    there = {bus: sum(row["hv_bus"] == bus for row in transformers) for bus in SECTIONS}
    missing = (int(layout.bound(bus, "parallel_circuits", 0)) - there[bus] for bus in SECTIONS)
    tie = {
        "name": f"Bus tie {layout.main_kv:g} kV",
        "type": "TIE",
        "from_bus": SECTIONS[0],
        "to_bus": SECTIONS[1],
        "r_ohm": 0.0,
        "x_ohm": round(layout.parts["TIE.x_pu"] * layout.main_kv**2 / BASE_MVA, 6),
        "rated_a": next_standard("continuous_a", amperes * factor) or round(amperes * factor),
    }
    return [{"id": f"{TIE}{letter}", **tie} for letter in _letters(max(1, *missing))]


def _loads(layout: Layout) -> list[dict[str, Any]]:
    return [
        {
            "id": f"LOAD_HALL_{hall}",
            "name": f"Data hall {hall}",
            "bus": f"BUS_HALL_{hall}",
            "p_mw": layout.load_mw / layout.halls,
            "pf": layout.requirement.power_factor,
        }
        for hall in range(1, layout.halls + 1)
    ]


def _banks(layout: Layout) -> list[dict[str, Any]]:
    """Return the capacitor banks: of each hall, and wherever else the ledger asks for reactive power."""
    usual = round(BANK_MVAR_PER_MW * layout.load_mw / layout.halls, 1)
    wanted = {
        f"BUS_HALL_{hall}": layout.bound(f"BUS_HALL_{hall}", "reactive_support_mvar", usual)
        for hall in range(1, layout.halls + 1)
    }
    there = {row["id"] for row in _buses(layout)}
    for element, bounds in layout.requirement.equipment.items():
        if element in there and "reactive_support_mvar" in bounds:
            wanted[element] = bounds["reactive_support_mvar"]
    return [
        {"id": f"CAP_{bus.removeprefix('BUS_')}", "name": f"Bank {bus.removeprefix('BUS_')}", "bus": bus, "q_mvar": q}
        for bus, q in wanted.items()
        if q
    ]
