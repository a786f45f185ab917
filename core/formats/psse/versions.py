"""What a version can't say is said in another way: shunts in bus records, switching devices, several at a bus."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.formats.psse.case import RawCase

#: First character of the circuit of a v33 branch that stands for a switching device → its sort in v34.
DEVICES = {"@": 2, "*": 3}


def fitted(case: RawCase, version: int) -> RawCase:
    """Return the case with the records that the version has a place for."""
    if version >= 31:
        case = _fixed_shunts(case)
    case = _devices_as_branches(case) if version < 34 else _branches_as_devices(case)
    return _one_switched_shunt(case) if version < 35 else case


def _fixed_shunts(case: RawCase) -> RawCase:
    """Move the shunts of version 30's bus records to fixed shunts."""
    if "GL" not in case["bus"] or case["bus"].empty:
        return case
    g, b = np.nan_to_num(case.values("bus", "GL")), np.nan_to_num(case.values("bus", "BL"))
    rows = np.flatnonzero((g != 0) | (b != 0))
    shunts = pd.DataFrame({"I": case.integers("bus", "I")[rows], "ID": "1", "STATUS": 1, "GL": g[rows], "BL": b[rows]})
    bus = case["bus"].drop(columns=["GL", "BL"])
    return _added(case.with_section("bus", bus), "fixed_shunt", shunts)


def _devices_as_branches(case: RawCase) -> RawCase:
    """Write switching devices as branches whose circuit begins with @ (breaker) or * (others)."""
    section = "switching_device"
    if case[section].empty:
        return case
    ids = pd.Series(case.values(section, "CKT"), dtype=object).str.strip()
    breaker = case.integers(section, "STYPE") == 2
    marked = ids.str[0].isin(list(DEVICES))
    ids = ids.where(marked, pd.Series(np.where(breaker, "@", "*"), dtype=object) + ids.str[:1])
    columns = {name: case.integers(section, name) for name in ("I", "J", "MET")}
    rates = {name: case.values(section, f"RATE{k}") for k, name in enumerate(("RATEA", "RATEB", "RATEC"), 1)}
    branches = pd.DataFrame(
        {**columns, "CKT": ids, "R": 0.0, "X": case.values(section, "X"), "B": 0.0, **rates,
         "ST": case.integers(section, "STAT")}
    )  # fmt: skip
    rest = {name: table for name, table in case.sections.items() if name != section}
    return _added(RawCase(case.version, case.header, case.titles, rest, case.original), "branch", branches)


def _branches_as_devices(case: RawCase) -> RawCase:
    """Write branches of version 33 that stand for switching devices as such."""
    ids = pd.Series(case.values("branch", "CKT"), dtype=object).astype(str).str.strip()
    marked = np.asarray(ids.str[:1].isin(list(DEVICES)), dtype=bool)
    for name in ("R", "B", "GI", "BI", "GJ", "BJ"):
        marked &= np.nan_to_num(case.values("branch", name)) == 0
    if case.version > 33 or not marked.any():
        return case
    part = case.with_section("branch", case["branch"][marked])
    rates = {f"RATE{k}": part.values("branch", name) for k, name in enumerate(("RATEA", "RATEB", "RATEC"), 1)}
    columns = {name: np.abs(part.integers("branch", name)) for name in ("I", "J", "MET")}
    status = part.integers("branch", "ST")
    devices = pd.DataFrame(
        {**columns, "CKT": ids[marked], "X": part.values("branch", "X"), **rates, "STAT": status, "NSTAT": status,
         "STYPE": ids[marked].str[0].map(DEVICES)}
    )  # fmt: skip
    kept = case["switching_device"]  # what rode along behind Q knows more than the branches
    ends = [f"{i}-{j}-{ckt}" for i, j, ckt in zip(devices["I"], devices["J"], devices["CKT"], strict=True)]
    old = [f"{int(i)}-{int(j)}-{str(c).strip()}" for i, j, c in zip(kept["I"], kept["J"], kept["CKT"], strict=True)]
    case = case.with_section("branch", case["branch"][~marked])
    case = case.with_section("switching_device", kept[np.isin(old, ends)])
    return _added(case, "switching_device", devices[~np.isin(ends, old)])


def _one_switched_shunt(case: RawCase) -> RawCase:
    """Before version 35 a bus has one switched shunt: write further ones as fixed shunts of their present value."""
    section = "switched_shunt"
    again = pd.Series(case.integers(section, "I")).duplicated().to_numpy()
    if not again.any():
        return case
    part = case.with_section(section, case[section][again])
    ids = "S" + pd.Series(part.values(section, "ID"), dtype=object).astype(str).str.strip().str[:1]
    shunts = pd.DataFrame(
        {"I": part.integers(section, "I"), "ID": ids, "STATUS": part.integers(section, "STAT"), "GL": 0.0,
         "BL": part.values(section, "BINIT")}
    )  # fmt: skip
    return _added(case.with_section(section, case[section][~again]), "fixed_shunt", shunts)


def _added(case: RawCase, section: str, rows: pd.DataFrame) -> RawCase:
    table = case[section]
    if rows.empty:
        return case
    if table.empty:
        return case.with_section(section, rows.reset_index(drop=True))
    return case.with_section(section, pd.concat([table, rows], ignore_index=True))
