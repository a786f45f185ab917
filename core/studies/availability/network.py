"""Two-terminal networks: the gates that say whether working links connect IN with OUT.

References
----------
.. [1] G. Hardy, C. Lucet, N. Limnios, "K-terminal network reliability measures with binary decision diagrams",
   IEEE Transactions on Reliability 56 (2007) 506–515 (frontier method).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from core.reliability import SINK, SOURCE, Link
from core.studies.availability.structure import Structure

#: A state of the search: the group that each frontier vertex belongs to, in the frontier's order.
Groups = tuple[int, ...]

#: Every state before a link, with the state after it when it works and when it doesn't.
Decisions = dict[Groups, tuple[Groups, Groups]]

CONNECTED: Groups = ()  # the state in which nothing is left to decide
MOST_STATES = 20_000  # of all links together; wider networks are written in rounds

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
    near = _from_source(links)
    reachable = [place for place, (a, _) in enumerate(links) if a in near]
    order = sorted(reachable, key=lambda place: sorted((near[vertex] for vertex in links[place]), reverse=True))
    members, links = [members[place] for place in order], [links[place] for place in order]
    structure.rank |= {member: place for place, member in enumerate(members)}
    gates = _Gates(structure, name)
    decisions = _decisions(links)
    top = gates.by_rounds(members, links) if decisions is None else gates.by_states(members, decisions)
    return structure.add_gate(name, [top], 1)


@dataclass(frozen=True, slots=True)
class _Gates:
    """Writes a network as gates; all bear its name."""

    structure: Structure
    name: str

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

    def by_rounds(self, members: Sequence[int], links: Sequence[Link]) -> int:
        """Return the node that works while OUT is reached from IN: in each round by one link more."""
        ways: dict[str, list[tuple[int, str]]] = {}
        for member, (a, b) in zip(members, links, strict=True):
            ways.setdefault(a, []).append((member, b))
            ways.setdefault(b, []).append((member, a))
        del ways[SOURCE]
        reached = {SOURCE: ALWAYS}
        for _ in ways:
            before = reached
            reached = {SOURCE: ALWAYS}
            for vertex, arriving in ways.items():
                reached[vertex] = self._any([self._both(link, before.get(other, NEVER)) for link, other in arriving])
        return reached[SINK]

    def _both(self, member: int, other: int) -> int:
        if other in (ALWAYS, NEVER):
            return member if other == ALWAYS else NEVER
        return self.structure.add_gate(self.name, (member, other), 2)

    def _any(self, nodes: Sequence[int]) -> int:
        ways = list(dict.fromkeys(node for node in nodes if node != NEVER))
        if len(ways) < 2:
            return ways[0] if ways else NEVER
        return self.structure.add_gate(self.name, ways, 1)


def _from_source(links: Sequence[Link]) -> dict[str, int]:
    """Return the vertices that links connect with IN, numbered as a breadth-first search meets them."""
    neighbours: dict[str, list[str]] = {}
    for a, b in links:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    number, queue = {SOURCE: 0}, deque([SOURCE])
    while queue:
        for vertex in neighbours.get(queue.popleft(), ()):
            if vertex not in number:
                number[vertex] = len(number)
                queue.append(vertex)
    return number


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
