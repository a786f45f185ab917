"""CSV rows that are longer than their headings."""

from __future__ import annotations

import csv
import io

from core.errors import BadInput
from core.findings import Where


def refuse_ragged(text: str, separator: str, where: Where, first: int = 1) -> None:
    """Refuse a row with a value beyond the headings, which are in row ``first``: it would be lost."""
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        width = len(next(rows, []))
        for number, row in enumerate(rows, start=first + 1):
            if any(cell.strip() for cell in row[width:]):
                hint = "decimals have a point; texts with a separator are quoted"
                raise BadInput(f"row {number} has more values than there are headings", hint=hint, where=where)
    except csv.Error as error:
        raise BadInput(f"the table can't be read: {error}", hint="CSV in UTF-8", where=where) from error
