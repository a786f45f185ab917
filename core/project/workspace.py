"""The workspace: its projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from core.documents import digest, plain
from core.errors import BadInput, NotFound
from core.project.project import Project
from core.project.records import new_id
from core.project.rows import add_revision, note
from core.project.tables import projects, rounds
from core.settings import Settings
from core.store import Store, now, open_store


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project in a list: ``overall`` is the last round's, ``None`` before the first."""

    id: str
    name: str
    created_at: datetime
    changed_at: datetime
    revision: int
    overall: str | None


class Workspace:
    """The projects of one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @classmethod
    def open(cls, settings: Settings) -> Workspace:
        """Open the workspace, made if missing."""
        return cls(open_store(settings))

    def projects(self) -> list[ProjectLine]:
        """Return the projects, the last changed first."""
        last = select(rounds.c.project, func.max(rounds.c.number).label("number")).group_by(rounds.c.project).subquery()
        verdict = select(rounds.c.project, rounds.c.overall).join(
            last, (rounds.c.project == last.c.project) & (rounds.c.number == last.c.number)
        )
        overall = verdict.subquery()
        query = select(projects, overall.c.overall).outerjoin(overall, projects.c.id == overall.c.project)
        with self.store.reading() as connection:
            rows = connection.execute(query.order_by(projects.c.changed_at.desc(), projects.c.id)).all()
        return [ProjectLine(r.id, r.name, r.created_at, r.changed_at, r.revision, r.overall) for r in rows]

    def create(self, name: str, plant_document: Mapping[str, Any]) -> Project:
        """Make a project from a plant."""
        if not name.strip():
            raise BadInput("a project needs a name")
        id, plant, moment = new_id(), plain(plant_document), now()
        row = {"id": id, "name": name.strip(), "created_at": moment, "changed_at": moment, "revision": 1}
        with self.store.writing() as connection:
            connection.execute(insert(projects).values(row))
            add_revision(connection, id, 1, plant, "create", parent=None)
            note(connection, id, f"create {name.strip()}", digest(plant))
        return Project(self.store, id)

    def project(self, id: str) -> Project:
        """Open a project."""
        return Project(self.store, id)

    def remove(self, id: str) -> None:
        """Remove a project with all it remembers; kept files stay."""
        with self.store.writing() as connection:
            if connection.execute(delete(projects).where(projects.c.id == id)).rowcount == 0:
                raise NotFound(f"the workspace has no project {id!r}")
