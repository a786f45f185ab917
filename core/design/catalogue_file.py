"""Read a catalogue of technologies: a CSV file with the columns of ``technologies.csv``, or a JSON list."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from core.design.technology import Technology, shipped_technologies, technology
from core.errors import BadInput
from core.findings import Where


def read_technologies(data: bytes, name: str) -> tuple[Technology, ...]:
    """Read the technologies that may be chosen; what a row leaves out comes from the shipped one with its id."""
    where = Where(file=name)
    try:
        text = data.decode("utf-8-sig")
        rows = json.loads(text) if text.lstrip().startswith(("[", "{")) else csv_rows(text)
    except (UnicodeDecodeError, json.JSONDecodeError, csv.Error, RecursionError):
        raise BadInput("the file is no catalogue", hint="CSV or JSON in UTF-8", where=where) from None
    if rows == []:
        raise BadInput("the catalogue has no technology", hint="a row for each that may be chosen", where=where)
    return technologies_of(rows, where)


def csv_rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file without their empty cells."""
    rows = csv.DictReader(io.StringIO(text))
    return [
        {str(key).strip(): cell.strip() for key, cell in row.items() if key and isinstance(cell, str) and cell.strip()}
        for row in rows
    ]


def technologies_of(rows: Any, where: Where) -> tuple[Technology, ...]:
    """Return the catalogue of shipped ids, or of rows whose missing values come from the shipped one with their id."""
    if not isinstance(rows, list):
        raise BadInput("technologies is no list", hint="ids, or objects with an id", where=where)
    shipped = {t.id: t for t in shipped_technologies()}
    chosen = []
    for place, row in enumerate(rows, start=1):
        if isinstance(row, str) and row not in shipped:
            raise BadInput(f"no technology {row!r} ships", hint=f"shipped are {', '.join(shipped)}", where=where)
        row = {"id": row} if isinstance(row, str) else row
        if not isinstance(row, Mapping) or "id" not in row:
            raise BadInput(f"technology {place} has no id", hint=f"shipped are {', '.join(shipped)}", where=where)
        try:
            chosen.append(technology(row, shipped.get(str(row["id"]))))
        except BadInput as error:
            raise BadInput(error.message, hint=error.hint, where=where) from None
    return tuple(chosen)
