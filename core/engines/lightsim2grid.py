"""lightsim2grid: batches of load flows, here every outage of branches in one call (C++)."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy import sparse

from core.engines.bus_case import BusCase, Links, LoadFlow, Outcome, Pi, as_pi, part_of
from core.engines.starting import flat_start

TOLERANCE_PU = 1e-9
MOST_ITERATIONS = 20

#: Parts of links that the engine's branches can't hold and that it therefore could not take out with them [pu].
_NEGLIGIBLE = 1e-10


def is_available() -> bool:
    """Return whether the engine is installed."""
    return find_spec("lightsim2grid") is not None


def suits(case: BusCase) -> bool:
    """Return whether the engine's model has all that the case has: it knows no constant-current loads."""
    return len(case.slack) == 1 and not (np.abs(case.current[case.solved]) > 0).any()


def exact(links: Links) -> np.ndarray:
    """Return which links the engine can take out wholly."""
    pi = as_pi(links)
    return np.asarray((np.abs(pi.left_from) < _NEGLIGIBLE) & (np.abs(pi.left_to) < _NEGLIGIBLE), dtype=bool)


def solve(case: BusCase, links: Links, shunt: np.ndarray, base_mva: float, *, flat: bool = False) -> LoadFlow:
    """Return the load flow of lightsim2grid; unsolvable where its model lacks something that the case has."""
    nothing = np.full(len(case.v_start), np.nan + 0j)
    if not suits(case) or not case.solvable():
        return LoadFlow(Outcome.UNSOLVABLE, nothing)
    start = flat_start(case) if flat else case.v_start
    grid = _grid(case, links, shunt, base_mva)
    v = np.asarray(grid.ac_pf(start[case.solved], MOST_ITERATIONS, TOLERANCE_PU), dtype=complex)
    if not len(v):
        return LoadFlow(Outcome.DIVERGED, nothing)
    nothing[case.solved] = v
    return LoadFlow(Outcome.ISLANDED if len(case.cut_off) else Outcome.CONVERGED, nothing)


