"""Phase impedance matrices of branches: between the long table and arrays, and from sequence values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Matrices:
    """Series impedance [ohm/km] and shunt susceptance [uS/km] of a branch, one row and column a phase."""

    z_ohm_km: NDArray[np.complex128]
    b_us_km: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Return the number of phases."""
        return int(self.z_ohm_km.shape[0])

    def pick(self, positions: list[int]) -> Matrices:
        """Return the matrices of some of the phases."""
        index = np.ix_(positions, positions)
        return Matrices(self.z_ohm_km[index], self.b_us_km[index])


def from_sequence(z1: complex, z0: complex, b1: float, b0: float, phases: int) -> Matrices:
    """Return the matrices of a transposed line [1]_: ``Zs = (Z0 + 2 Z1)/3``, ``Zm = (Z0 - Z1)/3``.

    References
    ----------
    .. [1] W. H. Kersting, Distribution System Modeling and Analysis, eq. 4.72.
    """
    z = np.full((phases, phases), (z0 - z1) / 3, dtype=complex)
    np.fill_diagonal(z, (z0 + 2 * z1) / 3)
    b = np.full((phases, phases), (b0 - b1) / 3)
    np.fill_diagonal(b, (b0 + 2 * b1) / 3)
    return Matrices(z, b)


def rows_of(branch: str, matrices: Matrices) -> list[dict[str, Any]]:
    """Return the rows of the table ``impedances``: the lower triangle."""
    return [
        {
            "branch": branch,
            "row": i + 1,
            "column": j + 1,
            "r_ohm_km": float(matrices.z_ohm_km[i, j].real),
            "x_ohm_km": float(matrices.z_ohm_km[i, j].imag),
            "b_us_km": float(matrices.b_us_km[i, j]),
        }
        for i in range(matrices.size)
        for j in range(i + 1)
    ]


def matrices_of(impedances: pd.DataFrame) -> dict[str, Matrices]:
    """Return each branch's matrices from the table ``impedances``."""
    found: dict[str, Matrices] = {}
    if impedances.empty:
        return found
    branches = impedances["branch"].to_numpy()
    codes, names = pd.factorize(branches)
    order = np.argsort(codes, kind="stable")
    row = impedances["row"].to_numpy(dtype=int)[order] - 1
    column = impedances["column"].to_numpy(dtype=int)[order] - 1
    z = (impedances["r_ohm_km"].to_numpy(dtype=float) + 1j * impedances["x_ohm_km"].to_numpy(dtype=float))[order]
    b = impedances["b_us_km"].to_numpy(dtype=float)[order]
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    for k, name in enumerate(names):
        part = slice(edges[k], edges[k + 1])
        size = int(max(row[part].max(), column[part].max())) + 1
        series, shunt = np.zeros((size, size), dtype=complex), np.zeros((size, size))
        series[row[part], column[part]] = series[column[part], row[part]] = z[part]
        shunt[row[part], column[part]] = shunt[column[part], row[part]] = b[part]
        found[str(name)] = Matrices(series, shunt)
    return found
