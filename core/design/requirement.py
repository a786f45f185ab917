"""What the plant must do, under which prices and limits: the optimiser's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from core.design.defaults import default
from core.design.parts import shipped_parts
from core.design.prices import shipped_prices
from core.design.technology import Technology, shipped_technologies

HOURS = 8760
LEAP_DAY = slice(59 * 24, 60 * 24)  # 29 February among the hours of a leap year

#: Bounds that a requirement or the constraint ledger may set, with what each means.
BOUNDS: dict[str, str] = {
    "redundancy_level": "largest units that may be out at full load",
    "firm_capacity_mw": "least firm capacity with those units out [MW]",
    "spinning_reserve_mw": "least spinning reserve [MW]",
    "inertia_mva_s": "least stored energy of the running machines without the largest [MVA·s]",
    "bess_min_mw": "least battery power [MW]",
    "bess_min_mwh": "least battery energy [MWh]",
    "max_unit_size_mw": "largest unit that may be chosen [MW]",
    "budget_usd": "largest investment [USD]",
    "land_ha": "largest area [ha]",
    "emission_cap_t": "largest yearly emission of CO2 [t]",
    "renewable_share": "least share of the yearly energy from wind and sun [1]",
    "grid_max_mw": "largest grid connection [MW]",
}

#: Bounds on equipment that placement obeys, by element (``*``: all), with what each means.
EQUIPMENT_BOUNDS: dict[str, str] = {
    "breaker_rating_ka": "least breaking current of the bus's breakers [kA]",
    "breaker_dc_pct": "rated DC component of the bus's breakers [%]",
    "reactive_support_mvar": "capacitor bank at the bus [Mvar]",
    "transformer_mva": "least rating of the transformer [MVA]",
    "parallel_circuits": "circuits that feed or leave the bus",
    "parallel_units": "of the same in parallel",
    "parallel_transformers": "transformers in the place of one",
    "reactor_ohm": "fault-limiting reactance in the feeds of the bus, all together [ohm]",
    "equipment_rating_factor": "rating as a multiple of the usual one",
    "mttr_h": "longest mean time to repair [h]",
    "spares": "spares on site",
    "breaker_limit_ka": "largest breaking current at buses without a breaker_rating_ka [kA]",
    "hall_tap_pct": "tap of hall transformers [%]",
    "v_set_pu": "voltage that units hold [pu]",
}


OBJECTIVES = ("net_present", "levelised")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What to build for. Money is USD of the year that the prices are of; ``defaults.csv`` has the sources."""

    name: str = "Data-centre campus"
    load_mw: tuple[float, ...] = (default("load_mw"),)  # one number, or every hour of a year
    growth: Mapping[str, float] = field(default_factory=dict)  # year → MW; load_mw is then the highest of them
    objective: str = "net_present"  # or "levelised": which of the two is named; the same design has the least of both
    frequency_hz: float = 60.0
    power_factor: float = default("power_factor")
    availability_target: float = default("availability_target")
    loss_allowance_pct: float = default("loss_allowance_pct")
    firm_battery_h: float = default("firm_battery_h")
    reserve_battery_h: float = default("reserve_battery_h")
    pv_yield: tuple[float, ...] = ()  # [1] of every hour; without it photovoltaics are left out
    wind_yield: tuple[float, ...] = ()  # [1] of every hour; without it wind is left out
    clear_sky_estimate: bool = False  # take the clear-sky yield where none is brought: an upper estimate
    discount_rate: float = default("discount_rate")
    project_years: int = int(default("project_years"))
    fuel_usd_per_gj: Mapping[str, float] = field(default_factory=lambda: {"gas": default("fuel_usd_per_gj.gas")})
    fuel_co2_t_per_gj: Mapping[str, float] = field(default_factory=lambda: {"gas": default("fuel_co2_t_per_gj.gas")})
    carbon_usd_per_t: float = 0.0
    grid_usd_per_mwh: float = default("grid_usd_per_mwh")
    grid_co2_t_per_mwh: float = default("grid_co2_t_per_mwh")
    technologies: tuple[Technology, ...] = field(default_factory=shipped_technologies)
    equipment_prices: Mapping[str, float] = field(default_factory=shipped_prices)  # USD for each, MVA or Mvar
    electrical_parts: Mapping[str, float] = field(default_factory=shipped_parts)  # constants, by ``PART.quantity``
    minimum_counts: Mapping[str, int] = field(default_factory=dict)  # technology → units at least
    bounds: Mapping[str, float] = field(default_factory=lambda: {"redundancy_level": 1.0, "grid_max_mw": 0.0})
    equipment: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # what the ledger says of equipment

    def hourly_load_mw(self) -> np.ndarray:
        """Return the load of every hour of the year [MW]."""
        load = np.asarray(self.load_mw, dtype=float)
        return np.full(HOURS, load[0]) if load.size == 1 else load

    @property
    def peak_mw(self) -> float:
        """Return the highest load [MW]."""
        return max(self.load_mw)

    @property
    def demand_mw(self) -> float:
        """Return what is generated at the highest load: with the losses [MW]."""
        return self.peak_mw * (1 + self.loss_allowance_pct / 100)

    @property
    def heaviest_day_mw(self) -> float:
        """Return the mean load of the day with the most energy [MW]: what no battery lasts for."""
        return float(self.hourly_load_mw().reshape(-1, 24).mean(axis=1).max())

    def bound(self, name: str, default: float) -> float:
        """Return a bound, or the default where none is set."""
        return float(self.bounds.get(name, default))

    def with_bound(self, name: str, value: float) -> Requirement:
        """Return the requirement with one bound set."""
        return replace(self, bounds={**self.bounds, name: value})

    def as_dict(self) -> dict[str, Any]:
        """Return the requirement as JSON documents carry it."""
        return asdict(self)
