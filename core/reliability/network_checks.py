"""What doesn't add up in the networks of a reliability model."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core.findings import Finding, Severity
from core.reliability.model import SINK, SOURCE, BlockType, Link, ReliabilityModel, place, split_links, split_members

HOW = f"Links names the two nodes of every component in their order, from {SOURCE} to {SINK}: IN:A, A:B, B:OUT"


def check_networks(model: ReliabilityModel) -> Iterator[Finding]:
    """Yield every finding on network blocks, and on links that no network uses."""
    rows, network = model.blocks, model.blocks["type"] == BlockType.NETWORK
    for row in rows[network].to_dict(orient="records"):
        members, links = split_members(row["members"]), split_links(row["links"])
        yield from _broken(row, members, links) or _odd(row, members, links)
    for row in rows[network & (rows["k"].fillna(1) != 1)].to_dict(orient="records"):
        text = "K_Required is not used in a network; one path is required"
        yield _finding(row, "k", Severity.WARNING, text, "leave it empty")
    for row in rows[~network & (rows["links"].str.strip() != "")].to_dict(orient="records"):
        hint = f"make its type {BlockType.NETWORK}, or clear them"
        yield _finding(row, "not_one", Severity.WARNING, "its links are not used, it is no network", hint)


def _finding(row: dict[Any, Any], code: str, severity: Severity, text: str, hint: str) -> Finding:
    return Finding(f"rbd.network.{code}", severity, f"{row['id']}: {text}", hint, place(row), row["id"])


def _broken(row: dict[Any, Any], members: Sequence[str], links: Sequence[Link]) -> list[Finding]:
    """Return what leaves the network without a meaning."""

    def error(code: str, text: str) -> list[Finding]:
        return [_finding(row, code, Severity.ERROR, text, HOW)]

    if len(members) != len(links):
        return error("count", f"{len(members)} components and {len(links)} links")
    for member, (a, b) in zip(members, links, strict=True):
        if not a or not b or a == b or ":" in b:
            return error("link", f"the link “{a}{':' * bool(b)}{b}” of {member} doesn't name two different nodes")
    missing = [node for node in (SOURCE, SINK) if all(node not in link for link in links)]
    if missing:
        return error("terminal", f"no link has the node {' nor '.join(missing)}")
    if SINK not in from_source(links):
        return error("no_path", f"no way leads from {SOURCE} to {SINK}")
    return []


def _odd(row: dict[Any, Any], members: Sequence[str], links: Sequence[Link]) -> Iterable[Finding]:
    """Return the members on which the network does not depend, which a misspelled node makes."""
    reached, ends = from_source(links), Counter(node for link in links for node in link)
    for member, link in zip(members, links, strict=True):
        loose = [node for node in link if ends[node] == 1 and node not in (SOURCE, SINK)]
        if loose or link[0] not in reached:
            why = f"no other link has the node {loose[0]}" if loose else f"no way leads there from {SOURCE}"
            text = f"{member} ({':'.join(link)}) leads nowhere, {why}"
            yield _finding(row, "loose", Severity.WARNING, text, "correct the node's name; the member does not count")


def from_source(links: Sequence[Link]) -> dict[str, int]:
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
