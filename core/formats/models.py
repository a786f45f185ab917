"""A feeder's model as runs and commands take it: from the workspace's database, else from its files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from core.documents import digest
from core.errors import BadInput, NotFound
from core.feeder import Feeder
from core.feeder.storage import keep_feeder, kept_feeder
from core.findings import Reading
from core.formats.feeders import fingerprint, read_once
from core.settings import load_settings
from core.store import Store, open_store

#: How a path begins that names a feeder in the workspace's database.
KEPT = "kept:"
#: Rows of a model that are written into the database within a second or two; a larger one is read from its files.
MOST_ROWS = 50_000


def kept_id(paths: Sequence[str | Path]) -> str | None:
    """Return the id of the kept feeder that stands for its files; ``None`` for files.

    Raises
    ------
    BadInput
        There is something beside it.
    """
    named = [str(path).removeprefix(KEPT) for path in paths if str(path).startswith(KEPT)]
    if named and len(paths) > 1:
        raise BadInput(f"{KEPT}{named[0]} stands for all files of a feeder", hint="Give it alone, or the files")
    return named[0] if named else None


def model_of(paths: Sequence[str | Path], files: Sequence[str]) -> str:
    """Return the id in the database of a feeder's model; that of files differs as soon as a file does."""
    return kept_id(paths) or digest([[str(path) for path in paths], list(files)])[:12]


def read_model(workspace: str | Path, paths: Sequence[str | Path], files: Sequence[str]) -> Reading[Feeder]:
    """Return the model from the database; what isn't kept there yet is read, and kept unless it is very large.

    Parameters
    ----------
    workspace
        The folder of the workspace.
    paths
        The feeder's files, or one ``kept:ID``.
    files
        The files' fingerprint.

    Raises
    ------
    NotFound
        Nothing is kept under the id.
    """
    return _model(Path(workspace), tuple(map(str, paths)), tuple(files))


@lru_cache(maxsize=8)
def _model(workspace: Path, paths: tuple[str, ...], files: tuple[str, ...]) -> Reading[Feeder]:
    store, model = _store(workspace), model_of(paths, files)
    try:
        return kept_feeder(store, model)
    except NotFound:
        if kept_id(paths):
            raise
    there = [Path(path) for path in paths]
    reading = read_once(there)
    if sum(map(len, reading.value.tables.values())) <= MOST_ROWS and fingerprint(there) == list(files):
        with suppress(IntegrityError):  # another process has kept it at the same moment
            keep_feeder(store, reading, id=model)
    return reading


@lru_cache(maxsize=1)
def _store(workspace: Path) -> Store:
    return open_store(load_settings(workspace))
