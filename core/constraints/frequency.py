"""What keeps the frequency inside its limits after a trip: battery response, spinning reserve, unit size, inertia."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from core.constraints.update import Alternative, ConstraintUpdate
from core.criteria import Verdict
from core.plant import Plant
from core.studies.frequency import Island, Swing, island_of, respond
from core.studies.frequency.island import BATTERY_S, DROOP_PCT

Evidence = Callable[..., dict[str, Any]]

STEP_MW = 0.1  # proposals are rounded to this, to the safe side

#: Cases side by side in one pass of a search, and passes; the interval shrinks by the cases with each.
CASES, PASSES = 24, 3


def rocof_update(plant: Plant, verdict: Verdict, evidence: Evidence) -> Iterable[ConstraintUpdate]:
    """Return the largest loss, or else the inertia, that keeps the initial RoCoF ΔP·f₀/(2·ΣH·S) inside its limit."""
    island, swing = _trip(plant, verdict)
    if island is None or swing is None or not verdict.limit:
        return
    loss, inertia = float(swing.loss_mw[0]), float(swing.inertia_mva_s[0])
    largest = _floor(verdict.limit * 2 * inertia / island.frequency_hz)
    enough = math.ceil(loss * island.frequency_hz / (2 * verdict.limit))
    reason = f"{verdict.element} gives {loss:.1f} MW; its trip leaves {inertia:.1f} MVA·s and {verdict.value:.2f} Hz/s"
    yield ConstraintUpdate(
        "max_unit_size_mw",
        verdict.element,
        round(loss, 1),
        largest,
        "MW",
        f"{reason}, over {verdict.limit:g} Hz/s; the inertia that remains bears the loss of {largest:g} MW",
        evidence(verdict, lost_mw=loss, inertia_mva_s=inertia),
        (
            Alternative(
                "inertia_mva_s",
                "PLANT",
                round(inertia, 1),
                float(enough),
                "MVA·s",
                "inertia that remains after the trip",
            ),
        ),
    )


def nadir_update(plant: Plant, verdict: Verdict, evidence: Evidence) -> Iterable[ConstraintUpdate]:
    """Return the smallest battery response, spinning reserve or unit that keeps the nadir inside its limit.

    Reserve comes first where the units' headroom is less than the loss, else the battery; what can't cure it is left
    out.
    """
    island, swing = _trip(plant, verdict)
    if island is None or swing is None or not verdict.limit:
        return
    allowed_pu = 1 - verdict.limit / island.frequency_hz
    found = [_battery(island, swing, verdict, allowed_pu), _reserve(swing, allowed_pu)]
    loss, headroom = float(swing.loss_mw[0]), float(swing.up_mw.sum())
    if headroom < loss:
        found.reverse()
    cures = [cure for cure in [*found, _unit_size(swing, verdict.element, allowed_pu)] if cure is not None]
    first, *others = cures
    yield ConstraintUpdate(
        first.name,
        first.element,
        first.old,
        first.new,
        first.unit,
        f"the trip of {verdict.element} ({loss:.1f} MW) takes the frequency to {verdict.value:.2f} Hz, under "
        f"{verdict.limit:g} Hz: {first.reason}",
        evidence(verdict, lost_mw=loss, headroom_mw=headroom, inertia_mva_s=float(swing.inertia_mva_s[0])),
        tuple(others),
    )


def _trip(plant: Plant, verdict: Verdict) -> tuple[Island | None, Swing | None]:
    island, _ = island_of(plant, verdict.scenario or None)
    if island is None:
        return None, None
    cases = np.flatnonzero(island.units["id"] == verdict.element)
    return island, island.trips()[cases] if len(cases) == 1 else None


def _battery(island: Island, swing: Swing, verdict: Verdict, allowed_pu: float) -> Alternative | None:
    droop = DROOP_PCT / 100

    def holds(added_mw: np.ndarray) -> np.ndarray:
        cases, column = swing.times(len(added_mw)), added_mw[:, None]
        wider = replace(
            cases,
            gain_mw=np.hstack([cases.gain_mw, column / droop]),
            up_mw=np.hstack([cases.up_mw, column]),
            down_mw=np.hstack([cases.down_mw, 0 * column]),
            lag_s=np.append(swing.lag_s, BATTERY_S),
        )
        return _inside(wider, allowed_pu)

    most = 4 * float(swing.loss_mw[0]) * max(droop / max(allowed_pu, 1e-6), 1.0)
    added = _least(most, holds)
    if added is None:
        return None
    others = (island.units["type"] == "BESS") & (island.units["id"] != verdict.element)
    old = float(island.units.loc[others, "up_mw"].sum())
    text = f"{added:g} MW more of battery with {DROOP_PCT:g} % droop and {BATTERY_S:g} s keep the nadir inside"
    return Alternative("bess_response_mw", "PLANT", round(old, 1), round(old + added, 1), "MW", text)


def _reserve(swing: Swing, allowed_pu: float) -> Alternative | None:
    share = swing.gain_mw / max(float(swing.gain_mw.sum()), 1e-9)

    def holds(added_mw: np.ndarray) -> np.ndarray:
        cases = swing.times(len(added_mw))
        return _inside(replace(cases, up_mw=cases.up_mw + added_mw[:, None] * share), allowed_pu)

    added = _least(2 * float(swing.loss_mw[0]), holds)
    if added is None:
        return None
    old = float(swing.up_mw.sum())
    text = f"{added:g} MW more headroom of the units that remain, shared as their response, keep the nadir inside"
    return Alternative("spinning_reserve_mw", "PLANT", round(old, 1), _ceil(old + added), "MW", text)


def _unit_size(swing: Swing, element: str, allowed_pu: float) -> Alternative | None:
    loss = float(swing.loss_mw[0])

    def holds(less_mw: np.ndarray) -> np.ndarray:
        cases = swing.times(len(less_mw))
        return _inside(replace(cases, loss_mw=np.maximum(loss - less_mw, 0.0)), allowed_pu)

    less = _least(loss, holds)
    if less is None:
        return None
    text = "largest loss that keeps the nadir inside with the units that remain"
    return Alternative("max_unit_size_mw", element, round(loss, 1), max(_floor(loss - less), 0.0), "MW", text)


def _inside(swing: Swing, allowed_pu: float) -> np.ndarray:
    return np.asarray(respond(swing).nadir_pu >= -allowed_pu)


def _least(most: float, holds: Callable[[np.ndarray], np.ndarray]) -> float | None:
    """Return the least value [MW] up to ``most`` that holds, rounded up; what holds once holds for all above it."""
    low, high = 0.0, most
    for _ in range(PASSES):
        tried = np.linspace(low, high, CASES + 1)[1:]
        good = np.flatnonzero(holds(tried))
        if not len(good):
            return None
        first = int(good[0])
        low, high = (float(tried[first - 1]) if first else low), float(tried[first])
    return _ceil(high)


def _ceil(mw: float) -> float:
    return round(math.ceil(mw / STEP_MW - 1e-9) * STEP_MW, 1)


def _floor(mw: float) -> float:
    return round(math.floor(mw / STEP_MW + 1e-9) * STEP_MW, 1)
