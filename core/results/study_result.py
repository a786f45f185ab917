"""A study's result: tables, status, provenance and findings; the same for engines and for files.

The tables' columns are declared in ``columns.csv`` under ``study.table``. Each row that came from a file also keeps
``file``, ``sheet`` and ``row``, so that every number leads back to where it was printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd

from core.catalogue import Catalogue
from core.findings import Finding, Source, Where

COLUMNS = Catalogue.read(Path(__file__).with_name("columns.csv"))

#: Where in a file a row was printed; rows count from 1 as an editor shows them.
PLACE = ("file", "sheet", "row")

#: Study → the table that its criteria judge.
MAIN_TABLE = {
    "load_flow": "buses",
    "contingency": "outages",
    "short_circuit": "faults",
    "arc_flash": "buses",
    "frequency": "trips",
    "power_flow": "buses",
    "availability": "blocks",
}

#: Study → the columns that name a row's element; the first that isn't empty counts.
ELEMENT_COLUMNS = {
    "load_flow": ("bus",),
    "contingency": ("outage",),
    "short_circuit": ("device", "bus"),
    "arc_flash": ("bus",),
    "frequency": ("trip",),
    "power_flow": ("bus",),
    "availability": ("block",),
}


class Status(StrEnum):
    """Whether a study's numbers can be used."""

    SOLVED = "solved"
    NOT_CONVERGED = "not converged"
    INFEASIBLE = "infeasible"
    FAILED = "failed"
    UNKNOWN = "unknown"  # a file that doesn't say


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result comes from: a file that a tool wrote, or a run of an engine in the hub."""

    tool: str = ""  # "ETAP", "PSS/E", "Windchill", "pandapower", …
    version: str = ""
    source: Source | None = None  # the file; ``None`` for a run of the hub
    run: str | None = None  # the run's id; ``None`` for a file
    inputs_sha256: str = ""  # what the run calculated from
    options: Mapping[str, Any] = field(default_factory=dict)  # what was assumed or chosen, by name


@dataclass(slots=True)
class StudyResult:
    """The tables of one study with their status, origin and findings."""

    study: str  # "load_flow", "short_circuit", "power_flow", "availability", …
    tables: dict[str, pd.DataFrame]
    status: Status = Status.UNKNOWN
    provenance: Provenance = field(default_factory=Provenance)
    findings: list[Finding] = field(default_factory=list)

    @property
    def main(self) -> pd.DataFrame:
        """Return the table that the criteria judge; empty with its columns when the study has none."""
        table = MAIN_TABLE[self.study]
        return self.tables[table] if table in self.tables else result_table(self.study, table, [])

    def elements(self) -> pd.Series:
        """Return the id of each row's element in the main table, exactly as the source prints it."""
        first, *others = (self.main[column] for column in ELEMENT_COLUMNS[self.study])
        for other in others:
            first = first.where(first != "", other)
        return first.rename("element")


def result_table(study: str, table: str, rows: pd.DataFrame | list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a result table: the catalogue's columns first, then where each row was printed.

    Parameters
    ----------
    study, table
        Such as ``"load_flow"`` and ``"buses"``.
    rows
        One row an element; columns that the catalogue doesn't know are kept behind.
    """
    frame = COLUMNS.conform(f"{study}.{table}", rows)
    return frame.assign(**{column: None for column in PLACE if column not in frame})


def where(row: Mapping[str, Any] | pd.Series, column: str | None = None) -> Where:
    """Return the place in a file that a result's row came from."""
    number = row.get("row")
    return Where(
        file=row.get("file") or None,
        sheet=row.get("sheet") or None,
        row=None if number is None or pd.isna(number) else int(number),
        column=column,
    )
