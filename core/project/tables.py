"""Tables of projects. Everything but the project's own row is only ever appended to."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from core.store import Document, Moment, metadata


def _of_project() -> Column[str]:
    return Column("project", String(12), ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)


def _signed() -> tuple[Column[object], Column[object]]:
    return Column("at", Moment, nullable=False), Column("who", String, nullable=False)


projects = Table(
    "projects",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("name", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("revision", Integer, nullable=False),  # the revision that counts now: undo and redo move it
    Column("catalogue", Document),  # its own technologies and equipment prices
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", Integer, primary_key=True),
    _of_project(),
    Column("number", Integer, nullable=False),
    Column("parent", Integer),
    *_signed(),
    Column("what", String, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("plant", Document, nullable=False),
    UniqueConstraint("project", "number"),
)

imports = Table(
    "imports",
    metadata,
    Column("id", String(12), primary_key=True),
    _of_project(),
    *_signed(),
    Column("removed_at", Moment),
    Column("name", String, nullable=False),
    Column("sha256", String(64), ForeignKey("files.sha256"), nullable=False),
    Column("tool", String, nullable=False),
    Column("study", String, nullable=False),
    Column("mapping", Document, nullable=False),
    Column("result", Document, nullable=False),
    Column("plant_sha256", String(64), nullable=False, server_default=""),  # the project's plant when it came
    Index(None, "project"),
)

rounds = Table(
    "rounds",
    metadata,
    Column("id", Integer, primary_key=True),
    _of_project(),
    Column("number", Integer, nullable=False),
    *_signed(),
    Column("revision", Integer, nullable=False),
    Column("imports", Document, nullable=False),
    Column("overall", String, nullable=False),
    Column("document", Document, nullable=False),
    UniqueConstraint("project", "number"),
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", String(12), primary_key=True),
    _of_project(),
    Column("round", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("proposal", Document, nullable=False),
    Column("choice", Integer, nullable=False, server_default="0"),  # 0: the update itself, n: its n-th alternative
    Column("value", Document),
    Column("reason", String, nullable=False),
    *_signed(),
    Index(None, "project"),
)

loops = Table(
    "loops",
    metadata,
    Column("id", String(12), primary_key=True),
    _of_project(),
    *_signed(),
    Column("start", String, nullable=False),
    Column("requirement", Document, nullable=False),
    Column("uploaded", Document, nullable=False),  # studies whose results come from outside tools
    Column("round_limit", Integer, nullable=False),
    Column("manual", Boolean, nullable=False),  # whether the engineer decides before the next round
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("progress", String, nullable=False),  # what was being done last
    Index(None, "project"),
)

loop_rounds = Table(
    "loop_rounds",
    metadata,
    Column("loop", String(12), ForeignKey("loops.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("constraints", Document, nullable=False),
    Column("design", Document, nullable=False),
    Column("revision", Integer),  # of the project's plant; null where no design meets the constraints
    Column("plant_sha256", String(64), nullable=False),
    Column("judged", Integer),  # the project's round; null until the studies have spoken
)

overrides = Table(
    "overrides",
    metadata,
    Column("id", Integer, primary_key=True),
    _of_project(),
    *_signed(),
    Column("criterion", String, nullable=False),
    Column("limits", Document),  # null: the shipped limits count again
    Column("reason", String, nullable=False),
    Index(None, "project"),
)

acceptances = Table(
    "acceptances",
    metadata,
    Column("id", Integer, primary_key=True),
    _of_project(),
    *_signed(),
    Column("stage", String, nullable=False),
    Column("reason", String, nullable=False),  # empty: no longer accepted
    Index(None, "project"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    _of_project(),
    *_signed(),
    Column("what", String, nullable=False),
    Column("sha256", String(64), nullable=False),
    Index(None, "project"),
)
