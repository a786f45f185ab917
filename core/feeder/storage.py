"""Feeders in the database: a model is kept whole, with the places of its assets, and comes back as it was read."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pandas as pd
from sqlalchemy import Connection, Table, delete, func, insert, select, update

from core.errors import NotFound
from core.feeder.geometry import shapes_of
from core.feeder.model import COLUMNS, EMPTY, Feeder
from core.feeder.tables import STORED, cyme_validation, feeder_models, feeders, stored_name
from core.findings import Finding, Reading, Source
from core.store import Store, now

#: When a model was kept that isn't whole yet.
UNFINISHED = datetime(1970, 1, 1, tzinfo=UTC)
#: Rows that are written at once, some tenths of a second, and how long others may write then [s].
BATCH, PAUSE_S = 5000, 0.05
LISTED = "List what is kept with: feeder kept"
#: The columns of a baseline's nodes and branches by their stored names.
NODES = {"bus": "bus_id", "phase": "phase", "v_pu": "voltage_pu", "v_kv": "voltage_kv", "angle_deg": "angle_deg"}
BRANCHES = {"id": "branch_id", **{name: name for name in ("loading_pct", "i_a_a", "i_b_a", "i_c_a", "i_max_a")}}


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept model."""

    id: str
    project: str | None
    name: str
    kept_at: datetime
    feeders: tuple[str, ...]


def keep_feeder(store: Store, reading: Reading[Feeder], *, project: str | None = None, id: str | None = None) -> str:
    """Keep a model with its findings and source, and return its id; one with the given id is replaced.

    It is there once it is whole: large models are written in parts, so that others can write in between.
    """
    feeder, model = reading.value, id or uuid4().hex[:12]
    head = {
        "id": model,
        "project": project,
        "name": feeder.name,
        "kept_at": UNFINISHED,
        "frequency_hz": feeder.frequency_hz,
        "crs": feeder.crs,
        "studies": feeder.studies,
        "source": asdict(reading.source),
        "findings": [finding.as_dict() for finding in reading.findings],
    }
    shapes = _with_system(shapes_of(feeder), feeder.crs)
    with store.writing() as connection:
        connection.execute(delete(feeder_models).where(feeder_models.c.id == model))
        connection.execute(insert(feeder_models).values(head))
        ids = _keep_names(connection, model, feeder, shapes)
    for name, table in STORED.items():
        _keep_rows(store, table, _rows(feeder, name, model, ids, shapes.get(name)))
    with store.writing() as connection:
        connection.execute(update(feeder_models).where(feeder_models.c.id == model).values(kept_at=now()))
    return model


def _keep_rows(store: Store, table: Table, rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), BATCH):
        with store.writing() as connection:
            connection.execute(insert(table), rows[first : first + BATCH])
        if first + BATCH < len(rows):
            time.sleep(PAUSE_S)


def kept_feeder(store: Store, model: str) -> Reading[Feeder]:
    """Return a kept model as it was read.

    Raises
    ------
    NotFound
        Nothing is kept under this id.
    """
    with store.reading() as connection:
        whole = select(feeder_models).where(feeder_models.c.id == model, feeder_models.c.kept_at > UNFINISHED)
        head = connection.execute(whole).mappings().first()
        if head is None:
            raise NotFound(f"There is no kept feeder {model}", hint=LISTED)
        own = connection.execute(select(feeders.c.id, feeders.c.name).where(feeders.c.model_id == model))
        names = {row.id: row.name for row in own}
        tables = {name: _table(connection, name, model, names) for name in STORED}
    feeder = Feeder(head["name"], tables, head["frequency_hz"], head["crs"], dict(head["studies"]))
    return Reading(feeder, [Finding.from_dict(document) for document in head["findings"]], Source(**head["source"]))


def kept_feeders(store: Store, *, project: str | None = None) -> list[Kept]:
    """Return what is kept, the newest first: everything, or of one project."""
    whole = select(feeder_models).where(feeder_models.c.kept_at > UNFINISHED)
    wanted = whole.order_by(feeder_models.c.kept_at.desc())
    if project is not None:
        wanted = wanted.where(feeder_models.c.project == project)
    with store.reading() as connection:
        named: dict[str, list[str]] = {}
        for row in connection.execute(select(feeders.c.model_id, feeders.c.name).order_by(feeders.c.id)):
            named.setdefault(row.model_id, []).append(row.name)
        return [
            Kept(row.id, row.project, row.name, row.kept_at, tuple(named.get(row.id, ())))
            for row in connection.execute(wanted)
        ]


def forget_feeder(store: Store, model: str) -> None:
    """Remove a kept model with everything that belongs to it.

    Raises
    ------
    NotFound
        Nothing is kept under this id.
    """
    with store.writing() as connection:
        if not connection.execute(delete(feeder_models).where(feeder_models.c.id == model)).rowcount:
            raise NotFound(f"There is no kept feeder {model}", hint=LISTED)


