"""Numbers that can't be: checks of a result against itself and against the plant that it is about.

Each check is one small function from a table to findings; nothing is changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.plant import Plant
from core.results.study_result import StudyResult, where
from core.settings import HOURS_PER_YEAR

#: Column → the largest size that is believed, and what a negative value means there.
RANGES: dict[str, tuple[float, bool]] = {  # column: (largest, may be negative)
    "v_pu": (2.0, False),
    "v_kv": (1500.0, False),
    "base_kv": (1500.0, False),
    "loading_pct": (200.0, False),
    "duty_pct": (200.0, False),
    "duty_calc_pct": (200.0, False),
    "ik_ka": (300.0, False),
    "rating_ka": (300.0, False),
    "x_r": (200.0, False),
    "availability": (1.0, False),
    "mtbf_h": (1e12, False),
    "mttr_h": (HOURS_PER_YEAR, False),
    "downtime_h": (HOURS_PER_YEAR, False),
    "failures_per_year": (HOURS_PER_YEAR, False),
    "angle_deg": (720.0, True),
}

#: How far a printed duty may be from fault current over rating [percentage points].
DUTY_TOLERANCE_PCT = 1.0
AVAILABILITY_TOLERANCE = 1e-4


class MtbfMeaning(StrEnum):
    """What a printed MTBF counts: only the time in service, or the whole cycle with the repair (Windchill's RBD)."""

    UP_TIME = "up time"
    CYCLE_TIME = "cycle time"


@dataclass(frozen=True, slots=True)
class Known:
    """The ids that a plant has for the elements of a study: each with its other names and nominal voltage."""

    ids: Mapping[str, str]  # any name, number or id as text → the plant's id
    kv: Mapping[str, float] = field(default_factory=dict)  # the plant's id → nominal voltage [kV]
    expected: frozenset[str] = frozenset()  # the plant's ids that must have a result; empty: all of them

    @classmethod
    def from_table(cls, table: pd.DataFrame, *, expected: Iterable[str] = ()) -> Known:
        """Return what a table with ``id`` and perhaps ``number``, ``name`` and ``kv`` knows; ids win over names."""
        ids: dict[str, str] = {}
        own = table["id"].map(str)
        for column in ("name", "number", "id"):
            if column in table:
                names = [str(name) for name in table[column]]
                ids.update({name: each for name, each in zip(names, own, strict=True) if name and name != "<NA>"})
        kv = dict(zip(own, table["kv"].astype(float), strict=True)) if "kv" in table else {}
        return cls(ids, kv, frozenset(expected))

    def own(self, result: StudyResult) -> pd.Series:
        """Return the plant's id of each row's element, empty for strangers."""
        frame = result.main
        own = result.elements().map(self.ids.get)
        if "name" in frame:
            own = own.where(own.notna(), frame["name"].map(lambda name: self.ids.get(name) if name else None))
        if "device" in frame:
            own = own.where(own.notna(), frame["bus"].map(self.ids.get))
        return own

    def lacking(self, results: Sequence[StudyResult]) -> list[str]:
        """Return the elements that must have a result and are in none of these."""
        found = {str(id) for result in results for id in self.own(result).dropna()}
        return sorted((self.expected or frozenset(self.ids.values())) - found)


def known_in(plant: Plant, study: str) -> Known:
    """Return what a plant knows of a study's elements: buses with their breakers, units, or blocks with their parts."""
    if study == "availability":
        parts = {str(id): str(id) for id in plant.equipment_ids().index}
        blocks = Known.from_table(plant["block"])
        return Known({**parts, **blocks.ids}, {}, frozenset(map(str, plant["block"]["id"])))
    if study == "frequency":
        return Known.from_table(plant["unit"])
    buses = Known.from_table(plant["bus"])
    if study != "short_circuit":
        return buses
    breakers = dict(zip(plant["breaker"]["id"].map(str), plant["breaker"]["bus"].map(str), strict=True))
    return Known({**breakers, **buses.ids}, buses.kv, frozenset(breakers.values()))


def check(result: StudyResult) -> list[Finding]:
    """Return what contradicts itself in a result."""
    frame = result.main
    checks = {
        "load_flow": (_duplicates, _ranges, _kilovolts, _load_flow_balance),
        "power_flow": (_duplicates, _ranges, _kilovolts, _power_flow_balance),
        "short_circuit": (_duplicates, _ranges, _fault_level, _duty, _small_fault),
        "availability": (_duplicates, _ranges, _availability_from_mtbf, _availability_from_downtime),
    }
    if frame.empty:
        return [Finding("result.empty", Severity.ERROR, "the result has no rows", "export the study again")]
    return [finding for each in checks[result.study] for finding in each(result, frame)]


def check_against(result: StudyResult, known: Known) -> list[Finding]:
    """Return what a result and a plant don't have in common, and voltages that contradict the plant's nominal ones."""
    frame, elements, own = result.main, result.elements(), known.own(result)
    findings = list(
        _per_row(frame, elements, own.isna(), "element.unknown", Severity.WARNING, "the plant has no such element")
    )
    if lacking := known.lacking([result]):
        named = ", ".join(lacking[:10]) + (f" and {len(lacking) - 10} more" if len(lacking) > 10 else "")
        study = result.study.replace("_", " ")
        text = f"{len(lacking)} of the plant's elements have no {study} result and are not checked: {named}"
        hint = "run the study for the whole plant"
        findings.append(Finding("element.without_result", Severity.WARNING, text, hint, element=lacking[0]))
    if known.kv and {"v_pu", "v_kv"} <= set(frame.columns):
        ratio = frame["v_kv"] / own.map(known.kv).astype(float)
        differ = (ratio - frame["v_pu"]).abs() > 0.005 + 1e-9
        text = "kV over the plant's nominal kV is not the voltage per unit"
        findings += _per_row(frame, elements, differ, "voltage.plant_kv", Severity.WARNING, text)
    return findings


def _per_row(
    frame: pd.DataFrame, elements: pd.Series, rows: pd.Series, code: str, severity: Severity, text: str, hint: str = ""
) -> Iterator[Finding]:
    """Yield one finding a row, at most twenty and one that counts the rest."""
    positions = np.flatnonzero(rows.to_numpy(dtype=bool, na_value=False))
    for position in positions[:20]:
        element = str(elements.iloc[position])
        yield Finding(code, severity, f"{element}: {text}", hint, where(frame.iloc[position]), element)
    if len(positions) > 20:
        place = where(frame.iloc[positions[20]])
        yield Finding(code, severity, f"{len(positions) - 20} more rows: {text}", hint, place)


def _duplicates(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    """Find elements that are printed twice in one scenario (a fault: for one fault type)."""
    keys = {"element": result.elements(), "scenario": frame["scenario"]}
    if "fault_type" in frame:
        keys["fault_type"] = frame["fault_type"]
    table = pd.DataFrame(keys)
    again = table.duplicated() & (table["element"] != "")
    text = "printed more than once; every row is judged"
    yield from _per_row(frame, table["element"], again, "element.duplicate", Severity.WARNING, text, "keep one row")
    yield from _per_row(
        frame, table["element"], table["element"] == "", "element.nameless", Severity.ERROR, "the row names no element"
    )


def _ranges(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    elements = result.elements()
    for column, (largest, signed) in RANGES.items():
        if column in frame:
            values = frame[column]
            bad = (values.abs() > largest) if signed else (values < 0) | (values > largest)
            least = f"−{largest:g}" if signed else "0"
            text = f"{column} is outside {least} to {largest:g}"
            hint = "check the unit of the column"
            yield from _per_row(frame, elements, bad, "value.impossible", Severity.ERROR, text, hint)


def _kilovolts(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    """Compare kV over the printed nominal kV with the voltage per unit."""
    ratio = frame["v_kv"] / frame["base_kv"].where(frame["base_kv"] > 0)
    differ = (ratio - frame["v_pu"]).abs() > 0.005 + 1e-9
    text = "kV over nominal kV is not the voltage per unit"
    yield from _per_row(frame, result.elements(), differ, "voltage.inconsistent", Severity.WARNING, text)


def _load_flow_balance(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    """Compare generation with load: what is injected and not drawn must be losses."""
    for scenario, rows in frame.groupby("scenario", sort=False):
        p_mw = rows["p_mw"].dropna()
        yield from _balance(frame, str(scenario), p_mw[p_mw > 0].sum(), -p_mw[p_mw < 0].sum())


def _power_flow_balance(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    for scenario, rows in frame.groupby("scenario", sort=False):
        yield from _balance(frame, str(scenario), rows["p_gen_mw"].sum(), rows["p_load_mw"].sum())


def _balance(frame: pd.DataFrame, scenario: str, generated_mw: float, drawn_mw: float) -> Iterator[Finding]:
    """Find a balance that losses can't explain: generation may exceed the load by up to 10 %, never fall short."""
    if not (generated_mw > 0 and drawn_mw > 0):
        return
    surplus = generated_mw - drawn_mw
    if surplus > 0.1 * drawn_mw or surplus < -0.005 * drawn_mw:
        named = f" in {scenario}" if scenario else ""
        text = f"generation {generated_mw:.6g} MW and load {drawn_mw:.6g} MW{named} differ by {surplus:+.6g} MW"
        hint = "losses can't explain it: rows may be missing or the result may belong to another case"
        yield Finding("balance.power", Severity.WARNING, text, hint, where(frame.iloc[0], "p_mw"))


def _fault_level(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    """Compare the fault level with √3·kV·kA."""
    expected = math.sqrt(3) * frame["base_kv"] * frame["ik_ka"]
    differ = (frame["sk_mva"] - expected).abs() > 0.05 * expected
    text = "the fault level is not √3·kV·kA"
    yield from _per_row(frame, result.elements(), differ, "fault.level", Severity.WARNING, text)


def _duty(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    """Compare the printed duty with fault current over rating."""
    differ = (frame["duty_pct"] - frame["duty_calc_pct"]).abs() > DUTY_TOLERANCE_PCT
    text = "the printed duty is not the fault current over the rating; the worse of both is judged"
    hint = "check which rating and which current the duty refers to"
    yield from _per_row(frame, result.elements(), differ, "duty.inconsistent", Severity.ERROR, text, hint)


def _small_fault(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    small = (frame["ik_ka"] > 0) & (frame["ik_ka"] < 0.05)
    text = "a fault current under 50 A is hardly one"
    yield from _per_row(frame, result.elements(), small, "fault.small", Severity.WARNING, text, "check the unit")


def _availability_from_mtbf(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    """Compare availability with MTBF and MTTR: it must fit one of the two meanings of MTBF."""
    mtbf, mttr = frame["mtbf_h"].where(frame["mtbf_h"] > 0), frame["mttr_h"].where(frame["mttr_h"] >= 0)
    formulas = {MtbfMeaning.UP_TIME: mtbf / (mtbf + mttr), MtbfMeaning.CYCLE_TIME: 1 - mttr / mtbf}
    gaps = {meaning: (frame["availability"] - value).abs() for meaning, value in formulas.items()}
    neither = np.logical_and.reduce([(gap > AVAILABILITY_TOLERANCE * (1 + 1e-9)).to_numpy() for gap in gaps.values()])
    shown = formulas[MtbfMeaning.UP_TIME], formulas[MtbfMeaning.CYCLE_TIME]
    elements = result.elements()
    for position in np.flatnonzero(neither)[:20]:
        element = str(elements.iloc[position])
        text = (
            f"{element}: availability {frame['availability'].iloc[position]:.6g} is printed; MTBF and MTTR give "
            f"{shown[0].iloc[position]:.6g} (MTBF as up time) or {shown[1].iloc[position]:.6g} (as cycle time)"
        )
        hint = "ask which of the three numbers is right"
        yield Finding("availability.mtbf", Severity.WARNING, text, hint, where(frame.iloc[position]), element)
    if neither.sum() > 20:
        text = f"{int(neither.sum()) - 20} more blocks: availability fits neither meaning of MTBF"
        yield Finding("availability.mtbf", Severity.WARNING, text, "", where(frame.iloc[0]))
    chosen = result.provenance.options.get("mtbf_means")
    if chosen in gaps:
        other = gaps[MtbfMeaning(chosen)] > AVAILABILITY_TOLERANCE * (1 + 1e-9)
        text = f"availability does not fit MTBF as {chosen}, but the other meaning of MTBF"
        wrong = other & ~pd.Series(neither, index=frame.index)
        yield from _per_row(frame, elements, wrong, "availability.mtbf_meaning", Severity.INFO, text)


def _availability_from_downtime(result: StudyResult, frame: pd.DataFrame) -> Iterator[Finding]:
    """Compare availability with the downtime in a year of 8760 h, as far as the printed digits go."""
    expected = 1 - frame["downtime_h"] / HOURS_PER_YEAR
    differ = (frame["availability"] - expected).abs() > AVAILABILITY_TOLERANCE * (1 + 1e-9)
    text = "availability and the downtime in a year of 8760 h contradict each other"
    hint = "check the unit of the downtime and the time span that it refers to"
    yield from _per_row(frame, result.elements(), differ, "availability.downtime", Severity.WARNING, text, hint)
