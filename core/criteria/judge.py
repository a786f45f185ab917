"""Results against criteria: one verdict a value, with the place it was printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from core.criteria import dc_offset
from core.criteria.criterion import CriteriaSet, Criterion, State, Verdict
from core.findings import Finding, Severity
from core.plant import Plant
from core.plant.electrical import swing_bus
from core.results.study_result import Status, StudyResult, where
from core.settings import HOURS_PER_YEAR

SYSTEM_NAMES = ("SYSTEM", "SYS", "COMPLETE SYSTEM", "TOTAL SYSTEM", "PLANT")
#: Criteria whose limits are those of the rows: in which columns.
OWN_LIMITS = {
    "own_voltage_pu": ["v_min_pu", "v_max_pu"],
    "contingency_own_voltage_pu": ["own_v_low_pu", "own_v_high_pu"],
}
UNSOLVED = frozenset({Status.NOT_CONVERGED, Status.INFEASIBLE, Status.FAILED})


def judge(
    result: StudyResult, criteria: CriteriaSet, plant: Plant | None = None
) -> tuple[list[Verdict], list[Finding]]:
    """Judge a result by every criterion on its study.

    Parameters
    ----------
    result
        From an engine or a file.
    criteria
        The project's limits.
    plant
        Tells the swing bus and the system's block where the result doesn't.

    Returns
    -------
    verdicts, findings
        A result that did not converge gives verdicts NOT CHECKED, whatever numbers it carries.
    """
    findings: list[Finding] = []
    rows = result.main
    elements = result.elements()
    if plant is not None and "v_pu" in rows:
        live = ~_switched_off(result, plant)
        rows, elements = rows[live], elements[live]
    if result.study == "availability":
        chosen = _system_rows(result, plant, findings)
        rows, elements = rows[chosen], elements[chosen]
    if rows.empty and result.status in UNSOLVED:
        return [_unanswered(criterion, result) for criterion in criteria.of_study(result.study)], findings
    verdicts: list[Verdict] = []
    for criterion in _of_system(criteria.of_study(result.study), result):
        for limited, part in _own_limits(criterion, rows):
            values = _values(limited, result, part, plant, findings)
            if values is None:
                continue
            judged = _verdicts(limited, result, part, elements[part.index], values)
            if plant is not None and limited.criterion == "x_r_ratio":
                judged = dc_offset.with_rated_breakers(judged, plant)
            verdicts += judged
    return verdicts, findings


def _of_system(criteria: list[Criterion], result: StudyResult) -> list[Criterion]:
    """Return the criteria with the limits of the system's frequency; one that has none for it keeps no limit."""
    hz = result.provenance.options.get("frequency_hz")
    unlimited = {c.criterion: replace(c, low=None, warn=None, high=None) for c in criteria}
    limited = {c.criterion: c for c in criteria if c.system_hz in (None, hz)}
    return list((unlimited | limited).values())


def _own_limits(criterion: Criterion, rows: pd.DataFrame) -> Iterator[tuple[Criterion, pd.DataFrame]]:
    """Yield the criterion with the rows that it judges: one for every pair of limits where buses have their own."""
    limits = OWN_LIMITS.get(criterion.criterion)
    if limits is None:
        yield criterion, rows
        return
    for _, part in rows.groupby(limits):
        low, high = part[limits].iloc[0]
        yield replace(criterion, low=float(low), high=float(high)), part


def _switched_off(result: StudyResult, plant: Plant) -> pd.Series:
    """Return which buses an outage leaves without voltage and without a load: there is nothing to judge.

    Only the hub's own studies say so; in a file a missing voltage is missing.
    """
    rows = result.main
    own = result.provenance.source is None and rows["file"].isna().all() and result.status is Status.SOLVED
    dead = rows["v_pu"].isna() & ~rows["bus"].isin(plant["load"]["bus"])
    return dead if own else pd.Series(False, index=rows.index)


def _values(
    criterion: Criterion, result: StudyResult, rows: pd.DataFrame, plant: Plant | None, findings: list[Finding]
) -> pd.Series | None:
    """Return the criterion's quantity of each row; ``None`` where the result has none at all."""
    if criterion.value not in rows:
        return None
    special: dict[str, Callable[[], pd.Series]] = {
        "duty_pct": lambda: rows[["duty_pct", "duty_calc_pct"]].max(axis=1),
        "angle_deg": lambda: relative_angles(rows, plant, findings),
        "availability": lambda: rows["availability"].where(rows["availability"].between(0, 1)),
        "downtime_h": lambda: rows["downtime_h"].where(rows["downtime_h"].between(0, HOURS_PER_YEAR)),
    }
    values = special[criterion.value]() if criterion.value in special else rows[criterion.value]
    answered = values.notna() | _collapsed(rows)
    return values.astype("float64") if answered.any() else None


def _collapsed(rows: pd.DataFrame) -> pd.Series:
    """Return which rows are failures without a number: a trip that leaves nothing to hold a frequency."""
    return rows["status"] == "collapsed" if "status" in rows else pd.Series(False, index=rows.index)


