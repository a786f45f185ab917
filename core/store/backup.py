"""Copies of the whole database: made while others use it, and in their place only when whole."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from shutil import which

from sqlalchemy import URL, Engine

from core.errors import BadInput, StoreError


def backup(engine: Engine, file: Path) -> int:
    """Copy the database into a file that isn't there yet and return its size [B]; PostgreSQL's is one of ``pg_dump``.

    Raises
    ------
    BadInput
        When the file is there already.
    StoreError
        When it can't be written or the copy is damaged.
    """
    if file.exists():
        raise BadInput(f"{file} is there already", hint="choose another name: a backup overwrites nothing")
    part = file.with_name(file.name + ".part")
    try:
        if engine.dialect.name == "sqlite":
            _copy(engine.url, part)
        else:
            _dump(engine.url, part)
        part.rename(file)
        return file.stat().st_size
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{file} can't be written: {error}", hint="check the folder and the free space") from error
    finally:
        for left in (part, part.with_name(part.name + "-journal")):  # SQLite's journal of a copy that broke off
            left.unlink(missing_ok=True)


def _copy(url: URL, file: Path) -> None:
    with closing(sqlite3.connect(str(url.database))) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise StoreError("the copy of the database is damaged", hint="check the disk")


def _dump(url: URL, file: Path) -> None:
    """Have PostgreSQL's own program write what ``pg_restore`` reads; no other user sees the password."""
    program = which("pg_dump")
    if program is None:
        raise StoreError("pg_dump is not installed here", hint="install PostgreSQL's client programs")
    address = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    command = [program, "--format=custom", f"--file={file}", f"--dbname={address}"]
    done = subprocess.run(command, env=os.environ | password, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StoreError(f"pg_dump refused: {done.stderr.strip()}", hint="is it as new as the server?")
