"""Which element of one simulation is which of another, whoever numbered them, and which times are the same."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.results.database.software import KEYS

#: Component → the columns of the buses that an element is at.
ENDS = {"bus": (), "generator": ("bus",), "load": ("bus",), "line": ("ibus", "jbus")}


def paired(a: pd.DataFrame, b: pd.DataFrame, component: str) -> tuple[pd.Series, pd.Series]:
    """Return for each row of both the number of its element, the same for partners; B's without one are negative.

    Elements at the same buses are partners by circuit, the end of their names, where all of the side with fewer have
    one on the other; else by the order of their numbers where there are as many on both sides. Others have none.
    """
    key, ends = KEYS[component], list(ENDS[component])
    names = [key, *ends, f"{key}_name"]
    if not ends or (len(a) == len(b) and all(np.array_equal(a[name], b[name]) for name in names)):
        return a[key], b[key]  # buses are told by their numbers, and here both have the same rows
    one, other = _elements(a, key, ends), _elements(b, key, ends)
    by_circuit = one.drop_duplicates(["at", "circuit"], keep=False).merge(
        other.drop_duplicates(["at", "circuit"], keep=False), on=["at", "circuit"], suffixes=("_a", "_b")
    )
    by_order = one.merge(other, on=["at", "place"], suffixes=("_a", "_b"))
    counts = pd.concat([side["at"].value_counts() for side in (one, other)], axis=1, keys=["a", "b"]).fillna(0)
    told = by_circuit["at"].value_counts().reindex(counts.index, fill_value=0) == counts.min(axis=1)
    as_many = counts["a"] == counts["b"]
    partners = pd.concat(
        [
            by_circuit[by_circuit["at"].map(told)],
            by_order[by_order["at"].map(as_many & ~told)],
        ]
    )
    found = partners.set_index("element_b")["element_a"]
    own = _element_of(b, other, key, ends)
    return _element_of(a, one, key, ends), own.map(found).fillna(-1 - own).astype(np.int64)


def _elements(rows: pd.DataFrame, key: str, ends: list[str]) -> pd.DataFrame:
    """Return the elements with their buses in any order, circuit, and place among those at the same buses."""
    found = rows.drop_duplicates([key, *ends]).sort_values(key, kind="stable")[[key, *ends, f"{key}_name"]]
    at = pd.DataFrame(np.sort(found[ends].to_numpy(), axis=1)).astype(str).agg("-".join, axis=1).to_numpy()
    found = found.assign(element=np.arange(len(found)), at=at)
    circuit = found[f"{key}_name"].astype(str).str.rpartition("_")[2].str.strip()
    return found.assign(circuit=circuit, place=found.groupby("at").cumcount())


def _element_of(rows: pd.DataFrame, elements: pd.DataFrame, key: str, ends: list[str]) -> pd.Series:
    by = [key, *ends]
    number = pd.MultiIndex.from_frame(elements[by]).get_indexer(pd.MultiIndex.from_frame(rows[by]))
    return pd.Series(elements["element"].to_numpy()[number], index=rows.index)


def same_moments(a: pd.Series, b: pd.Series) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Return for each row of both the number of its time, and the times: one where both have just one."""
    codes, written = zip(*(pd.factorize(side) for side in (a, b)), strict=True)
    one, other = (moments(pd.Series(stamps)) for stamps in written)
    if len(one) == 1 and len(other) == 1:
        other = one
    numbers, stamps = pd.factorize(pd.concat([one, other], ignore_index=True))
    return (numbers[: len(one)][codes[0]], numbers[len(one) :][codes[1]]), np.asarray(stamps, dtype=object)


def moments(written: pd.Series) -> pd.Series:
    """Return different time stamps in UTC and one form, whatever their zone and resolution; those without are in UTC.

    What is no time stamp stays as it is.
    """
    try:
        read = pd.to_datetime(written, utc=True, format="ISO8601")
    except ValueError:
        return written
    if read.duplicated().any():
        raise BadInput(f"two time stamps are the same moment: {written[read.duplicated()].iloc[0]}")
    whole = (read.dt.microsecond == 0).all()
    return read.dt.strftime("%Y-%m-%dT%H:%M:%S" if whole else "%Y-%m-%dT%H:%M:%S.%f")
