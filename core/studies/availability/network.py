"""Two-terminal networks: the gates that say whether working links connect IN with OUT.

References
----------
.. [1] G. Hardy, C. Lucet, N. Limnios, "K-terminal network reliability measures with binary decision diagrams",
   IEEE Transactions on Reliability 56 (2007) 506–515 (frontier method).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.reliability import SINK, SOURCE, Link, from_source
from core.studies.availability.structure import Structure

#: A state of the search: the group that each frontier vertex belongs to, in the frontier's order.
Groups = tuple[int, ...]

#: Every state before a link, with the state after it when it works and when it doesn't.
Decisions = dict[Groups, tuple[Groups, Groups]]

CONNECTED: Groups = ()  # the state in which nothing is left to decide
MOST_STATES = 60_000  # of all links together; wider networks stay one gate, which is simulated
MOST_NODES = 50_000  # of the structure; networks beyond stay one gate too

ALWAYS, NEVER = -1, -2  # in the place of a node: connected, or not, whatever the links do


def add_network(structure: Structure, name: str, members: Sequence[int], links: Sequence[Link]) -> int:
    """Append the gates of a network; return the node that works while working members connect IN with OUT.

    Parameters
    ----------
    structure
        Takes the gates.
    name
        The block's id.
    members, links
        Nodes that are there already, and the two vertices that each of them joins in either direction.
    """
    gates = _Gates(structure, name)
    members, links = gates.reduced(members, links)
    near = from_source(links)
    order = sorted(range(len(links)), key=lambda place: sorted((near[vertex] for vertex in links[place]), reverse=True))
    members, links = [members[place] for place in order], [links[place] for place in order]
    decisions = _decisions(links) if len(structure.names) < MOST_NODES else None
    if decisions is None:
        return structure.add_gate(name, members, 1, links)
    structure.rank |= {member: place for place, member in enumerate(members)}
    return structure.add_gate(name, [gates.by_states(members, decisions)], 1)


@dataclass(frozen=True, slots=True)
class _Gates:
    """Writes a network as gates; all bear its name."""

    structure: Structure
    name: str

    def reduced(self, members: Sequence[int], links: Sequence[Link]) -> tuple[list[int], list[Link]]:
        """Return the network with parallel links and links in a row as one, without those that lead nowhere."""
        near = from_source(links)
        ways: dict[str, dict[str, int]] = {vertex: {} for vertex in near}

        def join(a: str, b: str, node: int) -> None:
            ways[a][b] = ways[b][a] = self._any([ways[a][b], node]) if b in ways[a] else node

        for member, (a, b) in zip(members, links, strict=True):
            if a in near:
                join(a, b, member)
        loose = [vertex for vertex in ways if vertex not in (SOURCE, SINK)]
        while loose:
            vertex = loose.pop()
            if vertex in ways and len(ways[vertex]) <= 2:
                ends = ways.pop(vertex)
                for end in ends:
                    del ways[end][vertex]
                if len(ends) == 2:
                    (a, first), (b, second) = ends.items()
                    join(a, b, self._both(first, second))
                loose += [end for end in ends if end not in (SOURCE, SINK)]
        left = {frozenset((a, b)): (node, (a, b)) for a, ends in ways.items() for b, node in ends.items()}
        return [node for node, _ in left.values()], [link for _, link in left.values()]

    def by_states(self, members: Sequence[int], decisions: Sequence[Decisions]) -> int:
        """Return the node of the first state: it works when its link does and the state after, or the state without."""
        works = {CONNECTED: ALWAYS}
        for member, states in zip(reversed(members), reversed(decisions), strict=True):
            after = works
            works = {CONNECTED: ALWAYS}
            for state, (up, down) in states.items():
                if_up, if_down = after.get(up, NEVER), after.get(down, NEVER)
                works[state] = if_up if if_up == if_down else self._any([self._both(member, if_up), if_down])
        return works[0, 1]

    def _both(self, member: int, other: int) -> int:
        if other in (ALWAYS, NEVER):
            return member if other == ALWAYS else NEVER
        return self.structure.add_gate(self.name, (member, other), 2)

    def _any(self, nodes: Sequence[int]) -> int:
        ways = list(dict.fromkeys(node for node in nodes if node != NEVER))
        if len(ways) < 2:
            return ways[0] if ways else NEVER
        return self.structure.add_gate(self.name, ways, 1)


def _decisions(links: Sequence[Link]) -> list[Decisions] | None:
    """Return for every link the states before it, each with the state after it when it works and when it doesn't.

    What matters of the links decided is only which frontier vertices (with decided and undecided links) hang together,
    so equal groupings are one state [1]_: few for long networks of small width. ``None`` when there are too many.
    """
    last = {vertex: position for position, link in enumerate(links) for vertex in link}
    last[SOURCE] = last[SINK] = len(links)  # the terminals stay in the frontier
    frontier = [SOURCE, SINK]
    states: set[Groups] = {(0, 1)}
    decisions = []
    for position, (a, b) in enumerate(links):
        frontier += [vertex for vertex in dict.fromkeys((a, b)) if vertex not in frontier]
        i, j = frontier.index(a), frontier.index(b)
        stay = [place for place, vertex in enumerate(frontier) if last[vertex] > position]
        after = {}
        for groups in states:
            apart = groups + tuple(range(len(groups), len(frontier)))
            together = tuple(apart[i] if group == apart[j] else group for group in apart)
            after[groups] = (_state(together, stay), _state(apart, stay))
        decisions.append(after)
        states = {state for pair in after.values() for state in pair} - {CONNECTED}
        frontier = [frontier[place] for place in stay]
        if sum(map(len, decisions)) + len(states) > MOST_STATES:
            return None
    return decisions


def _state(groups: Groups, stay: Sequence[int]) -> Groups:
    """Return the grouping of those that stay, numbered by first appearance so that equal ones are equal tuples."""
    if groups[0] == groups[1]:
        return CONNECTED
    number: dict[int, int] = {}
    return tuple(number.setdefault(groups[place], len(number)) for place in stay)
