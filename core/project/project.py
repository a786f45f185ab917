"""One project: its plant as it stands, and everything that was done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update
from sqlalchemy.exc import NoResultFound

from core.criteria import STAGES, CriteriaSet, Override
from core.documents import digest, plain
from core.errors import BadInput, Conflict, NotFound, StoreError
from core.project import ledger, results
from core.project.ledger import Decision, Proposal
from core.project.merge import Change, changes, merged
from core.project.records import AuditEntry, Import, Revision, Round, new_id, user
from core.project.rows import add_revision, add_round, note
from core.project.tables import acceptances, audit, imports, overrides, projects, revisions, rounds
from core.results.study_result import StudyResult
from core.store import Store, now


class Project:
    """A project as it was when it was opened: ``name``, ``revision`` and ``plant_document``.

    Its methods act on the store and bring these three up to date.
    """

    name: str
    revision: int
    plant_document: dict[str, Any]
    plant_sha256: str

    def __init__(self, store: Store, id: str) -> None:
        self.store = store
        self.id = id
        with store.reading() as connection:
            self._load(connection)

    # ── the plant ──

    def save_plant(self, document: Mapping[str, Any], what: str, expected_revision: int) -> int:
        """Save a changed plant as a new revision and return its number.

        When somebody else saved since ``expected_revision``, both changes are kept if they touch different tables;
        otherwise nothing is saved and :class:`~core.errors.Conflict` is raised.
        """
        mine = plain(document)
        with self.store.writing() as connection:
            current = self._lock(connection)
            if current != expected_revision:
                mine = merged(self._plant(connection, expected_revision), self._plant(connection, current), mine)
            if digest(mine) != digest(self._plant(connection, current)):
                self._append(connection, mine, what, parent=current)
            self._load(connection)
        return self.revision

    def undo(self) -> int:
        """Go back to the revision before; return its number."""
        with self.store.writing() as connection:
            current = self._lock(connection)
            row = connection.execute(self._revision_rows().where(revisions.c.number == current)).one()
            if row.parent is None:
                raise Conflict("there is nothing to undo", hint="this is the project's first revision")
            self._go_to(connection, row.parent, f"undo: {row.what}")
        return self.revision

    def redo(self) -> int:
        """Go forward again to the latest revision made from this one; return its number."""
        with self.store.writing() as connection:
            current = self._lock(connection)
            query = self._revision_rows().where(revisions.c.parent == current).order_by(revisions.c.number.desc())
            row = connection.execute(query).first()
            if row is None:
                raise Conflict("there is nothing to redo", hint="this is the latest revision")
            self._go_to(connection, row.number, f"redo: {row.what}")
        return self.revision

    def history(self) -> list[Revision]:
        """Return the plant's revisions, newest first."""
        with self.store.reading() as connection:
            current = self._now(connection)
            rows = connection.execute(self._revision_rows().order_by(revisions.c.number.desc())).all()
        return [Revision(r.number, r.parent, r.at, r.who, r.what, r.sha256, r.number == current) for r in rows]

    def plant_at(self, revision: int) -> dict[str, Any]:
        """Return the plant document of a revision."""
        with self.store.reading() as connection:
            return self._plant(connection, revision)

    def diff(self, old: int, new: int) -> list[Change]:
        """Return what changed between two revisions."""
        return changes(self.plant_at(old), self.plant_at(new))

    # ── imported results ──

    def add_import(
        self, content: bytes, name: str, read: Sequence[StudyResult], mapping: Mapping[str, Any]
    ) -> list[str]:
        """Keep a file and the results that were read from it, all or none; return the imports' ids."""
        return self.add_imports([(content, name, read, mapping)])

    def add_imports(self, files: Sequence[tuple[bytes, str, Sequence[StudyResult], Mapping[str, Any]]]) -> list[str]:
        """Keep several files with their results and mappings, all or none; return the imports' ids."""
        rows = [self._import_rows(*file) for file in files]
        with self.store.writing() as connection:
            self._lock(connection)
            self._load(connection)
            for (content, name, _, _), mine in zip(files, rows, strict=True):
                if mine:
                    connection.execute(insert(imports), [row | {"plant_sha256": self.plant_sha256} for row in mine])
                studies = ", ".join(row["study"] for row in mine)
                self._note(connection, f"import {name}: {studies}", sha256(content).hexdigest())
        return [row["id"] for mine in rows for row in mine]

    def _import_rows(
        self, content: bytes, name: str, read: Sequence[StudyResult], mapping: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        sha = self.store.keep(content, name)
        return [
            {
                "id": new_id(),
                "project": self.id,
                "at": now(),
                "who": user(),
                "name": name,
                "sha256": sha,
                "tool": result.provenance.tool,
                "study": result.study,
                "mapping": mapping,
                "result": results.keep(self.store, result),
            }
            for result in read
        ]

    def imports(self) -> list[Import]:
        """Return the imported results, oldest first."""
        query = select(imports).where(imports.c.project == self.id, imports.c.removed_at.is_(None))
        with self.store.reading() as connection:
            rows = connection.execute(query.order_by(imports.c.at, imports.c.id)).all()
        return [
            Import(
                r.id, r.at, r.who, r.name, r.sha256, r.tool, r.study, r.mapping, r.result["findings"], r.plant_sha256
            )
            for r in rows
        ]

    def result(self, import_id: str) -> StudyResult:
        """Return the result that an import brought, also of one that was removed."""
        query = select(imports.c.result).where(imports.c.project == self.id, imports.c.id == import_id)
        with self.store.reading() as connection:
            document = connection.execute(query).scalar()
        if document is None:
            raise NotFound(f"the project has no import {import_id!r}")
        return results.read(self.store, document)

    def remove_import(self, import_id: str) -> None:
        """Let an imported result no longer count; its file and rows stay for the record."""
        mine = (imports.c.project == self.id, imports.c.id == import_id, imports.c.removed_at.is_(None))
        with self.store.writing() as connection:
            self._lock(connection)
            row = connection.execute(select(imports.c.name, imports.c.sha256).where(*mine)).first()
            if row is None:
                raise NotFound(f"the project has no import {import_id!r}", hint="it may have been removed meanwhile")
            connection.execute(update(imports).where(*mine).values(removed_at=now()))
            self._note(connection, f"remove import {row.name}", row.sha256)

    # ── verdicts and constraint updates ──

    def record_round(
        self,
        document: Mapping[str, Any],
        *,
        revision: int,
        imports: Sequence[str],
        updates: Sequence[Mapping[str, Any]],
    ) -> int:
        """Record a judgement and enter its constraint updates in the ledger; return the round's number.

        Parameters
        ----------
        document
            What the judgement said, with ``overall``; the form of the ``validate`` command.
        revision, imports
            The plant's revision and the imports that were judged.
        updates
            The constraint updates as documents with ``name``, ``element``, ``old``, ``new``, ``unit``, ``reason``.
        """
        with self.store.writing() as connection:
            self._lock(connection)
            return add_round(connection, self.id, document, revision=revision, imports=imports, updates=updates)

    def rounds(self) -> list[Round]:
        """Return the judgements, oldest first."""
        query = select(rounds).where(rounds.c.project == self.id).order_by(rounds.c.number)
        with self.store.reading() as connection:
            rows = connection.execute(query).all()
        return [Round(r.number, r.at, r.who, r.revision, r.imports, r.overall, r.document) for r in rows]

    def ledger(self) -> list[Proposal]:
        """Return every constraint update that was ever proposed, oldest first."""
        with self.store.reading() as connection:
            return ledger.read(connection, self.id)

    def decide(
        self, update_id: str, decision: Decision, value: Any = None, reason: str = "", *, choice: int = 0
    ) -> Proposal:
        """Accept, edit or reject a constraint update; ``choice`` n takes its n-th alternative instead of itself."""
        with self.store.writing() as connection:
            self._lock(connection)
            decided = ledger.decide(connection, self.id, update_id, decision, value=value, reason=reason, choice=choice)
            what = f"{decided.state} {decided.update.get('name')} {decided.update.get('element') or ''}".rstrip()
            self._note(connection, what, digest(decided.as_dict()))
        return decided

    # ── criteria ──

    def criteria(self) -> CriteriaSet:
        """Return the criteria that count here: the shipped ones with this project's overrides."""
        query = select(overrides).where(overrides.c.project == self.id).order_by(overrides.c.id)
        with self.store.reading() as connection:
            latest = {row.criterion: row for row in connection.execute(query)}
        criteria = CriteriaSet.default()
        for row in latest.values():
            if row.limits is not None:
                criteria = criteria.override(Override(row.criterion, row.reason, **row.limits))
        return criteria

    def overrides(self) -> list[dict[str, Any]]:
        """Return this project's overrides as the inputs of runs and ``--criteria`` files have them."""
        return [asdict(change) for change in self.criteria().overrides]

    def override(self, change: Override) -> None:
        """Let this project's own limits count for a criterion."""
        CriteriaSet.default().override(change)  # refuses what isn't a limit of it
        limits = {"low": change.low, "warn": change.warn, "high": change.high}
        self._set_limits(change.criterion, limits, change.reason.strip(), f"override {change.criterion}")

    def withdraw_override(self, criterion: str, reason: str = "") -> None:
        """Let the shipped limits count again."""
        self._set_limits(criterion, None, reason.strip(), f"withdraw the override of {criterion}")

    # ── contradictions ──

    def accept_contradiction(self, stage: str, reason: str) -> None:
        """Write down why a stage's uploaded values stand although the hub's own study contradicts them.

        An empty reason takes the acceptance back.
        """
        if stage not in {each.id for each in STAGES}:
            raise BadInput(f"there is no stage {stage!r}", hint=f"stages are {', '.join(each.id for each in STAGES)}")
        row = {"project": self.id, "at": now(), "who": user(), "stage": stage, "reason": reason.strip()}
        what = f"accept the contradiction of stage {stage}" if reason.strip() else f"contest stage {stage} again"
        with self.store.writing() as connection:
            self._lock(connection)
            connection.execute(insert(acceptances).values(row))
            self._note(connection, what, digest([stage, reason.strip()]))

    def accepted_contradictions(self) -> dict[str, str]:
        """Return by stage why its contradicted values stand."""
        query = select(acceptances).where(acceptances.c.project == self.id).order_by(acceptances.c.id)
        with self.store.reading() as connection:
            latest = {row.stage: row.reason for row in connection.execute(query)}
        return {stage: reason for stage, reason in latest.items() if reason}

    # ── the trail ──

    def audit(self) -> list[AuditEntry]:
        """Return who did what and when, newest first."""
        query = select(audit).where(audit.c.project == self.id).order_by(audit.c.id.desc())
        with self.store.reading() as connection:
            return [AuditEntry(row.at, row.who, row.what, row.sha256) for row in connection.execute(query)]

    def rename(self, name: str) -> None:
        """Give the project another name."""
        if not name.strip():
            raise BadInput("a project needs a name")
        with self.store.writing() as connection:
            self._lock(connection)
            connection.execute(update(projects).where(projects.c.id == self.id).values(name=name.strip()))
            self._note(connection, f"rename to {name.strip()}", digest(name.strip()))
            self._load(connection)

    # ── behind the scenes, inside one transaction ──

    def _load(self, connection: Connection) -> None:
        row = connection.execute(select(projects.c.name, projects.c.revision).where(projects.c.id == self.id)).first()
        if row is None:
            raise NotFound(f"the workspace has no project {self.id!r}", hint="it may have been removed: choose another")
        try:
            plant = connection.execute(self._revision_rows().where(revisions.c.number == row.revision)).one()
            damaged = "tables" not in plant.plant
        except (ValueError, TypeError, NoResultFound):
            damaged = True
        if damaged:
            hint = "restore the workspace from a copy, choose another project, or remove this one"
            raise StoreError(f"the plant of project {row.name!r} is damaged in the store", hint=hint)
        self.name, self.revision = row.name, row.revision
        self.plant_document, self.plant_sha256 = plant.plant, plant.sha256

    def _lock(self, connection: Connection) -> int:
        """Let nobody else change the project until the transaction ends; return its current revision."""
        row = select(projects.c.revision).where(projects.c.id == self.id).with_for_update()
        current = connection.execute(row).scalar()
        if current is None:
            raise NotFound(f"the workspace has no project {self.id!r}", hint="it may have been removed: choose another")
        return int(current)

    def _now(self, connection: Connection) -> int:
        return int(connection.execute(select(projects.c.revision).where(projects.c.id == self.id)).scalar_one())

    def _revision_rows(self) -> Select[Any]:
        return select(revisions).where(revisions.c.project == self.id)

    def _plant(self, connection: Connection, number: int) -> dict[str, Any]:
        row = connection.execute(self._revision_rows().where(revisions.c.number == number)).first()
        if row is None:
            raise NotFound(f"the project has no revision {number}")
        plant: dict[str, Any] = row.plant
        return plant

    def _append(self, connection: Connection, plant: dict[str, Any], what: str, *, parent: int) -> None:
        latest = select(func.max(revisions.c.number)).where(revisions.c.project == self.id)
        number = int(connection.execute(latest).scalar_one()) + 1
        add_revision(connection, self.id, number, plant, what, parent=parent)
        self._go_to(connection, number, what)

    def _go_to(self, connection: Connection, number: int, what: str) -> None:
        connection.execute(update(projects).where(projects.c.id == self.id).values(revision=number))
        self._load(connection)
        self._note(connection, what, self.plant_sha256)

    def _set_limits(self, criterion: str, limits: dict[str, float | None] | None, reason: str, what: str) -> None:
        row = {
            "project": self.id,
            "at": now(),
            "who": user(),
            "criterion": criterion,
            "limits": limits,
            "reason": reason,
        }
        with self.store.writing() as connection:
            self._lock(connection)
            connection.execute(insert(overrides).values(row))
            self._note(connection, what, digest([criterion, limits, reason]))

    def _note(self, connection: Connection, what: str, sha256: str) -> None:
        note(connection, self.id, what, sha256)
