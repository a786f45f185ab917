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
    y = case.admittance[rows][:, rows].tocoo()
    place = np.full(len(start), -1)
    place[rows] = np.arange(len(rows))
    pv, pq = place[case.pv], place[case.pq]
    angle_rows = np.concatenate([pv, pq])
    v = start[rows]
    parts = (case.generation, case.constant, case.current, case.square)
    generation, constant, current, square = (part[rows] for part in parts)
    worst = np.inf
    for iteration in range(MOST_ITERATIONS + 1):
        magnitude = np.abs(v)
        drawn = np.asarray(y @ v)
        difference = v * np.conj(drawn) - generation + constant + current * magnitude + square * magnitude**2
        mismatch = np.concatenate([difference.real[angle_rows], difference.imag[pq]])
        worst = float(np.abs(mismatch).max(initial=0.0))
        if worst < TOLERANCE_PU or not np.isfinite(worst) or iteration == MOST_ITERATIONS:
            return v, iteration, worst if np.isfinite(worst) else np.inf
        slope = current + 2 * square * magnitude
        step = _solve_sparse(_jacobian(y, v, drawn, slope, (angle_rows, pq)), -mismatch)
        angle, size = np.angle(v), magnitude.copy()
        angle[angle_rows] += step[: len(angle_rows)]
        size[pq] += step[len(angle_rows) :]
        v = size * np.exp(1j * angle)
    return v, MOST_ITERATIONS, worst


def _jacobian(
    y: sparse.coo_matrix,
    v: np.ndarray,
    drawn: np.ndarray,
    slope: np.ndarray,
    unknown: tuple[np.ndarray, np.ndarray],
) -> sparse.csc_matrix:
    """Return the derivatives of the mismatch with respect to the unknown angles and magnitudes.

    ``drawn`` is the current Y·V, ``slope`` dS_load/d|V|: dS_i/dθ_j = −jV_i·conj(Y_ij·V_j), with jV_i·conj(I_i) on the
    diagonal, and dS_i/d|V_j| = V_i·conj(Y_ij·V_j/|V_j|), with conj(I_i)·V_i/|V_i| + slope on the diagonal.
    """
    n, unit = np.arange(len(v)), v / np.abs(v)
    i, j = np.concatenate([y.row, n]), np.concatenate([y.col, n])
    by_angle = np.concatenate([-1j * v[y.row] * np.conj(y.data * v[y.col]), 1j * v * np.conj(drawn)])
    by_size = np.concatenate([v[y.row] * np.conj(y.data * unit[y.col]), np.conj(drawn) * unit + slope])
    angle_rows, pq = unknown
    as_angle, as_size = np.full(len(v), -1), np.full(len(v), -1)
    as_angle[angle_rows] = np.arange(len(angle_rows))
    as_size[pq] = np.arange(len(pq)) + len(angle_rows)
    blocks = [
        (as_angle[i], as_angle[j], by_angle.real),
        (as_angle[i], as_size[j], by_size.real),
        (as_size[i], as_angle[j], by_angle.imag),
        (as_size[i], as_size[j], by_size.imag),
    ]
    row, column, value = (np.concatenate(part) for part in zip(*blocks, strict=True))
    inside = (row >= 0) & (column >= 0)
    size = len(angle_rows) + len(pq)
    return sparse.csc_matrix((value[inside], (row[inside], column[inside])), shape=(size, size))


def _solve_sparse(matrix: sparse.csc_matrix, right: np.ndarray) -> np.ndarray:
    """Return the step; a singular matrix gives one that is not finite, which ends the iteration as diverged."""
    if not len(right):
        return right
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(spsolve(matrix, right))
