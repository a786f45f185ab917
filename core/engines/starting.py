"""Where a load flow starts: at angles that fit the phase shifts, so that it doesn't end at a collapsed solution."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

if TYPE_CHECKING:
    from core.engines.bus_case import BusCase

#: Smaller shifts are none [rad].
NO_SHIFT = 1e-6


def well_started(case: BusCase) -> BusCase:
    """Return the case with the stored angles or those that the phase shifts make, whichever leave less power over."""
    angles = no_load_angles(case) if case.solvable() else None
    if angles is None:
        return case
    shifted = np.abs(case.v_start) * np.exp(1j * angles)
    return replace(case, v_start=min((case.v_start, shifted), key=lambda v: _power_left_over(case, v)))


def flat_start(case: BusCase) -> np.ndarray:
    """Return 1 pu everywhere, at the angles that the phase shifts make."""
    angles = no_load_angles(case)
    return np.ones(len(case.v_start), dtype=complex) if angles is None else np.exp(1j * angles)


def no_load_angles(case: BusCase) -> np.ndarray | None:
    """Return the angles of the buses without load [rad]; ``None`` without phase shifts.

    Where the shifts around a loop don't cancel, the angles are those of least squares, weighted by the admittances.
    """
    rows = case.solved
    i, j, y, shift = _shifts(case.admittance[rows][:, rows])
    if not (np.abs(shift) > NO_SHIFT).any():
        return None
    angles = np.zeros(len(rows))
    angles[known := np.isin(rows, case.slack)] = np.angle(case.v_start[case.slack])
    branch, one = np.arange(len(i)), np.ones(len(i))
    ends = sparse.csr_matrix((np.r_[one, -one], (np.r_[branch, branch], np.r_[i, j])), (len(i), len(rows)))
    weighted = ends.T @ sparse.diags(np.abs(y))
    laplacian = (weighted @ ends).tocsr()
    right = weighted @ shift - laplacian @ angles
    angles[~known] = spsolve(laplacian[~known][:, ~known].tocsc(), right[~known])
    everywhere = np.angle(case.v_start)
    everywhere[rows] = angles
    return everywhere if np.isfinite(angles).all() else None


def _shifts(admittance: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of connected buses, the admittance between them and its phase shift [rad].

    Y_ij = −y/t* and Y_ji = −y/t: the angle of their ratio is twice the shift, or that of the opposite shift, whose
    series admittance would be that of a negative impedance.
    """
    pairs = admittance.tocoo()
    above = (pairs.row < pairs.col) & np.isfinite(pairs.data)
    i, j, y = pairs.row[above], pairs.col[above], pairs.data[above]
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.nan_to_num(np.angle(y / np.asarray(admittance[j, i]).ravel())) / 2
    series = -y * np.exp(-1j * shift)
    opposite = (np.abs(shift) > NO_SHIFT) & (series.real < series.imag)
    return i, j, y, np.where(opposite, shift - np.sign(shift) * np.pi, shift)


def _power_left_over(case: BusCase, v: np.ndarray) -> float:
    """Return the largest mismatch of active power [pu]."""
    left = (v * np.conj(case.admittance @ v) + case.demand(np.abs(v)) - case.generation).real
    return float(np.abs(left[np.concatenate([case.pv, case.pq])]).max(initial=0.0))
