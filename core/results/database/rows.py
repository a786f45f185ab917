"""A simulation's rows into a table and out of it: a million in a second or two.

A driver takes and gives Python's own values one by one. Hence a step's rows go into one statement, and only what
changes from step to step is handed over, and comes back, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Column, Connection, Integer, Select, Table, func, select
from sqlalchemy.types import REAL

#: Rows that one statement inserts at least, where there are as many, and parameters that it may have.
ROWS_A_STATEMENT, PARAMETERS = 100, 30_000


def write_rows(connection: Connection, table: Table, sim: int, frame: pd.DataFrame) -> None:
    """Write a simulation's rows into the columns of the frame's names."""
    rows = _rows_together(frame)
    whole = len(frame) - len(frame) % rows
    for part, size in ((frame.iloc[:whole], rows), (frame.iloc[whole:], len(frame) - whole)):
        if len(part):
            _write(connection, table, sim, part, size)


def _rows_together(frame: pd.DataFrame) -> int:
    """Return how many rows go into one statement: those of whole steps, as far as its parameters suffice."""
    stamps = _codes(frame["timestamp"])
    a_step = int(np.argmax(stamps != stamps[0])) or len(frame)
    return min(a_step * -(-ROWS_A_STATEMENT // a_step), PARAMETERS // len(frame.columns))


def _write(connection: Connection, table: Table, sim: int, frame: pd.DataFrame, rows: int) -> None:
    """Write parts of so many rows, each by the same statement: numbers and names that all have alike stand in it."""
    told = {str(name): _literals(connection, table.c[str(name)], frame[name], rows) for name in frame}
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, ("grid_sim_id", *told)))
    lines = ", ".join(f"({sim}, {', '.join(line)})" for line in zip(*told.values(), strict=True))
    rest = [_plain(frame[name]).reshape(-1, rows) for name in frame if told[str(name)][0] == _mark(connection)]
    parameters = np.stack(rest, axis=2).reshape(len(rest[0]), -1).tolist()
    statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES {lines}"
    connection.exec_driver_sql(statement, list(map(tuple, parameters)))


def _literals(connection: Connection, column: Column[Any], values: pd.Series, rows: int) -> list[str]:
    """Return a column's part of each row of the statement: its value where all parts have the same, else the mark.

    Fractions are always handed over: SQLite rounds those that stand in a statement.
    """
    process = column.type.dialect_impl(connection.dialect).literal_processor(connection.dialect)
    parts = _codes(values).reshape(-1, rows)
    if process is None or isinstance(column.type, REAL) or not (parts == parts[0]).all():
        return [_mark(connection)] * rows
    return ["NULL" if value is None else process(value) for value in _plain(values.iloc[:rows])]


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def _codes(values: pd.Series) -> np.ndarray:
    """Return what tells which values are the same: the codes of categories."""
    return (values.cat.codes if isinstance(values.dtype, pd.CategoricalDtype) else values).to_numpy()


def _plain(values: pd.Series) -> np.ndarray:
    """Return Python's own values, ``None`` where missing."""
    missing = values.isna()
    if missing.any():
        values = values.astype(object).mask(missing, None)
    return np.asarray(values.to_numpy(dtype=object))


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
    regular = (steps[:, 1] == len(elements)).all()  # an element has one row a step: every step has all of them
    told = elements if regular else _objects(connection, in_order(*labels))
    found = {"timestamp": np.repeat(steps[:, 0], steps[:, 1].astype(np.int64))}
    for column, part in zip(labels, told.T, strict=True):
        label = _integers(part) if isinstance(column.type, Integer) else part
        found[column.name] = np.tile(label, len(steps)) if regular else label
    for column, part in zip(floats, _numbers(connection, in_order(*floats)).T, strict=True):
        found[column.name] = part
    names = ("timestamp", *(column.name for column in values))
    return pd.DataFrame({name: found[name] for name in names}, copy=False)


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
    rows: Any = connection.execute(query).cursor
    return np.fromiter(chain.from_iterable(rows), np.float64).reshape(-1, len(query.selected_columns))


def _objects(connection: Connection, query: Select[Any]) -> np.ndarray:
    """Return rows × columns of Python's own values."""
    rows = connection.execute(query).cursor.fetchall()
    return np.array(rows, dtype=object).reshape(-1, len(query.selected_columns))


def _integers(values: np.ndarray) -> np.ndarray:
    """Return whole numbers; with missing ones among them as floats."""
    numbers = values.astype(float)
    return numbers if np.isnan(numbers).any() else numbers.astype(np.int64)
