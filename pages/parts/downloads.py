"""Downloads of exported files: built when they are asked for, from the project's revision."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from core.formats.bundle import BUNDLE, bundle, export_all, exports, manifest
from core.plant import Plant
from pages.parts.shell import workspace
from pages.parts.spreadsheet import without_formulas

MIME = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "json": "application/json",
    "svg": "image/svg+xml",
}


@st.cache_data(show_spinner=False, max_entries=64)
def exported(project: str, revision: int, file: str, psse_version: int) -> bytes:
    """Return an exported file of a revision."""
    export = next(each for each in exports(psse_version) if each.file == file)
    return export.build(_plant(project, revision))


def bundled(project: str, revision: int, psse_version: int) -> bytes:
    """Return all of a revision's files in one zip."""
    plant = _plant(project, revision)
    files, _ = export_all(plant, psse_version)
    return bundle(files, manifest(plant, files, revision))


def download_bundle(project: str, revision: int, psse_version: int) -> None:
    """Offer all files at once."""
    st.download_button(
        "Download all files (zip)",
        partial(bundled, project, revision, psse_version),
        file_name=BUNDLE,
        mime=MIME["zip"],
        type="primary",
        icon=":material/folder_zip:",
        on_click="ignore",
        help="Every file of all tools with a manifest: file, tool, version, SHA-256, project revision",
    )


def download(project: str, revision: int, file: str, psse_version: int) -> None:
    """Offer one file."""
    name = file.rpartition("/")[2]
    st.download_button(
        f"Download {name}",
        partial(exported, project, revision, file, psse_version),
        file_name=name,
        mime=MIME.get(name.rpartition(".")[2], "text/plain"),
        icon=":material/download:",
        on_click="ignore",
        key=f"download-{file}",
    )


def download_drawing(svg: str | Callable[[], str], name: str) -> None:
    """Offer a drawing, or what draws it, as SVG."""
    st.download_button(
        f"Download {name}", svg, file_name=name, mime=MIME["svg"], icon=":material/download:", on_click="ignore"
    )


def download_table(rows: pd.DataFrame | Callable[[], pd.DataFrame], name: str) -> None:
    """Offer a table, or what gives it, as CSV: read and written when it is asked for."""
    st.download_button(
        f"Download {name}.csv",
        lambda: without_formulas(rows() if callable(rows) else rows).to_csv(index=False).encode(),
        file_name=f"{name}.csv",
        mime=MIME["csv"],
        icon=":material/download:",
        on_click="ignore",
        key=f"csv-{name}",
    )


def _plant(project: str, revision: int) -> Plant:
    return Plant.from_document(workspace().project(project).plant_at(revision))
