"""What is wrong with a requirement, found before anything is solved."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from core.design.formulation import ENERGY_KINDS, LONGEST_BATTERY_H
from core.design.parts import by_rating, shipped_parts, transformer_z_pct
from core.design.prices import shipped_prices
from core.design.requirement import BOUNDS, EQUIPMENT_BOUNDS, HOURS, OBJECTIVES, Requirement
from core.design.technology import Technology
from core.findings import Finding, Severity, counted

KINDS = ("RECIPROCATING_ENGINE", "GAS_TURBINE", "STEAM_TURBINE", *ENERGY_KINDS)
SIGNED = frozenset({"reactive_support_mvar", "hall_tap_pct"})  # bounds of equipment that may be negative
LEAST_MW = 1e-3
MOST_MW = 1e5  # several times the largest plant on earth


def check_requirement(requirement: Requirement) -> list[Finding]:
    """Return what is wrong with a requirement; an error among the findings means that it can't be solved."""
    return [
        *_check_load(requirement),
        *_check_numbers(requirement),
        *_check_parts(requirement),
        *_check_yields(requirement),
        *_check_catalogue(requirement),
        *_check_bounds(requirement),
        *_check_equipment(requirement),
    ]


def _error(code: str, text: str, hint: str, element: str | None = None) -> Finding:
    return Finding(f"design.{code}", Severity.ERROR, text, hint, element=element)


def _check_load(requirement: Requirement) -> list[Finding]:
    load = np.asarray(requirement.load_mw, dtype=float)
    if load.size not in (1, HOURS):
        text = f"the load has {load.size} hours"
        return [_error("load.hours", text, f"give one number or {HOURS} hours (a leap year without 29 February)")]
    bad = np.flatnonzero(~np.isfinite(load) | (load < 0))
    findings = []
    if bad.size:
        text = f"the load is {load[bad[0]]} MW in hour {bad[0] + 1}; {counted(bad.size, 'hour')} negative or no number"
        findings.append(_error("load.value", text, "enter zero or more MW for every hour"))
    elif load.max() > MOST_MW:
        text = f"the load is {load.max():g} MW, more than any plant has"
        findings.append(_error("load.value", text, "loads are in MW; is this another unit?"))
    elif load.max() <= 0:
        findings.append(_error("load.zero", "the load is zero in every hour", "enter the load that the plant serves"))
    elif load.max() < LEAST_MW:
        text = f"the load is {load.max():g} MW, less than a kilowatt"
        findings.append(_error("load.value", text, "loads are in MW; is this another unit?"))
    else:
        findings += _check_size(requirement)
    return findings


def _check_size(requirement: Requirement) -> list[Finding]:
    """Warn of a load that looks like another unit's: below every unit's least power, or over the whole catalogue."""
    peak = requirement.peak_mw
    built = [t for t in requirement.technologies if t.kind not in ENERGY_KINDS]
    least = min((t.unit_mw * t.min_load_pct / 100 for t in built), default=0.0)
    most = sum(t.unit_mw * t.max_count for t in built) + requirement.bound("grid_max_mw", 0.0)
    hint = "loads are in MW; is this another unit?"
    if peak < least:
        text = f"the load of {peak:g} MW is below the least power of every unit ({least:g} MW)"
        return [Finding("design.load.small", Severity.WARNING, text, hint)]
    if built and peak > most:
        text = f"the load of {peak:g} MW is more than the whole catalogue can give ({most:g} MW)"
        return [Finding("design.load.large", Severity.WARNING, text, hint)]
    return []


