"""Study results that CYME (or anybody) wrote as CSV or XLSX: voltages of nodes, currents and loadings of sections.

Headings are matched by synonyms (``baseline.csv``); the voltage's unit is told by its size.
"""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where

#: Lowest and highest typical value of a voltage to neutral in each unit, and the factor to per unit or kilovolts.
UNITS = (
    ("pu", 0.3, 1.7, 1.0),
    ("kV", 1.7, 45.0, 1.0),
    ("V on a base of 120 V", 45.0, 170.0, 1 / 120),
    ("V", 170.0, 1e6, 1e-3),
)
PHASE_OF_NODE = {"1": "A", "2": "B", "3": "C", "a": "A", "b": "B", "c": "C"}


class Baseline:
    """Results to compare with: ``nodes`` (bus, phase, v_pu or v_kv, angle_deg) and ``branches`` (id, loading_pct …)."""

    def __init__(self, nodes: pd.DataFrame, branches: pd.DataFrame) -> None:
        self.nodes = nodes
        self.branches = branches


@cache
def _synonyms() -> dict[str, str]:
    with Path(__file__).with_name("baseline.csv").open(encoding="utf-8", newline="") as handle:
        return {name: row["field"] for row in csv.DictReader(handle) for name in row["names"].split("|")}


def read_baseline(paths: list[Path]) -> Reading[Baseline]:
    """Read one or more tables of results.

    Raises
    ------
    BadInput
        A file is no table, or none has a node or section with a voltage, current or loading.
    """
    findings: list[Finding] = []
    nodes, branches = [], []
    for path in paths:
        for sheet, rows in _tables(path).items():
            table = _named(rows, path, sheet, findings)
            if table is None:
                continue
            nodes.append(_nodes(table, findings, path))
            branches.append(_branches(table))
    node_table = pd.concat(nodes, ignore_index=True) if nodes else pd.DataFrame()
    branch_table = pd.concat(branches, ignore_index=True) if branches else pd.DataFrame()
    if node_table.empty and branch_table.empty:
        hint = "One column must name the node or section, others hold VpuA/VpuB/VpuC, IA/IB/IC or loading"
        raise BadInput("No results in the file", hint=hint, where=Where(file=", ".join(path.name for path in paths)))
    digest = sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return Reading(Baseline(node_table, branch_table), findings, Source(paths[0].name, digest, "cyme.results"))


def _tables(path: Path) -> dict[str, list[list[str]]]:
    if not path.is_file():
        raise BadInput(f"There is no file {path}", hint="Check the path")
    data = path.read_bytes()
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        from python_calamine import CalamineError, CalamineWorkbook

        try:
            book = CalamineWorkbook.from_path(str(path))
            return {
                name: [[_text(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
                for name in book.sheet_names
            }
        except CalamineError as error:
            raise BadInput(f"The workbook can't be read: {error}", where=Where(file=path.name)) from error
    if b"\0" in data[:4096]:
        raise BadInput("The file is binary, neither CSV nor a workbook", where=Where(file=path.name))
    text = data.decode("utf-8-sig", errors="replace")
    head = text[:4096]
    separator = max(";\t,", key=head.count)
    return {"": list(csv.reader(io.StringIO(text), delimiter=separator))}


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _named(rows: list[list[str]], path: Path, sheet: str, findings: list[Finding]) -> pd.DataFrame | None:
    """Return the rows under the heading row with our field names; titles above the headings are skipped."""
    known = _synonyms()
    for index, row in enumerate(rows[:30]):
        fields = [known.get(re.sub(r"[^a-z0-9]", "", cell.lower().replace("%", "pct")), "") for cell in row]
        if ("bus" in fields or "branch" in fields) and len({field for field in fields if field}) >= 2:
            columns = {field: k for k, field in reversed(list(enumerate(fields))) if field}
            body = [line for line in rows[index + 1 :] if any(cell.strip() for cell in line)]
            table = pd.DataFrame(
                {field: [line[k].strip() if k < len(line) else "" for line in body] for field, k in columns.items()}
            )
            unused = [cell for cell, field in zip(row, fields, strict=True) if cell.strip() and not field]
            if unused:
                text = f"Columns not used: {', '.join(unused[:8])}"
                findings.append(
                    Finding(
                        "cyme.results.columns",
                        Severity.INFO,
                        text,
                        "",
                        Where(file=path.name, sheet=sheet or None, row=index + 1),
                    )
                )
            return table
    return None


def _numbers(table: pd.DataFrame, column: str) -> pd.Series:
    if column not in table:
        return pd.Series(float("nan"), index=table.index)
    cells = table[column].str.replace("%", "", regex=False)
    if cells.str.contains(",", regex=False).any() and not cells.str.contains(".", regex=False).any():
        cells = cells.str.replace(",", ".", regex=False)
    return pd.to_numeric(cells, errors="coerce")


def _nodes(table: pd.DataFrame, findings: list[Finding], path: Path) -> pd.DataFrame:
    if "bus" not in table:
        return pd.DataFrame()
    parts = [
        pd.DataFrame(
            {
                "bus": table["bus"],
                "phase": phase.upper(),
                "v": _numbers(table, f"v_{phase}"),
                "angle_deg": _numbers(table, f"angle_{phase}"),
            }
        )
        for phase in "abc"
        if f"v_{phase}" in table
    ]
    if not parts and "v" in table:
        split = table["bus"].str.rsplit(".", n=1, expand=True) if "phase" not in table else None
        bus = split[0] if split is not None else table["bus"]
        phase = (
            split[1].fillna("")
            if split is not None and 1 in split
            else table.get("phase", pd.Series("", index=table.index))
        )
        named = phase.str.strip().str.lower().map(PHASE_OF_NODE).fillna(phase.str.strip().str.upper())
        parts = [
            pd.DataFrame({"bus": bus, "phase": named, "v": _numbers(table, "v"), "angle_deg": _numbers(table, "angle")})
        ]
    if not parts:
        return pd.DataFrame()
    nodes = pd.concat(parts, ignore_index=True)
    nodes = nodes[nodes["v"].notna() & (nodes["v"] != 0) & (nodes["bus"] != "")].reset_index(drop=True)
    if nodes.empty:
        return nodes
    middle = float(nodes["v"].abs().median())
    unit, _, _, factor = next((entry for entry in UNITS if entry[1] <= middle < entry[2]), UNITS[0])
    if unit != "pu":
        findings.append(
            Finding("cyme.results.unit", Severity.INFO, f"Voltages are taken as {unit}", "", Where(file=path.name))
        )
    nodes["v_kv" if unit in ("kV", "V") else "v_pu"] = nodes.pop("v") * factor
    return nodes


def _branches(table: pd.DataFrame) -> pd.DataFrame:
    if "branch" not in table:
        return pd.DataFrame()
    made = pd.DataFrame({"id": table["branch"]})
    for field, column in (
        ("i_a", "i_a_a"),
        ("i_b", "i_b_a"),
        ("i_c", "i_c_a"),
        ("i", "i_max_a"),
        ("loading", "loading_pct"),
        ("losses_kw", "losses_kw"),
    ):
        made[column] = _numbers(table, field)
    return made[made.drop(columns="id").notna().any(axis=1) & (made["id"] != "")].reset_index(drop=True)
