"""Networks in the simulation, compiled by numba: whether the links that work connect IN with OUT.

The way that was found last is kept: as long as none of its links fails, nothing needs to be looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from core.reliability import SINK, SOURCE
from core.studies.availability.structure import Gate, Integers


class Ways(NamedTuple):
    """All networks' links, each in both directions, by the vertex from which they lead; vertices count on."""

    source: Integers  # of every node: its network's first vertex, IN; −1: no network
    sink: Integers  # its last vertex, OUT
    start: Integers  # of every vertex: its first way
    origin: Integers
    to: Integers
    member: Integers  # the node that must work
    place: Integers  # where that node's gates name the network


class Search(NamedTuple):
    """What a search leaves behind in a history."""

    came: Integers  # of every vertex: the way that reached it; −1: none
    line: Integers  # vertices to go on from
    taken: Integers  # of every place: 1 when the link is on the way from IN to OUT


def ways(gates: Sequence[Gate], nodes: Sequence[int], places: np.ndarray, count: int) -> Ways:
    """Return the ways of the networks among gates that are these of ``count`` nodes.

    ``places`` has a row for every member of a gate: the member's node, the gate's node, the place among its members.
    """
    source, sink = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    number: dict[tuple[int, str], int] = {}
    networks = {node: gate for node, gate in zip(nodes, gates, strict=True) if gate.links}
    for node, gate in networks.items():
        inner = dict.fromkeys(vertex for link in gate.links for vertex in link if vertex not in (SOURCE, SINK))
        source[node] = len(number)
        number |= {(node, vertex): len(number) + i for i, vertex in enumerate((SOURCE, *inner, SINK))}
        sink[node] = len(number) - 1
    rows = []
    for at in np.flatnonzero(source[places[:, 1]] >= 0).tolist():
        member, node, place = places[at].tolist()
        a, b = (number[node, vertex] for vertex in networks[node].links[place])
        rows += [(a, b, member, at), (b, a, member, at)]
    origin, to, member, place = np.array(sorted(rows), dtype=np.int64).reshape(-1, 4).T.copy()
    start = np.searchsorted(origin, np.arange(len(number) + 1)).astype(np.int64)
    return Ways(source, sink, start, origin, to, member, place)


def new_search(ways: Ways, places: int) -> Search:
    """Return the room for the searches of a history."""
    vertices = len(ways.start)
    return Search(*(np.zeros(size, dtype=np.int64) for size in (vertices, vertices, places)))


@njit(cache=True, _nrt=False)
def is_connected(ways, search, up, node):  # type: ignore[no-untyped-def]
    """Look for a way from IN to OUT over nodes that are up, breadth first; keep which links it takes."""
    source, sink = ways.source[node], ways.sink[node]
    for way in range(ways.start[source], ways.start[sink + 1]):
        search.taken[ways.place[way]] = 0
    search.came[source : sink + 1] = -1
    search.line[0] = source
    done, found = 0, 1
    while done < found and search.came[sink] < 0:
        vertex = search.line[done]
        done += 1
        for way in range(ways.start[vertex], ways.start[vertex + 1]):
            to = ways.to[way]
            if to != source and search.came[to] < 0 and up[ways.member[way]]:
                search.came[to] = way
                search.line[found] = to
                found += 1
    if search.came[sink] < 0:
        return 0
    vertex = sink
    while vertex != source:
        way = search.came[vertex]
        search.taken[ways.place[way]] = 1
        vertex = ways.origin[way]
    return 1
