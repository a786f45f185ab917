"""What differs between two networks (or two sets of tables), element by element and field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.network.network import CATALOGUE, KEYS, Network

#: Numbers that differ by less than this fraction are the same.
RELATIVE = 1e-9
#: What a network has besides its tables.
BESIDES = ("name", "base_mva", "frequency_hz")


@dataclass(slots=True)
class Difference:
    """Rows only in one of two, and fields that differ. ``changed`` has table, element, field, before, after."""

    added: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["table", "element"]))
    removed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["table", "element"]))
    changed: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["table", "element", "field", "before", "after"])
    )
    same: dict[tuple[str, str], int] = field(default_factory=dict)  # (table, field) → elements that agree

    @property
    def is_empty(self) -> bool:
        """Say whether nothing differs."""
        return self.added.empty and self.removed.empty and self.changed.empty


def compare_networks(before: Network, after: Network) -> Difference:
    """Return what differs between the tables of two networks."""
    a, b = ({"network": _whole(network), **network.tables} for network in (before, after))
    columns = {"network": BESIDES, **{table: tuple(CATALOGUE[table]) for table in CATALOGUE}}
    return compare_tables(a, b, {"network": (), **KEYS}, columns)


def _whole(network: Network) -> pd.DataFrame:
    """Return what a network has besides its tables."""
    return pd.DataFrame({name: [getattr(network, name)] for name in BESIDES})


def compare_tables(
    before: Mapping[str, pd.DataFrame],
    after: Mapping[str, pd.DataFrame],
    keys: Mapping[str, Sequence[str]],
    columns: Mapping[str, Sequence[str]],
) -> Difference:
    """Return what differs between tables of the same names; rows are matched by their keys."""
    parts: dict[str, list[pd.DataFrame]] = {"added": [], "removed": [], "changed": []}
    found = Difference()
    for table in dict.fromkeys([*before, *after]):
        a, b = (_keyed(tables.get(table), table, keys[table]) for tables in (before, after))
        parts["removed"].append(pd.DataFrame({"table": table, "element": a.index.difference(b.index, sort=False)}))
        parts["added"].append(pd.DataFrame({"table": table, "element": b.index.difference(a.index, sort=False)}))
        common = a.index.intersection(b.index, sort=False)
        a, b = a.loc[common], b.loc[common]
        for name in columns[table]:
            if name in keys[table] or (name not in a and name not in b):
                continue
            differs = _differs(a, b, name)
            found.same[table, name] = int((~differs).sum())
            if differs.any():
                rows = {"table": table, "element": common[differs], "field": name}
                values = {"before": _column(a, name)[differs], "after": _column(b, name)[differs]}
                parts["changed"].append(pd.DataFrame({**rows, **values}).astype(object))
    for name, frames in parts.items():
        filled = [frame.astype(object) for frame in frames if len(frame)]
        if filled:
            setattr(found, name, pd.concat(filled, ignore_index=True))
    return found


def _keyed(frame: pd.DataFrame | None, table: str, keys: Sequence[str]) -> pd.DataFrame:
    """Return the rows under their element's name; a name that comes again gets a number."""
    if frame is None or frame.empty:
        return pd.DataFrame(index=pd.Index([], dtype=object))
    words = pd.Series(table, index=range(len(frame)))
    for number, key in enumerate(keys):
        column = pd.Series(frame[key].to_numpy()) if key in frame else pd.Series("", index=range(len(frame)))
        if column.dtype.kind == "f" and bool((column == column.round()).all()):
            column = column.astype("Int64")
        words = words + ("-" if number else " ") + column.astype(str).str.strip()
    again = words.groupby(words).cumcount()
    names = words.where(again == 0, words + " (" + (again + 1).astype(str) + ")")
    return frame.set_axis(pd.Index(names.to_list(), dtype=object))


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    if name not in frame:
        return np.full(len(frame), None, dtype=object)
    values = np.asarray(frame[name], dtype=object).copy()
    values[np.asarray(frame[name].isna())] = None
    return values


def _differs(a: pd.DataFrame, b: pd.DataFrame, name: str) -> np.ndarray:
    """Return where two columns differ: numbers by more than rounding, text by more than blanks around it."""
    if name in a and name in b and a[name].dtype.kind in "fiu" and b[name].dtype.kind in "fiu":
        one, other = (np.asarray(frame[name], dtype=float) for frame in (a, b))
        missing = np.isnan(one), np.isnan(other)
        return np.asarray(np.where(missing[0] | missing[1], missing[0] != missing[1], _apart(one, other)))
    left, right = _column(a, name), _column(b, name)
    one, other = (
        pd.to_numeric(pd.Series(v, dtype=object), errors="coerce").to_numpy(dtype=float) for v in (left, right)
    )
    numeric = ~np.isnan(one) & ~np.isnan(other)
    differs = numeric & _apart(one, other)
    for row in np.flatnonzero(~numeric & np.asarray(left != right, dtype=bool)):  # few: most are equal as they stand
        differs[row] = _plain(left[row]) != _plain(right[row])
    return np.asarray(differs)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        by_more = np.abs(one - other) > RELATIVE * np.maximum(np.abs(one), np.abs(other))
    return np.asarray(by_more | (np.isinf(one) & (one != other)))


def _plain(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()
