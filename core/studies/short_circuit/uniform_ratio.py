"""The uniform ratio R/X of method (a) for the peak current: the smallest of the branches with partial currents.

References
----------
.. [1] IEC 60909-0:2001, clause 4.3.1.2 (a): any branch may be a series combination of several elements.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.studies.short_circuit import nodal
from core.studies.short_circuit.sequence import Complex, Float, Index, PositiveSequence

#: Elements with less of the fault current than this carry none [pu of the fault current].
_LEAST_PART = 1e-6


def smallest_r_x(positive: PositiveSequence, columns: Complex, at: Index) -> Float:
    """Return for each fault location the smallest R/X of the branches of the network that carry partial currents.

    Sources are branches with the fictitious resistances of machines. What is not inductive, as a series capacitor or
    a leg of a three-winding transformer may be, has no such ratio. Missing where no source feeds the fault.

    Parameters
    ----------
    positive
        The positive-sequence network.
    columns
        Its nodal impedances, nodes × faults [pu].
    at
        The nodes of the faults.
    """
    nodes, branches, sources = len(positive.v_kv), positive.branches, positive.sources
    across = columns[branches.from_bus] / branches.ratio[:, None] - columns[branches.to_bus]
    parts = np.concatenate([across / branches.z[:, None], columns[sources.bus] / sources.z[:, None]])
    earth = np.full(len(sources.bus), nodes)
    ends = np.stack([np.r_[branches.from_bus, earth], np.r_[branches.to_bus, sources.bus]])
    one_voltage = nodal.no_load_ratios(nodes, branches)[ends[1]]
    z = np.concatenate([branches.z, sources.z_peak]) / one_voltage**2
    carrying = np.abs(parts) > _LEAST_PART
    return np.array([_smallest(ends[:, on], z[on], int(fault)) for on, fault in zip(carrying.T, at, strict=True)])


def _smallest(ends: Index, z: Complex, fault: int) -> float:
    """Return the smallest R/X of the elements after those in series, between nodes where nothing else joins, are one.

    The earth is the last node. Negative resistances, as load-flow equivalents may have, count as none.
    """
    if not z.size:
        return np.nan
    node, element = ends.ravel(), np.tile(np.arange(len(z)), 2)
    joins = np.bincount(node, minlength=fault + 1) == 2
    joins[[fault, node.max()]] = False
    order = np.argsort(node[joins[node]], kind="stable")
    first, second = element[joins[node]][order].reshape(-1, 2).T
    links = coo_array((np.ones(len(first)), (first, second)), shape=(len(z), len(z)))
    branch = connected_components(links, directed=False)[1]
    r, x = (np.bincount(branch, part) for part in (z.real, z.imag))
    inductive = x > 0
    return float(np.min(np.maximum(r[inductive], 0) / x[inductive])) if inductive.any() else np.nan
