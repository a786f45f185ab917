"""Rows that more than one part of a project writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from core.documents import digest
from core.project import ledger
from core.project.records import user
from core.project.tables import audit, projects, revisions, rounds
from core.store import now


def add_revision(
    connection: Connection, project: str, number: int, plant: dict[str, Any], what: str, *, parent: int | None
) -> None:
    """Append a state of the plant."""
    row = {"project": project, "number": number, "parent": parent, "at": now(), "who": user(), "what": what}
    connection.execute(insert(revisions).values({**row, "sha256": digest(plant), "plant": plant}))


def add_round(
    connection: Connection,
    project: str,
    document: Mapping[str, Any],
    *,
    revision: int,
    imports: Sequence[str],
    updates: Sequence[Mapping[str, Any]],
) -> int:
    """Append a judgement and enter its constraint updates in the ledger; return the round's number."""
    latest = select(func.max(rounds.c.number)).where(rounds.c.project == project)
    number = (connection.execute(latest).scalar() or 0) + 1
    row = {"project": project, "number": number, "at": now(), "who": user(), "revision": revision}
    judged = {"imports": list(imports), "overall": str(document["overall"]), "document": document}
    connection.execute(insert(rounds).values({**row, **judged}))
    ledger.propose(connection, project, number, updates)
    note(connection, project, f"round {number}: {document['overall']}", digest(document))
    return number


def note(connection: Connection, project: str, what: str, sha256: str) -> None:
    """Write into the audit trail that something was done to something, and that the project changed."""
    moment = now()
    row = {"project": project, "at": moment, "who": user(), "what": what, "sha256": sha256}
    connection.execute(insert(audit).values(row))
    connection.execute(update(projects).where(projects.c.id == project).values(changed_at=moment))
