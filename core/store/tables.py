"""The store's own table: the name under which each kept file first came."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from core.store.types import Moment, metadata

files = Table(
    "files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("name", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("kept_at", Moment, nullable=False),
)
