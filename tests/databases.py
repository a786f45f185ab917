"""A PostgreSQL server of the tests' own, on a socket in a temporary folder, when its programs are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def postgresql_programs() -> Path | None:
    """Return the folder of ``initdb`` and ``pg_ctl``."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


@contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """Start a server and give its address; PostgreSQL refuses to run as root, so root lends it to ``nobody``."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        user = "nobody" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        _call(user, folder, programs / "initdb", "-D", folder / "data", "-U", "hub", "-A", "trust", "--no-sync")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        log = folder / "log"
        _call(user, folder, programs / "pg_ctl", "-D", folder / "data", "-w", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql://hub@/postgres?host={folder}"
        finally:
            _call(user, folder, programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")


def _call(user: str | None, folder: Path, *words: object) -> None:
    command = [str(word) for word in words]
    subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
