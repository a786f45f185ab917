"""Files that a command is given by path."""

from __future__ import annotations

from pathlib import Path

from core.errors import BadInput, UnsafeFile
from core.findings import Where
from core.settings import load_settings


def read_bytes(path: str) -> tuple[bytes, str]:
    """Return a file's bytes and its name; refuse what is missing, a folder or too large before it is read."""
    file = Path(path).expanduser()
    where = Where(file=str(path))
    try:
        size = file.stat().st_size
        if size > load_settings().max_upload_bytes:
            raise UnsafeFile(f"the file has {size / 1024**2:,.0f} MB, more than 200 MB", where=where)
        return file.read_bytes(), file.name
    except FileNotFoundError as error:
        raise BadInput("there is no such file", hint="check the path", where=where) from error
    except IsADirectoryError as error:
        raise BadInput("this is a folder, not a file", hint="name a file in it", where=where) from error
    except (OSError, ValueError) as error:
        raise BadInput(f"the file can't be read: {error}", where=where) from error
