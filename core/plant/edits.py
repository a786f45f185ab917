"""Changes to one table of a plant, as an editor reports them: changed cells, added rows, deleted rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.plant.model import Plant


def apply_edits(
    plant: Plant,
    table: str,
    *,
    edited: Mapping[int, Mapping[str, Any]] | None = None,
    added: Sequence[Mapping[str, Any]] = (),
    deleted: Sequence[int] = (),
) -> Plant:
    """Return the plant with the changes to one table.

    Parameters
    ----------
    plant
        The plant that the editor was opened with.
    table
        The table's name.
    edited
        Row position → column → value.
    added
        New rows; columns that they leave out get their defaults.
    deleted
        Positions of rows that go.
    """
    rows = plant[table].astype("object").reset_index(drop=True)
    for position, cells in (edited or {}).items():
        for column, value in cells.items():
            rows.loc[int(position), column] = value
    rows = rows.drop(index=[int(position) for position in deleted])
    fresh = pd.DataFrame([dict(row) for row in added], dtype="object")
    if len(fresh):
        rows = pd.concat([rows, fresh], ignore_index=True)
    return plant.with_table(table, rows)


def describe_edits(table: str, edited: Mapping[int, Any], added: Sequence[Any], deleted: Sequence[int]) -> str:
    """Return the changes in a few words, for the project's history."""
    parts = ((len(edited), "changed"), (len(added), "added"), (len(deleted), "deleted"))
    words = ", ".join(f"{count} row{'s' if count > 1 else ''} {what}" for count, what in parts if count)
    return f"{table}: {words}" if words else f"{table}: nothing changed"
