"""Files kept under the SHA-256 of their content: never overwritten, never renamed, checked when they are read."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from hashlib import sha256
from pathlib import Path

from core.errors import NotFound, StoreError

SHA256 = re.compile(r"[0-9a-f]{64}")


class Files:
    """A folder of files by content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes) -> str:
        """Write the content once, whole or not at all, and return its SHA-256."""
        sha = sha256(content).hexdigest()
        path = self._place(sha)
        if path.is_file() and path.stat().st_size == len(content):
            return sha
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            raise StoreError(
                f"the file could not be kept in {self.folder}: {error.strerror}",
                hint="check the free space and the access rights of the workspace folder",
            ) from error
        return sha

    def path(self, sha: str) -> Path:
        """Return where the file is."""
        if not SHA256.fullmatch(sha):
            raise NotFound(f"{sha[:80]!r} is not a file's SHA-256")
        path = self._place(sha)
        if not path.is_file():
            raise NotFound(f"no file with SHA-256 {sha[:12]}… in {self.folder}", hint="import the file again")
        return path

    def content(self, sha: str) -> bytes:
        """Return the file's bytes, certain to be those that were kept."""
        content = self.path(sha).read_bytes()
        if sha256(content).hexdigest() != sha:
            raise StoreError(f"the kept file {sha[:12]}… was changed on disk", hint="import the file again")
        return content

    def _place(self, sha: str) -> Path:
        return self.folder / sha[:2] / sha


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
