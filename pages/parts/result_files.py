"""Import of files with results of other tools into the results database."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts.findings import show_findings
from pages.parts.shell import explained, store


def import_files() -> None:
    """Ask for files with results of other tools and import them.

    All are kept or none; which of them are one case is found out from what they are.
    """
    uploads = st.file_uploader(
        "Results of other tools", accept_multiple_files=True, max_upload_size=200,
        help="PSS/E RAW or RAWX with solved voltages, psspy's bus, machine, load and branch tables as CSV, "
        "load flows that ETAP or PSS/E printed, what OpenDSS exported (with its script beside: of elements, and what "
        "monitors recorded), a SQLite database that WEC-Grid wrote, or tables that were downloaded here",
    )  # fmt: skip
    base = st.number_input("System base of tables in MW [MVA]", min_value=0.001, value=100.0)
    start = st.text_input(
        "Time of results that name none", placeholder="2025-01-01T00:00:00",
        help="Of a solution without a time stamp; hours of OpenDSS's monitors are counted from it",
    )  # fmt: skip
    if st.button("Import", icon=":material/download_done:", disabled=not uploads):
        with explained():
            _import(uploads, base, start or None)


def _import(uploads: list[UploadedFile], base_mva: float, start: str | None) -> None:
    from core.studies.simulation import import_files

    with TemporaryDirectory() as folder:  # a database is read from a file
        files = []
        for upload in uploads:
            path = Path(folder) / Path(upload.name).name
            path.write_bytes(upload.getvalue())
            files.append((upload.getvalue(), path))
        numbers, findings = import_files(store(), files, base_mva, start)
    names = ", ".join(path.name for _, path in files)
    st.success(f"{names}: imported as simulation {', '.join(map(str, numbers))}", icon=":material/check_circle:")
    if findings:
        show_findings(findings)
