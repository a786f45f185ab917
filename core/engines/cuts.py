"""Which outages of links cut something off, for all outages in one pass over the network.

References
----------
.. [1] D. Pritchard and R. Thurimella, "Fast Computation of Small Cuts via Cycle Space Sampling", ACM Transactions on
   Algorithms 7(4), 2011.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components


def may_cut(nodes: int, from_: np.ndarray, to: np.ndarray, taken: list[list[int]]) -> np.ndarray:
    """Return which sets of links may cut something off: settled for one and two links, assumed of more.

    Links outside a spanning forest get a random number, those of the forest the exclusive or of the links whose cycles
    run through them: one link alone cuts where its number is zero, two where theirs are equal [1]_.
    """
    number = _cycle_numbers(nodes, from_, to)
    size = np.array([len(links) for links in taken])
    first, second = (
        np.array([number[links[place]] if len(links) > abs(place) else 1 for links in taken], dtype=np.uint64)
        for place in (0, -1)
    )
    pair = (size == 2) & ((second == 0) | (first == second))
    return np.asarray((size > 2) | pair | (first == 0), dtype=bool)


def _cycle_numbers(nodes: int, from_: np.ndarray, to: np.ndarray) -> np.ndarray:
    edges = (np.ones(len(from_)), (from_, to))
    part = connected_components(sparse.coo_matrix(edges, shape=(nodes, nodes)), directed=False)[1]
    first = np.unique(part, return_index=True)[1]
    rows, columns = np.concatenate([from_, np.full(len(first), nodes)]), np.concatenate([to, first])
    graph = sparse.coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(nodes + 1, nodes + 1)).tocsr()
    order, parent = breadth_first_order(graph, nodes, directed=False)
    children = order[1:]
    pairs, link = np.unique(np.minimum(from_, to) * (nodes + 1) + np.maximum(from_, to), return_index=True)
    up = parent[children]
    key = np.minimum(children, up) * (nodes + 1) + np.maximum(children, up)
    place = np.minimum(np.searchsorted(pairs, key), len(pairs) - 1)
    tree = np.where((pairs[place] == key), link[place], -1) if len(pairs) else np.full(len(children), -1)
    number = np.random.default_rng(1).integers(1, 2**63, len(from_), dtype=np.uint64)
    number[tree[tree >= 0]] = 0
    value = np.zeros(nodes + 1, dtype=np.uint64)
    np.bitwise_xor.at(value, from_, number)
    np.bitwise_xor.at(value, to, number)
    below = value.tolist()
    for child, above, edge in zip(children[::-1].tolist(), up[::-1].tolist(), tree[::-1].tolist(), strict=True):
        below[above] ^= below[child]
        if edge >= 0:
            number[edge] = below[child]
    return number
