"""Impedance of overhead lines from their geometry: modified Carson equations and Kron reduction [1]_.

References
----------
.. [1] W. H. Kersting, Distribution System Modeling and Analysis, 4th ed., sections 4.1 and 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.feeder.impedance import Matrices

EARTH_OHM_M = 100.0
EPSILON_0_F_KM = 8.85e-9  # as Kersting uses it: 1.4240e-2 uF/mile


@dataclass(frozen=True, slots=True)
class Wires:
    """Conductors of one line, phases first and neutrals last."""

    r_ohm_km: NDArray[np.float64]
    gmr_m: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    distance_m: NDArray[np.float64]  # between conductors; the diagonal is ignored
    height_m: NDArray[np.float64]


def distances(x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances between points [m]."""
    return np.hypot(x_m[:, None] - x_m[None, :], y_m[:, None] - y_m[None, :])


def line_matrices(wires: Wires, phases: int, *, frequency_hz: float, earth_ohm_m: float = EARTH_OHM_M) -> Matrices:
    """Return the phase matrices of an overhead line with its neutrals reduced.

    Parameters
    ----------
    wires
        The conductors, phases first.
    phases
        How many of them are phases.
    frequency_hz
        Frequency [Hz].
    earth_ohm_m
        Earth resistivity [ohm m].
    """
    primitive = carson(wires, frequency_hz=frequency_hz, earth_ohm_m=earth_ohm_m)
    potential = potential_coefficients(wires)
    capacitance = np.linalg.inv(kron(potential, phases))
    susceptance = np.asarray(2 * np.pi * frequency_hz * capacitance.real * 1e6, dtype=float)
    return Matrices(kron(primitive, phases), susceptance)


def carson(wires: Wires, *, frequency_hz: float, earth_ohm_m: float) -> NDArray[np.complex128]:
    """Return the primitive impedance matrix [ohm/km] (eq. 4.41 and 4.42 in metres)."""
    separation = wires.distance_m.astype(float).copy()
    np.fill_diagonal(separation, wires.gmr_m)
    earth_r = np.pi**2 * frequency_hz * 1e-4
    depth = np.log(658.5 * np.sqrt(earth_ohm_m / frequency_hz))
    reactance = 4 * np.pi * frequency_hz * 1e-4 * (np.log(1 / separation) + depth)
    return np.asarray(np.diag(wires.r_ohm_km) + earth_r + 1j * reactance)


def potential_coefficients(wires: Wires) -> NDArray[np.complex128]:
    """Return the potential coefficients [km/F] with images below the earth (eq. 5.9 and 5.10)."""
    separation = wires.distance_m.astype(float).copy()
    np.fill_diagonal(separation, wires.radius_m)
    between = wires.distance_m.astype(float).copy()
    np.fill_diagonal(between, 0.0)
    image = np.sqrt(between**2 + 4 * np.outer(wires.height_m, wires.height_m))
    return np.asarray(np.log(image / separation) / (2 * np.pi * EPSILON_0_F_KM), dtype=complex)


def kron(matrix: NDArray[np.complex128], phases: int) -> NDArray[np.complex128]:
    """Return the matrix of the phases with the grounded neutrals eliminated (eq. 4.57)."""
    if matrix.shape[0] == phases:
        return matrix
    pp, pn = matrix[:phases, :phases], matrix[:phases, phases:]
    return np.asarray(pp - pn @ np.linalg.solve(matrix[phases:, phases:], pn.T))
