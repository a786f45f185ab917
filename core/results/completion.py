"""What follows from a result's printed columns: filled where nothing is printed, always with a finding."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where
from core.settings import HOURS_PER_YEAR


def complete(study: str, rows: pd.DataFrame, where: Where) -> tuple[pd.DataFrame, list[Finding]]:
    """Return a study's rows with the columns that follow from others, and what was calculated.

    Parameters
    ----------
    study
        Such as ``"short_circuit"``.
    rows
        The main table's rows as they are printed.
    where
        The file or sheet that findings point to.
    """
    rows = rows.copy()
    findings: list[Finding] = []
    steps = {
        "load_flow": (_voltage, _net_power),
        "power_flow": (_voltage,),
        "short_circuit": (_duty,),
        "availability": (_availability,),
    }
    for step in steps[study]:
        step(rows, findings, where)
    return rows, findings


def _duty(rows: pd.DataFrame, findings: list[Finding], where: Where) -> None:
    """Add ``duty_calc_pct``, fault current over rating [%]; a rating of zero is no rating."""
    _ensure(rows, "ik_ka", "rating_ka", "duty_pct", "duty_calc_pct")
    unrated = rows["rating_ka"] <= 0
    if unrated.any():
        rows.loc[unrated, "rating_ka"] = np.nan
        text = f"{int(unrated.sum())} ratings are zero or negative: read as missing"
        findings.append(Finding("duty.unrated", Severity.WARNING, text, "enter the breakers' ratings", where))
    rows["duty_calc_pct"] = rows["duty_calc_pct"].fillna(100 * rows["ik_ka"] / rows["rating_ka"])
    derived = int((rows["duty_pct"].isna() & rows["duty_calc_pct"].notna()).sum())
    if derived:
        text = f"{derived} rows print no duty; it was calculated as fault current over rating"
        findings.append(Finding("duty.calculated", Severity.INFO, text, where=where))


def _voltage(rows: pd.DataFrame, findings: list[Finding], where: Where) -> None:
    """Fill ``v_pu`` from kilovolts and the nominal voltage; a ratio that can only be kilovolts becomes them."""
    _ensure(rows, "v_pu", "v_kv", "base_kv")
    nominal = rows["base_kv"].where(rows["base_kv"] > 0)
    middle = rows["v_pu"].median()
    read_as_pct = (100 * rows["v_pu"] / nominal).median()
    factor = 100 if 0.7 < read_as_pct < 1.3 and not 0.7 < middle < 1.3 else 1 if middle > 2 else None
    if factor and rows["v_kv"].isna().all():
        rows["v_kv"], rows["v_pu"] = factor * rows["v_pu"], np.nan
        text = "the voltages are too large for a ratio: read as kV"
        findings.append(Finding("voltage.kilovolts", Severity.WARNING, text, "state the unit in the heading", where))
    _fill(rows, "v_pu", rows["v_kv"] / nominal, "kV and the nominal kV", findings, where)


def _net_power(rows: pd.DataFrame, findings: list[Finding], where: Where) -> None:
    """Fill the power injected at a bus with its generation less its load."""
    for net, generation, load in (("p_mw", "p_gen_mw", "p_load_mw"), ("q_mvar", "q_gen_mvar", "q_load_mvar")):
        if generation in rows and load in rows:
            _ensure(rows, net)
            known = rows[[generation, load]].notna().any(axis=1)
            injected = rows[generation].fillna(0) - rows[load].fillna(0)
            _fill(rows, net, injected.where(known), "generation less load", findings, where)


def _availability(rows: pd.DataFrame, findings: list[Finding], where: Where) -> None:
    """Fill availability and yearly downtime each from the other."""
    _ensure(rows, "availability", "unavailability", "downtime_h")
    year = f"a year of {HOURS_PER_YEAR:.0f} h"
    _fill(rows, "availability", 1 - rows["unavailability"], "the unavailability", findings, where)
    _fill(rows, "availability", 1 - rows["downtime_h"] / HOURS_PER_YEAR, f"the downtime in {year}", findings, where)
    _fill(
        rows, "downtime_h", (1 - rows["availability"]) * HOURS_PER_YEAR, f"the availability in {year}", findings, where
    )
    rows.drop(columns="unavailability", inplace=True)


def _ensure(rows: pd.DataFrame, *names: str) -> None:
    for name in names:
        if name not in rows:
            rows[name] = np.nan


def _fill(rows: pd.DataFrame, name: str, values: pd.Series, origin: str, findings: list[Finding], where: Where) -> None:
    gaps = rows[name].isna() & values.notna()
    if gaps.any():
        rows.loc[gaps, name] = values[gaps]
        text = f"{int(gaps.sum())} rows print no {name}; calculated from {origin}"
        findings.append(Finding(f"{name}.calculated", Severity.INFO, text, where=where))
