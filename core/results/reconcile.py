"""Uploaded values against the hub's own studies: where they agree, need a word, or contradict each other."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.findings import Where
from core.results.study_result import StudyResult, where


class Agreement(StrEnum):
    """How an uploaded value stands to the embedded one."""

    AGREES = "agrees"
    EXPLAIN = "explain"
    CONTRADICTS = "contradicts"
    NOTHING = "nothing to compare"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """When two values of a quantity agree, and from when on they contradict each other.

    ``measure`` says what the difference is: ``absolute``, ``relative`` [per cent of the embedded value], ``angle``
    [degrees after each source's own reference is taken out], ``ratio`` [either way] or ``unavailability`` [the ratio of
    1 − A, either way].
    """

    study: str
    quantity: str
    stage: str
    unit: str
    measure: str
    agree: float
    contradict: float
    source: str


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One uploaded value beside the embedded one."""

    stage: str
    study: str
    quantity: str
    element: str
    scenario: str
    uploaded: float | None
    embedded: float | None
    difference: float | None
    unit: str
    agreement: Agreement
    where: Where = field(default_factory=Where)

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON documents carry it."""
        return {
            "stage": self.stage,
            "study": self.study,
            "quantity": self.quantity,
            "element": self.element,
            "scenario": self.scenario or None,
            "uploaded": self.uploaded,
            "embedded": self.embedded,
            "difference": self.difference,
            "unit": self.unit,
            "agreement": str(self.agreement),
            "where": self.where.as_dict(),
        }


def tolerances(study: str) -> list[Tolerance]:
    """Return the tolerances of a study's quantities, as ``tolerances.csv`` states them."""
    return [tolerance for tolerance in _tolerances() if tolerance.study == study]


def reconcile(
    external: StudyResult, embedded: StudyResult, *, names: Mapping[str, str] | None = None, scenario: str = ""
) -> list[Discrepancy]:
    """Compare an uploaded result with the embedded study of the same kind, element by element.

    Parameters
    ----------
    external, embedded
        Results of one study.
    names
        What the external source calls an element → what the embedded one calls it, in capitals.
    scenario
        The scenario that an uploaded row without one belongs to.
    """
    ours = _keyed(embedded, {}, scenario)
    theirs = _keyed(external, names or {}, scenario)
    found: list[Discrepancy] = []
    for tolerance in tolerances(external.study):
        if tolerance.quantity in theirs and tolerance.quantity in ours:
            found += _compare(tolerance, theirs, ours)
    return found


def _keyed(result: StudyResult, names: Mapping[str, str], scenario: str) -> pd.DataFrame:
    rows = result.main.assign(element=result.elements().astype(str).str.strip())
    key = rows["element"].str.upper()
    rows["key"] = key.map(names).fillna(key)
    given = rows["scenario"].astype(str).str.strip()
    rows["case"] = given.where(given != "", scenario)
    return rows


def _compare(tolerance: Tolerance, theirs: pd.DataFrame, ours: pd.DataFrame) -> list[Discrepancy]:
    quantity = tolerance.quantity
    uploaded = theirs[theirs[quantity].notna()]
    first = ours[ours[quantity].notna()].drop_duplicates(["key", "case"]).set_index(["key", "case"])[quantity]
    pairs = pd.MultiIndex.from_arrays([uploaded["key"], uploaded["case"]])
    known = first.reindex(pairs).to_numpy(dtype=float)
    given = uploaded[quantity].to_numpy(dtype=float)
    difference, size = _difference(tolerance, given, known)
    states = np.select(
        [~np.isfinite(size), size <= tolerance.agree * (1 + 1e-9), size <= tolerance.contradict * (1 + 1e-9)],
        [Agreement.NOTHING, Agreement.AGREES, Agreement.EXPLAIN],
        Agreement.CONTRADICTS,
    )
    records = uploaded.to_dict(orient="records")
    return [
        Discrepancy(
            stage=tolerance.stage,
            study=tolerance.study,
            quantity=quantity,
            element=str(record["element"]),
            scenario=str(record["case"]),
            uploaded=float(given[i]),
            embedded=float(known[i]) if np.isfinite(known[i]) else None,
            difference=float(difference[i]) if np.isfinite(difference[i]) else None,
            unit=tolerance.unit,
            agreement=Agreement(str(states[i])),
            where=where({str(key): value for key, value in record.items()}, quantity),
        )
        for i, record in enumerate(records)
    ]


def _difference(tolerance: Tolerance, given: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the signed difference in the tolerance's unit and its size to be compared with the tolerance."""
    if tolerance.measure == "unavailability":
        given, known = 1 - given, 1 - known
    if tolerance.measure in ("unavailability", "ratio"):
        floor = 1e-12
        ratio = np.maximum(given, floor) / np.maximum(known, floor)
        return ratio, np.where(np.isfinite(ratio), np.maximum(ratio, 1 / ratio), np.nan)
    if tolerance.measure == "relative":
        with np.errstate(divide="ignore", invalid="ignore"):
            percent = np.where(known != 0, (given - known) / np.abs(known) * 100, np.nan)
        return percent, np.abs(percent)
    difference = given - known
    if tolerance.measure == "angle":
        if np.isfinite(difference).any():
            difference = difference - np.nanmedian(difference)
        difference = (difference + 180) % 360 - 180
    return difference, np.abs(difference)


@cache
def _tolerances() -> tuple[Tolerance, ...]:
    with Path(__file__).with_name("tolerances.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    numbers = ("agree", "contradict")
    return tuple(Tolerance(**{k: float(v) if k in numbers else v for k, v in row.items()}) for row in rows)  # type: ignore[arg-type]
