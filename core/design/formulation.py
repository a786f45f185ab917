"""The parts of the sizing problem: its variables, constraints and cost, in linopy's words.

Variables: units of each kind; megawatts of battery, PV, wind and grid; and for every hour the running units, their
power, the battery, what of sun and wind is used, and the grid. Identical units are one variable ("clustered unit
commitment", relaxed to real numbers of running units).

minimise    annuities and fixed costs of units and step-ups + yearly fuel, starts, variable costs, carbon, grid energy
subject to  balance      Σ p + discharge − charge + pv + wind + grid = load·(1 + loss)          every hour
            running      min·on ≤ p ≤ P·on,  on ≤ n,  start ≥ on − on before
            ramp         −R·on ≤ p − p before ≤ R·on
            battery      soc = soc before + η charge − discharge/η,  soc ≤ energy, cyclic in each segment
            reserve      Σ (P·on − p) + battery + grid headroom ≥ largest unit, and ≥ the spinning reserve asked for;
                         of all units together that much remains without the largest, and without the battery
            largest      ≥ largest running kind, grid, and block of the battery: min(block of the catalogue, battery)
            inertia      Σ H·S·on − (the largest of a running kind) ≥ what is asked for
            firm         Σ P·n + grid + firm battery − k·(largest unit) ≥ peak·(1 + loss)
                         Σ P·n + grid − k·(largest unit) ≥ mean of the heaviest day·(1 + loss)
            limits       budget, land, emissions, share of renewables, grid, counts, battery energy
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from core.design.prices import distribution_usd, step_up_usd
from core.design.profiles import Year
from core.design.requirement import Requirement
from core.design.technology import Technology

ENERGY_KINDS = ("BESS", "PV", "WIND", "GRID")
LONGEST_BATTERY_H = 12.0
CHORDS = 25  # that the curve of the spinning rating is drawn with, besides the catalogue's units
UNSERVED_USD_PER_MWH = 1e5  # of load, only to see whether it is the load that can't be met
MEGAWATTS = {"bess_mw": "BESS", "pv_mw": "PV", "wind_mw": "WIND", "grid_mw": "GRID"}
SIZES = ("bess_mw", "bess_mwh", "pv_mw", "wind_mw", "grid_mw")


@dataclass(frozen=True, slots=True)
class YearlyLimit:
    """An amount of the whole year, as an expression, and the most that it may be."""

    amount: Any
    most: float


def annuity(rate: float, years: float) -> float:
    """Return the yearly payment for an investment of one."""
    return 1 / years if rate == 0 else rate / (1 - (1 + rate) ** -years)


def distribution_of(requirement: Requirement) -> float:
    """Return the price of halls, banks and tie, which every design has [USD]."""
    prices, parts = requirement.equipment_prices, requirement.electrical_parts
    return distribution_usd(requirement.peak_mw, requirement.power_factor, prices, parts)


def step_ups_of(requirement: Requirement) -> dict[str, float]:
    """Return the price of a unit's step-up with its breakers by technology [USD]."""
    load_mw, prices = requirement.peak_mw, requirement.equipment_prices
    return {t.id: step_up_usd(t, load_mw, prices) for t in requirement.technologies}


def first_of(requirement: Requirement, kind: str) -> Technology | None:
    return next((t for t in requirement.technologies if t.kind == kind), None)


def inertia_mva_s(technology: Technology) -> float:
    """Return the stored energy of a running machine [MVA·s]."""
    return (technology.h_s or 0.0) * technology.unit_mw / technology.power_factor


def ramp_an_hour(technology: Technology) -> float:
    """Return by what part of its rating a running unit can change in an hour [1]; at most all of it."""
    minute = technology.ramp_pct_per_min
    return 1.0 if minute is None else min(1.0, minute * 60 / 100)


def spinning_rating_mw(requirement: Requirement, largest_mw: np.ndarray) -> np.ndarray:
    """Return the rating S [MW] that leaves the spinning reserve R at the demand D when the largest unit L trips.

    All run alike loaded, as in the frequency study: (S − L)·(1 − D/S) ≥ R, so S² − (L + D + R)·S + L·D ≥ 0.
    """
    total = largest_mw + requirement.demand_mw + requirement.bound("spinning_reserve_mw", 0.0)
    return np.asarray(total + np.sqrt(total**2 - 4 * largest_mw * requirement.demand_mw)) / 2


def _rating_lines(requirement: Requirement) -> list[tuple[float, float]]:
    """Return that rating over the largest unit as lines, each by its slope and its value at zero [MW].

    The curve is convex: its highest chord is on it at every unit of the catalogue and above it by a hair between.
    """
    most = max([t.unit_mw for t in requirement.technologies] + [requirement.bound("grid_max_mw", 0.0)])
    points = np.union1d(np.linspace(0, most, CHORDS), [t.unit_mw for t in requirement.technologies])
    ratings = spinning_rating_mw(requirement, points)
    slopes = np.diff(ratings) / np.diff(points)
    return list(zip(slopes.tolist(), (ratings[:-1] - slopes * points[:-1]).tolist(), strict=True))


