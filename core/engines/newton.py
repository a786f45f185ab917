"""Load flow by Newton's method in polar coordinates with sparse factors: the light engine, ready at once.

References
----------
.. [1] W. F. Tinney and C. E. Hart, "Power Flow Solution by Newton's Method", IEEE Trans. PAS-86, 1967.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from core.engines.bus_case import BusCase, LoadFlow, Outcome

TOLERANCE_PU = 1e-9
MOST_ITERATIONS = 30


def solve(case: BusCase, *, flat: bool = False) -> LoadFlow:
    """Return the load flow; from the stored voltages first, from a flat start where that fails."""
    nothing = np.full(len(case.v_start), np.nan + 0j)
    rows = case.solved
    if not case.solvable():
        return LoadFlow(Outcome.UNSOLVABLE, nothing)
    starts = (
        [np.ones(len(case.v_start), dtype=complex)] if flat else [case.v_start, np.ones(len(case.v_start), complex)]
    )
    for start in starts:
        v, iterations, mismatch = _iterate(case, rows, _held(case, start))
        if mismatch < TOLERANCE_PU:
            nothing[rows] = v
            outcome = Outcome.ISLANDED if len(case.cut_off) else Outcome.CONVERGED
            return LoadFlow(outcome, nothing, iterations, mismatch)
    return LoadFlow(Outcome.DIVERGED, nothing, iterations, mismatch)


def _held(case: BusCase, start: np.ndarray) -> np.ndarray:
    """Return the start with the voltages that machines hold; swing buses keep their stored angle."""
    v = start.astype(complex).copy()
    held = np.concatenate([case.slack, case.pv])
    v[held] = case.v_set[held] * np.exp(1j * np.angle(v[held]))
    v[case.slack] = case.v_set[case.slack] * np.exp(1j * np.angle(case.v_start[case.slack]))
    return v


def _iterate(case: BusCase, rows: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, int, float]:
    """Return voltages at ``rows``, the number of iterations and the largest mismatch [pu]."""
    y = case.admittance[rows][:, rows].tocsr()
    place = np.full(len(start), -1)
    place[rows] = np.arange(len(rows))
    pv, pq = place[case.pv], place[case.pq]
    angle_rows = np.concatenate([pv, pq])
    v = start[rows]
    generation, constant, current, square = (
        x[rows] for x in (case.generation, case.constant, case.current, case.square)
    )
    worst = np.inf
    for iteration in range(MOST_ITERATIONS + 1):
        magnitude = np.abs(v)
        demand = constant + current * magnitude + square * magnitude**2
        difference = v * np.conj(y @ v) - generation + demand
        mismatch = np.concatenate([difference.real[angle_rows], difference.imag[pq]])
        worst = float(np.abs(mismatch).max(initial=0.0))
        if worst < TOLERANCE_PU or not np.isfinite(worst) or iteration == MOST_ITERATIONS:
            return v, iteration, worst if np.isfinite(worst) else np.inf
        slope = current + 2 * square * magnitude
        step = _solve_sparse(_jacobian(y, v, slope, angle_rows, pq), -mismatch)
        angle, size = np.angle(v), magnitude.copy()
        angle[angle_rows] += step[: len(angle_rows)]
        size[pq] += step[len(angle_rows) :]
        v = size * np.exp(1j * angle)
    return v, MOST_ITERATIONS, worst


def _jacobian(
    y: sparse.csr_matrix, v: np.ndarray, slope: np.ndarray, angle_rows: np.ndarray, pq: np.ndarray
) -> sparse.csc_matrix:
    """Return the derivatives of the mismatch with respect to angles and magnitudes; ``slope`` is dS_load/d|V|."""
    current = y @ v
    diagonal_v, unit = sparse.diags(v), sparse.diags(v / np.abs(v))
    by_angle = 1j * diagonal_v @ (sparse.diags(current) - y @ diagonal_v).conj()
    by_size = diagonal_v @ (y @ unit).conj() + sparse.diags(np.conj(current)) @ unit + sparse.diags(slope)
    by_angle, by_size = by_angle.tocsr(), by_size.tocsr()
    return sparse.bmat(
        [
            [by_angle[angle_rows][:, angle_rows].real, by_size[angle_rows][:, pq].real],
            [by_angle[pq][:, angle_rows].imag, by_size[pq][:, pq].imag],
        ],
        format="csc",
    )


def _solve_sparse(matrix: sparse.csc_matrix, right: np.ndarray) -> np.ndarray:
    """Return the step; a singular matrix gives one that is not finite, which ends the iteration as diverged."""
    if not len(right):
        return right
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(spsolve(matrix, right))
