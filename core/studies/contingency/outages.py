"""What may be out: one branch or transformer, one machine, or two of the branches at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, islice

import numpy as np

from core.engines.bus_case import Links
from core.errors import BadInput
from core.network import Network
from core.network.admittance import three_winding_blocks
from core.studies.load_flow.tables import row_names

#: The row of the network without an outage.
BASE = "base"

EVERYTHING = slice(0, None)

#: N-2 sets larger than this are refused: they would not fit a table that somebody reads.
MOST_OUTAGES = 200_000


@dataclass(frozen=True, slots=True)
class Outage:
    """Elements that are out together: links by number, machines, loads and shunts by table and row."""

    name: str
    links: tuple[int, ...] = ()
    elements: tuple[tuple[str, int], ...] = ()
    known: bool = True  # no where a file names what the network doesn't have

    @property
    def machines(self) -> list[int]:
        """Return the rows of the machines."""
        return [row for table, row in self.elements if table == "generator"]


def branch_outages(links: Links, names: np.ndarray) -> list[Outage]:
    """Return the outage of every line and transformer in service by the links' names; switches are not outages."""
    groups: dict[tuple[str, int], list[int]] = {}
    for number, (table, row) in enumerate(zip(links.table.tolist(), links.row.tolist(), strict=True)):
        if table != "switch":
            groups.setdefault((table, row), []).append(number)
    return [Outage(str(names[members[0]]), tuple(members)) for members in groups.values()]


def generator_outages(network: Network) -> list[Outage]:
    """Return the outage of every machine in service; the swing bus makes up for its power."""
    rows = np.flatnonzero(network.live("generator"))
    names = row_names(network, "generator", rows)
    return [Outage(str(name), elements=(("generator", int(row)),)) for name, row in zip(names, rows, strict=True)]


def pairs(outages: list[Outage]) -> Iterator[Outage]:
    """Return every two outages together."""
    for a, b in combinations(outages, 2):
        yield joined(a, b)


def joined(a: Outage, b: Outage, name: str = "") -> Outage:
    """Return two outages at once."""
    links, elements = tuple(dict.fromkeys(a.links + b.links)), tuple(dict.fromkeys(a.elements + b.elements))
    return Outage(name or f"{a.name} + {b.name}", links, elements)


def outages_of(
    network: Network, links: Links, names: np.ndarray, *, order: int, machines: bool, part: slice = EVERYTHING
) -> list[Outage]:
    """Return no outage, every single one, and in order 2 every two branches; or a part of that list."""
    single = branch_outages(links, names)
    count = len(single) * (len(single) - 1) // 2
    if order == 2 and count > MOST_OUTAGES:
        raise BadInput(f"{len(single)} branches make {count:,} pairs, more than {MOST_OUTAGES:,}", hint="take N-1")
    first = [Outage(BASE), *single, *(generator_outages(network) if machines else [])]
    both = pairs(single) if order == 2 else iter(())
    return list(islice(chain(first, both), part.start, part.stop))


def outage_count(network: Network, *, order: int) -> int:
    """Return how many outages there are, the case without one included."""
    on = [int(network.live(table).sum()) for table in ("branch", "transformer", "generator")]
    stars = len(three_winding_blocks(network)[0])
    branches = on[0] + on[1] + stars
    return 1 + branches + on[2] + (branches * (branches - 1) // 2 if order == 2 else 0)
