"""Judge a project as it stands: its plant, its imported results, its criteria."""

from __future__ import annotations

from core.documents import digest
from core.plant import Plant
from core.project.project import Project
from core.validation import Validation, validate


def inputs_sha256(project: Project) -> str:
    """Return the digest of everything that a judgement of the project depends on."""
    imports = [each.id for each in project.imports()]
    return digest([project.plant_sha256, imports, project.criteria(), project.accepted_contradictions()])


def judge_project(project: Project, *, reconciled: bool = True) -> Validation:
    """Return what the project's criteria say of its plant and imported results, set against the hub's own studies."""
    results = [project.result(each.id) for each in project.imports()]
    return validate(
        Plant.from_document(project.plant_document),
        results,
        project.criteria(),
        reconciled=reconciled,
        reasons=project.accepted_contradictions(),
    )


def record_judgement(project: Project) -> int:
    """Judge the project, record the round, enter its constraint updates in the ledger; return the round's number."""
    document = judge_project(project).as_dict() | {"inputs_sha256": inputs_sha256(project)}
    return project.record_round(
        document,
        revision=project.revision,
        imports=[each.id for each in project.imports()],
        updates=document["constraint_updates"],
    )


def is_stale(project: Project) -> bool:
    """Return whether plant, imports or criteria changed since the last round, or there is none."""
    rounds = project.rounds()
    return not rounds or rounds[-1].document.get("inputs_sha256") != inputs_sha256(project)
