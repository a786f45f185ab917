"""Write a MATPOWER case as a ``.m`` file. Reading it back gives the same numbers, bit by bit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from core.formats.matpower.case import CATALOGUE, COST_TABLES, MatpowerCase

TITLES = {
    "bus": "bus data",
    "gen": "generator data",
    "branch": "branch data",
    "gencost": "generator cost data",
    "dcline": "DC line data",
    "dclinecost": "DC line cost data",
    "storage": "storage data",
    "switch": "switch data",
}
STANDARD = tuple(TITLES)


def write_case(case: MatpowerCase) -> bytes:
    """Return the case as the bytes of a ``.m`` file (format version 2)."""
    return "\n".join(_lines(case)).encode("utf-8")


def _lines(case: MatpowerCase) -> Iterator[str]:
    yield f"function mpc = {function_name(case.name)}"
    yield "%% MATPOWER Case Format : Version 2"
    yield "mpc.version = '2';"
    yield ""
    yield "%% system MVA base"
    yield f"mpc.baseMVA = {number_text(case.base_mva)};"
    for table in STANDARD:
        if table in case.tables:
            yield from _matrix(table, case.tables[table])
    if case.bus_name:
        yield from ("", "%% bus names", "mpc.bus_name = {")
        yield from (f"\t{quoted(name)};" for name in case.bus_name)
        yield "};"
    for table, frame in case.tables.items():
        if table not in STANDARD:
            yield from _other(table, frame)
    for key, value in case.values.items():
        yield from ("", *_value(f"mpc.{key}", value))
    yield ""


def function_name(name: str) -> str:
    """Return the name as MATLAB takes one: letters, digits and underscores."""
    cleaned = re.sub(r"\W", "_", name.strip(), flags=re.ASCII) or "case"
    return cleaned if cleaned[0].isalpha() else f"case_{cleaned}"


def number_text(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    number = float(value)
    if np.isnan(number):
        return "NaN"
    if np.isinf(number):
        return "Inf" if number > 0 else "-Inf"
    if number.is_integer() and abs(number) < 1e15 and not (number == 0 and np.signbit(number)):
        return str(int(number))
    return repr(number)


def quoted(text: str) -> str:
    """Return the text between quotes, on one line."""
    return "'" + re.sub(r"[\r\n]+", " ", text).replace("'", "''") + "'"


def _matrix(table: str, frame: pd.DataFrame) -> Iterator[str]:
    yield from ("", f"%% {TITLES[table]}")
    standard = table in COST_TABLES or list(frame.columns) == list(CATALOGUE[table])[: len(frame.columns)]
    yield ("%\t" if standard else "%column_names%\t") + "\t".join(map(str, frame.columns))
    yield f"mpc.{table} = ["
    yield from _number_rows(frame)
    yield "];"


def _other(table: str, frame: pd.DataFrame) -> Iterator[str]:
    names = list(map(str, frame.columns))
    yield ""
    if names != [f"col_{place + 1}" for place in range(len(names))]:
        yield "%column_names%\t" + "\t".join(names)
    if all(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes):
        yield f"mpc.{table} = ["
        yield from _number_rows(frame)
        yield "];"
        return
    yield f"mpc.{table} = {{"
    columns = [[_literal(item) for item in frame[name]] for name in frame.columns]
    yield from ("\t" + "\t".join(cells) + ";" for cells in zip(*columns, strict=True))
    yield "};"


def _number_rows(frame: pd.DataFrame) -> Iterator[str]:
    """Return the rows of a matrix; whole columns go through text at once."""
    if frame.empty:
        return
    columns = [_number_column(np.asarray(frame[name], dtype=float)) for name in frame.columns]
    yield from ("\t" + "\t".join(row) + ";" for row in zip(*columns, strict=True))


def _number_column(values: np.ndarray) -> list[str]:
    if np.all(np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 1e15) & ~np.signbit(values)):
        return list(map(str, values.astype(np.int64).tolist()))
    if np.isfinite(values).all():
        return [text[:-2] if text.endswith(".0") else text for text in map(repr, values.tolist())]
    return [number_text(value) for value in values.tolist()]


def _value(path: str, value: Any) -> Iterator[str]:
    """Write a single value; a struct becomes one line for each field."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _value(f"{path}.{key}", item)
    elif isinstance(value, list):
        opening, closing = ("{", "}") if any(isinstance(item, str) for row in value for item in row) else ("[", "]")
        rows = "; ".join(" ".join(_literal(item) for item in row) for row in value)
        yield f"{path} = {opening}{rows}{closing};"
    else:
        yield f"{path} = {_literal(value)};"


def _literal(value: Any) -> str:
    return quoted(value) if isinstance(value, str) else number_text(value)
