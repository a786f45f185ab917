"""Voltages of many steps by one of the engines, with the same reactive limits and regulation as a single load flow.

Limits and the regulation of other buses are Newton's: another engine solves all steps together as if there were none,
and those where a machine would give more than it has once more, as Newton has settled them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.engines import lightsim2grid, newton, pandapower, pypsa
from core.engines.bus_case import BusCase, Outcome, settled
from core.engines.regulation import POWER_TOLERANCE_PU
from core.errors import EngineError
from core.studies.simulation.steps import Grid


def voltages(grid: Grid, software: str, generation: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the voltages of the steps, steps × buses [pu]; missing where there is no solution.

    ``generation`` is each step's power of the machines by bus [pu], ``scale`` each step's factor of the loads.
    """
    case = grid.case
    if software == "newton":
        return np.array([flow.v for flow in newton.steps(case, generation, scale)])
    found = _by_engine(grid, case, software, generation, scale)
    if case.regulators.is_plain:
        return found
    again = np.flatnonzero(_beyond(case, found, generation, scale))
    found[again] = np.nan
    for steps, own, powers in _settled(case, again, generation, scale):
        found[steps] = _by_engine(grid, own, software, powers, scale[steps])
    return found


def _beyond(case: BusCase, v: np.ndarray, generation: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return at which steps machines would give more than they have, or another bus is regulated; the unsolved too."""
    r = case.regulators.where(np.isin(case.regulators.bus, case.pv))
    if (r.target != r.bus).any():
        return np.ones(len(v), dtype=bool)
    drawn = np.asarray((case.admittance @ np.nan_to_num(v).T).T)
    required = v * np.conj(drawn) + scale * case.demand(np.abs(v)) - generation
    q = required.imag[:, r.bus] + r.q
    within = (q <= r.q_max + POWER_TOLERANCE_PU) & (q >= r.q_min - POWER_TOLERANCE_PU)
    return np.asarray(~within.all(axis=1))


def _settled(
    case: BusCase, steps: np.ndarray, generation: np.ndarray, scale: np.ndarray
) -> Iterator[tuple[np.ndarray, BusCase, np.ndarray]]:
    """Give the steps that an engine can solve together, their case without limits, and their generation."""
    remote = bool((case.regulators.target != case.regulators.bus).any())
    groups: dict[tuple[bytes, int], list[tuple[int, BusCase]]] = {}
    for step, flow in zip(steps.tolist(), newton.steps(case, generation[steps], scale[steps]), strict=True):
        if flow.outcome is not Outcome.DIVERGED:
            own = settled(case.with_powers(generation[step], float(scale[step, 0])), flow)
            alone = step if remote else -1  # its setpoints are its own
            groups.setdefault((flow.limited.tobytes(), alone), []).append((step, own))
    for members in groups.values():
        numbers, cases = zip(*members, strict=True)
        common = replace(cases[0], constant=case.constant, current=case.current, square=case.square)
        yield np.array(numbers), common, np.array([one.generation for one in cases])


def _by_engine(grid: Grid, case: BusCase, software: str, generation: np.ndarray, scale: np.ndarray) -> np.ndarray:
    base = grid.network.base_mva
    if software == "pandapower":
        return pandapower.steps(case, grid.links, grid.shunt, base, generation, scale)
    if software == "pypsa":
        return pypsa.steps(case, grid.links, grid.shunt, generation, scale)
    refuse_unsuited(case)
    return lightsim2grid.steps(case, grid.links, grid.shunt, base, generation, scale * case.constant)


def refuse_unsuited(case: BusCase) -> None:
    """Refuse a case that lightsim2grid has no model for."""
    lacks = "more than one swing bus" if len(case.slack) > 1 else "voltage-dependent loads"
    if not lightsim2grid.suits(case) or np.abs(case.square).any():
        raise EngineError(f"lightsim2grid has no model for {lacks}", hint="use --software newton")
