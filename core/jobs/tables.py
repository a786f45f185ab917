"""Runs and their units."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table

from core.store import Document, Moment, metadata

runs = Table(
    "runs",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("project", String(12), ForeignKey("projects.id", ondelete="CASCADE")),
    Column("kind", String, nullable=False),
    Column("title", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("who", String, nullable=False),
    Column("state", String, nullable=False),
    Column("inputs_sha256", String(64), nullable=False),
    Column("plant_sha256", String(64), nullable=False),  # of the inputs' plant; empty when they have none
    Column("submitted_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("total", Integer),  # units; null until the run is planned
    Column("done", Integer, nullable=False),  # units that ended, failed ones too
    Column("failed", Integer, nullable=False),
    Column("resumed_at", Moment),  # since when, and from how many done, the rate is measured
    Column("done_before", Integer, nullable=False),
    Column("message", String, nullable=False),
    Column("result", Document),
    Column("worker", String),
    Column("heartbeat_at", Moment),
    Index(None, "state"),
    Index(None, "project"),
)

units = Table(
    "run_units",
    metadata,
    Column("run", String(12), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String, nullable=False),  # waiting, done, failed
    Column("parameters", Document, nullable=False),
    Column("summary", Document),
    Column("seconds", Float),
)
