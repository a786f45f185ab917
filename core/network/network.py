"""The balanced bus-branch network: tables by name, in the units that ``columns.csv`` declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.catalogue import Catalogue

#: Tables, columns, units, defaults and help of a network.
CATALOGUE = Catalogue.read(Path(__file__).with_name("columns.csv"))

#: The columns that identify a row of each table.
KEYS: dict[str, tuple[str, ...]] = {
    table: tuple(column.name for column in columns.values() if column.required) for table, columns in CATALOGUE.items()
}

#: The columns of each table that hold a bus number which must exist.
TERMINALS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("load", "generator", "shunt", "switched_shunt", "facts", "storage"), ("bus",)),
    **dict.fromkeys(("branch", "transformer", "switch", "dcline"), ("from_bus", "to_bus")),
    "transformer3w": ("bus_1", "bus_2", "bus_3"),
}


@dataclass(slots=True)
class Network:
    """A network. Impedances are per unit of ``base_mva`` and the buses' base voltages.

    ``extras`` carries what the tables can't hold, by the format that it came from; a writer of that format restores it.
    ``extras["unmodelled_buses"]`` lists buses with an element that no table holds.
    ``lines`` gives the line of the source file for each row of a table, where a reader knows it.
    """

    name: str = ""
    base_mva: float = 100.0
    frequency_hz: float = 60.0
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, np.ndarray] = field(default_factory=dict)
    _known: dict[tuple[str, str], tuple[tuple[pd.DataFrame, ...], Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        unknown = sorted(set(self.tables) - set(CATALOGUE))
        if unknown:
            raise ValueError(f"not a table of a network: {', '.join(unknown)}")
        self.tables = {
            table: CATALOGUE.conform(table, self.tables[table]) if table in self.tables else CATALOGUE.empty(table)
            for table in CATALOGUE
        }

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return a table by name, with its catalogue's columns."""
        return self.tables[table]

    def with_tables(self, **tables: pd.DataFrame) -> Network:
        """Return the network with some tables replaced; the lines of replaced tables are forgotten."""
        lines = {table: numbers for table, numbers in self.lines.items() if table not in tables}
        return replace(self, tables={**self.tables, **tables}, lines=lines)

    def equals(self, other: Network) -> bool:
        """Say whether another network has the same bases and the same tables."""
        same_bases = (self.base_mva, self.frequency_hz) == (other.base_mva, other.frequency_hz)
        return same_bases and all(frame.equals(other.tables[table]) for table, frame in self.tables.items())

    def values(self, table: str, column: str) -> np.ndarray:
        """Return a column as a plain array of its type (``int64``, ``float64``, ``bool`` or objects), read-only."""
        frame = self.tables[table]
        result: np.ndarray = self._once((table, column), (frame,), lambda: self._plain(table, column))
        return result

    def _plain(self, table: str, column: str) -> np.ndarray:
        series = self.tables[table][column]
        whole = CATALOGUE[table][column].type == "int"
        return _read_only(series.to_numpy(dtype=np.int64, na_value=0) if whole else np.asarray(series))

    def _once(self, key: tuple[str, str], frames: tuple[pd.DataFrame, ...], look_up: Callable[[], Any]) -> Any:
        """Return what was looked up in the tables, which are replaced and never changed in place."""
        known = self._known.get(key)
        if known is None or any(one is not other for one, other in zip(known[0], frames, strict=True)):
            known = self._known[key] = (frames, look_up())
        return known[1]

    def positions(self, buses: Any) -> np.ndarray:
        """Return the row in the bus table of each bus number, -1 where there is none."""
        wanted = pd.Index(np.asarray(buses, dtype=np.int64))
        known = pd.Index(self.values("bus", "bus"))
        if known.is_unique:
            return np.asarray(known.get_indexer(wanted))
        first = ~known.duplicated()  # of several buses with one number the first counts
        found = known[first].get_indexer(wanted)
        return np.where(found < 0, -1, np.append(np.flatnonzero(first), -1)[found])

    def terminals(self, table: str) -> list[np.ndarray]:
        """Return the rows in the bus table of each end of the table's elements, read-only."""
        columns = TERMINALS[table]
        result: list[np.ndarray] = self._once(
            (table, "(terminals)"),
            (self.tables["bus"], self.tables[table]),
            lambda: [_read_only(self.positions(self.values(table, column))) for column in columns],
        )
        return result

    def bus_in_service(self) -> np.ndarray:
        """Return which buses are not isolated."""
        return np.asarray(self.values("bus", "kind") != "ISOLATED", dtype=bool)

    def live(self, table: str) -> np.ndarray:
        """Return which elements take part: in service, with every end at an existing bus that is not isolated."""
        alive = np.append(self.bus_in_service(), False)  # position -1 reads the last entry
        status = "in_service" if "in_service" in self.tables[table] else None
        on = self.values(table, status).astype(bool) if status else np.ones(len(self.tables[table]), dtype=bool)
        for ends in self.terminals(table):
            on = on & alive[ends]
        return np.asarray(on, dtype=bool)

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table."""
        return {table: len(frame) for table, frame in self.tables.items()}

    def totals(self) -> dict[str, float]:
        """Return what is in service: nominal load at 1 pu, stored generation and shunts."""
        load, generator, shunt = (self.live(table) for table in ("load", "generator", "shunt"))
        switched = self.live("switched_shunt")
        p_load = sum(self.values("load", column)[load].sum() for column in ("p_mw", "ip_mw", "yp_mw"))
        q_load = sum(self.values("load", column)[load].sum() for column in ("q_mvar", "iq_mvar", "yq_mvar"))
        p_max = self.values("generator", "p_max_mw")[generator].sum()
        return {
            "load_mw": float(p_load),
            "load_mvar": float(q_load),
            "generation_mw": float(self.values("generator", "p_mw")[generator].sum()),
            "generation_mvar": float(self.values("generator", "q_mvar")[generator].sum()),
            "generation_max_mw": float(p_max),
            "shunt_mw": float(self.values("shunt", "g_mw")[shunt].sum()),
            "shunt_mvar": float(
                self.values("shunt", "b_mvar")[shunt].sum() + self.values("switched_shunt", "b_mvar")[switched].sum()
            ),
        }


def _read_only(values: Any) -> np.ndarray:
    array = np.asarray(values).view()
    array.flags.writeable = False
    return array


def element_names(network: Network, table: str, rows: np.ndarray | None = None) -> list[str]:
    """Return what findings and ledgers call the elements: ``branch 1-2-1``."""
    frame = network.tables[table] if rows is None else network.tables[table].iloc[rows]
    keys = zip(*(frame[column].tolist() for column in KEYS[table]), strict=True)
    return [f"{table} " + "-".join(str(part).strip() for part in key) for key in keys]
