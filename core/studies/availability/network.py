"""Two-terminal networks: the probability that working links connect a source with a sink.

References
----------
.. [1] G. Hardy, C. Lucet, N. Limnios, "K-terminal network reliability measures with binary decision diagrams",
   IEEE Transactions on Reliability 56 (2007) 506–515 (frontier method).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

#: A state of the search: the group that each frontier vertex belongs to, in the frontier's order.
Groups = tuple[int, ...]


def two_terminal(
    links: Sequence[tuple[Hashable, Hashable]], availability: Sequence[float], source: Hashable, sink: Hashable
) -> float:
    """Return the probability that the source and the sink are connected by working links.

    Links are decided one by one. What matters of those decided is only which frontier vertices (with decided and
    undecided links) hang together, so equal groupings merge [1]_: fast for long networks of small width.
    """
    if source == sink:
        return 1.0
    last = {vertex: position for position, link in enumerate(links) for vertex in link}
    if source not in last or sink not in last:
        return 0.0
    last[source] = last[sink] = len(links)  # the terminals stay in the frontier
    frontier: list[Hashable] = [source, sink]
    states: dict[Groups, float] = {(0, 1): 1.0}
    connected = 0.0
    for position, ((a, b), up) in enumerate(zip(links, availability, strict=True)):
        entering = [vertex for vertex in dict.fromkeys((a, b)) if vertex not in frontier]
        frontier += entering
        i, j = frontier.index(a), frontier.index(b)
        stay = [place for place, vertex in enumerate(frontier) if last[vertex] > position]
        after: dict[Groups, float] = {}
        for groups, chance in states.items():
            wide = groups + tuple(range(len(groups), len(frontier)))
            joined = tuple(wide[i] if group == wide[j] else group for group in wide)
            for outcome, odds in ((joined, up), (wide, 1 - up)):
                if outcome[0] == outcome[1]:
                    connected += chance * odds
                else:
                    key = _renumber([outcome[place] for place in stay])
                    after[key] = after.get(key, 0.0) + chance * odds
        frontier = [frontier[place] for place in stay]
        states = after
    return connected


def _renumber(groups: list[int]) -> Groups:
    """Return the grouping with numbers in the order of first appearance, so that equal groupings are equal tuples."""
    number: dict[int, int] = {}
    return tuple(number.setdefault(group, len(number)) for group in groups)
