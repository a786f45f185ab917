"""Rules from violations to constraint updates. Each rule computes its bound from the plant and the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.constraints.frequency import frequency_updates
from core.constraints.ratings import next_standard
from core.constraints.strength import own_reactance, reactance_matrix, reactive_support
from core.constraints.update import Alternative, ConstraintUpdate
from core.criteria import State, Verdict
from core.criteria.dc_offset import dc_component_pct
from core.plant import Plant
from core.results.study_result import StudyResult

TARGET_PCT = 80.0  # loading and duty aim under the warning band
VOLTAGE_RESERVE_PU = 0.01  # a cured bus lies this far inside the limit
DC_TIME_S = (0.045, 0.060, 0.075, 0.120)  # IEC 62271-100: time constants of the DC component, the standard one first
MVAR_STEP = 1.0


#: Warnings that ask for an update as failures do; placement keeps other quantities out of their warning bands.
PRESSING = frozenset({"rocof_hz_per_s", "x_r_ratio"})

#: Warnings that ask for one in a loop once nothing fails: what cures a failure often unloads something, too.
FINISHING = frozenset({"loading_pct"})


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at: the plant, its results, and the failures among their verdicts."""

    plant: Plant
    results: Sequence[StudyResult]
    failures: Sequence[Verdict]

    def of(self, criterion: str) -> list[Verdict]:
        """Return the failures of one criterion, the worst of each element first met first."""
        mine = [v for v in self.failures if v.criterion == criterion]
        worst: dict[str, Verdict] = {}
        for verdict in sorted(mine, key=lambda v: v.margin if v.margin is not None else 0.0):
            worst.setdefault(verdict.element, verdict)
        return list(worst.values())

    def bus(self, element: str) -> str | None:
        """Return the plant's bus that a result calls by id, number or name; ``None`` when it has none."""
        rows = self.plant["bus"]
        key = element.strip().upper()
        for column in ("id", "number", "name"):
            found = rows[rows[column].astype(str).str.upper() == key]
            if not found.empty:
                return str(found["id"].iloc[0])
        breakers = self.plant["breaker"]
        found = breakers[breakers["id"].str.upper() == key]
        return None if found.empty else str(found["bus"].iloc[0])

    def fault_row(self, verdict: Verdict) -> dict[str, Any]:
        """Return the short-circuit row that a verdict came from."""
        for result in self.results:
            if result.study != "short_circuit" or result.provenance.run != verdict.run:
                continue
            rows = result.main.assign(element=result.elements().astype(str))
            duty = rows[["duty_pct", "duty_calc_pct"]].max(axis=1)
            column = duty if verdict.criterion == "breaker_duty_pct" else rows["x_r"]
            found = rows[(rows["element"] == verdict.element) & ((column - _measured(verdict)[0]).abs() < 1e-9)]
            if not found.empty:
                return {str(key): value for key, value in found.iloc[0].items()}
        return {}


def advise(
    verdicts: Sequence[Verdict], plant: Plant, results: Sequence[StudyResult] = (), *, finishing: bool = False
) -> list[ConstraintUpdate]:
    """Return the constraint updates that the failures and the pressing warnings among the verdicts ask for.

    With ``finishing`` warnings of loading ask for them, too, where nothing fails.
    """
    failures = [v for v in verdicts if v.verdict is State.FAIL]
    pressing = PRESSING | FINISHING if finishing and not failures else PRESSING
    asking = failures + [v for v in verdicts if v.verdict is State.WARN and v.criterion in pressing]
    case = Case(plant, results, asking)
    return [update for rule in RULES for update in rule(case)]


def evidence(verdict: Verdict, **computed: Any) -> dict[str, Any]:
    """Return the evidence of an update: the verdict and the numbers that the bound was computed from."""
    return {**verdict.as_dict(), "computed_from": computed}


def _firm_capacity(case: Case) -> Iterable[ConstraintUpdate]:
    for verdict in case.of("firm_capacity_mw"):
        value, limit = _measured(verdict)
        short = limit - value
        units = case.plant["unit"]
        units = units[(units["rated_mw"] > 0) & ~units["type"].isin({"PV", "WIND", "BESS"})]
        alike = units.groupby(["type", "rated_mw"], sort=False)["id"].agg(["first", "size"]).reset_index()
        alternatives = tuple(
            Alternative(
                "unit_count", first, float(count), count + float(math.ceil(short / mw)), "units", f"{mw:g} MW each"
            )
            for _, mw, first, count in alike.to_numpy().tolist()
        )
        yield ConstraintUpdate(
            "firm_capacity_mw",
            "PLANT",
            value,
            limit,
            "MW",
            f"firm capacity {value:.1f} MW ({verdict.note}) is under the {limit:.1f} MW that is needed",
            evidence(verdict, short_mw=short),
            alternatives,
        )


