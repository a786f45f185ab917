"""What tells a network's elements apart in the results: numbers, names, ends and status, the same at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.engines.bus_case import BusCase, Links
from core.network import Network

TYPES = {"slack": "Slack", "pv": "PV", "pq": "PQ"}
#: Tables whose rows are lines of the results, in the order of their numbers; the star has three windings' pairs.
LINES = ("branch", "switch", "transformer", "transformer3w")
PAIRS = ((0, 1), (1, 2), (2, 0))


@dataclass(frozen=True, slots=True)
class Elements:
    """The fixed columns of the results by component; lines, switches and transformers are lines."""

    bus: pd.DataFrame
    generator: pd.DataFrame
    load: pd.DataFrame
    line: pd.DataFrame  # those out of service have status 0
    line_of_link: np.ndarray  # the row of each link among the lines

    @classmethod
    def of(cls, network: Network, case: BusCase, links: Links) -> Elements:
        """Return the elements of a network."""
        generator = _at_buses(network, "generator", "gen").assign(mbase=network.values("generator", "mva_base"))
        load = _at_buses(network, "load", "load")
        return cls(_buses(network, case), generator, load, *_lines(network, links))


def _buses(network: Network, case: BusCase) -> pd.DataFrame:
    number, base_kv = network.values("bus", "bus"), network.values("bus", "base_kv")
    kind = np.full(len(number), "Isolated", dtype=object)
    for name, title in TYPES.items():
        kind[getattr(case, name)] = title
    given = pd.Series(network.values("bus", "name"), dtype=object).str.strip()
    return pd.DataFrame(
        {
            "bus": number,
            "bus_name": given.where(given != "", "Bus_" + pd.Series(number).astype(str)),
            "type": kind,
            "vbase": np.where(base_kv > 0, base_kv, np.nan),
        }
    )


def _at_buses(network: Network, table: str, key: str) -> pd.DataFrame:
    """Return number, name, bus and status of machines or loads."""
    frame = network[table].reset_index(drop=True)
    bus = frame["bus"].astype(str)
    return pd.DataFrame(
        {
            key: np.arange(1, len(frame) + 1),
            f"{key}_name": f"{key.title()}_" + bus + "_" + frame["ckt"].astype(str).str.strip(),
            "bus": network.values(table, "bus"),
            "status": network.live(table).astype(int),
        }
    )


def _lines(network: Network, links: Links) -> tuple[pd.DataFrame, np.ndarray]:
    parts: list[pd.DataFrame] = []
    first: dict[str, int] = {}
    for table in LINES:
        first[table] = sum(len(part) for part in parts)
        parts.append(_line_names(network, table))
    lines = pd.concat(parts, ignore_index=True)
    place = np.array([first[str(table)] for table in links.table], dtype=int) + links.row
    star = links.table == "transformer3w"
    if star.any():
        place[star] = first["transformer3w"] + 3 * links.row[star] + _pair(network, links, star)
    status = np.zeros(len(lines), dtype=int)
    status[place] = 1
    return lines.assign(line=np.arange(1, len(lines) + 1), status=status), place


def _line_names(network: Network, table: str) -> pd.DataFrame:
    """Return names and ends of a table's links: one a row, three a three-winding transformer."""
    frame = network[table]
    ends = ("bus_1", "bus_2", "bus_3") if table == "transformer3w" else ("from_bus", "to_bus")
    numbers = np.column_stack([network.values(table, end) for end in ends])
    pairs = PAIRS if table == "transformer3w" else ((0, 1),)
    i, j = (numbers[:, [pair[end] for pair in pairs]].ravel() for end in (0, 1))
    title = "Line" if table == "branch" else "Switch" if table == "switch" else "Transformer"
    ckt = frame["ckt"].astype(str).str.strip().repeat(len(pairs)).reset_index(drop=True)
    names = f"{title}_" + pd.Series(i).astype(str) + "_" + pd.Series(j).astype(str) + "_" + ckt
    return pd.DataFrame({"line_name": names.astype(object), "ibus": i, "jbus": j})


def _pair(network: Network, links: Links, chosen: np.ndarray) -> np.ndarray:
    """Return which pair of windings each link of a three-winding transformer joins."""
    ends = np.column_stack(network.terminals("transformer3w"))[links.row[chosen]]
    joins = [(ends[:, i] == links.from_[chosen]) & (ends[:, j] == links.to[chosen]) for i, j in PAIRS]
    return np.asarray(np.argmax(joins, axis=0))
