"""A simulation's rows into a table and out of it: a million in a second or two.

A driver takes and gives Python's own values one by one. Hence many rows go into one statement, and only what changes
from step to step comes back row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Column, Connection, Integer, Select, Table, func, select
from sqlalchemy.types import REAL

#: Rows that the driver hands over together; their objects are gone before the next ones come.
TOGETHER = 10_000
#: Rows of one statement: SQLite takes them in half the time of single ones.
ROWS_A_STATEMENT = 100


def write_rows(connection: Connection, table: Table, frame: pd.DataFrame) -> None:
    """Write the rows of a frame into the columns of its names."""
    names, count = [str(name) for name in frame.columns], len(frame)
    width = len(names)
    values: list[object] = [None] * (count * width)
    for place, name in enumerate(names):
        values[place::width] = _plain(frame[name])
    whole = count - count % ROWS_A_STATEMENT
    for first, end, rows in ((0, whole, ROWS_A_STATEMENT), (whole, count, count - whole)):
        size = rows * width
        parts = [tuple(values[at : at + size]) for at in range(first * width, end * width, size or 1)]
        if parts:
            connection.exec_driver_sql(_insertion(connection, table, names, rows), parts)


def _insertion(connection: Connection, table: Table, names: list[str], rows: int) -> str:
    """Return the statement that inserts so many rows, in the driver's own way."""
    quote = connection.dialect.identifier_preparer.quote
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    one = f"({', '.join([mark] * len(names))})"
    columns = ", ".join(map(quote, names))
    return f"INSERT INTO {quote(table.name)} ({columns}) VALUES {', '.join([one] * rows)}"


def _plain(values: pd.Series) -> list[object]:
    """Return Python's own values, ``None`` where missing."""
    missing = values.isna()
    if missing.any():
        values = values.astype(object)
        values[missing] = None
    return list(values.tolist())


def read_rows(
    connection: Connection,
    table: Table,
    sim: int,
    key: str,
    *,
    at: str | None = None,
    numbers: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return a simulation's rows in the order of time and of ``key``, without the columns ``id`` and ``grid_sim_id``.

    All of them, those of one time stamp, or those of some elements. Where every step has the same elements, time
    stamps are read once a step and what tells an element once an element.
    """
    own, time = table.c.grid_sim_id == sim, table.c.timestamp
    if at is not None:
        own &= time == at
    if numbers is not None:
        own &= table.c[key].in_(numbers)
    values = [column for column in table.c if column.name not in ("id", "grid_sim_id", "timestamp")]
    floats = [column for column in values if isinstance(column.type, REAL)]
    labels = [table.c[key], *(column for column in values if column not in floats and column.name != key)]

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
    for column, part in zip(floats, _numbers(connection, in_order(*floats)).T, strict=True):
        found[column.name] = part
    return pd.DataFrame({name: found[name] for name in ("timestamp", *(column.name for column in values))})


def read_outline(
    connection: Connection, table: Table, sim: int, names: Sequence[str]
) -> tuple[list[str], pd.DataFrame]:
    """Return a simulation's time stamps, and its elements in the columns of ``names``, the first of which numbers them.

    The index alone tells whether every step has the same elements; those of the first step are all then.
    """
    own, time, key = table.c.grid_sim_id == sim, table.c.timestamp, table.c[names[0]]
    steps = connection.execute(select(time, func.count()).where(own).group_by(time).order_by(time)).all()
    count = connection.execute(select(func.count(key.distinct())).where(own)).scalar_one()
    if steps and {number for _, number in steps} == {count}:
        own &= time == steps[0][0]
    elements = _objects(connection, select(*(table.c[name] for name in names)).where(own).distinct().order_by(key))
    return [stamp for stamp, _ in steps], pd.DataFrame(elements, columns=list(names)).astype("int64")


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
