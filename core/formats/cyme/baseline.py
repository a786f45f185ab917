"""Study results that CYME (or anybody) wrote as CSV or XLSX: voltages of nodes, currents and loadings of sections.

Headings are matched by synonyms (``baseline.csv``); a voltage's unit is the heading's, else its size tells it.
"""

from __future__ import annotations

import math
from hashlib import sha256
from pathlib import Path

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where, counted
from core.formats.cyme.result_tables import PHASE_OF_NODE, ResultTable, result_table, tables

#: Lowest and highest typical value of a voltage to neutral in each unit that a heading doesn't name.
SIZES = (("pu", 0.3, 1.7), ("kv", 1.7, 45.0), ("pct", 45.0, 110.0), ("v120", 110.0, 170.0), ("v", 170.0, 1e6))
#: Of each unit: what it is called, whether it is per unit (kilovolts otherwise), and the factor.
VOLTS = {
    "pu": ("per unit", True, 1.0),
    "pct": ("per cent", True, 0.01),
    "v120": ("V on a base of 120 V", True, 1 / 120),
    "kv": ("kV to neutral", False, 1.0),
    "v": ("V to neutral", False, 1e-3),
    "kvll": ("kV between phases, √3 times those to neutral", False, 1 / math.sqrt(3)),
    "vll": ("V between phases, √3 times those to neutral", False, 1e-3 / math.sqrt(3)),
}
#: Factors to amperes and to per cent.
AMPERES, PERCENT = {"ka": 1000.0}, {"pu": 100.0}
#: What a table of results has.
WANTED = "One column must name the node or section, others hold VpuA/VpuB/VpuC, IA/IB/IC or loading"


class Baseline:
    """Results to compare with: ``nodes`` (bus, phase, v_pu or v_kv, angle_deg) and ``branches`` (id, loading_pct …)."""

    def __init__(self, nodes: pd.DataFrame, branches: pd.DataFrame) -> None:
        self.nodes = nodes
        self.branches = branches


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
        found = {sheet: table for sheet, rows in tables(path).items() if (table := result_table(rows)) is not None}
        for sheet, table in found.items():
            if table.unused:
                text = f"Columns not used: {', '.join(table.unused[:8])}"
                where = Where(file=path.name, sheet=sheet or None, row=table.row)
                findings.append(Finding("cyme.results.columns", Severity.INFO, text, "", where))
            findings.extend(_unreadable(table, path, sheet))
            nodes.append(_nodes(table, findings, path))
            branches.append(_branches(table))
        if not found:
            text = f"{path.name} has no results: left out"
            findings.append(Finding("cyme.results.none", Severity.WARNING, text, WANTED, Where(file=path.name)))
    node_table = pd.concat(nodes, ignore_index=True) if nodes else pd.DataFrame()
    branch_table = pd.concat(branches, ignore_index=True) if branches else pd.DataFrame()
    if node_table.empty and branch_table.empty:
        raise BadInput("No results in the file", hint=WANTED, where=Where(file=", ".join(path.name for path in paths)))
    digest = sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return Reading(Baseline(node_table, branch_table), findings, Source(paths[0].name, digest, "cyme.results"))


def _unreadable(table: ResultTable, path: Path, sheet: str) -> list[Finding]:
    """Report cells that hold no number where one belongs, the first of them by its text."""
    cells = table.unreadable()
    if not cells:
        return []
    field, row, cell = cells[0]
    text = f"{counted(len(cells), 'cell')} without a readable number, not compared, such as {cell[:40]!r}"
    where = Where(file=path.name, sheet=sheet or None, row=row, column=field)
    return [Finding("cyme.results.cell", Severity.WARNING, text, "Correct the cells, or leave them empty", where)]


def _nodes(table: ResultTable, findings: list[Finding], path: Path) -> pd.DataFrame:
    cells = table.cells
    if "bus" not in cells:
        return pd.DataFrame()
    parts = [
        pd.DataFrame(
            {
                "bus": cells["bus"],
                "phase": phase.upper(),
                "v": table.numbers(f"v_{phase}"),
                "angle_deg": table.numbers(f"angle_{phase}"),
            }
        )
        for phase in "abc"
        if f"v_{phase}" in cells
    ]
    if not parts and "v" in cells:
        parts = [_by_row(table)]
    if not parts:
        return pd.DataFrame()
    nodes = pd.concat(parts, ignore_index=True)
    nodes = nodes[nodes["v"].notna() & (nodes["v"] != 0) & (nodes["bus"] != "")].reset_index(drop=True)
    if nodes.empty:
        return nodes
    given = next(table.unit(column) for column in ("v_a", "v_b", "v_c", "v") if column in cells)
    middle = float(nodes["v"].abs().median())
    unit = given if given in VOLTS else next((name for name, low, high in SIZES if low <= middle < high), "pu")
    called, per_unit, factor = VOLTS[unit]
    if unit != "pu":
        where = Where(file=path.name)
        findings.append(Finding("cyme.results.unit", Severity.INFO, f"Voltages are taken as {called}", "", where))
    nodes["v_pu" if per_unit else "v_kv"] = nodes.pop("v") * factor
    return nodes


def _by_row(table: ResultTable) -> pd.DataFrame:
    """Return nodes of which each has a row: the phase stands in a column or behind the bus's name."""
    cells = table.cells
    bus, phase = cells["bus"], cells.get("phase", pd.Series("", index=cells.index))
    if "phase" not in cells:
        split = bus.str.rsplit(".", n=1, expand=True)
        bus, phase = split[0], split[1].fillna("") if 1 in split else phase
    named = phase.str.strip().str.lower().map(PHASE_OF_NODE).fillna(phase.str.strip().str.upper())
    return pd.DataFrame({"bus": bus, "phase": named, "v": table.numbers("v"), "angle_deg": table.numbers("angle")})


def _branches(table: ResultTable) -> pd.DataFrame:
    if "branch" not in table.cells:
        return pd.DataFrame()
    made = pd.DataFrame({"id": table.cells["branch"]})
    for field, column, factors in (
        ("i_a", "i_a_a", AMPERES),
        ("i_b", "i_b_a", AMPERES),
        ("i_c", "i_c_a", AMPERES),
        ("i", "i_max_a", AMPERES),
        ("loading", "loading_pct", PERCENT),
        ("losses_kw", "losses_kw", {}),
    ):
        made[column] = table.numbers(field) * (factors.get(table.unit(field), 1.0) if field in table.cells else 1.0)
    return made[made.drop(columns="id").notna().any(axis=1) & (made["id"] != "")].reset_index(drop=True)
