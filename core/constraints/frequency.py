"""What keeps the frequency inside its limits after every trip: battery response, reserve, inertia, unit size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.constraints.update import Alternative, ConstraintUpdate
from core.criteria import Verdict
from core.plant import Plant
from core.studies.frequency import Island, Swing, island_of, respond
from core.studies.frequency.island import BATTERY_DROOP_PCT, BATTERY_S

Evidence = Callable[..., dict[str, Any]]
Change = Callable[[Swing, np.ndarray], Swing]

STEP = 0.1  # proposals are rounded to this [MW, MVA·s], to the safe side

#: Values side by side in one pass of a search, and passes; the interval shrinks by the values with each.
VALUES, PASSES = 24, 3

#: A cure is sought up to this many times the lost power, or the stored energy that it would take to bear it.
FARTHEST = 4.0


#: A cure brings the RoCoF to this share of its limit, out of the warning band: 1 of 2 Hz/s.
ROCOF_TARGET = 0.5


@dataclass(frozen=True, slots=True)
class Failing:
    """The trips of one scenario that leave the limits, and the limits."""

    island: Island
    swing: Swing  # one case a trip
    rocof_pu_per_s: float
    nadir_pu: float  # the lowest deviation allowed, ≤ 0

    def least(self, most: float, change: Change) -> float | None:
        """Return the least change up to ``most`` that cures every trip, rounded up; more of it cures as well."""
        low, high, trips = 0.0, most, len(self.swing.loss_mw)
        cases = self.swing[np.tile(np.arange(trips), VALUES)]
        for _ in range(PASSES):
            tried = np.linspace(low, high, VALUES + 1)
            cured = self._holds(change(cases, np.repeat(tried[1:], trips))).reshape(VALUES, trips).all(axis=1)
            if not cured.any():
                return None
            first = int(np.argmax(cured))
            low, high = float(tried[first]), float(tried[first + 1])
        return _ceil(high)

    def _holds(self, swing: Swing) -> np.ndarray:
        response = respond(swing)
        return (response.window_rocof_pu_per_s <= self.rocof_pu_per_s) & (response.nadir_pu >= self.nadir_pu)


def frequency_updates(plant: Plant, failures: Sequence[Verdict], evidence: Evidence) -> Iterable[ConstraintUpdate]:
    """Return, for each scenario, the smallest change after which every trip keeps the limits, with its alternatives.

    Reserve comes first where the worst trip loses more than the others' headroom, else the battery; what can't cure
    the failure is left out.
    """
    for scenario in dict.fromkeys(verdict.scenario for verdict in failures):
        mine = sorted((v for v in failures if v.scenario == scenario), key=_share)
        failing = _failing(plant, scenario, mine)
        if failing is None:
            continue
        cures = [cure(failing) for cure in (_battery, _reserve, _inertia, _unit_size)]
        lost, headroom = float(failing.swing.loss_mw[0]), float(failing.swing.up_mw[0].sum())
        if headroom < lost:
            cures[:2] = cures[1::-1]
        found = [cure for cure in cures if cure is not None]
        if found:
            yield _update(failing, mine, found, evidence)


def _update(
    failing: Failing, failures: Sequence[Verdict], cures: Sequence[Alternative], evidence: Evidence
) -> ConstraintUpdate:
    (first, *others), worst, swing = cures, failures[0], failing.swing
    trips = sorted({verdict.element for verdict in failures})
    said = " and ".join(_said(verdict) for verdict in failures if verdict.element == worst.element)
    lost, headroom = float(swing.loss_mw[0]), float(swing.up_mw[0].sum())
    inertia = float(swing.inertia_mva_s[0])
    return ConstraintUpdate(
        first.name,
        first.element,
        first.old,
        first.new,
        first.unit,
        f"the trip of {worst.element} ({lost:.1f} MW) gives {said}: {first.reason}",
        evidence(worst, lost_mw=lost, headroom_mw=headroom, inertia_mva_s=inertia, trips=trips),
        tuple(others),
    )


def _said(verdict: Verdict) -> str:
    if verdict.value is None:
        return verdict.note
    return f"{verdict.value:.2f} {verdict.unit} ({verdict.verdict}, limit {verdict.limit:g})"


def _share(verdict: Verdict) -> float:
    """Return the margin as a share of the limit, to put the worst first; a collapse is worse than any number."""
    return -math.inf if verdict.margin is None or not verdict.limit else verdict.margin / verdict.limit


def _failing(plant: Plant, scenario: str, failures: Sequence[Verdict]) -> Failing | None:
    """Return the failing trips, the worst first and one of those that are alike."""
    island, _ = island_of(plant, scenario or None)
    if island is None:
        return None
    place = {unit: case for case, unit in enumerate(island.units["id"])}
    cases = list(dict.fromkeys(place[verdict.element] for verdict in failures if verdict.element in place))
    limits = {verdict.criterion: verdict.limit for verdict in failures if verdict.limit is not None}
    if not cases or not limits:
        return None
    hz = island.frequency_hz
    alike = island.units.iloc[cases].drop(columns=["id", "name"]).drop_duplicates()
    rocof, nadir = ROCOF_TARGET * limits.get("rocof_hz_per_s", math.inf), limits.get("nadir_hz", 0.0)
    return Failing(island, island.trips()[alike.index], rocof / hz, nadir / hz - 1)


def _battery(failing: Failing) -> Alternative | None:
    """Return the least power of one more battery."""
    swing, droop = failing.swing, BATTERY_DROOP_PCT / 100

    def with_battery(cases: Swing, added_mw: np.ndarray) -> Swing:
        column = added_mw[:, None]
        return replace(
            cases,
            gain_mw=np.hstack([cases.gain_mw, column / droop]),
            up_mw=np.hstack([cases.up_mw, column]),
            down_mw=np.hstack([cases.down_mw, 0 * column]),
            lag_s=np.append(cases.lag_s, BATTERY_S),
        )

    narrow = max(droop / max(-failing.nadir_pu, 1e-6), 1.0)  # a battery gives its all at its droop only
    added = failing.least(FARTHEST * float(swing.loss_mw.max()) * narrow, with_battery)
    if added is None:
        return None
    old = float(swing.up_mw[0][failing.island.units["type"] == "BESS"].sum())
    text = f"{added:g} MW more of battery with {BATTERY_DROOP_PCT:g} % droop and {BATTERY_S:g} s keep the limits"
    return Alternative("bess_response_mw", "PLANT", round(old, 1), _ceil(old + added), "MW", text)


def _reserve(failing: Failing) -> Alternative | None:
    """Return the least headroom, shared by the units that remain as their response."""

    def with_reserve(cases: Swing, added_mw: np.ndarray) -> Swing:
        share = cases.gain_mw / np.maximum(cases.gain_mw.sum(axis=1, keepdims=True), 1e-9)
        return replace(cases, up_mw=cases.up_mw + added_mw[:, None] * share)

    added = failing.least(FARTHEST * float(failing.swing.loss_mw.max()), with_reserve)
    if added is None:
        return None
    old = float(failing.swing.up_mw[0].sum())
    text = f"{added:g} MW more headroom of the units that remain, shared as their response, keep the limits"
    return Alternative("spinning_reserve_mw", "PLANT", round(old, 1), _ceil(old + added), "MW", text)


def _inertia(failing: Failing) -> Alternative | None:
    """Return the least stored energy of the machines that remain."""
    swing = failing.swing

    def with_inertia(cases: Swing, added_mva_s: np.ndarray) -> Swing:
        return replace(cases, inertia_mva_s=cases.inertia_mva_s + added_mva_s)

    slowest = min(failing.rocof_pu_per_s, -failing.nadir_pu)  # the nadir's limit reached in a second
    added = failing.least(FARTHEST * float(swing.loss_mw.max()) / (2 * max(slowest, 1e-6)), with_inertia)
    if added is None:
        return None
    old = float(swing.inertia_mva_s[0])
    text = f"{added:g} MVA·s more stored in the machines that remain, such as flywheels, keep the limits"
    return Alternative("inertia_mva_s", "PLANT", round(old, 1), _ceil(old + added), "MVA·s", text)


def _unit_size(failing: Failing) -> Alternative | None:
    """Return the largest loss that the units that remain bear."""
    largest = float(failing.swing.loss_mw.max())

    def no_larger(cases: Swing, less_mw: np.ndarray) -> Swing:
        return replace(cases, loss_mw=np.minimum(cases.loss_mw, largest - less_mw))

    less = failing.least(largest, no_larger)
    if less is None or (failing.swing.inertia_mva_s <= 0).any():
        return None
    text = "largest loss that the units that remain bear inside the limits"
    new = max(_floor(largest - less), 0.0)
    return Alternative("max_unit_size_mw", "PLANT", round(largest, 1), new, "MW", text)


def _ceil(value: float) -> float:
    return round(math.ceil(value / STEP - 1e-9) * STEP, 1)


def _floor(value: float) -> float:
    return round(math.floor(value / STEP + 1e-9) * STEP, 1)
