"""Column catalogues: a table's columns, types, units, defaults and help, declared once in a CSV file.

The catalogue is the source of empty tables, defaults, checks, editors, tooltips and docs.
Its columns are ``table,column,type,unit,default,required,choices,help``; ``type`` is text, int, float or bool,
``choices`` are separated by ``|``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

#: What a column is called whose name is nothing but its unit.
QUANTITIES = {"kV": "Voltage", "kVA": "Rating", "kvar": "Reactive power", "kWh": "Energy"}
#: How parts of names are written in headings.
CAPITALS = (
    *("a", "b", "c", "p", "q", "v", "x/r", "id", "hv", "lv", "ll", "ln", "dc", "dg", "ct", "pt", "ltc"),
    *("gmr", "gmd", "mtbf", "mttr", "pm", "rocof"),
)
WORDS = {"pf": "power factor", "ckt": "circuit", **{word: word.upper() for word in CAPITALS}}
DTYPES = {"text": "object", "int": "Int64", "float": "float64", "bool": "bool"}
TRUE_WORDS = frozenset({"1", "true", "yes", "y", "on", "online", "in service", "closed"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one table."""

    table: str
    name: str
    type: str
    unit: str
    default: Any
    required: bool
    choices: tuple[str, ...]
    help: str

    @property
    def label(self) -> str:
        """Return the heading in files that are read back: the name, the unit in brackets."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    @property
    def heading(self) -> str:
        """Return the heading that a person reads."""
        return heading(self.name, self.unit)


class Catalogue(Mapping[str, dict[str, Column]]):
    """Tables by name, each a dictionary of its columns in order."""

    def __init__(self, columns: list[Column]) -> None:
        self._tables: dict[str, dict[str, Column]] = {}
        self._empty: dict[str, pd.DataFrame] = {}
        for column in columns:
            self._tables.setdefault(column.table, {})[column.name] = column

    @classmethod
    def read(cls, path: Path) -> Catalogue:
        """Read a catalogue file."""
        with path.open(encoding="utf-8", newline="") as handle:
            return cls([_column(row) for row in csv.DictReader(handle)])

    def __getitem__(self, table: str) -> dict[str, Column]:
        return self._tables[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def empty(self, table: str) -> pd.DataFrame:
        """Return the table without rows, with its columns and their types."""
        if table not in self._empty:
            columns = {c.name: pd.Series(dtype=DTYPES[c.type]) for c in self[table].values()}
            self._empty[table] = pd.DataFrame(columns)
        return self._empty[table].copy()

    def conform(self, table: str, rows: pd.DataFrame | list[dict[str, Any]]) -> pd.DataFrame:
        """Return the rows with the catalogue's columns, order, types and defaults; other columns are kept behind.

        Text that isn't a number becomes missing in a number column: readers report such cells before they call this.
        """
        frame = pd.DataFrame(rows).reset_index(drop=True)
        columns = self[table]
        known = {name: _as_type(frame, column) for name, column in columns.items()}
        others = {str(name): frame[name] for name in frame.columns if name not in columns}
        return pd.DataFrame({**known, **others}, index=frame.index)


def heading(name: str, unit: str) -> str:
    """Return a column's name in words, with its unit once and in brackets: "Rated [MW]" of ``rated_mw``."""
    spelled = unit.lower().replace("1/", "per_").replace("%", "pct").translate(str.maketrans("µ²·", "u2_"))
    endings = {spelled.replace("/", "_"), spelled.replace("/", "_per_")} - {"", "1"}
    text = next((name.removesuffix(f"_{end}") for end in endings if name.endswith(f"_{end}")), name)
    parts = re.sub("x_r$", "x/r", text).split("_")
    if text == name and spelled in parts:
        parts.remove(spelled)
    words = " ".join(WORDS.get(part, part) for part in parts) or QUANTITIES.get(unit, name)
    return f"{words[:1].upper()}{words[1:]}" + (f" [{unit}]" if unit not in ("", "1") else "")


def _column(row: dict[str, str]) -> Column:
    kind = row["type"]
    return Column(
        table=row["table"],
        name=row["column"],
        type=kind,
        unit=row["unit"],
        default=_default(row["default"], kind),
        required=row["required"] == "yes",
        choices=tuple(part for part in row["choices"].split("|") if part),
        help=row["help"],
    )


def _default(text: str, kind: str) -> Any:
    if kind == "bool":
        return text.lower() in TRUE_WORDS
    if text == "":
        return "" if kind == "text" else None
    return {"text": str, "int": int, "float": float}[kind](text)


def _as_type(frame: pd.DataFrame, column: Column) -> pd.Series:
    if column.name not in frame.columns:
        return pd.Series([column.default] * len(frame), index=frame.index, dtype=DTYPES[column.type])
    values = frame[column.name]
    if _has_type(values, column):
        return pd.Series(values.astype(pd.api.types.pandas_dtype(DTYPES[column.type])))
    values = values.astype("object")
    if column.type == "text":
        return values.where(values.notna(), column.default).map(str).astype("object")
    if column.type == "bool":
        return values.map(lambda v: _truth(v, column.default)).astype("bool")
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    if column.type == "int":
        numbers = numbers.where(numbers.abs() < 2**53)
    if column.default is not None:
        numbers = numbers.fillna(column.default)
    return numbers.round().astype("Int64") if column.type == "int" else numbers


def _has_type(values: pd.Series, column: Column) -> bool:
    """Say whether the values need no conversion cell by cell: large tables pass in one step."""
    if column.type == "text":
        return bool(values.dtype == "object" and pd.api.types.infer_dtype(values, skipna=False) == "string")
    kinds = {"bool": "b", "int": "iu", "float": "fiu"}[column.type]
    return values.dtype.kind in kinds and not values.isna().any()


def _truth(value: Any, default: bool) -> bool:
    if value is None or value != value or value == "":
        return default
    return value.strip().lower() in TRUE_WORDS if isinstance(value, str) else bool(value)