def _verdicts(
    criterion: Criterion, result: StudyResult, rows: pd.DataFrame, elements: pd.Series, values: pd.Series
) -> list[Verdict]:
    unsolved = result.status in UNSOLVED
    states = criterion.states(values.to_numpy())
    records = rows.to_dict(orient="records")
    verdicts = []
    for element, value, state, record in zip(elements, values.tolist(), states, records, strict=True):
        number = value if np.isfinite(value) else None
        note = criterion.override_reason and f"limit overridden: {criterion.override_reason}"
        if unsolved:
            state, note = State.NOT_CHECKED, f"the study is {result.status}"
        elif record.get("status") == "collapsed":
            state, note = State.FAIL, "nothing is left that holds a frequency"
        elif number is None:
            note = "no value"
        elif criterion.limit(number) is None:
            state, note = State.NOT_CHECKED, "the criteria have no limit for this system's frequency"
        verdicts.append(
            Verdict(
                stage=criterion.stage,
                criterion=criterion.criterion,
                element=str(element),
                value=number,
                unit=criterion.unit,
                limit=criterion.limit(number),
                margin=criterion.margin(number),
                verdict=state,
                where=where({str(key): item for key, item in record.items()}),
                scenario=str(record.get("scenario") or ""),
                run=result.provenance.run,
                note=note,
            )
        )
    return verdicts


def _unanswered(criterion: Criterion, result: StudyResult) -> Verdict:
    """Return NOT CHECKED for a study that ended without a row."""
    return Verdict(
        stage=criterion.stage,
        criterion=criterion.criterion,
        element="PLANT",
        value=None,
        unit=criterion.unit,
        limit=None,
        margin=None,
        verdict=State.NOT_CHECKED,
        run=result.provenance.run,
        note=f"the study is {result.status}",
    )


def relative_angles(rows: pd.DataFrame, plant: Plant | None, findings: list[Finding]) -> pd.Series:
    """Return the absolute angles [deg] to the slack bus, within 0 to 180, scenario by scenario.

    The slack is the bus of type 3, else the plant's swing bus, else the bus at exactly zero degrees. When none of
    them is there, each angle is taken to the bus farthest from it, which no slack could make worse.
    """
    parts = [_relative_part(part, plant, findings) for _, part in rows.groupby("scenario", sort=False, dropna=False)]
    return pd.concat(parts).reindex(rows.index) if parts else rows["angle_deg"]


def _relative_part(rows: pd.DataFrame, plant: Plant | None, findings: list[Finding]) -> pd.Series:
    angles = rows["angle_deg"]
    slack = _slack(rows, plant)
    if slack.any():
        return _wrapped(angles - angles[slack].iloc[0])
    findings.append(
        Finding(
            "criteria.slack.unknown",
            Severity.WARNING,
            "the result names no swing bus: each angle is judged against the bus farthest from it",
            "add the bus type (3 is the swing bus) or the swing bus's row",
        )
    )
    return pd.concat([_wrapped(angles - angles.min()), _wrapped(angles - angles.max())], axis=1).max(axis=1)


def _slack(rows: pd.DataFrame, plant: Plant | None) -> pd.Series:
    known = rows["angle_deg"].notna()
    by_type = known & rows["type"].astype(str).str.strip().str.upper().isin({"3", "3.0", "SWING", "SLACK"})
    if by_type.any():
        return by_type
    at_zero = known & (rows["angle_deg"].abs() < 1e-9)
    if plant is not None:
        swing = swing_bus(plant)
        names = plant["bus"][plant["bus"]["id"] == swing][["id", "number", "name"]].astype(str).to_numpy().ravel()
        own = known & rows["bus"].astype(str).isin(set(names))
        if own.any() and not at_zero.any():
            return own
    return at_zero


def _wrapped(difference: pd.Series) -> pd.Series:
    return ((difference + 180) % 360 - 180).abs()


def _system_rows(result: StudyResult, plant: Plant | None, findings: list[Finding]) -> pd.Series:
    """Return which rows are the whole system: by id, by name, as the plant's top block, else the last row.

    Of a plant with blocks no other row is taken for the whole: it says nothing of this system.
    """
    rows = result.main
    ids = rows["block"].astype(str).str.strip().str.upper()
    names = rows["name"].astype(str).str.strip().str.upper()
    for chosen in (ids.isin(SYSTEM_NAMES[:1]), ids.isin(SYSTEM_NAMES) | names.isin(SYSTEM_NAMES), _own_top(ids, plant)):
        if chosen.any():
            return chosen
    if plant is not None and len(plant["block"]) and len(rows):
        named = ", ".join(rows["block"].astype(str).head(5))
        text = f"no row is the whole system: the result has neither SYSTEM nor the plant's top block, but {named}"
        hint = "export the top block's row too, or name it SYSTEM"
        findings.append(Finding("criteria.system.none", Severity.WARNING, text, hint, where=where(rows.iloc[-1])))
        return pd.Series(False, index=rows.index)
    last = pd.Series(rows.index == rows.index[-1], index=rows.index) if len(rows) else pd.Series(dtype=bool)
    if len(rows) > 1:
        findings.append(
            Finding(
                "criteria.system.assumed",
                Severity.WARNING,
                f"no block is called SYSTEM: the last one, {rows['block'].iloc[-1]}, is judged as the whole",
                "name the top block SYSTEM",
                where=where(rows.iloc[-1]),
            )
        )
    return last


def _own_top(ids: pd.Series, plant: Plant | None) -> pd.Series:
    if plant is None or plant["block"].empty:
        return pd.Series(False, index=ids.index)
    return ids == str(plant["block"]["id"].iloc[-1]).upper()
