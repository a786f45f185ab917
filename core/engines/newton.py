"""Load flow by Newton's method in polar coordinates with sparse factors: the light engine, ready at once.

References
----------
.. [1] W. F. Tinney and C. E. Hart, "Power Flow Solution by Newton's Method", IEEE Trans. PAS-86, 1967.
.. [2] C. T. Kelley, "Iterative Methods for Linear and Nonlinear Equations", SIAM, 1995, section 5.4.1 (chord method).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu, spsolve

from core.engines.bus_case import BusCase, LoadFlow, Outcome, part_of
from core.engines.regulation import Holding
from core.engines.starting import flat_start

TOLERANCE_PU = 1e-9
MOST_ITERATIONS = 30
#: Reactive limits are looked at once the mismatch is below this [pu].
SWITCH_BELOW_PU = 1e-3
#: Rounds of letting go and taking hold again after which a case counts as diverged.
MOST_ROUNDS = 60
#: Iterations with one Jacobian for many steps; those that need more have another one.
MOST_CHORDS = 12
#: A voltage farther than this from the shared solution's, or below the other, may be of another solution [pu].
NEAR_PU, LOW_PU = 0.1, 0.5


def solve(case: BusCase, *, flat: bool = False) -> LoadFlow:
    """Return the load flow; from the stored voltages first, from a flat start where that fails."""
    if not case.solvable():
        return LoadFlow(Outcome.UNSOLVABLE, np.full(len(case.v_start), np.nan + 0j))
    return _solve(case, flat=flat)[0]


def _solve(case: BusCase, *, flat: bool = False) -> tuple[LoadFlow, _Solution]:
    for start in [flat_start(case)] if flat else [case.v_start, flat_start(case)]:
        solution = _Solution(case, start)
        solution.iterate()
        flow = _load_flow(case, solution)
        if flow.outcome is not Outcome.DIVERGED:
            break
    return flow, solution


def steps(case: BusCase, generation: np.ndarray, scale: np.ndarray) -> list[LoadFlow]:
    """Return the load flows of many steps.

    The step in the middle by load is solved by itself, and the others with its Jacobian, which is factored once [2]_,
    and with the same machines at their limits. Those that this doesn't solve are halved, each half with its own middle.

    ``generation`` is each step's power of the machines by bus [pu], ``scale`` (steps × 1) its factor of the loads.
    """
    if not case.solvable():
        return [solve(case)] * len(generation)
    flows: dict[int, LoadFlow] = {}
    drawn = scale[:, 0] * case.demand(np.ones(len(case.v_start))).real.sum() - generation.real.sum(axis=1)
    waiting = [np.argsort(drawn, kind="stable")]
    while waiting:
        some = waiting.pop()
        if not len(some):
            continue
        own, rest = some[len(some) // 2], np.delete(some, len(some) // 2)
        flow, solution = _solve(case.with_powers(generation[own], float(scale[own, 0])))
        flows[own] = flow
        if flow.outcome is not Outcome.DIVERGED:
            found, v = solution.others(case, generation[rest], scale[rest])
            flows |= {step: replace(flow, v=each) for step, each in zip(rest[found], v, strict=True)}
            rest = rest[~found]
        waiting += np.array_split(rest, 2)
    return [flows[step] for step in range(len(generation))]


def _load_flow(case: BusCase, solution: _Solution) -> LoadFlow:
    v = np.full(len(case.v_start), np.nan + 0j)
    if not solution.worst < TOLERANCE_PU:
        return LoadFlow(Outcome.DIVERGED, v, solution.steps, solution.worst)
    v[case.solved] = solution.v
    outcome = Outcome.ISLANDED if len(case.cut_off) else Outcome.CONVERGED
    return LoadFlow(outcome, v, solution.steps, solution.worst, *solution.limited()).physical()


class _Solution:
    """A solution on its way; arrays are by solved bus, in the order of the bus table."""

    def __init__(self, case: BusCase, start: np.ndarray) -> None:
        self.rows = rows = case.solved
        place = np.full(len(start), -1)
        place[rows] = np.arange(len(rows))
        self.y = part_of(case.admittance, place, len(rows))
        self.y_rows = self.y.tocsr()
        self.given, self.constant, self.current, self.square = (
            part[rows] for part in (case.generation, case.constant, case.current, case.square)
        )
        self.slack, self.v_set = place[case.slack], case.v_set[rows]
        self.angle_rows = np.concatenate([place[case.pv], place[case.pq]])
        self.v = start[rows].astype(complex)
        self.holding = Holding(case.regulators.among(case.pv, place), self.v_set, np.abs(self.v))
        self.v[self.slack] = np.exp(1j * np.angle(case.v_start[case.slack]))  # swing buses keep their stored angle
        self.steps, self.worst = 0, np.inf
        self._arrange()

    def limited(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the bus table whose machines are at a reactive limit, and of those that none holds."""
        r, holds = self.holding.regulators, self.holding.holds
        held = holds | np.isin(r.target, r.target[holds])
        return self.rows[r.bus[~holds]], self.rows[r.bus[~held]]

    def iterate(self) -> None:
        """Go on to the solution, or until there is none to be seen."""
        steps = rounds = 0  # steps since the last change of what is held
        while steps <= MOST_ITERATIONS and rounds <= MOST_ROUNDS:
            drawn, magnitude = np.asarray(self.y_rows @ self.v), np.abs(self.v)
            demand = self.constant + self.current * magnitude + self.square * magnitude**2
            required = self.v * np.conj(drawn) + demand  # what generation has to be
            mismatch = self._mismatch(required)
            self.worst = float(np.nan_to_num(np.abs(mismatch).max(initial=0.0), nan=np.inf))
            if not self.worst < np.inf:
                return
            if self.worst < SWITCH_BELOW_PU and self.holding.switch(self._reactive(required), magnitude):
                self._arrange()
                steps, rounds = 0, rounds + 1
                continue
            if self.worst < TOLERANCE_PU:
                return
            self._step(mismatch, drawn, self.current + 2 * self.square * magnitude)
            steps, self.steps = steps + 1, self.steps + 1
        self.worst = max(self.worst, TOLERANCE_PU)

    @np.errstate(all="ignore")  # steps that run away are unsolved
    def others(self, case: BusCase, generation: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which steps the Jacobian solves, with the same regulators at limits as here, and their voltages."""
        r, solved = self.holding.regulators, np.zeros(len(generation), dtype=bool)
        v = np.full(generation.shape, np.nan + 0j)
        if self.holding.shares:
            return solved, v[solved]
        jacobian = self._jacobian(self.y_rows @ self.v, self.current + 2 * self.square * np.abs(self.v))
        try:
            factors = splu(jacobian)
        except RuntimeError:  # singular
            return solved, v[solved]
        constant, current, square = (part[self.rows] for part in (case.constant, case.current, case.square))
        angle, size = (np.tile(part, (len(generation), 1)) for part in (np.angle(self.v), np.abs(self.v)))
        at_limit = np.zeros(len(self.rows), dtype=complex)
        at_limit[r.bus] = 1j * self.holding.power()
        for _ in range(MOST_CHORDS):
            own = size * np.exp(1j * angle)
            missing = own * np.conj((self.y_rows @ own.T).T) - generation[:, self.rows]
            missing += scale * (constant + current * size + square * size**2)
            mismatch = missing - at_limit
            mismatch = np.hstack([mismatch.real[:, self.angle_rows], mismatch.imag[:, self.power_rows]])
            solved = np.abs(mismatch).max(axis=1, initial=0.0) < TOLERANCE_PU
            if solved.all():
                break
            step = factors.solve(-mismatch.T).T
            angle[:, self.angle_rows] += step[:, : len(self.angle_rows)]
            size[:, self.size_rows] += step[:, len(self.angle_rows) :]
        magnitude = np.abs(own)
        solved &= ((np.abs(magnitude - np.abs(self.v)) < NEAR_PU) & (magnitude > LOW_PU)).all(axis=1)
        solved &= self.holding.stays(missing.imag[:, r.bus] + r.q, magnitude)
        v[:, self.rows] = own
        return solved, v[solved]

    def _arrange(self) -> None:
        """Settle what is known and what is asked for by which regulators hold their voltage."""
        r, holds = self.holding.regulators, self.holding.holds
        fixed, free = (np.zeros(len(self.v), dtype=bool) for _ in range(2))
        fixed[self.slack], fixed[r.target[holds]] = True, True
        free[self.slack], free[r.bus[holds]] = True, True
        self.v[fixed] = self.v_set[fixed] * np.exp(1j * np.angle(self.v[fixed]))
        self.size_rows, self.power_rows = np.flatnonzero(~fixed), np.flatnonzero(~free)
        self.sharing = self.holding.sharing(len(self.v))
        self.generation = self.given.copy()
        self.generation[r.bus] += 1j * self.holding.power()

    def _reactive(self, required: np.ndarray) -> np.ndarray:
        """Return the reactive power of every regulator: what is required beyond what others give at its bus."""
        r = self.holding.regulators
        return np.asarray((required - self.given).imag[r.bus] + r.q)

    def _mismatch(self, required: np.ndarray) -> np.ndarray:
        difference = required - self.generation
        parts = [difference.real[self.angle_rows], difference.imag[self.power_rows]]
        if self.sharing.shape[0]:
            reactive = np.zeros(len(self.v))
            reactive[self.holding.regulators.bus] = self._reactive(required)
            parts.append(self.sharing @ reactive)
        return np.concatenate(parts)

    def _step(self, mismatch: np.ndarray, drawn: np.ndarray, slope: np.ndarray) -> None:
        step = _solve_sparse(self._jacobian(drawn, slope), -mismatch)
        angle, size = np.angle(self.v), np.abs(self.v)
        angle[self.angle_rows] += step[: len(self.angle_rows)]
        size[self.size_rows] += step[len(self.angle_rows) :]
        self.v = size * np.exp(1j * angle)

    def _jacobian(self, drawn: np.ndarray, slope: np.ndarray) -> sparse.csc_matrix:
        """Return the derivatives of the mismatch with respect to the unknown angles and magnitudes.

        ``drawn`` is the current Y·V, ``slope`` dS_load/d|V|: dS_i/dθ_j = −jV_i·conj(Y_ij·V_j), with jV_i·conj(I_i) on
        the diagonal, and dS_i/d|V_j| = V_i·conj(Y_ij·V_j/|V_j|), with conj(I_i)·V_i/|V_i| + slope on the diagonal.
        """
        y, v, n = self.y, self.v, np.arange(len(self.v))
        unit = v / np.abs(v)
        i, j = np.concatenate([y.row, n]), np.concatenate([y.col, n])
        by_angle = np.concatenate([-1j * v[y.row] * np.conj(y.data * v[y.col]), 1j * v * np.conj(drawn)])
        by_size = np.concatenate([v[y.row] * np.conj(y.data * unit[y.col]), np.conj(drawn) * unit + slope])
        angles = len(self.angle_rows)
        as_angle, as_size, as_power = (np.full(len(v), -1) for _ in range(3))
        as_angle[self.angle_rows] = np.arange(angles)
        as_size[self.size_rows] = np.arange(len(self.size_rows)) + angles
        as_power[self.power_rows] = np.arange(len(self.power_rows)) + angles
        blocks = [
            (as_angle[i], as_angle[j], by_angle.real),
            (as_angle[i], as_size[j], by_size.real),
            (as_power[i], as_angle[j], by_angle.imag),
            (as_power[i], as_size[j], by_size.imag),
            *self._sharing_blocks((i, j), (by_angle.imag, by_size.imag), (as_angle, as_size)),
        ]
        row, column, value = (np.concatenate(part) for part in zip(*blocks, strict=True))
        inside = (row >= 0) & (column >= 0)
        size = angles + len(self.size_rows)
        return sparse.csc_matrix((value[inside], (row[inside], column[inside])), shape=(size, size))

    def _sharing_blocks(
        self, at: tuple[np.ndarray, np.ndarray], values: tuple[np.ndarray, np.ndarray], unknown: tuple[np.ndarray, ...]
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return the rows of the equations by which buses share in holding one voltage."""
        if not self.sharing.shape[0]:
            return
        first, n = len(self.angle_rows) + len(self.power_rows), len(self.v)
        for value, number in zip(values, unknown, strict=True):
            derivative = (self.sharing @ sparse.csr_matrix((value, at), shape=(n, n))).tocoo()
            yield derivative.row + first, number[derivative.col], derivative.data


def _solve_sparse(matrix: sparse.csc_matrix, right: np.ndarray) -> np.ndarray:
    """Return the step; a singular matrix gives one that is not finite, which ends the iteration as diverged."""
    if not len(right):
        return right
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(spsolve(matrix, right))
