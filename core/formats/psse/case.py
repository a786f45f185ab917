"""A PSS/E power-flow case as its file has it: header, titles and one table a section, with PSS/E's field names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core.formats.psse import schema


@cache
def _empty(section: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(dict.fromkeys(field.name for field in schema.fields()[section])), dtype=object)


@dataclass(slots=True)
class Original:
    """The text that a case was read from, and the lines of each record: what isn't edited is written as it was."""

    lines: list[str]  # with their line ends
    encoding: str
    header: dict[str, Any]
    titles: tuple[str, str]
    sections: dict[str, pd.DataFrame]  # as the case was read, with what rode along behind Q
    records: dict[str, pd.DataFrame]  # as the file's own records have them
    spans: dict[str, np.ndarray]  # section → (records, 2): first line and line behind the last, from 0
    ends: dict[str, int]  # section → the line of its terminator, from 0
    versions: dict[str, int]  # section → version whose layout its records follow
    is_rawx: bool = False


@dataclass(slots=True)
class RawCase:
    """A case. Values that the file leaves out are NaN or ``None``: the schema's defaults stand for them."""

    version: int = 33
    header: dict[str, Any] = field(default_factory=dict)  # IC, SBASE, REV, XFRRAT, NXFRAT, BASFRQ, comment
    titles: tuple[str, str] = ("", "")
    sections: dict[str, pd.DataFrame] = field(default_factory=dict)
    original: Original | None = None

    def __getitem__(self, section: str) -> pd.DataFrame:
        """Return a section's table; an absent one is empty."""
        return self.sections[section] if section in self.sections else _empty(section)

    @property
    def is_untouched(self) -> bool:
        """Return whether the case is as its file has it."""
        if self.original is None or (self.header, self.titles) != (self.original.header, self.original.titles):
            return False
        mine, read = self.sections, self.original.sections
        return mine.keys() == read.keys() and all(mine[name] is read[name] for name in mine)

    @property
    def base_mva(self) -> float:
        """Return the system base [MVA]."""
        return float(self.header.get("SBASE") or 100.0)

    def with_section(self, name: str, table: pd.DataFrame) -> RawCase:
        """Return the case with one section replaced; rows with the same index and values keep their text."""
        return replace(self, sections={**self.sections, name: table})

    def values(self, section: str, name: str) -> np.ndarray:
        """Return a field of every record as numbers or text, with defaults where the file has none."""
        table = self[section]
        declared = schema.field(section, name)
        if declared.type == "text":
            if name not in table:
                return np.full(len(table), declared.default, dtype=object)
            words = table[name]
            return np.asarray(words.where(words.notna(), declared.default).astype(object))
        default = np.asarray(self._default(section, declared))
        if name not in table:
            return np.array(np.broadcast_to(default, len(table)))
        column: np.ndarray = np.asarray(table[name])
        if column.dtype.kind in "iu":
            return column.astype(float)
        column = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=float)
        return np.asarray(np.where(np.isnan(column), default, column))

    def integers(self, section: str, name: str) -> np.ndarray:
        """Return an integer field of every record."""
        finite = np.nan_to_num(self.values(section, name), nan=0.0, posinf=0, neginf=0)
        return np.asarray(finite.round().clip(-(2**62), 2**62).astype(np.int64))

    def has_own(self, section: str, name: str) -> bool:
        """Say whether any record has another value than the field's default."""
        declared = schema.field(section, name)
        values = self.values(section, name)
        if declared.type == "text":
            return bool(pd.Series(values, dtype=object).fillna("").astype(str).str.strip().ne(declared.default).any())
        if not declared.default or declared.default.startswith("@"):
            return bool((~np.isnan(values.astype(float))).any())
        return bool((values != float(declared.default)).any())

    def is_filled(self, section: str) -> bool:
        """Say whether a section says anything: parameters of a solution that are all defaults say nothing."""
        if section in schema.PARAMETERS:
            return any(self.has_own(section, f.name) for f in schema.fields()[section])
        return not self[section].empty

    def numbers(self, section: str) -> np.ndarray | None:
        """Return the line on which each record begins, counted from 1, where the case was read from a file."""
        original = self.original
        if original is None or section not in original.spans or self[section] is not original.sections.get(section):
            return None
        spans = original.spans[section]
        return np.asarray(spans[:, 0] + 1) if len(spans) == len(self[section]) else None

    def _default(self, section: str, declared: schema.Field) -> np.ndarray | float:
        text = declared.default
        if text == "@SBASE":
            return self.base_mva
        if text == "@WINDV":
            return self._nominal_winding(section, declared.name)
        if text.startswith("@bus."):
            buses = pd.Series(self.values("bus", text[5:]), index=self.integers("bus", "I"))
            buses = buses[~buses.index.duplicated()]
            return np.asarray(buses.reindex(self.integers(section, "I")).fillna(1.0), dtype=float)
        return float(text) if text else np.nan

    def _nominal_winding(self, section: str, name: str) -> np.ndarray:
        """Return the default of WINDV: 1 pu, or the bus base voltage where voltages are in kV."""
        bus = {"1": "I", "2": "J", "3": "K"}[name[-1]]
        base = pd.Series(self.values("bus", "BASKV"), index=self.integers("bus", "I"))
        base = base[~base.index.duplicated()]
        kv = base.reindex(np.abs(self.integers(section, bus))).fillna(1.0)
        return np.where(self.integers(section, "CW") == 2, np.asarray(kv, dtype=float), 1.0)
