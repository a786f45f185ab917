"""The chosen equipment with what it costs and how sure the optimiser is of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.design.formulation import SIZES, annuity, distribution_of, step_ups_of
from core.design.sizing_model import SizingModel
from core.findings import Finding


@dataclass(frozen=True, slots=True)
class Design:
    """What to build. ``status`` is "optimal", "time limit" (the best design found) or "infeasible"."""

    status: str
    counts: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SIZES, 0.0))  # MW and MWh
    costs: dict[str, float] = field(default_factory=dict)  # yearly cost by kind of cost [USD]
    investment_usd: float = 0.0
    electrical: dict[str, float] = field(default_factory=dict)  # of it transformers, breakers and banks by kind [USD]
    energy_mwh: float = 0.0
    emissions_t: float = 0.0
    net_present_factor: float = 0.0  # years of yearly cost that the project's life is worth today
    levelised_usd_per_mwh: float | None = None  # over a growth path
    growth: tuple[dict[str, Any], ...] = ()  # of a growth path: year, load_mw, usd_per_year, energy_mwh
    bound_usd_per_year: float | None = None  # no design can cost less on the hours that were optimised
    gap: float | None = None  # distance between the design and the bound [1]
    seconds: float = 0.0
    conflict: tuple[str, ...] = ()
    conflict_text: str = ""
    findings: tuple[Finding, ...] = ()
    dispatch: pd.DataFrame = field(default_factory=pd.DataFrame)  # hour by hour [MW]

    @property
    def cost_usd_per_year(self) -> float:
        """Return the yearly cost: annuities, fixed and variable cost."""
        return sum(self.costs.values())

    @property
    def feasible(self) -> bool:
        """Return whether there is a design at all."""
        return self.status != "infeasible" and self.energy_mwh > 0

    def units(self) -> list[dict[str, Any]]:
        """Return what is built, one row a kind."""
        built = [{"technology": name, "count": count, "mw": None, "mwh": None} for name, count in self.counts.items()]
        rows: list[dict[str, Any]] = [row for row in built if row["count"]]
        for kind in ("BESS", "PV", "WIND", "GRID"):
            megawatts = self.sizes[f"{kind.lower()}_mw"]
            if megawatts > 1e-3:
                energy = round(self.sizes["bess_mwh"], 3) if kind == "BESS" else None
                rows.append({"technology": kind, "count": None, "mw": round(megawatts, 3), "mwh": energy})
        return rows

    def cost(self) -> dict[str, Any]:
        """Return the cost as JSON documents carry it."""
        yearly = self.cost_usd_per_year if self.feasible else None
        levelised = yearly / self.energy_mwh if yearly is not None and self.energy_mwh else None
        return {
            "usd_per_year": yearly,
            "net_present_usd": yearly * self.net_present_factor if yearly is not None else None,
            "usd_per_mwh": levelised if self.levelised_usd_per_mwh is None else self.levelised_usd_per_mwh,
            "investment_usd": self.investment_usd if self.feasible else None,
            "by_kind": self.costs,
            "electrical_usd": self.electrical,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the design as JSON documents carry it; the dispatch stays apart."""
        return {
            "status": self.status,
            "units": self.units(),
            "cost": self.cost(),
            "growth": list(self.growth),
            "energy_mwh": self.energy_mwh,
            "emissions_t": self.emissions_t,
            "gap": self.gap,
            "bound_usd_per_year": self.bound_usd_per_year,
            "seconds": round(self.seconds, 3),
            "conflict": list(self.conflict),
            "conflict_text": self.conflict_text,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Design:
        """Return the design of a JSON document; what only its solution says, as the dispatch, stays away."""
        rows, cost = document["units"], document["cost"]
        sizes = dict.fromkeys(SIZES, 0.0)
        for row in rows:
            if row["mw"] is not None:
                sizes[f"{row['technology'].lower()}_mw"] = row["mw"]
        sizes["bess_mwh"] = next((row["mwh"] for row in rows if row["mwh"] is not None), 0.0)
        worth, yearly = cost["net_present_usd"], cost["usd_per_year"]
        return cls(
            document["status"],
            {row["technology"]: row["count"] for row in rows if row["count"] is not None},
            sizes,
            dict(cost["by_kind"]),
            investment_usd=cost["investment_usd"] or 0.0,
            electrical=dict(cost.get("electrical_usd", {})),
            energy_mwh=document["energy_mwh"],
            emissions_t=document["emissions_t"],
            net_present_factor=worth / yearly if worth and yearly else 0.0,
            bound_usd_per_year=document["bound_usd_per_year"],
            gap=document["gap"],
            seconds=document["seconds"],
            conflict=tuple(document["conflict"]),
            conflict_text=document["conflict_text"],
        )


def sizes_of(sizing: SizingModel, solution: Any) -> tuple[dict[str, int], dict[str, float]]:
    """Return the units of each kind and the megawatts of a solution."""
    counts = {t.id: round(float(solution["count"].sel(technology=t.id))) for t in sizing.technologies}
    return counts, {name: max(0.0, float(solution[name])) for name in SIZES}


def design_of(sizing: SizingModel, solution: Any, status: str) -> Design:
    """Return the design of a solution, its cost counted anew from what the solution says."""
    r, weight = sizing.requirement, sizing.year.weight[:, None]
    counts, sizes = sizes_of(sizing, solution)
    power = {t.id: solution["power"].sel(technology=t.id).values for t in sizing.technologies}
    running = {t.id: solution["running"].sel(technology=t.id).values for t in sizing.technologies}
    fuel = {
        t.id: float(((t.fuel_slope_gj_mwh * power[t.id] + t.fuel_no_load_gj_h * running[t.id]) * weight).sum())
        for t in sizing.technologies
    }
    grid_mwh = float((_hours(solution, "grid", weight) * weight).sum())
    emissions = sum(fuel[t.id] * r.fuel_co2_t_per_gj.get(t.fuel, 0.0) for t in sizing.technologies)
    emissions += grid_mwh * r.grid_co2_t_per_mwh
    investment, costs = _building_costs(sizing, counts, sizes)
    electrical = _electrical(sizing, counts, sizes)
    costs["electrical"] = electrical * annuity(r.discount_rate, r.project_years)
    costs["fuel"] = sum(fuel[t.id] * r.fuel_usd_per_gj.get(t.fuel, 0.0) for t in sizing.technologies)
    costs["variable"] = sum(float((power[t.id] * weight).sum()) * t.variable_usd_per_mwh for t in sizing.technologies)
    starts = {t.id: solution["starts"].sel(technology=t.id).values for t in sizing.technologies}
    costs["starts"] = sum(float((starts[t.id] * weight).sum()) * t.start_cost_usd for t in sizing.technologies)
    costs["grid"] = grid_mwh * r.grid_usd_per_mwh
    costs["carbon"] = emissions * r.carbon_usd_per_t
    return Design(
        status,
        counts,
        sizes,
        costs,
        investment_usd=investment + electrical,
        electrical={"counted": electrical},
        energy_mwh=float((sizing.year.load_mw * weight).sum()),
        emissions_t=emissions,
        net_present_factor=1 / annuity(r.discount_rate, r.project_years),
        dispatch=_dispatch(sizing.year.load_mw, power, solution),
    )


def _electrical(sizing: SizingModel, counts: dict[str, int], sizes: dict[str, float]) -> float:
    """Return the price of step-ups, halls and tie as the optimiser counts it [USD]."""
    r, step_ups = sizing.requirement, step_ups_of(sizing.requirement)
    units = {t.id: counts.get(t.id, sizes.get(f"{t.kind.lower()}_mw", 0.0) / t.unit_mw) for t in r.technologies}
    return distribution_of(r) + sum(step_ups[name] * number for name, number in units.items())


def _building_costs(
    sizing: SizingModel, counts: dict[str, int], sizes: dict[str, float]
) -> tuple[float, dict[str, float]]:
    """Return the investment, and the yearly cost of what is built whether it runs or not [USD]."""
    r, total = sizing.requirement, 0.0
    costs = {"investment": 0.0, "fixed": 0.0}
    for t in r.technologies:
        megawatts = counts[t.id] * t.unit_mw if t.id in counts else sizes[f"{t.kind.lower()}_mw"]
        invested = megawatts * 1000 * t.capex_usd_per_kw
        if t.kind == "BESS":
            invested += sizes["bess_mwh"] * 1000 * (t.capex_usd_per_kwh or 0.0)
        total += invested
        costs["investment"] += invested * annuity(r.discount_rate, t.life_years)
        costs["fixed"] += megawatts * 1000 * t.fixed_usd_per_kw_year
    return total, costs


def _dispatch(load_mw: np.ndarray, power: dict[str, np.ndarray], solution: Any) -> pd.DataFrame:
    """Return the dispatch of every optimised hour [MW], one column a kind."""
    columns = {"load_mw": load_mw} | {f"{name}_mw": values for name, values in power.items()}
    for name in ("pv", "wind", "grid", "charge", "discharge"):
        columns[f"{name}_mw"] = _hours(solution, name, load_mw)
    columns["soc_mwh"] = _hours(solution, "soc", load_mw)
    return pd.DataFrame({name: np.asarray(values).ravel() for name, values in columns.items()})


def _hours(solution: Any, name: str, like: np.ndarray) -> np.ndarray:
    """Return the hours of a variable; zeros where the plant hasn't got what it is of."""
    return solution[name].values if name in solution else np.zeros_like(like, dtype=float)
