"""A project's own catalogue: the technologies that may be chosen and the prices of electrical equipment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from core.design.parts import shipped_parts
from core.design.prices import shipped_prices
from core.design.requirement import Requirement
from core.design.requirement_file import read_requirement
from core.design.technology import shipped_technologies
from core.documents import digest, dump, plain
from core.errors import BadInput
from core.project.project import Project
from core.project.rows import note
from core.project.tables import projects

KEYS = ("technologies", "equipment_prices", "electrical_parts")


def kept_catalogue(project: Project) -> dict[str, Any]:
    """Return the project's catalogue by the keys of a requirement; empty where it has none of its own."""
    with project.store.reading() as connection:
        return connection.execute(select(projects.c.catalogue).where(projects.c.id == project.id)).scalar() or {}


def keep_catalogue(project: Project, document: Mapping[str, Any]) -> None:
    """Keep what a requirement's document says of technologies and prices as the project's catalogue."""
    mine = {key: plain(document[key]) for key in KEYS if key in document}
    if not read_requirement(dump(mine).encode("utf-8"), "catalogue").value.technologies:
        raise BadInput("no technology may be chosen", hint="leave at least one in the catalogue")
    with project.store.writing() as connection:
        connection.execute(update(projects).where(projects.c.id == project.id).values(catalogue=mine))
        note(connection, project.id, "keep the technology catalogue", digest(mine))


def with_catalogue(project: Project, requirement: Requirement) -> Requirement:
    """Return the requirement with the project's catalogue where it brings none of its own."""
    mine = read_requirement(dump(kept_catalogue(project)).encode("utf-8"), "catalogue").value
    if requirement.technologies == shipped_technologies():
        requirement = replace(requirement, technologies=mine.technologies)
    if requirement.equipment_prices == shipped_prices():
        requirement = replace(requirement, equipment_prices=mine.equipment_prices)
    if requirement.electrical_parts == shipped_parts():
        requirement = replace(requirement, electrical_parts=mine.electrical_parts)
    return requirement
