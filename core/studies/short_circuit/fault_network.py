"""The network as a short-circuit study sees it: nameplate values in the units of IEC 60909, one table an element."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.catalogue import Catalogue
from core.errors import BadInput
from core.findings import Finding, Severity

CATALOGUE = Catalogue.read(Path(__file__).with_name("columns.csv"))

#: Columns that name a bus, by table.
ENDS: dict[str, tuple[str, ...]] = {
    "feeder": ("bus",),
    "machine": ("bus",),
    "motor": ("bus",),
    "inverter": ("bus",),
    "line": ("from_bus", "to_bus"),
    "transformer": ("hv_bus", "lv_bus"),
    "star": ("hv_bus", "mv_bus", "lv_bus"),
}

#: Columns that must be above zero, by table.
_POSITIVE: dict[str, tuple[str, ...]] = {
    "bus": ("v_kv",),
    "feeder": ("sk_max_mva",),
    "machine": ("s_mva", "xdss_pu"),
    "motor": ("p_mw", "efficiency", "cos_phi", "i_start_pu"),
    "inverter": ("s_mva",),
    "transformer": ("s_mva", "uk_pct"),
    "star": (
        "s_hv_mva",
        "s_mv_mva",
        "s_lv_mva",
        "v_hv_kv",
        "v_mv_kv",
        "v_lv_kv",
        "uk_hm_pct",
        "uk_ml_pct",
        "uk_hl_pct",
    ),
}


@dataclass(slots=True)
class FaultNetwork:
    """Tables by name (``columns.csv``) and the system frequency [Hz]."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    frequency_hz: float = 50.0

    @classmethod
    def of(cls, frequency_hz: float = 50.0, **tables: pd.DataFrame | list[dict[str, Any]]) -> FaultNetwork:
        """Return the network with every table of the catalogue, rows conformed to it."""
        unknown = set(tables) - set(CATALOGUE)
        if unknown:
            raise BadInput(f"A fault network has no table {', '.join(sorted(unknown))}.")
        given = {name: CATALOGUE.conform(name, tables.get(name, [])) for name in CATALOGUE}
        return cls(given, frequency_hz)

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def without(self, table: str, element: str) -> FaultNetwork:
        """Return the network without one element."""
        rows = self.tables[table]
        return FaultNetwork({**self.tables, table: rows[rows["id"] != element]}, self.frequency_hz)


def check(network: FaultNetwork, *, signed: bool = False) -> list[Finding]:
    """Return what keeps the network from being calculated.

    ``signed`` allows negative reactances: series capacitors and legs of star equivalents in load-flow cases.
    """
    findings = [f for table in network.tables for f in _table_findings(network, table, signed)]
    if network.frequency_hz not in (50, 60):
        findings.append(_finding("frequency", f"The frequency is {network.frequency_hz} Hz, not 50 or 60 Hz."))
    if not len(network["bus"]):
        findings.append(_finding("empty", "The network has no bus."))
    line = network["line"]
    findings += _each(
        line[~np.isfinite(line["r_ohm"]) | ~np.isfinite(line["x_ohm"]) | ((line["r_ohm"] == 0) & (line["x_ohm"] == 0))],
        "impedance.zero",
        "Line {} has no impedance.",
        "Give its resistance and reactance, or merge its two buses.",
    )
    negative = line[(line["r_ohm"] < 0) | (line["x_ohm"] < 0)] if not signed else line.iloc[:0]
    findings += _each(
        negative, "impedance.negative", "Line {} has a negative resistance or reactance.", "Check the signs."
    )
    return findings


def _table_findings(network: FaultNetwork, table: str, signed: bool) -> list[Finding]:
    rows, known = network[table], set(network["bus"]["id"])
    findings = []
    twice = rows[rows["id"].duplicated()]
    findings += _each(
        twice, "id.duplicate", f"{table.capitalize()} {{}} appears more than once.", "Names must be unique."
    )
    for column in ENDS.get(table, ()):
        lost = rows[~rows[column].isin(known)]
        findings += _each(
            lost, "bus.unknown", f"{table.capitalize()} {{}} is connected to an unknown bus.", "Name its bus."
        )
    for column in _POSITIVE.get(table, ()):
        value = rows[column].abs() if signed and column.startswith("uk_") else rows[column]
        wrong = rows[~(value > 0) | ~np.isfinite(value)]
        text = f"{table.capitalize()} {{}}: {column} is missing, zero or negative."
        findings += _each(wrong, f"{column}.not_positive", text, f"Give {CATALOGUE[table][column].help}.")
    return findings


def _each(rows: pd.DataFrame, code: str, text: str, hint: str) -> list[Finding]:
    return [_finding(code, text.format(name), hint, name) for name in rows["id"]]


def _finding(code: str, text: str, hint: str = "", element: str | None = None) -> Finding:
    return Finding(f"short_circuit.{code}", Severity.ERROR, text, hint, element=element)
