"""What a version can't say is said in another way: shunts in bus records, switching devices, several at a bus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.formats.psse.case import RawCase

#: First character of the circuit of a v33 branch that stands for a switching device → its sort in v34.
DEVICES = {"@": 2, "*": 3}
#: Section → the section that stands in for it in older versions, and the fields that say the same.
STAND_INS: dict[str, tuple[str, dict[str, str]]] = {
    "switching_device": (
        "branch",
        {"I": "I", "J": "J", "CKT": "CKT", "X": "X", "RATE1": "RATEA", "RATE2": "RATEB", "RATE3": "RATEC",
         "STAT": "ST", "MET": "MET"},
    ),
    "switched_shunt": ("fixed_shunt", {"I": "I", "ID": "ID", "STAT": "STATUS", "BINIT": "BL"}),
}  # fmt: skip
#: Points of an impedance correction table before version 34.
POINTS = 11
_SIGNS = "1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Replaced:
    """Records that a version has no place for, and what is written instead of them."""

    section: str
    rows: np.ndarray
    instead: str
    records: pd.DataFrame


def fitted(case: RawCase, version: int) -> RawCase:
    """Return the case with the records that the version has a place for."""
    if version >= 31:
        case = _metered_ends(_fixed_shunts(case))
    if version >= 34 > case.version:
        case = _branches_as_devices(case)
    for part in replaced(case, version):
        left = np.setdiff1d(np.arange(len(case[part.section])), part.rows)
        case = case.with_section(part.section, case[part.section].iloc[left])
        case = _added(case, part.instead, part.records) if part.instead else case
    return case


def replaced(case: RawCase, version: int) -> Iterator[Replaced]:
    """Yield what the version says in another section, or not at all: the points of a long correction table."""
    if version < 34 and len(case["switching_device"]):
        yield _stand_in(case, "switching_device", np.arange(len(case["switching_device"])))
    again = pd.Series(case.integers("switched_shunt", "I")).duplicated().to_numpy()
    if version < 35 and again.any():
        yield _stand_in(case, "switched_shunt", np.flatnonzero(again))
    point = pd.Series(case.integers("impedance_correction", "I"))
    rows = np.flatnonzero(point.groupby(point).cumcount() >= POINTS)
    if version < 34 and len(rows):
        yield Replaced("impedance_correction", rows, "", pd.DataFrame())


def _stand_in(case: RawCase, section: str, rows: np.ndarray) -> Replaced:
    instead, names = STAND_INS[section]
    records = pd.DataFrame({theirs: case.values(section, ours)[rows] for ours, theirs in names.items()})
    whole = [name for name in ("I", "J", "ST", "MET", "STATUS") if name in records]
    records = records.astype(dict.fromkeys(whole, np.int64))
    keys: list[str] = [name for name in ("I", "J") if name in names]
    records[names.get("CKT") or "ID"] = _names(case, section, rows, keys, instead)
    return Replaced(section, rows, instead, records)


def _names(case: RawCase, section: str, rows: np.ndarray, keys: list[str], instead: str) -> list[str]:
    """Return identifiers that say what the records stand for: @ a breaker, * another device, S a switched shunt."""
    own = STAND_INS[section][1].get("CKT", "ID")
    words = pd.Series(case.values(section, own), dtype=object).astype(str).str.strip().to_numpy()[rows]
    first = np.full(len(rows), "S")
    if section == "switching_device":
        first = np.where(case.integers(section, "STYPE")[rows] == 2, "@", "*")
    taken = set(
        zip(*_ends(case, instead, keys, np.arange(len(case[instead]))), _words(case, instead, own), strict=True)
    )
    found = []
    for *ends, mark, word in zip(*_ends(case, section, keys, rows), first, words, strict=True):
        wanted = word if word[:1] in DEVICES and section == "switching_device" else f"{mark}{word[:1]}"
        options = (wanted, *(wanted[:1] + sign for sign in _SIGNS))
        name = next((option for option in options if (*ends, option) not in taken), wanted)
        taken.add((*ends, name))
        found.append(name)
    return found


def _ends(case: RawCase, section: str, keys: list[str], rows: np.ndarray) -> list[list[int]]:
    """Return the bus numbers of records, the smaller one first."""
    ends = np.sort(np.abs(np.column_stack([case.integers(section, key)[rows] for key in keys])), axis=1)
    return [list(map(int, column)) for column in ends.T]


def _words(case: RawCase, section: str, name: str) -> list[str]:
    return [str(word).strip() for word in case.values(section, name)]


def _metered_ends(case: RawCase) -> RawCase:
    """Say the metered end by MET alone, not by the sign of the second bus as version 30 does."""
    for section in ("branch", "multi_section_line"):
        minus = (case.integers(section, "J") < 0) & ((case.integers(section, "MET") == 2) | (case.version < 31))
        if minus.any():
            metered = np.where(minus, 2, case.integers(section, "MET"))
            table = case[section].assign(J=np.abs(case.integers(section, "J")), MET=metered)
            case = case.with_section(section, table)
    return case


def _fixed_shunts(case: RawCase) -> RawCase:
    """Move the shunts of version 30's bus records to fixed shunts."""
    if "GL" not in case["bus"] or case["bus"].empty:
        return case
    g, b = np.nan_to_num(case.values("bus", "GL")), np.nan_to_num(case.values("bus", "BL"))
    rows = np.flatnonzero((g != 0) | (b != 0))
    shunts = pd.DataFrame({"I": case.integers("bus", "I")[rows], "ID": "1", "STATUS": 1, "GL": g[rows], "BL": b[rows]})
    bus = case["bus"].drop(columns=["GL", "BL"])
    return _added(case.with_section("bus", bus), "fixed_shunt", shunts)


