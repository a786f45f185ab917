"""The feeder's tables. Every column is declared in ``columns.csv``; every row says which file it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from core.catalogue import Catalogue, Column

#: Where a record came from; the columns stand at the end of every table.
PROVENANCE = {
    "source_file": "File of the record",
    "source_section": "Section, table or path in the file",
    "source_row": "Line or row in the file",
}
#: Tables of what stands in the field beside the buses.
ASSETS = ("sources", "branches", "transformers", "regulators", "capacitors", "loads", "der", "meters", "poles")
#: Tables of the equipment catalogue.
EQUIPMENT = (
    "conductors",
    "spacings",
    "line_types",
    "transformer_types",
    "regulator_types",
    "capacitor_types",
    "switch_types",
)
#: Tables whose rows belong to a row of another table, and the column that names it.
PARTS = {
    "impedances": ("branches", "branch"),
    "vertices": ("branches", "branch"),
    "windings": ("transformers", "transformer"),
}


def _declared() -> Catalogue:
    declared = Catalogue.read(Path(__file__).with_name("columns.csv"))
    columns = [column for table in declared.values() for column in table.values()]
    for name, text in PROVENANCE.items():
        kind, default = ("int", None) if name == "source_row" else ("text", "")
        columns += [Column(table, name, kind, "", default, False, (), text) for table in declared]
    return Catalogue(columns)


COLUMNS = _declared()
EMPTY = {name: COLUMNS.empty(name) for name in COLUMNS}


def _conformed(name: str, table: pd.DataFrame | None) -> pd.DataFrame:
    """Return the table as declared; one that is so already is taken as it stands."""
    if table is None or (table.empty and not len(table.columns)):
        return EMPTY[name]
    declared = EMPTY[name]
    own = table.iloc[:, : len(declared.columns)]
    if own.columns.equals(declared.columns) and own.dtypes.equals(declared.dtypes):
        return table
    return COLUMNS.conform(name, table)


@dataclass(slots=True)
class Feeder:
    """One feeder, or several of one export that share a model.

    Parameters
    ----------
    name
        Name of the feeder or of the export.
    tables
        Tables by name, as ``COLUMNS`` declares them; what is missing is empty.
    frequency_hz
        Nominal frequency [Hz].
    crs
        Coordinate system of ``x`` and ``y``, such as ``EPSG:4326``; empty where unknown.
    """

    name: str
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    frequency_hz: float = 60.0
    crs: str = ""
    studies: dict[str, Any] = field(default_factory=dict)  # settings that the file carries for its own load flow

    def __post_init__(self) -> None:
        self.tables = {name: _conformed(name, self.tables.get(name)) for name in COLUMNS}

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def with_tables(self, tables: Mapping[str, pd.DataFrame]) -> Feeder:
        """Return a copy with some tables replaced."""
        return replace(self, tables={**self.tables, **tables})

    @property
    def names(self) -> list[str]:
        """Return the names of the feeders in the model."""
        named = [name for name in self["sources"]["feeder"] if name]
        named += [name for name in self["branches"]["feeder"] if name]
        return list(dict.fromkeys(named)) or [self.name]

    def only(self, feeder: str) -> Feeder:
        """Return the model of one of the feeders: its rows, the buses they touch, and the whole catalogue."""
        if self.names == [feeder]:
            return self
        tables = dict(self.tables)
        for name in ASSETS:
            tables[name] = self[name][self[name]["feeder"] == feeder]
        for name, (owner, key) in PARTS.items():
            tables[name] = self[name][self[name][key].isin(set(tables[owner]["id"]))]
        touched: set[str] = set()
        for name, columns in BUS_COLUMNS.items():
            for column in columns:
                touched.update(tables[name][column])
        tables["buses"] = self["buses"][self["buses"]["id"].isin(touched)]
        return replace(self, name=feeder, tables=tables)


#: Which columns of which tables name a bus.
BUS_COLUMNS: dict[str, tuple[str, ...]] = {
    "sources": ("bus",),
    "branches": ("from_bus", "to_bus"),
    "windings": ("bus",),
    "capacitors": ("bus",),
    "loads": ("bus",),
    "der": ("bus",),
}


def phases_of(nodes: Iterable[str]) -> str:
    """Return the phases among ordered nodes, sorted: ``"CA0"`` gives ``"AC"``."""
    return "".join(sorted({node for node in nodes if node in "ABC"}))
