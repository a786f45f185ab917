"""One table of the plant in an editor: every change is a revision of the project at once, nothing waits to be lost."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.catalogue import Column
from core.plant import CATALOGUE, Plant
from core.plant.edits import apply_edits, describe_edits
from core.project import Project
from pages.parts.errors import explained

#: Table columns that name a bus.
BUS_COLUMNS = frozenset({"bus", "hv_bus", "lv_bus", "from_bus", "to_bus"})


def plant_editor(project: Project, table: str) -> None:
    """Show the table for editing."""
    base, version = _base(project, table)
    plant = Plant.from_document(project.plant_at(base))
    key = f"plant-{project.id}-{table}-{version}"
    st.data_editor(
        plant[table],
        key=key,
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        placeholder="–",
        column_config={name: _config(column, plant) for name, column in CATALOGUE[table].items()},
        on_change=_save,
        args=(project, table, base, version),
    )


def _base(project: Project, table: str) -> tuple[int, int]:
    """Return the revision that the editor's changes count from, and the editor's version.

    Both are new when something else changed the plant: another page or tab, undo, a file.
    """
    place = f"plant-base-{project.id}-{table}"
    base, version, saved = st.session_state.get(place, (None, 0, None))
    if saved != project.revision:
        base, version = project.revision, version + 1
        st.session_state[place] = (base, version, project.revision)
    return int(base), version


def _save(project: Project, table: str, base: int, version: int) -> None:
    """Save the editor's changes since its base as a revision."""
    changes: dict[str, Any] = st.session_state[f"plant-{project.id}-{table}-{version}"]
    edited, added, deleted = changes["edited_rows"], changes["added_rows"], changes["deleted_rows"]
    plant = Plant.from_document(project.plant_at(base))
    changed = apply_edits(plant, table, edited=edited, added=added, deleted=deleted)
    tables = {**project.plant_document["tables"], table: changed.to_document()["tables"][table]}
    what = describe_edits(table, edited, added, deleted)
    with explained():
        saved = project.save_plant({**project.plant_document, "tables": tables}, what, project.revision)
        st.session_state[f"plant-base-{project.id}-{table}"] = (base, version, saved)


def _config(column: Column, plant: Plant) -> Any:
    words = {"label": column.heading, "help": column.help, "required": column.required}
    default = {} if column.default in (None, "") else {"default": column.default}
    if column.choices:
        return st.column_config.SelectboxColumn(**words, **default, options=list(column.choices))
    if column.name in BUS_COLUMNS:
        known = [*plant["bus"]["id"], *plant[column.table][column.name]]
        return st.column_config.SelectboxColumn(**words, options=list(dict.fromkeys(known)))
    if column.type in ("int", "float"):
        step = 1 if column.type == "int" else None
        return st.column_config.NumberColumn(**words, **default, step=step, format="%d" if step else None)
    if column.type == "bool":
        return st.column_config.CheckboxColumn(**words, **default)
    return st.column_config.TextColumn(**words, **default)
