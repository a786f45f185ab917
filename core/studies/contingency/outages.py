"""What may be out: one branch or transformer, one machine, or two of the branches at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.engines.bus_case import Links
from core.network import Network
from core.studies.load_flow.tables import link_names, row_names

#: N-2 sets larger than this are refused: they would not fit a table that somebody reads.
MOST_OUTAGES = 200_000


@dataclass(frozen=True, slots=True)
class Outage:
    """Elements that are out together: links by number, machines by row of the generator table."""

    name: str
    links: tuple[int, ...] = ()
    generators: tuple[int, ...] = ()


def branch_outages(network: Network, links: Links) -> list[Outage]:
    """Return the outage of every line and transformer in service; switches are not outages."""
    names = link_names(network, links)
    groups: dict[tuple[str, int], list[int]] = {}
    for number, (table, row) in enumerate(zip(links.table, links.row, strict=True)):
        if table != "switch":
            groups.setdefault((str(table), int(row)), []).append(number)
    return [Outage(str(names[members[0]]), tuple(members)) for members in groups.values()]


def generator_outages(network: Network) -> list[Outage]:
    """Return the outage of every machine in service; the swing bus makes up for its power."""
    rows = np.flatnonzero(network.live("generator"))
    names = row_names(network, "generator", rows)
    return [Outage(str(name), generators=(int(row),)) for name, row in zip(names, rows, strict=True)]


def pairs(outages: list[Outage]) -> list[Outage]:
    """Return every two outages together."""
    return [
        Outage(f"{a.name} + {b.name}", a.links + b.links, a.generators + b.generators)
        for a, b in combinations(outages, 2)
    ]
