"""Run each page as the first one of a fresh server process; print what it cost and which engines it loaded.

What ``start.py`` loads before the server listens is loaded here before the clock starts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas.io.formats.style  # noqa: F401
import sqlalchemy  # noqa: F401
from streamlit.testing.v1 import AppTest

ENGINES = (
    *("pandapower", "lightsim2grid", "pypsa", "opendssdirect", "linopy", "highspy", "numba", "geopandas", "sklearn"),
    *("xgboost", "networkx", "distributed", "dask", "alembic", "scipy", "typst", "xlsxwriter"),
)


def measure(page: str) -> None:
    begun = time.process_time()
    app = AppTest.from_file(str(Path(page).resolve())).run(timeout=60)
    cost = time.process_time() - begun
    error = "; ".join(exception.message for exception in app.exception)
    engines = sorted(name for name in ENGINES if name in sys.modules)
    row = {"page": Path(page).stem, "cpu_s": round(cost, 3), "engines": engines, "error": error}
    print(json.dumps(row), flush=True)


def prepare() -> None:
    """Make a workspace with the sample: its first migration is not a page's cost."""
    from core.plant import sample_plant
    from core.project import Workspace
    from core.settings import load_settings

    Workspace.open(load_settings()).create("Sample", sample_plant().to_document())


def in_child(work: Callable[[], None]) -> None:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    os.waitpid(child, 0)


sys.path.insert(0, str(Path.cwd()))
in_child(prepare)
for page in sys.argv[1:]:
    in_child(partial(measure, page))
