"""Rows of a table of a result database as ours holds them: numbers where numbers belong, an element once a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Where
from core.formats.wec_grid import FARM
from core.results.database.software import KEYS, ResultColumn, columns

#: Numbers of elements beyond this don't fit into every database.
LARGEST = 2**31 - 1


def checked_rows(frame: pd.DataFrame, software: str, component: str, where: Where) -> tuple[pd.DataFrame, list[str]]:
    """Return a component's rows in the columns that our table has, and the names of the others.

    Raises
    ------
    BadInput
        A column or a value is missing that must be there, is no number, or an element is there twice at one time.
    """
    frame = frame.rename(columns=lambda name: str(name).lower())  # WEC-Grid's frames write Vbase and Mbase
    declared = columns(software, component)
    needed = ["timestamp", *(column.name for column in declared if column.required)]
    for name in needed:
        if name not in frame:
            raise BadInput(f"the table has no column {name}", where=where)
        if frame[name].isna().any():
            raise BadInput(f"row {_row(frame[name].isna())} has no {name}", where=replace(where, column=name))
    known = ["timestamp", *(column.name for column in declared if column.name in frame)]
    others = [str(name) for name in frame if name not in (*known, "id", "grid_sim_id")]
    numbers = {column.name: _numbers(frame, column, where) for column in declared if column.name in frame}
    frame = frame[known].assign(timestamp=frame["timestamp"].astype(str), **numbers)
    key = KEYS[component]
    twice = frame.duplicated(["timestamp", key])
    if twice.any():
        text = f"{key} {frame[key][twice].iloc[0]} is there twice at {frame['timestamp'][twice].iloc[0]}"
        raise BadInput(text, hint="an element has one row a time stamp", where=where)
    return frame, others


def checked_farms(farms: pd.DataFrame, where: Where) -> pd.DataFrame:
    """Return rows of ``wec_simulations`` in the columns that ours has; refuse what is no power of a farm at a time."""
    power = pd.to_numeric(farms["power_output_mw"], errors="coerce")
    bad = (power.isna() & farms["power_output_mw"].notna()) | np.isinf(power)
    if bad.any() or farms[["wec_farm_name", "timestamp"]].isna().any(axis=None):
        text = "a farm has no name, no time stamp or something else than a number as its power"
        raise BadInput(text, where=replace(where, column="power_output_mw"))
    return farms.reindex(columns=FARM).assign(power_output_mw=power)


def _numbers(frame: pd.DataFrame, column: ResultColumn, where: Where) -> pd.Series:
    """Return a column's values, those of numbers as such; NumPy's integers come as bytes, as SQLite stores them."""
    values = frame[column.name]
    if column.type == "text":
        return values
    if column.type == "int" and values.dtype == object:
        values = values.map(lambda one: int.from_bytes(one, "little", signed=True) if isinstance(one, bytes) else one)
    numbers = pd.to_numeric(values, errors="coerce")
    bad = (numbers.isna() & values.notna()) | np.isinf(numbers.astype(float))
    if column.type == "int":
        bad |= (numbers % 1 != 0) & numbers.notna() | (numbers.abs() > LARGEST)
    if bad.any():
        text = f"row {_row(bad)} has {values[bad].tolist()[0]!r} instead of a{' whole' * (column.type == 'int')} number"
        raise BadInput(text, where=replace(where, column=column.name))
    return numbers


def _row(bad: pd.Series) -> int:
    return int(bad.to_numpy().argmax()) + 1