def _branches_as_devices(case: RawCase) -> RawCase:
    """Write branches of version 33 that stand for switching devices as such."""
    ids = pd.Series(case.values("branch", "CKT"), dtype=object).astype(str).str.strip()
    marked = np.asarray(ids.str[:1].isin(list(DEVICES)), dtype=bool)
    for name in ("R", "B", "GI", "BI", "GJ", "BJ"):
        marked &= np.nan_to_num(case.values("branch", name)) == 0
    if not marked.any():
        return case
    part = case.with_section("branch", case["branch"][marked])
    names = STAND_INS["switching_device"][1]
    devices = pd.DataFrame({ours: part.values("branch", theirs) for ours, theirs in names.items()})
    for name in ("I", "J", "MET", "STAT"):
        devices[name] = np.abs(devices[name]).astype(np.int64)
    sort = ids[marked].str[0].map(DEVICES).to_numpy()
    devices = devices.assign(CKT=ids[marked].to_numpy(), NSTAT=devices["STAT"], STYPE=sort)
    return _added(case.with_section("branch", case["branch"][~marked]), "switching_device", devices)


def restored(case: RawCase, section: str, rows: pd.DataFrame, stand_ins: pd.DataFrame) -> RawCase:
    """Return the case with records in place of their stand-ins, as far as these are still there, with their values.

    ``stand_ins`` has the keys under which each record was written; it is empty where nothing was written.
    """
    if stand_ins.empty:
        return _added(case, section, rows)
    instead, names = STAND_INS[section]
    table = case[instead]
    keys = [str(key) for key in stand_ins]
    place = {key: row for row, key in reversed(list(enumerate(_keys(case, instead, keys))))}
    other = RawCase(case.version, case.header, case.titles, {instead: stand_ins})
    at = np.asarray([place.get(key, -1) for key in _keys(other, instead, keys)], dtype=np.int64)
    rows = rows[at >= 0].reset_index(drop=True)
    at = at[at >= 0]
    for ours, theirs in names.items():
        if theirs not in keys:
            rows[ours] = case.values(instead, theirs)[at]
    left = np.setdiff1d(np.arange(len(table)), at)
    return _added(case.with_section(instead, table.iloc[left].reset_index(drop=True)), section, rows)


def _keys(case: RawCase, section: str, keys: list[str]) -> list[tuple[object, ...]]:
    buses = [key for key in keys if key in ("I", "J")]
    return list(
        zip(*_ends(case, section, buses, np.arange(len(case[section]))), _words(case, section, keys[-1]), strict=True)
    )


def _added(case: RawCase, section: str, rows: pd.DataFrame) -> RawCase:
    table = case[section]
    if rows.empty:
        return case
    if table.empty:
        return case.with_section(section, rows.reset_index(drop=True))
    return case.with_section(section, pd.concat([table, rows], ignore_index=True))
