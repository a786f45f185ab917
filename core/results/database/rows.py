"""A simulation's rows out of a table: a million in a second or two, because only what changes comes row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Column, Connection, Integer, Select, Table, func, select
from sqlalchemy.types import REAL

#: Rows that the driver hands over together; their objects are gone before the next ones come.
TOGETHER = 10_000


def read_rows(connection: Connection, table: Table, sim: int, key: str) -> pd.DataFrame:
    """Return a simulation's rows in the order of time and of ``key``, without the columns ``id`` and ``grid_sim_id``.

    Where every step has the same elements, time stamps are read once a step and what tells an element once an element.
    """
    own, time = table.c.grid_sim_id == sim, table.c.timestamp
    values = [column for column in table.c if column.name not in ("id", "grid_sim_id", "timestamp")]
    numbers = [column for column in values if isinstance(column.type, REAL)]
    labels = [table.c[key], *(column for column in values if column not in numbers and column.name != key)]

    def in_order(*columns: Column[Any]) -> Select[Any]:
        return select(*columns).where(own).order_by(time, table.c[key])

    steps = _objects(connection, select(time, func.count()).where(own).group_by(time).order_by(time))
    elements = _objects(connection, select(*labels).where(own).distinct().order_by(table.c[key]))
    if (steps[:, 1] == len(elements)).all():  # an element has one row a step: every step has all of them
        told = np.tile(elements, (len(steps), 1))
    else:
        told = _objects(connection, in_order(*labels))
    found = {"timestamp": np.repeat(steps[:, 0], steps[:, 1].astype(np.int64))}
    for column, part in zip(labels, told.T, strict=True):
        found[column.name] = _integers(part) if isinstance(column.type, Integer) else part
    for column, part in zip(numbers, _numbers(connection, in_order(*numbers)).T, strict=True):
        found[column.name] = part
    return pd.DataFrame({name: found[name] for name in ("timestamp", *(column.name for column in values))})


def _numbers(connection: Connection, query: Select[Any]) -> np.ndarray:
    """Return rows × columns; what is null is missing."""
    cursor = connection.execute(query).cursor
    parts = [np.array(rows, dtype=float) for rows in iter(lambda: cursor.fetchmany(TOGETHER), [])]
    return np.concatenate([np.empty((0, len(query.selected_columns))), *parts])


def _objects(connection: Connection, query: Select[Any]) -> np.ndarray:
    """Return rows × columns of Python's own values."""
    rows = connection.execute(query).cursor.fetchall()
    return np.array(rows, dtype=object).reshape(-1, len(query.selected_columns))


def _integers(values: np.ndarray) -> np.ndarray:
    """Return whole numbers; with missing ones among them as floats."""
    numbers = values.astype(float)
    return numbers if np.isnan(numbers).any() else numbers.astype(np.int64)
