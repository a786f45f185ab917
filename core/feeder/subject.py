"""What checks look at: a feeder with its tree, and where each of its elements stands in the files."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from core.feeder.model import Feeder
from core.feeder.topology import Tree
from core.findings import Finding, Severity, Where


@dataclass(frozen=True, slots=True)
class Subject:
    """A feeder under examination."""

    feeder: Feeder
    tree: Tree
    _places: dict[str, dict[str, Where]] = field(default_factory=dict)

    def finding(
        self, code: str, severity: Severity, text: str, hint: str = "", *, table: str = "", element: str | None = None
    ) -> Finding:
        """Return a finding on an element of a table (a source is named by its bus), at its place in the files."""
        where = self._where(table).get(element, Where()) if element else Where()
        return Finding(f"feeder.{code}", severity, text, hint, where, element)

    def _where(self, table: str) -> dict[str, Where]:
        if table not in self._places:
            rows = self.feeder[table]
            columns = ("bus" if table == "sources" else "id", "source_file", "source_section", "source_row")
            self._places[table] = {
                name: Where(file=file or None, section=section or None, line=None if pd.isna(row) else int(row))
                for name, file, section, row in zip(*(rows[column] for column in columns), strict=True)
            }
        return self._places[table]
