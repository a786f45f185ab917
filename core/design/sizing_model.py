"""The sizing problem as a linear programme with integer counts, for representative days or for every hour.

Variables: units of each kind; megawatts of battery, PV, wind and grid; and for every hour the running units, their
power, the battery, what of sun and wind is used, and the grid. Identical units are one variable ("clustered unit
commitment", relaxed to real numbers of running units).

minimise    annuities and fixed costs of units and step-ups + yearly fuel, starts, variable costs, carbon, grid energy
subject to  balance      Σ p + discharge − charge + pv + wind + grid = load·(1 + loss)          every hour
            running      min·on ≤ p ≤ P·on,  on ≤ n,  start ≥ on − on before
            ramp         −R·on ≤ p − p before ≤ R·on
            battery      soc = soc before + η charge − discharge/η,  soc ≤ energy, cyclic in each segment
            reserve      Σ (P·on − p) + battery + grid headroom ≥ largest unit, and ≥ the spinning reserve asked for;
                         of all units together that much remains without the largest
            inertia      Σ H·S·on − (the largest of a running kind) ≥ what is asked for
            firm         Σ P·n + grid + firm battery − k·(largest unit) ≥ peak·(1 + loss)
                         Σ P·n + grid − k·(largest unit) ≥ mean of the heaviest day·(1 + loss)
            limits       budget, land, emissions, share of renewables, grid, counts, battery energy

The largest unit is a case, not a variable: for each size L in the catalogue one problem is solved in which nothing
larger than L may be built and the largest unit counts as L (or the grid connection, when that is larger). The best of
them is the best of all, and none of them needs a yes-or-no variable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from core.design.prices import distribution_usd, step_up_usd
from core.design.profiles import Year
from core.design.requirement import Requirement
from core.design.technology import Technology

ENERGY_KINDS = ("BESS", "PV", "WIND", "GRID")
ROUNDING = 1e-9
LONGEST_BATTERY_H = 12.0
UNSERVED_USD_PER_MWH = 1e5  # of load or renewables, only to see where and how much is lacking
MEGAWATTS = {"bess_mw": "BESS", "pv_mw": "PV", "wind_mw": "WIND", "grid_mw": "GRID"}
SIZES = ("bess_mw", "bess_mwh", "pv_mw", "wind_mw", "grid_mw")

#: Groups of constraints that a requirement can contradict itself in, in the words of an engineer.
GROUPS: dict[str, str] = {
    "firm": "firm capacity with the largest units out",
    "reserve": "spinning reserve for the largest unit",
    "inertia": "inertia of the machines that remain",
    "counts": "minimum counts of units",
    "unit_size": "largest unit size",
    "battery": "least battery power and energy",
    "budget": "budget",
    "land": "land",
    "emissions": "emission cap",
    "renewables": "share of renewables",
    "balance": "load in every hour",
}


@dataclass(slots=True)
class SizingModel:
    """The problem in linopy's form with the parts that are read out again."""

    model: Any
    technologies: list[Technology]  # the dispatchable kinds
    requirement: Requirement
    year: Year
    unit_limit_mw: float  # no unit may be larger, whatever the case
    fixed_usd_per_year: float = 0.0  # what every design costs
    highs: Any = None  # the solver that has the problem, and its column of each of linopy's labels
    columns: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    #: The variables whose bounds a case moves.
    decisions = ("count", *SIZES, "largest_mw", "largest_mva_s", "spinning_rating_mw", "renewable_short_mwh")

    def restrict(
        self, largest_mw: float, counts: Mapping[str, int] | None = None, sizes: Mapping[str, float] | None = None
    ) -> None:
        """Take the case of a largest unit [MW], and where they are known the units of each kind and the megawatts.

        With the megawatts given, what the share of renewables lacks is a variable of the solution, not a contradiction.
        """
        limit = min(largest_mw, self.unit_limit_mw) + ROUNDING
        most = [float(t.max_count) if t.unit_mw <= limit else 0.0 for t in self.technologies]
        least = [0.0] * len(most)
        if counts is not None:
            least = most = [float(counts[t.id]) for t in self.technologies]
        variables, battery = self.model.variables, _first(self.requirement, "BESS")
        most_bess = battery.max_count * battery.unit_mw if battery and battery.unit_mw <= largest_mw + ROUNDING else 0.0
        units = {"technology": [t.id for t in self.technologies]}
        variables["count"].update(
            lower=xr.DataArray(least, coords=units, dims="technology"),
            upper=xr.DataArray(most, coords=units, dims="technology"),
        )
        variables["bess_mw"].update(upper=most_bess)
        variables["bess_mwh"].update(upper=most_bess * LONGEST_BATTERY_H)
        variables["largest_mw"].update(lower=largest_mw)
        inertia = [_inertia(t) for t, allowed in zip(self.technologies, most, strict=True) if allowed]
        variables["largest_mva_s"].update(lower=max(inertia, default=0.0))
        variables["spinning_rating_mw"].update(lower=_spinning_rating_mw(self.requirement, largest_mw))
        for name, value in (sizes or {}).items():
            variables[name].update(lower=value, upper=value)
        variables["renewable_short_mwh"].update(upper=np.inf if sizes else 0.0)