def newton(case: BusCase) -> LoadFlow:
    """Return the load flow by the engine's Newton on the case's own admittances, which takes no grid to be built.

    Every bus holds its own voltage or gives its power, as in a case of plain regulators.
    """
    from lightsim2grid.algorithm import NR_KLU

    nothing, rows = np.full(len(case.v_start), np.nan + 0j), case.solved
    if not suits(case) or not case.solvable():
        return LoadFlow(Outcome.UNSOLVABLE, nothing)
    place = np.full(len(nothing), -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    y = part_of(case.admittance, place, len(rows)).tocsc()
    if case.square.any():
        y = y + sparse.diags(np.conj(case.square[rows]), format="csc")
    v = case.v_start[rows].astype(complex)
    held = place[np.concatenate([case.slack, case.pv])]
    v[held] *= case.v_set[rows][held] / np.abs(v[held])
    given = case.generation[rows] - case.constant[rows]
    solver = NR_KLU()
    weights = np.zeros(len(rows))
    weights[place[case.slack]] = 1
    parts = (place[case.slack], weights, place[case.pv], place[case.pq])
    if not solver.compute_pf(y, v, given, *parts, MOST_ITERATIONS, TOLERANCE_PU):
        return LoadFlow(Outcome.DIVERGED, nothing)
    nothing[rows] = solver.get_V()
    return LoadFlow(Outcome.ISLANDED if len(case.cut_off) else Outcome.CONVERGED, nothing, solver.get_nb_iter())


def outages(
    case: BusCase,
    links: Links,
    shunt: np.ndarray,
    base_mva: float,
    taken_out: list[list[int]],
    generation: np.ndarray | None = None,
) -> np.ndarray:
    """Return the voltages after each outage, outages × buses [pu]; rows that didn't converge are missing.

    Of a network that falls apart the largest part is solved; the voltages of the others are missing.

    Parameters
    ----------
    case, links, shunt, base_mva
        The network at its solution; ``shunt`` is the admittance to ground by bus [pu].
    taken_out
        For each outage, the links that are out.
    generation
        Active power at each bus in each outage, outages × buses [pu]; by default the case's.
    """
    from lightsim2grid.algorithm import AlgorithmType
    from lightsim2grid.lightsim2grid_cpp import ScenarioSweepCPP

    inside = _inside(case, links)
    out = np.zeros((len(taken_out), len(links.row)), dtype=bool)
    out[np.repeat(np.arange(len(out)), [len(taken) for taken in taken_out]), np.concatenate(taken_out)] = True
    sweep = ScenarioSweepCPP(_grid(case, links, shunt, base_mva))
    sweep.change_algorithm(AlgorithmType.NRSing_KLU)
    sweep.handle_disconnected_grid = True
    sweep.set_contingency_trafos(np.ascontiguousarray(out[:, inside]))
    held = np.concatenate([case.slack, case.pv])
    if generation is not None:
        sweep.modify_gen_p(np.ascontiguousarray(generation[:, held] * base_mva))
    return _swept(sweep, case)


def machine_outages(
    case: BusCase, links: Links, shunt: np.ndarray, base_mva: float, unheld: np.ndarray, generation: np.ndarray
) -> np.ndarray:
    """Return the voltages after outages of machines, outages × buses [pu]; rows that didn't converge are missing.

    ``unheld`` are the buses that hold their voltage no more and give nothing, ``generation`` the active power at each
    bus [pu], both outages × buses. The admittances stay, so all outages share one analysis of the equations.
    """
    from lightsim2grid.algorithm import AlgorithmType
    from lightsim2grid.lightsim2grid_cpp import ScenarioSweepCPP

    held = np.concatenate([case.slack, case.pv])
    sweep = ScenarioSweepCPP(_grid(case, links, shunt, base_mva))
    sweep.change_algorithm(AlgorithmType.NRSing_KLU)
    sweep.set_contingency_gens(np.ascontiguousarray(unheld[:, held]))
    sweep.modify_gen_p(np.ascontiguousarray(generation[:, held] * base_mva))
    return _swept(sweep, case)


def _swept(sweep: Any, case: BusCase) -> np.ndarray:
    """Return the voltages of a sweep's rows, rows × buses [pu], missing where it didn't converge."""
    rows = case.solved
    sweep.compute(case.v_start[rows], MOST_ITERATIONS, TOLERANCE_PU)
    solved = np.asarray(sweep.get_voltages(), dtype=complex)
    answer = np.full((len(solved), len(case.v_start)), np.nan + 0j)
    answer[:, rows] = np.where(np.asarray(sweep.converged_mask())[:, None] & (np.abs(solved) > 0), solved, np.nan)
    return answer


def _inside(case: BusCase, links: Links) -> np.ndarray:
    """Return which links are between buses that take part."""
    return np.asarray(np.isin(links.from_, case.solved) & np.isin(links.to, case.solved), dtype=bool)


def _grid(case: BusCase, links: Links, shunt: np.ndarray, base_mva: float) -> Any:
    """Return the engine's grid: every link is a transformer, so that they keep their order.

    It is built from the arrays: the engine's own readers import pandapower, which takes longer than a thousand outages.
    """
    from lightsim2grid.algorithm import AlgorithmType
    from lightsim2grid.lightsim2grid_cpp import LSGrid

    rows, held, inside = case.solved, np.concatenate([case.slack, case.pv]), _inside(case, links)
    place = np.full(len(case.v_start), -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    grid = LSGrid()
    grid.set_sn_mva(base_mva)
    grid.init_bus(len(rows), 1, np.ones(len(rows)), 0, int(inside.sum()))
    pi = Pi(*(getattr(as_pi(links), name)[inside] for name in Pi.__slots__))
    from_, to = links.from_[inside], links.to[inside]
    parts = (pi.z.real, pi.z.imag, 1j * pi.b, pi.ratio, np.rad2deg(pi.shift_rad), [True] * len(from_))
    grid.init_trafo(*parts, place[from_], place[to], True)
    ground = shunt + np.conj(case.square)
    np.add.at(ground, from_, pi.left_from)
    np.add.at(ground, to, pi.left_to)
    at = rows[ground[rows] != 0]
    grid.init_shunt(ground[at].real * base_mva, -ground[at].imag * base_mva, place[at])
    drawn = case.constant.copy()
    drawn[case.pq] -= case.generation[case.pq]
    at = rows[drawn[rows] != 0]
    grid.init_loads(drawn[at].real * base_mva, drawn[at].imag * base_mva, place[at])
    given, wide = case.generation[held] * base_mva, np.full(len(held), 1e6)
    grid.init_generators_full(given.real, case.v_set[held], given.imag, [True] * len(held), -wide, wide, place[held])
    grid.add_gen_slackbus(0, 1.0)
    grid.change_algorithm(AlgorithmType.NR_KLU)
    return grid


def steps(
    case: BusCase,
    links: Links,
    shunt: np.ndarray,
    base_mva: float,
    generation: np.ndarray,
    constant: np.ndarray,
) -> np.ndarray:
    """Return the voltages of many steps in one call, steps × buses [pu]; rows that didn't converge are missing.

    The engine starts each step from the one before: in the order of the demand these are close together.

    ``generation`` and ``constant`` are each step's powers by bus [pu], steps × buses; the rest is the case's.
    """
    from lightsim2grid.algorithm import AlgorithmType
    from lightsim2grid.timeSerie import TimeSeriesCPP

    rows, held = case.solved, np.concatenate([case.slack, case.pv])
    drawn = constant.copy()
    drawn[:, case.pq] -= generation[:, case.pq]  # machines at PQ buses
    loaded = (drawn[:, rows] != 0).any(axis=0)
    template = np.zeros(len(case.v_start), dtype=complex)
    template[rows[loaded]] = 1e-6  # the engine keeps a load where there is one; its power comes step by step
    grid = _grid(replace(case, constant=template, generation=np.zeros_like(template)), links, shunt, base_mva)
    order = np.argsort(drawn.real.sum(axis=1), kind="stable")
    power = drawn[np.ix_(order, rows[loaded])] * base_mva
    produced = generation[np.ix_(order, held)].real * base_mva
    start = case.v_start[rows]
    start[np.isin(rows, held)] = (case.v_set * np.exp(1j * np.angle(case.v_start)))[np.sort(held)]
    answer = np.full(constant.shape, np.nan + 0j)
    first = 0
    while first < len(power):  # the engine stops at a step without solution: go on behind it
        batch = TimeSeriesCPP(grid)
        batch.change_algorithm(AlgorithmType.NR_KLU)
        parts = (produced[first:], np.zeros((len(power) - first, 0)), power.real[first:], power.imag[first:])
        batch.compute_Vs(*(np.ascontiguousarray(part) for part in parts), start, MOST_ITERATIONS, TOLERANCE_PU)
        solved = np.asarray(batch.get_voltages(), dtype=complex)
        fails = ~(np.abs(solved) > 0).all(axis=1)
        count = int(fails.argmax()) if fails.any() else len(solved)
        answer[np.ix_(order[first : first + count], rows)] = solved[:count]
        first += count + 1
    return answer