def _check_numbers(requirement: Requirement) -> list[Finding]:
    findings = []
    if not 0 < requirement.power_factor <= 1:
        findings.append(_error("load.pf", f"the power factor is {requirement.power_factor}", "above 0 and up to 1"))
    if requirement.frequency_hz not in (50, 60):
        findings.append(
            _error("frequency", f"the frequency is {requirement.frequency_hz} Hz", "50 or 60", "frequency_hz")
        )
    if not 0 < requirement.availability_target < 1:
        text = f"the availability target is {requirement.availability_target}"
        findings.append(_error("target", text, "a fraction below 1, such as 0.9995"))
    least_zero = ("loss_allowance_pct", "firm_battery_h", "reserve_battery_h", "discount_rate", "carbon_usd_per_t")
    for name in (*least_zero, "grid_usd_per_mwh", "grid_co2_t_per_mwh"):
        value = getattr(requirement, name)
        if not math.isfinite(value) or value < 0:
            findings.append(_error("number", f"{name} is {value}", "enter a number of zero or more", name))
    if requirement.discount_rate >= 1:
        text = f"the discount rate is {requirement.discount_rate:g}"
        findings.append(_error("number", text, "a fraction such as 0.08", "discount_rate"))
    if requirement.objective not in OBJECTIVES:
        text = f"the objective is {requirement.objective!r}"
        findings.append(_error("objective", text, " or ".join(OBJECTIVES), "objective"))
    if not 1 <= requirement.project_years <= 100:
        findings.append(_error("number", f"project_years is {requirement.project_years}", "1 to 100"))
    for kind, price in requirement.equipment_prices.items():
        if kind not in shipped_prices():
            hint = f"there are {', '.join(shipped_prices())}"
            findings.append(_error("price", f"there is no equipment {kind} to price", hint, kind))
        elif not math.isfinite(price) or price < 0:
            findings.append(_error("price", f"the price of {kind} is {price} USD", "zero or more", kind))
    for kind, price in requirement.fuel_usd_per_gj.items():
        if not math.isfinite(price) or price < 0:
            findings.append(_error("fuel", f"the price of {kind} is {price} USD/GJ", "zero or more", kind))
    return [*findings, *_check_fuels(requirement)]


def _check_parts(requirement: Requirement) -> list[Finding]:
    """Return the constants of electrical parts that are unknown or impossible."""
    shipped, parts = shipped_parts(), requirement.electrical_parts
    hint = f"there are {', '.join(shipped)}"
    unknown = [_error("part", f"electrical_parts has no {name}", hint, name) for name in parts if name not in shipped]
    bad = [name for name, value in parts.items() if not 0 < value < math.inf]
    findings = [_error("part", f"{name} is {parts[name]}", "enter a number above zero", name) for name in bad]
    if not 0.8 <= parts["UNIT.v_set_pu"] <= 1.2 and "UNIT.v_set_pu" not in bad:
        text = f"UNIT.v_set_pu is {parts['UNIT.v_set_pu']:g}"
        findings.append(_error("part", text, "a voltage in per unit, from 0.8 to 1.2", "UNIT.v_set_pu"))
    if not unknown and not bad:
        ratings = (float(name.split(".", 2)[2]) for name in parts if name.startswith("TRANSFORMER.r_pct."))
        text = "the resistance of a transformer of {:g} MVA is no less than its impedance"
        short = [mva for mva in ratings if transformer_z_pct(parts, mva) <= by_rating(parts, "TRANSFORMER.r_pct", mva)]
        findings += [_error("part", text.format(mva), "r_pct is a part of z_pct") for mva in short]
    return [*unknown, *findings]


def _check_fuels(requirement: Requirement) -> list[Finding]:
    """Warn of fuels that are given and that nothing burns: a misspelled name leaves the shipped value in force."""
    burnt = {t.fuel for t in requirement.technologies} | set(Requirement().fuel_usd_per_gj)
    given = {*requirement.fuel_usd_per_gj, *requirement.fuel_co2_t_per_gj}
    hint = f"the catalogue burns {', '.join(sorted(burnt - {''}))}"
    return [
        Finding("design.fuel.unused", Severity.WARNING, f"no technology burns {fuel}", hint, element=fuel)
        for fuel in sorted(given - burnt)
    ]