def keep_baseline(store: Store, model: str, nodes: pd.DataFrame, branches: pd.DataFrame, source: str) -> None:
    """Keep imported study results beside a model; results of the same source are replaced."""
    table = cyme_validation
    rows = [row for frame, names in ((nodes, NODES), (branches, BRANCHES)) for row in _renamed(frame, names)]
    every = [column.name for column in table.columns]
    with store.writing() as connection:
        connection.execute(delete(table).where(table.c.model_id == model, table.c.source == source))
        last = connection.execute(select(func.max(table.c.position)).where(table.c.model_id == model)).scalar()
        first = 0 if last is None else last + 1
        whole = [
            {**dict.fromkeys(every), **row, "model_id": model, "position": position, "source": source}
            for position, row in enumerate(rows, start=first)
        ]
        if whole:
            connection.execute(insert(table), whole)


def kept_baseline(store: Store, model: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the nodes and branches of the study results kept beside a model."""
    table = cyme_validation
    with store.reading() as connection:
        found = connection.execute(select(table).where(table.c.model_id == model).order_by(table.c.position))
        frame = pd.DataFrame(found.mappings().all(), columns=[column.name for column in table.columns])
    frames = []
    for names in (NODES, BRANCHES):
        own = frame[frame[next(iter(names.values()))].notna()]
        own = own.rename(columns={stored: ours for ours, stored in names.items()})[list(names)]
        frames.append(own.dropna(axis="columns", how="all").reset_index(drop=True))
    return frames[0], frames[1]


def _renamed(frame: pd.DataFrame, names: dict[str, str]) -> list[dict[str, Any]]:
    there = frame[[name for name in names if name in frame]].rename(columns=names)
    return _plain(there)


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows in Python's own types, nothing where a value is missing."""
    cells: Any = frame.astype(object)
    rows: list[dict[str, Any]] = cells.where(frame.notna(), None).to_dict("records")
    return rows


def _with_system(shapes: dict[str, pd.Series], crs: str) -> dict[str, pd.Series]:
    """Return the shapes with the number of their coordinate system."""
    from shapely import set_srid

    number = crs.upper().removeprefix("EPSG:")
    srid = int(number) if number.isdigit() else 0
    return {
        name: pd.Series(list(set_srid(shape.to_numpy(), srid)), shape.index, dtype=object)
        for name, shape in shapes.items()
    }


def _rows(feeder: Feeder, name: str, model: str, ids: dict[str, int], shapes: pd.Series | None) -> list[dict[str, Any]]:
    frame = feeder[name][list(COLUMNS[name])]
    if "feeder" in frame:
        frame = frame.assign(feeder=frame["feeder"].map(ids))
    frame = frame.rename(columns={column: stored_name(name, column) for column in frame.columns})
    if "geom" in STORED[name].columns:
        frame["geom"] = None if shapes is None else shapes.reindex(frame.index)
    return _plain(frame.assign(model_id=model, position=range(len(frame))))


def _keep_names(connection: Connection, model: str, feeder: Feeder, shapes: dict[str, pd.Series]) -> dict[str, int]:
    """Keep the feeders of the model with their lines on the map, and return their ids by name."""
    from shapely import MultiLineString, get_srid, set_srid

    lines, branches, sources = shapes.get("branches"), feeder["branches"], feeder["sources"]
    ids = {}
    for name in dict.fromkeys(name for table in _with_feeder() for name in feeder[table]["feeder"] if name):
        own = branches.index[branches["feeder"] == name]
        drawn = [] if lines is None else list(lines.reindex(own).dropna())
        fed = sources[sources["feeder"] == name]
        starts = branches.loc[own][branches.loc[own, "from_bus"].isin(set(fed["bus"]))]
        row = {
            "model_id": model,
            "name": name,
            "substation_id": next(iter(fed["id"]), None),
            "head_device": next(iter(starts["id"]), None),
            "geom": set_srid(MultiLineString(drawn), get_srid(drawn[0])) if drawn else None,
        }
        ids[name] = connection.execute(insert(feeders).values(row).returning(feeders.c.id)).scalar_one()
    return ids


def _with_feeder() -> Iterable[str]:
    return (name for name in COLUMNS if "feeder" in COLUMNS[name])


def _table(connection: Connection, name: str, model: str, names: dict[int, str]) -> pd.DataFrame:
    table = STORED[name]
    columns = [table.c[stored_name(name, column)] for column in COLUMNS[name]]
    rows = connection.execute(select(*columns).where(table.c.model_id == model).order_by(table.c.position)).all()
    cells = dict(zip(COLUMNS[name], zip(*rows, strict=True), strict=True)) if rows else {}
    if "feeder" in cells:
        cells["feeder"] = tuple(names.get(cell, "") for cell in cells["feeder"])
    return pd.DataFrame({column: pd.Series(cell, dtype=EMPTY[name][column].dtype) for column, cell in cells.items()})