def _reactive(case: Case) -> Iterable[ConstraintUpdate]:
    failures = {case.bus(v.element): v for v in reversed(case.of("voltage_pu"))}
    known = {bus: v for bus, v in failures.items() if bus is not None}
    if not known:
        return
    x = reactance_matrix(case.plant)
    shortfall = pd.Series({bus: _to_inside(verdict) for bus, verdict in known.items()}, dtype="float64")
    for side in (shortfall[shortfall > 0], shortfall[shortfall < 0]):
        for bus, mvar in reactive_support(x, side, case.plant.settings.base_mva).items():
            yield _reactive_update(case.plant, bus, mvar, known[bus], x)


def _to_inside(verdict: Verdict) -> float:
    """Return the voltage change [pu] that brings the bus inside its limit with the reserve."""
    value, limit = _measured(verdict)
    distance = limit - value
    return distance + math.copysign(VOLTAGE_RESERVE_PU, distance)


def _reactive_update(plant: Plant, bus: str, mvar: float, verdict: Verdict, x: pd.DataFrame) -> ConstraintUpdate:
    shunts = plant.online("shunt")
    old = float(shunts[shunts["bus"] == bus]["q_mvar"].sum())
    step = math.copysign(math.ceil(abs(mvar) / MVAR_STEP - 1e-9) * MVAR_STEP, mvar)
    strength = plant.settings.base_mva / own_reactance(x, bus)
    side = "under" if mvar > 0 else "over"
    return ConstraintUpdate(
        "reactive_support_mvar",
        verdict.element,
        old,
        old + step,
        "Mvar",
        f"voltage {verdict.value:.4g} pu is {side} the limit of {verdict.limit:g} pu; at a short-circuit strength of "
        f"{strength:.0f} MVA, {abs(step):.0f} Mvar {'more' if mvar > 0 else 'less'} bring it "
        f"{VOLTAGE_RESERVE_PU:g} pu inside",
        evidence(verdict, bus=bus, short_circuit_strength_mva=strength, reactive_power_mvar=mvar),
    )


def _loading(case: Case) -> Iterable[ConstraintUpdate]:
    for verdict in case.of("loading_pct"):
        value, limit = _measured(verdict)
        over = f"loading {value:g} % is " + (f"over {limit:g} %" if value > limit else "in the warning band")
        factor = value / TARGET_PCT
        rows = _loaded_transformers(case, verdict.element)
        if rows.empty:
            yield ConstraintUpdate(
                "equipment_rating_factor",
                verdict.element,
                1.0,
                round(factor, 3),
                "",
                f"{over}; the plant names no transformer there, so the rating of "
                f"what the result loads must grow by this factor to come under {TARGET_PCT:g} %",
                evidence(verdict, bus=case.bus(verdict.element)),
            )
        for transformer, old in zip(rows["id"], rows["rated_mva"], strict=True):
            least = float(old) * factor
            new = next_standard("transformer_mva", least)
            yield ConstraintUpdate(
                "transformer_mva",
                str(transformer),
                float(old),
                new if new is not None else round(least, 1),
                "MVA",
                f"{over} at {verdict.element}; {least:.1f} MVA bring it to "
                f"{TARGET_PCT:g} %, the next standard size is chosen",
                evidence(verdict, least_mva=least),
                (
                    Alternative(
                        "parallel_transformers",
                        str(transformer),
                        1.0,
                        float(math.ceil(factor)),
                        "units",
                        "more in parallel",
                    ),
                ),
            )


def _loaded_transformers(case: Case, element: str) -> pd.DataFrame:
    """Return the transformers that a loading speaks of: itself by id, else those that feed or leave the bus."""
    rows = case.plant.online("transformer")
    own = rows[rows["id"].str.upper() == element.strip().upper()]
    if not own.empty:
        return own
    bus = case.bus(element)
    return rows[rows["lv_bus"] == bus]


def _breaker(case: Case) -> Iterable[ConstraintUpdate]:
    for verdict in case.of("breaker_duty_pct"):
        duty, _ = _measured(verdict)
        row = case.fault_row(verdict)
        old = _number(row.get("rating_ka")) or _plant_rating(case, verdict.element)
        current = _number(row.get("ik_ka")) or (old * duty / 100 if old else None)
        if old is None or current is None:
            continue
        least = max(current, old * duty / 100) * 100 / TARGET_PCT
        new = next_standard("breaking_ka", least)
        bus = case.bus(verdict.element)
        limit = _limiting_reactance(case.plant, bus, current, old)
        alternatives = [limit] if limit else []
        reason = f"breaker duty {duty:.1f} % ({current:.1f} kA on {old:g} kA) is over 100 %"
        if new is None:
            reason += f"; no standard breaker carries {least:.1f} kA: lower the fault current instead"
        else:
            reason += f"; {new:g} kA is the next standard rating that brings it under {TARGET_PCT:g} %"
        computed = {"fault_current_ka": current, "least_rating_ka": least, "bus": bus}
        yield ConstraintUpdate(
            "breaker_rating_ka",
            verdict.element,
            old,
            new,
            "kA",
            reason,
            evidence(verdict, **computed),
            tuple(alternatives),
        )