class Formulation:
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
        self.yearly: dict[str, YearlyLimit] = {}
        segments, hours = year.load_mw.shape
        self.index = {"segment": range(segments), "hour": range(hours)}
        self.names = [t.id for t in technologies]
        self.energy = {kind: first_of(requirement, kind) for kind in ENERGY_KINDS}
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
        ramp = self._per_technology([t.unit_mw * ramp_an_hour(t) for t in ts])
        m.add_constraints(self.p - unit * self.on <= 0, name="running_max")
        m.add_constraints(self.p - least * self.on >= 0, name="running_min")
        m.add_constraints(self.on - self.n <= 0, name="running_count")
        m.add_constraints(self.start - self.on + self.on.roll(hour=1) >= 0, name="starting")
        slow = [t.id for t in ts if ramp_an_hour(t) < 1]
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
        largest = self._largest()
        headroom = (self._of("unit_mw") * self.on - self.p).sum("technology") + self.held - self.grid
        self._add("reserve", "reserve", headroom + size["grid_mw"] - largest >= 0)
        spinning = r.bound("spinning_reserve_mw", 0.0)
        if spinning:
            self._add("reserve", "spinning_reserve", headroom + size["grid_mw"] >= spinning)
            engines = (self._of("unit_mw") * self.n).sum("technology") + size["grid_mw"]
            self._add("reserve", "spinning_without_battery", engines >= r.demand_mw + spinning)  # it trips idle
            rated = engines + size["bess_mw"]
            for place, (slope, at_zero) in enumerate(_rating_lines(r)):
                self._add("reserve", f"spinning_rating_{place}", rated - slope * largest >= at_zero)
        lost = m.add_variables(lower=0, name="largest_mva_s")
        if "inertia_mva_s" in r.bounds:
            stored = (self._per_technology([inertia_mva_s(t) for t in self.ts]) * self.on).sum("technology")
            self._add("inertia", "inertia", stored - lost >= r.bounds["inertia_mva_s"])
        level = r.bound("redundancy_level", 1.0)
        lasting = (self._of("unit_mw") * self.n).sum("technology") + size["grid_mw"] - level * largest
        need = max(r.demand_mw, r.bound("firm_capacity_mw", 0.0))
        if self.energy["BESS"] is None:
            self._add("firm", "firm_capacity", lasting >= need)
            return
        battery = m.add_variables(lower=0, name="firm_battery_mw")  # as core.plant.firm_battery_mw has it
        m.add_constraints(battery - size["bess_mw"] <= 0, name="firm_battery_power")
        m.add_constraints(r.firm_battery_h * battery - size["bess_mwh"] <= 0, name="firm_battery_energy")
        self._add("firm", "firm_capacity", lasting + battery >= need)
        self._add("firm", "firm_days", lasting >= r.heaviest_day_mw * (1 + r.loss_allowance_pct / 100))

    def _largest(self) -> Any:
        """Return what is lost at once: not less than the case's unit, the grid, and the battery's first block."""
        largest = self.m.add_variables(lower=0, name="largest_mw")
        self.m.add_constraints(largest - self.size["grid_mw"] >= 0, name="largest_grid")
        others = self.m.add_variables(lower=0, name="other_blocks_mw")
        self.m.add_constraints(largest - self.size["bess_mw"] + others >= 0, name="largest_block")
        return largest

    def limits(self) -> None:
        """Add the limits that the requirement sets."""
        r, size = self.r, self.size
        self._add("battery", "least_battery_mw", size["bess_mw"] >= r.bound("bess_min_mw", 0.0))
        held = max(r.bound("bess_min_mwh", 0.0), r.bound("bess_min_mw", 0.0) * r.reserve_battery_h)  # to respond with
        self._add("battery", "least_battery_mwh", size["bess_mwh"] >= held)
        if "budget_usd" in r.bounds:
            left = r.bounds["budget_usd"] - distribution_of(r)
            self._add("budget", "budget", self.investment() / 1e3 <= left / 1e3)
        if "land_ha" in r.bounds:
            self._add("land", "land", self._sized("land_ha_per_mw") <= r.bounds["land_ha"])
        if "emission_cap_t" in r.bounds:
            self._limit_year("emissions", self.emissions(), r.bounds["emission_cap_t"])
        share = r.bound("renewable_share", 0.0)
        if share:
            energy = float((self.load * self.weight).sum())
            self._limit_year("renewables", -self._yearly(self.pv + self.wind), -share * energy)

    def _limit_year(self, group: str, amount: Any, most: float) -> None:
        """Keep an amount of the whole year at or below a limit; in thousands: numbers that the solver likes."""
        self.yearly[group] = YearlyLimit(amount / 1e3, most / 1e3)
        self._add(group, group, amount / 1e3 <= most / 1e3)

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
        if "balance" in self.left_out:
            total = total + self._yearly(self.unserved) * UNSERVED_USD_PER_MWH
        return total + self.emissions() * r.carbon_usd_per_t if r.carbon_usd_per_t else total