def _check_yields(requirement: Requirement) -> list[Finding]:
    findings = []
    for name in ("pv_yield", "wind_yield"):
        values = np.asarray(getattr(requirement, name), dtype=float)
        if values.size not in (0, HOURS):
            findings.append(_error("yield.hours", f"{name} has {values.size} hours", f"give {HOURS} hours", name))
        elif not np.all((values >= 0) & (values <= 1)):
            findings.append(_error("yield.value", f"{name} leaves 0 to 1", "fractions of the rated power", name))
    return findings


def _check_equipment(requirement: Requirement) -> list[Finding]:
    findings = []
    for element, bounds in requirement.equipment.items():
        for name, value in bounds.items():
            if name not in EQUIPMENT_BOUNDS:
                hint = f"bounds of equipment are {', '.join(EQUIPMENT_BOUNDS)}"
                findings.append(_error("equipment.unknown", f"there is no bound {name!r} of equipment", hint, element))
            elif not math.isfinite(value) or (value < 0 and name not in SIGNED):
                findings.append(_error("equipment.value", f"{name} of {element} is {value}", "zero or more", element))
    return findings


def assumed(requirement: Requirement) -> tuple[Requirement, list[Finding]]:
    """Return the requirement without sun and wind whose hourly yield nobody brought, and say what is assumed."""
    brought = {"PV": bool(requirement.pv_yield) or requirement.clear_sky_estimate, "WIND": bool(requirement.wind_yield)}
    findings = []
    for t in requirement.technologies:
        if not brought.get(t.kind, True):
            text = f"{t.name} is left out: the requirement brings no hourly yield"
            hint = f"give {t.kind.lower()}_yield with {HOURS} fractions" + (
                ", or clear_sky_estimate: true for an upper estimate" if t.kind == "PV" else ""
            )
            findings.append(Finding("design.yield.none", Severity.INFO, text, hint, element=t.id))
    if requirement.clear_sky_estimate and not requirement.pv_yield:
        text = "the sun's yield is the clear-sky estimate: an upper bound on what photovoltaics give"
        findings.append(Finding("design.yield.clear_sky", Severity.WARNING, text, "give pv_yield", element="PV"))
    if requirement.bound("grid_max_mw", 0) > 0 and "GRID" in {t.kind for t in requirement.technologies}:
        ratio = requirement.electrical_parts["GRID.short_circuit_ratio"]
        text = f"a grid connection counts with {ratio:g} times its rating as short-circuit power: an assumption"
        hint = "enter the utility's own: electrical_parts.GRID.short_circuit_ratio"
        findings.append(Finding("design.grid.fault_level", Severity.WARNING, text, hint, element="GRID"))
    kept = tuple(t for t in requirement.technologies if brought.get(t.kind, True))
    return replace(requirement, technologies=kept), findings


def _check_catalogue(requirement: Requirement) -> list[Finding]:
    technologies = requirement.technologies
    if not technologies:
        return [_error("catalogue.empty", "no technology may be chosen", "leave at least one in the catalogue")]
    findings = []
    ids = [t.id for t in technologies]
    for double in sorted({name for name in ids if ids.count(name) > 1}):
        findings.append(_error("catalogue.double", f"technology {double} is there twice", "rename one", double))
    for kind in ENERGY_KINDS:
        alike = [t.id for t in technologies if t.kind == kind]
        if len(alike) > 1:
            text = f"{' and '.join(alike)} are both {kind}"
            findings.append(_error("catalogue.alike", text, "one technology of what is sized in MW", alike[1]))
    return [*findings, *(finding for t in technologies for finding in _check_technology(t, requirement))]


