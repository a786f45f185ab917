"""Which buses hang together."""

from __future__ import annotations

import numpy as np

from core.network.admittance import winding_status
from core.network.network import Network


def edges(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the bus rows of both ends of everything that connects in alternating current and is in service."""
    from_, to = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for table in ("branch", "transformer", "switch"):
        on = network.live(table)
        ends = network.terminals(table)
        from_.append(ends[0][on])
        to.append(ends[1][on])
    on = winding_status(network)
    ends = network.terminals("transformer3w")
    for i, j in ((0, 1), (1, 2), (2, 0)):
        both = on[:, i] & on[:, j]
        from_.append(ends[i][both])
        to.append(ends[j][both])
    return np.concatenate(from_), np.concatenate(to)


def islands(network: Network) -> np.ndarray:
    """Return each bus's island, numbered from 0 by falling size; -1 for isolated buses. DC lines don't connect."""
    from_, to = edges(network)
    labels = _components(len(network["bus"]), from_, to)
    labels[~network.bus_in_service()] = -1
    return _by_size(labels)


def zero_impedance_groups(network: Network, threshold_pu: float = 1e-4) -> np.ndarray:
    """Return for each bus the number of its group of buses that closed zero-impedance connections join.

    A line without resistance and with a reactance of at most the threshold is one; so is every closed switch.
    """
    on = network.live("branch")
    on &= (network.values("branch", "r_pu") == 0) & (np.abs(network.values("branch", "x_pu")) <= threshold_pu)
    lines, switches = network.terminals("branch"), network.terminals("switch")
    closed = network.live("switch")
    from_ = np.concatenate([lines[0][on], switches[0][closed]])
    to = np.concatenate([lines[1][on], switches[1][closed]])
    return _components(len(network["bus"]), from_, to)


def _components(n: int, from_: np.ndarray, to: np.ndarray) -> np.ndarray:
    from scipy import sparse  # slow to load: no page waits for it
    from scipy.sparse import csgraph

    graph = sparse.coo_matrix((np.ones(len(from_), dtype=np.int8), (from_, to)), shape=(n, n))
    return np.asarray(csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)


def _by_size(labels: np.ndarray) -> np.ndarray:
    names, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(np.where(names < 0, -1, -counts), kind="stable")
    order = order[names[order] >= 0]
    rank = np.full(len(names), -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return np.asarray(rank[inverse], dtype=np.int64)
