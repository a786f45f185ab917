"""What the three readers of CYME's formats share: tables of cells as they stand in the file, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.findings import Finding, Severity, Where


@dataclass(slots=True)
class RawRow:
    """One row of a file: cells by lower-case field name, and where it stands."""

    cells: dict[str, str]
    where: Where


@dataclass(slots=True)
class RawFile:
    """The tables of one file or of one group of text files, by the file's own table names."""

    dialect: str  # "text", "mdb", "xml"
    version: str = ""
    imperial: dict[str, bool] = field(default_factory=dict)  # whether each file that says so is in imperial units
    tables: dict[str, list[RawRow]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, table: str, row: RawRow) -> None:
        """Append a row to a table."""
        self.tables.setdefault(table, []).append(row)

    def remark(self, code: str, severity: Severity, text: str, hint: str = "", where: Where | None = None) -> None:
        """Note a finding."""
        self.findings.append(Finding(f"cyme.{code}", severity, text, hint, where or Where()))
