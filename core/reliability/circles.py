"""Blocks that contain themselves."""

from __future__ import annotations


def circular_blocks(members: dict[str, list[str]]) -> set[str]:
    """Return the blocks that lie on a circle, by peeling off what only has settled members, then what nobody lists."""
    below = {block: {m for m in listed if m in members} for block, listed in members.items()}
    left = _peel(below)
    above: dict[str, set[str]] = {block: set() for block in left}
    for block in left:
        for member in below[block] & left:
            above[member].add(block)
    return _peel(above)


def _peel(needs: dict[str, set[str]]) -> set[str]:
    """Return the keys that are left when those without open needs are taken away again and again."""
    users: dict[str, list[str]] = {}
    for key, wanted in needs.items():
        for other in wanted:
            users.setdefault(other, []).append(key)
    open_needs = {key: len(wanted) for key, wanted in needs.items()}
    ready = [key for key, count in open_needs.items() if count == 0]
    while ready:
        done = ready.pop()
        del open_needs[done]
        for user in users.get(done, ()):
            open_needs[user] -= 1
            if open_needs[user] == 0:
                ready.append(user)
    return set(open_needs)
