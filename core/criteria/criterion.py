"""Criteria: limits with warning bands, read from ``criteria.csv``, and what a value is against them.

Kinds of limits, boundaries included as written:

=========  ==================================================
range      PASS from ``low`` to ``high``, else FAIL
band       PASS under ``warn``, WARN up to ``high``, else FAIL; without ``high`` it never fails
at_least   PASS from ``low`` on, else FAIL
at_most    PASS up to ``high``, else FAIL
=========  ==================================================
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, reduce
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInput
from core.findings import Where

#: A value this close to a limit lies on it: binary fractions must not turn 0.95 into a failure.
ROUNDING = 1e-9


class State(StrEnum):
    """What a verdict says. Missing data is never a pass."""

    PASS = "PASS"
    NOT_CHECKED = "NOT CHECKED"
    WARN = "WARN"
    FAIL = "FAIL"


#: From best to worst: NOT CHECKED is worse than PASS.
ORDER = (State.PASS, State.NOT_CHECKED, State.WARN, State.FAIL)


def worst_state(states: Iterable[State]) -> State:
    """Return the worst of the states; of none, NOT CHECKED."""
    return max(states, key=ORDER.index, default=State.NOT_CHECKED)


def urgency(state: State | str, margin: float | None) -> tuple[int, float]:
    """Return what verdicts are sorted by: the worst state first, in it the smallest margin."""
    return -ORDER.index(State(state)), -math.inf if margin is None else margin


@dataclass(frozen=True, slots=True)
class Override:
    """A project's own limits for a criterion, with the reason that is shown wherever they count."""

    criterion: str
    reason: str
    low: float | None = None
    warn: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One limit on one quantity of one study."""

    criterion: str
    stage: str
    study: str
    value: str  # the quantity's column in the study's main table
    label: str
    unit: str
    kind: str
    low: float | None
    warn: float | None
    high: float | None
    action: str
    source: str
    system_hz: float | None = None  # holds only in systems of this frequency; ``None``: in all
    override_reason: str = ""

    def states(self, values: np.ndarray) -> list[State]:
        """Return the state of each value; what is missing is NOT CHECKED."""
        low = -math.inf if self.low is None else self.low - ROUNDING
        high = math.inf if self.high is None else self.high + ROUNDING
        warn = math.inf if self.warn is None else self.warn - ROUNDING
        bad = (values < low) | (values > high)
        states = np.select([~np.isfinite(values), bad, values >= warn], ["NOT CHECKED", "FAIL", "WARN"], "PASS")
        return [State(str(state)) for state in states]

    def limit(self, value: float | None) -> float | None:
        """Return the limit that counts for the value: of a range, the nearer one."""
        if self.kind == "range" and self.low is not None and self.high is not None:
            middle = (self.low + self.high) / 2
            return self.low if value is not None and value < middle else self.high
        return next((limit for limit in (self.high, self.low, self.warn) if limit is not None), None)

    def margin(self, value: float | None) -> float | None:
        """Return how far the value is inside the limit; negative when it is outside."""
        limit = self.limit(value)
        if value is None or limit is None:
            return None
        room = value - limit if limit == self.low else limit - value
        return round(room, 12)

    def limits_text(self) -> str:
        """Return the limits in words, such as "0.95 to 1.05 pu"."""
        unit = f" {self.unit}" if self.unit else ""
        if self.limit(None) is None:  # known only with the plant or the network
            return "as the network states" if self.kind == "range" else "≥ the load with its losses"
        if self.kind == "range":
            return f"{self.low:g} to {self.high:g}{unit}"
        if self.kind == "band":
            end = "from there on" if self.high is None else f"up to {self.high:g}{unit}"
            return f"< {self.warn:g}{unit}, warning {end}"
        return f"≥ {self.low:g}{unit}" if self.kind == "at_least" and self.low is not None else f"≤ {self.high:g}{unit}"


@dataclass(frozen=True, slots=True)
class CriteriaSet:
    """The criteria of a project: the shipped ones and its overrides."""

    criteria: tuple[Criterion, ...]
    overrides: tuple[Override, ...] = field(default=())

    @classmethod
    def default(cls) -> CriteriaSet:
        """Return the criteria that ship with the hub."""
        return cls(_shipped())

    @classmethod
    def overridden(cls, changes: Iterable[Mapping[str, Any]]) -> CriteriaSet:
        """Return the shipped criteria with overrides as documents hold them."""
        return reduce(CriteriaSet.override, (Override(**change) for change in changes), cls.default())

    def of_study(self, study: str) -> list[Criterion]:
        """Return the criteria on a study's quantities."""
        return [criterion for criterion in self.criteria if criterion.study == study]

    def of_stage(self, stage: str) -> list[Criterion]:
        """Return the criteria of a stage."""
        return [criterion for criterion in self.criteria if criterion.stage == stage]

    def override(self, change: Override) -> CriteriaSet:
        """Return the set with a project's own limits in place of the shipped ones."""
        known = [criterion for criterion in self.criteria if criterion.criterion == change.criterion]
        if not known:
            names = ", ".join(sorted({criterion.criterion for criterion in self.criteria}))
            raise BadInput(f"there is no criterion {change.criterion!r}", hint=f"criteria are {names}")
        if not change.reason.strip():
            raise BadInput(f"an override of {change.criterion} needs a reason", hint="say why this project may differ")
        changed = {id(criterion): _overridden(criterion, change) for criterion in known}
        return CriteriaSet(
            tuple(changed.get(id(criterion), criterion) for criterion in self.criteria), (*self.overrides, change)
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """One value against one criterion, with its evidence."""

    stage: str
    criterion: str
    element: str
    value: float | None
    unit: str
    limit: float | None
    margin: float | None
    verdict: State
    where: Where = field(default_factory=Where)
    scenario: str = ""
    run: str | None = None  # the run that calculated the value, when it came from no file
    note: str = ""  # why it wasn't checked, or the reason of an override

    @property
    def text(self) -> str:
        """Return the value against its limit; what failed without a number, such as a collapse, says why."""
        if self.value is None or self.limit is None:
            return self.note
        return f"{self.value:.6g} {self.unit} (limit {self.limit:g})"

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON documents carry it; the keys are a contract."""
        return {
            "stage": self.stage,
            "criterion": self.criterion,
            "element": self.element,
            "scenario": self.scenario or None,
            "value": self.value,
            "unit": self.unit,
            "limit": self.limit,
            "margin": self.margin,
            "verdict": str(self.verdict),
            "where": self.where.as_dict() | {"run": self.run},
            "note": self.note or None,
        }


def _overridden(criterion: Criterion, change: Override) -> Criterion:
    limits = {name: getattr(change, name) for name in ("low", "warn", "high") if getattr(change, name) is not None}
    optional = {"high"} if criterion.kind == "band" else set()
    foreign = [name for name in limits if getattr(criterion, name) is None and name not in optional]
    if foreign:
        own = ", ".join(name for name in ("low", "warn", "high") if getattr(criterion, name) is not None)
        raise BadInput(f"{criterion.criterion} has no limit {', '.join(foreign)}", hint=f"its limits are {own}")
    if not all(math.isfinite(limit) for limit in limits.values()):
        raise BadInput(f"the limits of {criterion.criterion} must be numbers")
    changed = replace(criterion, **limits, override_reason=change.reason.strip())
    ladder = [limit for limit in (changed.low, changed.warn, changed.high) if limit is not None]
    if ladder != sorted(ladder):
        raise BadInput(f"the limits of {criterion.criterion} contradict each other: {ladder}", hint="low ≤ warn ≤ high")
    return changed


@cache
def _shipped() -> tuple[Criterion, ...]:
    with Path(__file__).with_name("criteria.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    numbers = ("low", "warn", "high", "system_hz")
    return tuple(
        Criterion(**{key: (float(text) if text else None) if key in numbers else text for key, text in row.items()})  # type: ignore[arg-type]
        for row in rows
    )
