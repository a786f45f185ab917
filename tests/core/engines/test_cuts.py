"""Which outages cut a network: against the connected parts, one outage after the other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from core.engines.cuts import may_cut

LINKS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=14)


def parts(links: list[tuple[int, int]]) -> int:
    edges = np.array(links, dtype=np.int64).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(8, 8))
    return int(connected_components(graph, directed=False)[0])


@given(LINKS)
def test_one_and_two_links_cut_exactly_where_the_parts_become_more(links: list[tuple[int, int]]):
    from_, to = np.array(links, dtype=np.int64).T
    taken = [[i] for i in range(len(links))] + [list(pair) for pair in combinations(range(len(links)), 2)]
    left = [[link for i, link in enumerate(links) if i not in out] for out in taken]
    assert may_cut(8, from_, to, taken).tolist() == [parts(rest) > parts(links) for rest in left]
