"""The one tolerant table reader: bytes → grids → printed tables → typed columns.

``read_tables`` opens any CSV, text or workbook; ``read_columns`` types the columns that ``match_columns`` found.
Nothing is dropped, guessed or repaired without a finding.
"""

from __future__ import annotations

from core.findings import Finding, Where
from core.formats.tables.columns import read_columns
from core.formats.tables.container import Container, recognise_container
from core.formats.tables.grid import CountHeadings, PrintedTable, find_tables
from core.formats.tables.headings import Dialect, Match, match_columns, read_dialects, signature
from core.formats.tables.text import decode, split
from core.formats.tables.workbook import read_workbook

__all__ = [
    "Dialect",
    "Match",
    "PrintedTable",
    "match_columns",
    "read_columns",
    "read_dialects",
    "read_tables",
    "signature",
]


def read_tables(data: bytes, name: str, count: CountHeadings) -> tuple[list[PrintedTable], list[Finding]]:
    """Return the tables of a text file or workbook and remarks on the file.

    Parameters
    ----------
    data
        The file's bytes; what they are is found out from them, not from the name.
    name
        The file's name, for the places that findings point to.
    count
        Returns how many of a row's cells are known headings.
    """
    where = Where(file=name)
    if recognise_container(data, where) is Container.WORKBOOK:
        grids, findings = read_workbook(data, where)
    else:
        text, _, findings = decode(data, where)
        grids = [split(text, count, where)]
    return [table for grid in grids for table in find_tables(grid, name, count)], findings