def largest_units(requirement: Requirement, *, size_limit: bool = True) -> list[float]:
    """Return the sizes [MW] that the largest unit of a design can have; zero stands for a design without units."""
    limit = requirement.bound("max_unit_size_mw", np.inf) if size_limit else np.inf
    sizes = {t.unit_mw for t in requirement.technologies if _dispatchable(t) and t.unit_mw <= limit + ROUNDING}
    sizes |= {t.unit_mw for t in requirement.technologies if t.kind == "BESS"}
    return sorted(sizes | {0.0})


def build(requirement: Requirement, year: Year, *, left_out: Collection[str] = ()) -> SizingModel:
    """Build the problem for a year of hours, some groups of constraints left out; ``restrict`` it before solving."""
    import linopy

    technologies = [t for t in requirement.technologies if _dispatchable(t)]
    m = linopy.Model()
    builder = _Builder(m, requirement, year, technologies, frozenset(left_out))
    builder.sizes()
    builder.operation()
    builder.energy_kinds()
    builder.battery()
    builder.balance()
    builder.reserve_and_firm()
    builder.limits()
    m.add_objective(builder.cost() / 1e3)  # thousands of USD: numbers that the solver likes
    limit = np.inf if "unit_size" in left_out else requirement.bound("max_unit_size_mw", np.inf)
    fixed = distribution_of(requirement) * annuity(requirement.discount_rate, requirement.project_years)
    return SizingModel(m, technologies, requirement, year, limit, fixed)


def distribution_of(requirement: Requirement) -> float:
    """Return the price of halls, banks and tie, which every design has [USD]."""
    return distribution_usd(requirement.peak_mw, requirement.power_factor, requirement.equipment_prices)


def step_ups_of(requirement: Requirement) -> dict[str, float]:
    """Return the price of a unit's step-up with its breakers by technology [USD]."""
    load_mw, prices = requirement.peak_mw, requirement.equipment_prices
    return {t.id: step_up_usd(t, load_mw, prices) for t in requirement.technologies}


def _first(requirement: Requirement, kind: str) -> Technology | None:
    return next((t for t in requirement.technologies if t.kind == kind), None)


def _dispatchable(technology: Technology) -> bool:
    return technology.kind not in ENERGY_KINDS


def _inertia(technology: Technology) -> float:
    """Return the stored energy of a running machine [MVA·s]."""
    return (technology.h_s or 0.0) * technology.unit_mw / technology.power_factor


def _spinning_rating_mw(requirement: Requirement, largest_mw: float) -> float:
    """Return the rating S [MW] that leaves the spinning reserve R at the peak D when the largest unit L trips.

    All run alike loaded, as in the frequency study: (S − L)·(1 − D/S) ≥ R, so S² − (L + D + R)·S + L·D ≥ 0.
    """
    reserve = requirement.bound("spinning_reserve_mw", 0.0)
    total = largest_mw + requirement.peak_mw + reserve
    return (total + float(np.sqrt(total**2 - 4 * largest_mw * requirement.peak_mw))) / 2 if reserve else 0.0


def annuity(rate: float, years: float) -> float:
    """Return the yearly payment for an investment of one."""
    return 1 / years if rate == 0 else rate / (1 - (1 + rate) ** -years)