def _plant_rating(case: Case, element: str) -> float | None:
    breakers = case.plant["breaker"]
    own = breakers[(breakers["id"].str.upper() == element.strip().upper()) | (breakers["bus"] == case.bus(element))]
    return None if own.empty else float(own["breaking_ka"].min())


def _limiting_reactance(plant: Plant, bus: str | None, current_ka: float, rating_ka: float) -> Alternative | None:
    """Return the reactor that brings the fault current under the target of the rating as it is.

    In series with everything that feeds the bus: X = c·U/√3·(1/I_new − 1/I_old), c = 1.1.
    """
    if bus is None:
        return None
    kv = float(plant["bus"].set_index("id")["kv"][bus])
    wanted = rating_ka * TARGET_PCT / 100
    ohm = 1.1 * kv / 3**0.5 * (1 / wanted - 1 / current_ka)
    text = f"fault limiting reactance in the feed of {bus} that brings {current_ka:.1f} kA down to {wanted:.1f} kA"
    return Alternative("reactor_ohm", bus, 0.0, round(ohm, 4), "ohm", text)


def _dc_offset(case: Case) -> Iterable[ConstraintUpdate]:
    for verdict in case.of("x_r_ratio"):
        x_r, limit = _measured(verdict)
        breakers = case.plant["breaker"]
        bus = case.bus(verdict.element)
        own = breakers[breakers["bus"] == bus]
        opening_s = float(own["opening_s"].min()) if len(own) else 0.05
        needed = dc_component_pct(x_r, opening_s, case.plant.settings.frequency_hz)
        standard, *longer = (100 * math.exp(-opening_s / time_s) for time_s in DC_TIME_S)
        rated = own["dc_pct"].min() if len(own) else math.nan
        old = standard if pd.isna(rated) else float(rated)
        new = next((pct for pct in (old, *longer) if pct >= needed), needed)
        yield ConstraintUpdate(
            "breaker_dc_pct",
            verdict.element,
            _tenths_down(old),
            _tenths_up(new),
            "%",
            f"X/R of {x_r:g} ({verdict.verdict}, limit {limit:g}): {needed:.0f} % of DC component are left at contact "
            f"separation after {opening_s * 1000:.0f} ms, the breaker is rated for {old:.0f} %; a breaker for the time "
            f"constant of {-opening_s / math.log(new / 100) * 1000:.0f} ms bears it",
            evidence(verdict, dc_component_pct=needed, rated_dc_pct=old, opening_s=opening_s, bus=bus),
        )


def _tenths_up(value: float) -> float:
    return math.ceil(value * 10 - 1e-9) / 10


def _tenths_down(value: float) -> float:
    return math.floor(value * 10 + 1e-9) / 10


def _angle(case: Case) -> Iterable[ConstraintUpdate]:
    for verdict in case.of("angle_deg"):
        angle, limit = _measured(verdict)
        bus = case.bus(verdict.element)
        transformers, cables = case.plant.online("transformer"), case.plant.online("cable")
        old = int(((transformers["hv_bus"] == bus) | (transformers["lv_bus"] == bus)).sum())
        old += int(((cables["from_bus"] == bus) | (cables["to_bus"] == bus)).sum())
        ratio = math.sin(math.radians(min(angle, 90.0))) / math.sin(math.radians(30.0))
        new = math.ceil(max(old, 1) * ratio)
        yield ConstraintUpdate(
            "parallel_circuits",
            verdict.element,
            float(max(old, 1)),
            float(new),
            "circuits",
            f"angle {angle:.1f}° to the slack is over {limit:g}°; the transferred power needs "
            f"{ratio:.2f} times the strength to come under 30° (P = V²/X·sin δ)",
            evidence(verdict, strength_ratio=ratio, bus=bus),
        )


def _availability(case: Case) -> Iterable[ConstraintUpdate]:
    from core.constraints.reliability import reliability_updates  # loads the exact engine

    failures = case.of("availability") or case.of("annual_downtime_h")
    return [] if not failures else reliability_updates(case.plant, failures[0], evidence)


def _frequency(case: Case) -> Iterable[ConstraintUpdate]:
    failures = [verdict for verdict in case.failures if verdict.criterion in ("rocof_hz_per_s", "nadir_hz")]
    return frequency_updates(case.plant, failures, evidence)


def _measured(verdict: Verdict) -> tuple[float, float]:
    """Return the value and the limit of a failure: a failure always has both."""
    return float(verdict.value or 0.0), float(verdict.limit or 0.0)


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) or value <= 0 else float(value)


RULES: tuple[Callable[[Case], Iterable[ConstraintUpdate]], ...] = (
    _firm_capacity,
    _reactive,
    _loading,
    _breaker,
    _dc_offset,
    _angle,
    _availability,
    _frequency,
)
