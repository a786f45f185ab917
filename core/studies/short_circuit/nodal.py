"""Nodal impedances of a sequence network: sparse factors, columns for the fault locations, no-load ratios."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csc_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import splu

from core.errors import BadInput
from core.studies.short_circuit.sequence import Branches, Complex, Float, Index

#: A part of the network that nothing connects to earth gets this admittance: its currents come out as zero [pu].
OPEN = 1e-9
#: Legs of three-winding transformers may be zero; the smallest impedance that is kept [pu].
_SHORT = 1e-9
_FAR_APART = "look for one that is many orders of magnitude larger or smaller than the others"


def impedance_columns(nodes: int, branches: Branches, earth_bus: Index, earth_z: Complex, faults: Index) -> Complex:
    """Return the columns of the nodal impedance matrix that belong to the fault locations, nodes × faults [pu]."""
    matrix = _admittance(nodes, branches, earth_bus, earth_z)
    unit = np.zeros((nodes, len(faults)), dtype=complex)
    unit[faults, np.arange(len(faults))] = 1.0
    try:
        return np.asarray(splu(matrix).solve(unit), dtype=complex)
    except RuntimeError as error:  # the factor is exactly singular
        raise BadInput("the impedances are too far apart to be solved together", hint=_FAR_APART) from error


def driving_impedances(nodes: int, branches: Branches, earth_bus: Index, earth_z: Complex, faults: Index) -> Complex:
    """Return Z_kk of the fault locations [pu]."""
    columns = impedance_columns(nodes, branches, earth_bus, earth_z, faults)
    return np.asarray(columns[faults, np.arange(len(faults))], dtype=complex)


def scaled(branches: Branches, ratio: float) -> Branches:
    """Return the branches with reactances at ``ratio`` times the system frequency."""
    return Branches(branches.from_bus, branches.to_bus, at_frequency(branches.z, ratio), branches.ratio)


def at_frequency(z: Complex, ratio: float) -> Complex:
    """Return impedances with reactances at ``ratio`` times the system frequency."""
    return np.asarray(z.real + 1j * z.imag * ratio, dtype=complex)


def no_load_ratios(nodes: int, branches: Branches) -> Float:
    """Return every node's voltage in per unit without current, 1 at one node of each connected part."""
    step = np.log(branches.ratio)
    rows, columns = np.r_[branches.from_bus, branches.to_bus], np.r_[branches.to_bus, branches.from_bus]
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(nodes, nodes)).tocsr()
    change = dict(zip(zip(columns, rows, strict=True), np.r_[step, -step], strict=True))
    level = np.full(nodes, np.nan)
    for start in range(nodes):
        if np.isnan(level[start]):
            level[start] = 0.0
            order, parent = breadth_first_order(graph, start, directed=False)
            for node in order[1:]:
                level[node] = level[parent[node]] + change[(parent[node], node)]
    return np.asarray(np.exp(level), dtype=float)


def parts(nodes: int, from_bus: Index, to_bus: Index) -> Index:
    """Return the number of the connected part that each node belongs to."""
    links = coo_array((np.ones(len(from_bus)), (from_bus, to_bus)), shape=(nodes, nodes))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _admittance(nodes: int, branches: Branches, earth_bus: Index, earth_z: Complex) -> csc_array:
    """Return the nodal admittance matrix; parts without earth are held by ``OPEN`` at one node."""
    f, t = branches.from_bus, branches.to_bus
    y = 1 / np.where(np.abs(branches.z) < _SHORT, 1j * _SHORT, branches.z)
    n = branches.ratio
    part = parts(nodes, f, t)
    _, first = np.unique(part, return_index=True)
    floating = first[~np.isin(part[first], part[earth_bus])]
    rows = np.r_[f, f, t, t, earth_bus, floating]
    columns = np.r_[f, t, f, t, earth_bus, floating]
    values = np.r_[y / n**2, -y / n, -y / n, y, 1 / earth_z, np.full(len(floating), OPEN, dtype=complex)]
    return coo_array((values, (rows, columns)), shape=(nodes, nodes)).tocsc()
