"""The database's tables of feeders: the model's tables by the names of the specification, see ``stored.csv``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint
from sqlalchemy.types import TypeEngine

from core.feeder.model import ASSETS, COLUMNS
from core.store import Document, Geometry, Moment, metadata

TYPES: dict[str, TypeEngine[Any]] = {"text": Text(), "int": Integer(), "float": Double(), "bool": Boolean()}
#: Tables whose rows have a place on the map.
WITH_GEOMETRY = ("buses", *ASSETS)


def _names() -> dict[str, dict[str, str]]:
    """Return the stored name of each table (under ``""``) and of the columns that have another there."""
    found: dict[str, dict[str, str]] = {}
    with Path(__file__).with_name("stored.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            found.setdefault(row["table"], {})[row["column"]] = row["stored"]
    return found


NAMES = _names()


def stored_name(table: str, column: str) -> str:
    """Return the database's name of a column; a feeder is referred to by its id."""
    return "feeder_id" if column == "feeder" else NAMES[table].get(column, column)


def _of_model(**options: Any) -> Column[str]:
    return Column("model_id", String(12), ForeignKey("feeder_models.id", ondelete="CASCADE"), nullable=False, **options)


#: One row for each import: an export may hold several feeders.
feeder_models = Table(
    "feeder_models",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("project", String(12), ForeignKey("projects.id", ondelete="CASCADE")),  # null: of the workspace
    Column("name", Text, nullable=False),
    Column("kept_at", Moment, nullable=False),
    Column("frequency_hz", Double, nullable=False),
    Column("crs", Text, nullable=False),
    Column("studies", Document, nullable=False),
    Column("source", Document, nullable=False),
    Column("findings", Document, nullable=False),
    Index(None, "project"),
)

feeders = Table(
    "feeders",
    metadata,
    Column("id", Integer, primary_key=True),
    _of_model(),
    Column("name", Text, nullable=False),
    Column("substation_id", Text),
    Column("head_device", Text),
    Column("geom", Geometry),
    UniqueConstraint("model_id", "name"),
)

#: Imported study results that a model is validated against.
cyme_validation = Table(
    "cyme_validation",
    metadata,
    _of_model(primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("bus_id", Text),
    Column("phase", Text),
    Column("voltage_pu", Double),
    Column("voltage_kv", Double),
    Column("angle_deg", Double),
    Column("branch_id", Text),
    Column("loading_pct", Double),
    Column("i_a_a", Double),
    Column("i_b_a", Double),
    Column("i_c_a", Double),
    Column("i_max_a", Double),
    Column("source", Text, nullable=False),
)


def _table(name: str) -> Table:
    columns: list[Column[Any]] = []
    for column in COLUMNS[name].values():
        if column.name == "feeder":
            columns.append(Column("feeder_id", Integer, ForeignKey("feeders.id", ondelete="CASCADE")))
        else:
            columns.append(Column(stored_name(name, column.name), TYPES[column.type]))
    if name in WITH_GEOMETRY:
        columns.append(Column("geom", Geometry))
    position = Column("position", Integer, primary_key=True, autoincrement=False)
    return Table(NAMES[name][""], metadata, _of_model(primary_key=True), position, *columns)


#: The stored table of each table of the model.
STORED = {name: _table(name) for name in COLUMNS}
