"""CYME's Access database (.mdb): every table of the schema that holds rows."""

from __future__ import annotations

import logging
import struct
import warnings
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.findings import Severity, Where
from core.formats.cyme.raw import RawFile, RawRow

MAGIC = (b"\x00\x01\x00\x00Standard Jet DB", b"\x00\x01\x00\x00Standard ACE DB")
SCHEMA = "CYMSCHEMAVERSION"


def looks_like_mdb(head: bytes) -> bool:
    """Say whether the first bytes are those of an Access database."""
    return head.startswith(MAGIC)


def read_mdb(path: Path, tables: list[str]) -> RawFile:
    """Read the named tables of a CYME database."""
    from access_parser import AccessParser

    logging.getLogger("access_parser").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            database = AccessParser(str(path))
    except Exception as error:
        raise BadInput(
            "This is not a readable Access database",
            hint="Export it again from CYME, or as text or XML",
            where=Where(file=path.name),
        ) from error
    if "CYMSECTION" not in database.catalog:
        raise BadInput(
            "The database has no CYME tables",
            hint="Choose the database that CYME saved the study or network in",
            where=Where(file=path.name),
        )
    raw = RawFile("mdb")
    for table in tables:
        if table in database.catalog:
            _add_table(raw, database, table, path.name)
    versions = raw.tables.get(SCHEMA, [])
    raw.version = versions[0].cells.get("version", "") if versions else ""
    return raw


def _add_table(raw: RawFile, database: Any, table: str, file: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            columns: dict[str, list[Any]] = database.parse_table(table)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, struct.error) as error:
        raw.remark(
            "mdb.table_unreadable",
            Severity.ERROR,
            f"Table {table} can't be read: {error}",
            "Compact the database, or export text or XML",
            Where(file=file, section=table),
        )
        return
    lists = {name.lower(): values for name, values in columns.items() if isinstance(values, list)}
    for index in range(max((len(values) for values in lists.values()), default=0)):
        cells = {name: _plain(values[index]) for name, values in lists.items() if index < len(values)}
        raw.add(table, RawRow(cells, Where(file=file, section=table, row=index + 1)))


def _plain(value: Any) -> str:
    return "" if value is None else str(value).strip()
