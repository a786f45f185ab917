"""What tells a network's elements apart in the results: numbers, names, ends and status, the same at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.engines.bus_case import BusCase, Links
from core.network import Network
from core.network.admittance import Windings

TYPES = {"slack": "Slack", "pv": "PV", "pq": "PQ"}
#: Tables whose rows are lines of the results, in the order of their numbers, and what their names begin with.
LINES = {"branch": "Line", "switch": "Switch", "transformer": "Transformer", "transformer3w": "Winding"}
#: Ends of a transformer's three windings, a line each: the winding's own bus and that of the next one.
WINDINGS = (("bus_1", "bus_2"), ("bus_2", "bus_3"), ("bus_3", "bus_1"))


@dataclass(frozen=True, slots=True)
class Elements:
    """The fixed columns of the results by component; lines, switches, transformers and windings of three are lines."""

    bus: pd.DataFrame
    generator: pd.DataFrame
    load: pd.DataFrame
    line: pd.DataFrame  # those out of service have status 0
    place: np.ndarray  # the row of each two-ended link, then of each winding of three, among the lines

    @classmethod
    def of(cls, network: Network, case: BusCase, two_ended: Links, of_three: Windings) -> Elements:
        """Return the elements of a network."""
        generator = _at_buses(network, "generator", "gen").assign(mbase=network.values("generator", "mva_base"))
        load = _at_buses(network, "load", "load")
        return cls(_buses(network, case), generator, load, *_lines(network, two_ended, of_three))


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


def _lines(network: Network, two_ended: Links, of_three: Windings) -> tuple[pd.DataFrame, np.ndarray]:
    parts: list[pd.DataFrame] = []
    first: dict[str, int] = {}
    for table in LINES:
        first[table] = sum(len(part) for part in parts)
        parts.append(_line_names(network, table))
    lines = pd.concat(parts, ignore_index=True)
    links = np.array([first[str(table)] for table in two_ended.table], dtype=int) + two_ended.row
    place = np.concatenate([links, first["transformer3w"] + 3 * of_three.rows + of_three.number - 1])
    status = np.zeros(len(lines), dtype=int)
    status[place] = 1
    return lines.assign(line=np.arange(1, len(lines) + 1), status=status), place


def _line_names(network: Network, table: str) -> pd.DataFrame:
    """Return names and ends of a table's lines: one a row, three a three-winding transformer."""
    ends = WINDINGS if table == "transformer3w" else (("from_bus", "to_bus"),)
    i, j = (np.column_stack([network.values(table, names[end]) for names in ends]).ravel() for end in (0, 1))
    ckt = network[table]["ckt"].astype(str).str.strip().repeat(len(ends)).reset_index(drop=True)
    names = f"{LINES[table]}_" + pd.Series(i).astype(str) + "_" + pd.Series(j).astype(str) + "_" + ckt
    return pd.DataFrame({"line_name": names.astype(object), "ibus": i, "jbus": j})
