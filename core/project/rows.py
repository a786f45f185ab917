"""Rows that a project's birth and its later life both write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, update

from core.documents import digest
from core.project.records import user
from core.project.tables import audit, projects, revisions
from core.store import now


def add_revision(
    connection: Connection, project: str, number: int, plant: dict[str, Any], what: str, *, parent: int | None
) -> None:
    """Append a state of the plant."""
    row = {"project": project, "number": number, "parent": parent, "at": now(), "who": user(), "what": what}
    connection.execute(insert(revisions).values({**row, "sha256": digest(plant), "plant": plant}))


def note(connection: Connection, project: str, what: str, sha256: str) -> None:
    """Write into the audit trail that something was done to something, and that the project changed."""
    moment = now()
    row = {"project": project, "at": moment, "who": user(), "what": what, "sha256": sha256}
    connection.execute(insert(audit).values(row))
    connection.execute(update(projects).where(projects.c.id == project).values(changed_at=moment))
