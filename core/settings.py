"""Where the hub keeps its things and what the environment says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

#: A non-leap year; availability targets and downtimes refer to it.
HOURS_PER_YEAR = 8760.0

SAMPLES = Path(__file__).resolve().parent.parent / "sample_files"


@dataclass(frozen=True, slots=True)
class Settings:
    """The workspace folder and the addresses of optional servers."""

    workspace: Path
    database_url: str
    dask: str | None
    max_upload_bytes: int = 200 * 1024 * 1024


def load_settings(workspace: str | os.PathLike[str] | None = None) -> Settings:
    """Return the settings: the argument wins over ``GRIDPROOF_HOME``, which wins over the user's data folder."""
    folder = Path(workspace or os.environ.get("GRIDPROOF_HOME") or user_data_path("gridproof", appauthor=False))
    folder = folder.expanduser().resolve()
    url = os.environ.get("GRIDPROOF_DATABASE_URL") or f"sqlite:///{(folder / 'gridproof.sqlite').as_posix()}"
    return Settings(workspace=folder, database_url=url, dask=os.environ.get("GRIDPROOF_DASK") or None)
