"""What a project remembers, as values; and who is acting."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of the plant; undo and redo choose which one counts."""

    number: int
    parent: int | None
    at: datetime
    who: str
    what: str
    sha256: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Import:
    """One study's result that a file brought; the same file may bring several."""

    id: str
    at: datetime
    who: str
    name: str
    sha256: str
    tool: str
    study: str
    mapping: Mapping[str, Any]
    findings: list[dict[str, Any]]
    plant_sha256: str = ""  # the project's plant when it came; empty: unknown


@dataclass(frozen=True, slots=True)
class Round:
    """One judgement of the project: which plant and files were judged, and what came out."""

    number: int
    at: datetime
    who: str
    revision: int
    imports: list[str]
    overall: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what and when, with the SHA-256 of what it was done to."""

    at: datetime
    who: str
    what: str
    sha256: str


def user() -> str:
    """Return the name of the person at this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name for the user id, as in some containers
        return "unknown"


def new_id() -> str:
    """Return an id that nobody else gives."""
    return uuid4().hex[:12]
