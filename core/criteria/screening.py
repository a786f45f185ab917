"""Stage 1: what the plant's own data already say, before any study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.criteria.criterion import CriteriaSet, Criterion, Verdict
from core.findings import Finding, Severity
from core.plant import Plant, check_plant, firm_units_mw, total_load


def firm_capacity_mw(plant: Plant, *, redundancy_level: int | None = None) -> float:
    """Return the active power [MW] that is left with the largest units out, as many as the redundancy level says.

    What each counts is :func:`core.plant.firm_units_mw`; standby units count.
    """
    firm = firm_units_mw(plant).sort_values(ascending=False)
    level = plant.settings.redundancy_level if redundancy_level is None else redundancy_level
    return float(firm.iloc[level:].sum())


def required_mw(plant: Plant) -> float:
    """Return the load [MW] with the allowance for losses."""
    return total_load(plant)[0] * (1 + plant.settings.loss_allowance_pct / 100)


def screen(plant: Plant, criteria: CriteriaSet) -> tuple[list[Verdict], list[Finding]]:
    """Judge the plant's own data; return the verdicts of stage 1 and the findings on the data."""
    findings = check_plant(plant)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    load_mw = required_mw(plant)
    verdicts = []
    for criterion in criteria.of_stage("1"):
        if criterion.criterion == "plant_data":
            verdicts.append(_verdict(criterion, float(errors), ""))
        else:
            note = f"N+{plant.settings.redundancy_level}; {load_mw:.1f} MW with losses"
            limited = replace(criterion, low=round(load_mw, 6)) if criterion.low is None else criterion
            value = firm_capacity_mw(plant) if load_mw > 0 else None
            verdicts.append(_verdict(limited, value, note))
    return verdicts, findings


def _verdict(criterion: Criterion, value: float | None, note: str) -> Verdict:
    number = np.array([np.nan if value is None else value])
    return Verdict(
        stage=criterion.stage,
        criterion=criterion.criterion,
        element="PLANT",
        value=None if value is None else round(value, 6),
        unit=criterion.unit,
        limit=criterion.limit(value),
        margin=criterion.margin(value),
        verdict=criterion.states(number)[0],
        note=note,
    )