def _check_technology(t: Technology, requirement: Requirement) -> list[Finding]:
    """Return what is wrong with one row of the catalogue."""
    wrong = {
        ("size", f"{t.id} has no size", "enter its megawatts"): t.unit_mw <= 0,
        ("kind", f"{t.id} is a {t.kind}", f"one of {', '.join(KINDS)}"): t.kind not in KINDS,
        ("life", f"{t.id} lives for {t.life_years:g} years", "enter its years above 0"): t.life_years <= 0,
        ("min_load", f"{t.id} runs from {t.min_load_pct:g} % load", "0 to 100 %"): t.min_load_pct > 100,
        ("fuel", f"{t.id} burns {t.fuel}, which has no price", "give its price"): bool(t.fuel)
        and t.fuel not in requirement.fuel_usd_per_gj,
        ("heat", f"{t.id} burns {t.fuel} and has no heat rate", "enter GJ/MWh"): bool(t.fuel)
        and not t.heat_rate_full_gj_mwh,
        ("cost", f"{t.id} costs nothing to build", "enter its investment per kW"): t.capex_usd_per_kw <= 0
        and t.kind != "GRID",
        ("power_factor", f"{t.id} has the power factor {t.power_factor:g}", "above 0, up to 1"): not 0
        < t.power_factor
        <= 1,
    }
    for name in ("charge_efficiency", "discharge_efficiency"):
        value = getattr(t, name)
        wrong["efficiency", f"{name} of {t.id} is {value}", "above 0, up to 1"] = (
            value is not None and not 0 < value <= 1
        )
    return [_error(f"catalogue.{code}", text, hint, t.id) for (code, text, hint), bad in wrong.items() if bad]


def _check_bounds(requirement: Requirement) -> list[Finding]:
    findings = []
    for name, value in requirement.bounds.items():
        if name not in BOUNDS:
            findings.append(
                _error("bound.unknown", f"there is no bound {name!r}", f"bounds are {', '.join(BOUNDS)}", name)
            )
        elif not math.isfinite(value) or value < 0:
            findings.append(_error("bound.value", f"{name} is {value}", f"{BOUNDS[name]}: zero or more", name))
    if requirement.bound("renewable_share", 0) > 1:
        findings.append(
            _error("bound.value", "the renewable share is over 1", "a fraction from 0 to 1", "renewable_share")
        )
    level = requirement.bound("redundancy_level", 0)
    if math.isfinite(level) and level != int(level):
        findings.append(_error("bound.value", f"redundancy_level is {level:g}", "a whole number", "redundancy_level"))
    return [*findings, *_check_counts(requirement), *_check_contradictions(requirement)]


def _check_counts(requirement: Requirement) -> list[Finding]:
    """Return what is wrong with the minimum counts of units."""
    findings = []
    known = {t.id: t for t in requirement.technologies}
    limit = requirement.bound("max_unit_size_mw", math.inf)
    for name, least in requirement.minimum_counts.items():
        unit = known.get(name)
        if unit is None:
            text, hint = f"there is no technology {name}", f"there are {', '.join(known)}"
            findings.append(_error("count.unknown", text, hint, name))
        elif not math.isfinite(least) or least < 0 or least != int(least):
            text = f"at least {least} of {name} are asked for"
            findings.append(_error("count.value", text, "a whole number of zero or more", name))
        elif least > unit.max_count:
            text = f"at least {least:g} of {name} are asked for and at most {unit.max_count} may be built"
            findings.append(_error("count.contradiction", text, "raise max_count or lower the minimum", name))
        elif least and unit.kind not in ENERGY_KINDS and unit.unit_mw > limit:
            text = f"at least {least:g} of {name} ({unit.unit_mw:g} MW) and no unit over {limit:g} MW are asked for"
            findings.append(_error("count.contradiction", text, "raise max_unit_size_mw or lower the minimum", name))
    return findings


def _check_contradictions(requirement: Requirement) -> list[Finding]:
    """Return the bounds that nothing in the catalogue can meet, whatever is built."""
    battery = next((t for t in requirement.technologies if t.kind == "BESS"), None)
    most_mw = battery.unit_mw * battery.max_count if battery else 0.0
    findings = []
    for name, most in (("bess_min_mw", most_mw), ("bess_min_mwh", most_mw * LONGEST_BATTERY_H)):
        least = requirement.bound(name, 0)
        if least > most:
            text = f"{name} is {least:g} and the catalogue allows {most:g}"
            findings.append(_error("bound.contradiction", text, "add a battery or raise its max_count", name))
    return findings