class _Builder:
    """Adds the parts of the problem one after the other."""

    def __init__(
        self,
        model: Any,
        requirement: Requirement,
        year: Year,
        technologies: list[Technology],
        left_out: frozenset[str],
    ) -> None:
        self.m, self.r, self.y, self.ts = model, requirement, year, technologies
        self.left_out = left_out
        segments, hours = year.load_mw.shape
        self.index = {"segment": range(segments), "hour": range(hours)}
        self.names = [t.id for t in technologies]
        self.energy = {kind: _first(requirement, kind) for kind in ENERGY_KINDS}
        if not requirement.bound("grid_max_mw", 0.0):
            self.energy["GRID"] = None
        self.weight = xr.DataArray(year.weight, dims="segment", coords={"segment": self.index["segment"]})
        self.load = self._hourly(year.load_mw * (1 + requirement.loss_allowance_pct / 100))

    def _hourly(self, values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, dims=("segment", "hour"), coords=self.index)

    def _per_technology(self, values: list[float]) -> xr.DataArray:
        return xr.DataArray(values, dims="technology", coords={"technology": self.names})

    def _of(self, attribute: str) -> xr.DataArray:
        return self._per_technology([float(getattr(t, attribute) or 0.0) for t in self.ts])

    def _add(self, group: str, name: str, constraint: Any) -> None:
        if group not in self.left_out:
            self.m.add_constraints(constraint, name=name)

    def sizes(self) -> None:
        """Add the decisions: integer counts and megawatts."""
        m, r = self.m, self.r
        most = self._of("max_count")
        self.n = m.add_variables(lower=0 * most, upper=most, integer=True, name="count")
        self.size: dict[str, Any] = {}
        for name, kind in zip(SIZES, ("BESS", "BESS", "PV", "WIND", "GRID"), strict=True):
            t = self.energy[kind]
            most_mw = t.max_count * t.unit_mw if t else 0.0
            if kind == "GRID":
                most_mw = min(most_mw, r.bound("grid_max_mw", 0.0))
            upper = most_mw * (LONGEST_BATTERY_H if name == "bess_mwh" else 1)
            self.size[name] = m.add_variables(lower=0, upper=upper, name=name)
        least = self._per_technology([float(r.minimum_counts.get(name, 0)) for name in self.names])
        self._add("counts", "minimum_counts", self.n >= least)
        for name, kind in MEGAWATTS.items():
            t = self.energy[kind]
            if t and r.minimum_counts.get(t.id):
                self._add("counts", f"minimum_{name}", self.size[name] >= r.minimum_counts[t.id] * t.unit_mw)

    def operation(self) -> None:
        """Add what runs in every hour, within its limits."""
        m, ts = self.m, self.ts
        axes = {"technology": self.names, **self.index}
        shape = xr.DataArray(np.zeros([len(values) for values in axes.values()]), coords=axes, dims=list(axes))
        self.p = m.add_variables(lower=shape, name="power")
        self.on = m.add_variables(lower=shape, name="running")
        self.start = m.add_variables(lower=shape, name="starts")
        unit, least = self._of("unit_mw"), self._per_technology([t.unit_mw * t.min_load_pct / 100 for t in ts])
        ramp = self._per_technology([t.unit_mw * min(1.0, t.ramp_pct_per_min * 60 / 100) for t in ts])
        m.add_constraints(self.p - unit * self.on <= 0, name="running_max")
        m.add_constraints(self.p - least * self.on >= 0, name="running_min")
        m.add_constraints(self.on - self.n <= 0, name="running_count")
        m.add_constraints(self.start - self.on + self.on.roll(hour=1) >= 0, name="starting")
        slow = [t.id for t in ts if t.ramp_pct_per_min * 60 < 100]
        if slow:
            rise = (self.p - self.p.roll(hour=1)).sel(technology=slow)
            band = (ramp * self.on).sel(technology=slow)
            m.add_constraints(rise - band <= 0, name="ramp_up")
            m.add_constraints(rise + band >= 0, name="ramp_down")

    def energy_kinds(self) -> None:
        """Add what sun, wind and grid give in every hour, no more than there is of them."""
        self.pv = self._given("PV", self.y.pv_yield)
        self.wind = self._given("WIND", self.y.wind_yield)
        self.grid = self._given("GRID", np.ones_like(self.y.load_mw))

    def _given(self, kind: str, yields: np.ndarray) -> Any:
        """Return what a kind gives in every hour, as an expression: 0 where there is none."""
        name = kind.lower()
        if self.energy[kind] is None:
            return 0 * self.size[f"{name}_mw"]
        power = self.m.add_variables(lower=xr.zeros_like(self.load), name=name)
        self.m.add_constraints(power - self._hourly(yields) * self.size[f"{name}_mw"] <= 0, name=f"{name}_max")
        return 1 * power

    def battery(self) -> None:
        """Add the battery's energy, power, and the reserve that it holds."""
        m, r, battery = self.m, self.r, self.energy["BESS"]
        if battery is None:
            self.charge = self.discharge = self.held = 0 * self.size["bess_mw"]
            return
        hour = xr.zeros_like(self.load)
        self.charge, self.discharge, self.soc, self.held = (
            m.add_variables(lower=hour, name=name) for name in ("charge", "discharge", "soc", "battery_reserve")
        )
        into, out = battery.charge_efficiency or 1.0, battery.discharge_efficiency or 1.0
        m.add_constraints(self.soc - self.soc.roll(hour=1) - into * self.charge + self.discharge / out == 0, name="soc")
        m.add_constraints(self.soc - self.size["bess_mwh"] <= 0, name="soc_max")
        m.add_constraints(self.charge - self.size["bess_mw"] <= 0, name="charge_max")
        m.add_constraints(self.held + self.discharge - self.charge - self.size["bess_mw"] <= 0, name="discharge_max")
        m.add_constraints(self.held * r.reserve_battery_h - self.soc <= 0, name="battery_reserve_energy")

    def balance(self) -> None:
        """Serve the load of every hour."""
        supply = self.p.sum("technology") + self.discharge - self.charge + self.pv + self.wind + self.grid
        if "balance" in self.left_out:
            self.unserved = self.m.add_variables(lower=xr.zeros_like(self.load), name="unserved")
            supply = supply + self.unserved
        self.m.add_constraints(supply == self.load, name="balance")

    def reserve_and_firm(self) -> None:
        """Survive the loss of the largest unit at once, and of ``redundancy_level`` of them for long."""
        m, r, size = self.m, self.r, self.size
        largest = m.add_variables(lower=0, name="largest_mw")
        m.add_constraints(largest - size["grid_mw"] >= 0, name="largest_grid")
        headroom = (self._of("unit_mw") * self.on - self.p).sum("technology") + self.held - self.grid
        self._add("reserve", "reserve", headroom + size["grid_mw"] - largest >= 0)
        spinning = r.bound("spinning_reserve_mw", 0.0)
        spun = m.add_variables(lower=0, name="spinning_rating_mw")
        if spinning:
            self._add("reserve", "spinning_reserve", headroom + size["grid_mw"] >= spinning)
            rated = (self._of("unit_mw") * self.n).sum("technology") + size["bess_mw"] + size["grid_mw"]
            self._add("reserve", "spinning_rating", rated - spun >= 0)
        lost = m.add_variables(lower=0, name="largest_mva_s")
        if "inertia_mva_s" in r.bounds:
            stored = (self._per_technology([_inertia(t) for t in self.ts]) * self.on).sum("technology")
            self._add("inertia", "inertia", stored - lost >= r.bounds["inertia_mva_s"])
        level = r.bound("redundancy_level", 1.0)
        lasting = (self._of("unit_mw") * self.n).sum("technology") + size["grid_mw"] - level * largest
        need = max(r.peak_mw * (1 + r.loss_allowance_pct / 100), r.bound("firm_capacity_mw", 0.0))
        if self.energy["BESS"] is None:
            self._add("firm", "firm_capacity", lasting >= need)
            return
        battery = m.add_variables(lower=0, name="firm_battery_mw")  # as core.plant.firm_battery_mw has it
        m.add_constraints(battery - size["bess_mw"] <= 0, name="firm_battery_power")
        m.add_constraints(r.firm_battery_h * battery - size["bess_mwh"] <= 0, name="firm_battery_energy")
        self._add("firm", "firm_capacity", lasting + battery >= need)
        self._add("firm", "firm_days", lasting >= r.heaviest_day_mw * (1 + r.loss_allowance_pct / 100))

    def limits(self) -> None:
        """Add the limits that the requirement sets."""
        m, r, size = self.m, self.r, self.size
        self._add("battery", "least_battery_mw", size["bess_mw"] >= r.bound("bess_min_mw", 0.0))
        held = max(r.bound("bess_min_mwh", 0.0), r.bound("bess_min_mw", 0.0) * r.reserve_battery_h)  # to respond with
        self._add("battery", "least_battery_mwh", size["bess_mwh"] >= held)
        if "budget_usd" in r.bounds:
            left = r.bounds["budget_usd"] - distribution_of(r)
            self._add("budget", "budget", self.investment() / 1e3 <= left / 1e3)
        if "land_ha" in r.bounds:
            self._add("land", "land", self._sized("land_ha_per_mw") <= r.bounds["land_ha"])
        if "emission_cap_t" in r.bounds:
            self._add("emissions", "emission_cap", self.emissions() / 1e3 <= r.bounds["emission_cap_t"] / 1e3)
        share = r.bound("renewable_share", 0.0)
        self.short = m.add_variables(lower=0, upper=0, name="renewable_short_mwh")
        if share:
            used = self._yearly(self.pv + self.wind) + self.short
            energy = float((self.load * self.weight).sum())
            self._add("renewables", "renewable_share", used / 1e3 >= share * energy / 1e3)

    def _yearly(self, expression: Any) -> Any:
        return (expression * self.weight).sum()

    def _sized(self, attribute: str, scale: float = 1.0) -> Any:
        """Return Σ attribute · megawatts over everything that is built."""
        total = (self.n * (self._of("unit_mw") * self._of(attribute) * scale)).sum()
        for name, kind in MEGAWATTS.items():
            t = self.energy[kind]
            if t is not None:
                total = total + self.size[name] * (float(getattr(t, attribute) or 0.0) * scale)
        return total

    def investment(self) -> Any:
        """Return the investment [USD]."""
        battery = self.energy["BESS"]
        per_mwh = (battery.capex_usd_per_kwh or 0.0) * 1000 if battery else 0.0
        return self._sized("capex_usd_per_kw", 1000) + self.step_ups() + self.size["bess_mwh"] * per_mwh

    def step_ups(self) -> Any:
        """Return the investment in step-ups and their breakers [USD]."""
        usd = step_ups_of(self.r)
        total = (self.n * self._per_technology([usd[name] for name in self.names])).sum()
        for name, kind in MEGAWATTS.items():
            t = self.energy[kind]
            if t is not None:
                total = total + self.size[name] * (usd[t.id] / t.unit_mw)
        return total

    def fuel_rows(self) -> tuple[xr.DataArray, xr.DataArray]:
        """Return each kind's fuel for a MWh and for an hour of a running unit [GJ]."""
        return self._of("fuel_slope_gj_mwh"), self._of("fuel_no_load_gj_h")

    def emissions(self) -> Any:
        """Return the yearly CO2 [t]."""
        per_gj = self._per_technology([self.r.fuel_co2_t_per_gj.get(t.fuel, 0.0) for t in self.ts])
        slope, no_load = self.fuel_rows()
        burnt = self.p * (slope * per_gj) + self.on * (no_load * per_gj)
        return self._yearly(burnt.sum("technology") + self.grid * self.r.grid_co2_t_per_mwh)

    def cost(self) -> Any:
        """Return the yearly cost [USD]."""
        r, ts = self.r, self.ts
        yearly = self._per_technology(
            [
                t.unit_mw
                * 1000
                * (t.capex_usd_per_kw * annuity(r.discount_rate, t.life_years) + t.fixed_usd_per_kw_year)
                for t in ts
            ]
        )
        total = (self.n * yearly).sum() + self.step_ups() * annuity(r.discount_rate, r.project_years)
        for name, kind in MEGAWATTS.items():
            t = self.energy[kind]
            if t is None:
                continue
            rate = annuity(r.discount_rate, t.life_years)
            total = total + self.size[name] * (1000 * (t.capex_usd_per_kw * rate + t.fixed_usd_per_kw_year))
            if name == "bess_mw":
                total = total + self.size["bess_mwh"] * ((t.capex_usd_per_kwh or 0.0) * 1000 * rate)
        slope, no_load = self.fuel_rows()
        price = self._per_technology([r.fuel_usd_per_gj.get(t.fuel, 0.0) for t in ts])
        hourly = self.p * (slope * price + self._of("variable_usd_per_mwh")) + self.on * (no_load * price)
        hourly = hourly + self.start * self._of("start_cost_usd")
        total = total + self._yearly(hourly.sum("technology") + self.grid * r.grid_usd_per_mwh)
        total = total + self.short * UNSERVED_USD_PER_MWH
        if "balance" in self.left_out:
            total = total + self._yearly(self.unserved) * UNSERVED_USD_PER_MWH
        return total + self.emissions() * r.carbon_usd_per_t if r.carbon_usd_per_t else total
