"""Zip archives of other people: looked into and unpacked within bounds."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import BadInput, UnsafeFile
from core.findings import Where

#: The bytes that the files of an archive may have together, and how many they may be.
MAX_UNPACKED = 2_000_000_000
MAX_MEMBERS = 20_000
#: What reading a damaged archive raises, beside OSError, and RuntimeError for one protected by a password.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError)


def names_inside(path: Path) -> list[str]:
    """Return the names that an archive lists; none when the file is no archive or its list is damaged."""
    if not zipfile.is_zipfile(path):
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (*DAMAGE, OSError):
        return []


def unpack(archive: Path | bytes, folder: Path, name: str) -> None:
    """Write an archive's files into a folder: nothing outside it, nothing too large.

    Raises
    ------
    UnsafeFile
        The archive is too large, or writes outside the folder.
    BadInput
        It is damaged, cut off, protected by a password, or there is no room for it.
    """
    where = Where(file=name)
    with _described(where), zipfile.ZipFile(io.BytesIO(archive) if isinstance(archive, bytes) else archive) as packed:
        members = packed.infolist()
        if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
            text = f"The archive unpacks to more than {MAX_UNPACKED // 10**9} GB or {MAX_MEMBERS} files."
            raise UnsafeFile(text, hint="Pack only the files that are needed.", where=where)
        for member in members:
            if not (folder / member.filename).resolve().is_relative_to(folder.resolve()):
                text = f"The archive writes outside its folder: {member.filename}"
                raise UnsafeFile(text, hint="Ask who made it; pack it again.", where=where)
        packed.extractall(folder)


@contextmanager
def _described(where: Where) -> Iterator[None]:
    """Say in words what an archive's damage raises."""
    try:
        yield
    except (*DAMAGE, RuntimeError) as error:
        text = "The archive is damaged, cut off or protected by a password."
        raise BadInput(text, hint="Pack it again, without a password.", where=where) from error
    except OSError as error:
        text = f"The archive can't be unpacked: {error.strerror or error}."
        raise BadInput(text, hint="Make room in the temporary folder, or pack it again.", where=where) from error
