"""Import of files with results of other tools into the results database."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts.findings import show_findings
from pages.parts.shell import explained, store


def import_files() -> None:
    """Ask for files with results of other tools and import them."""
    uploads = st.file_uploader(
        "Results of other tools", accept_multiple_files=True, max_upload_size=200,
        help="PSS/E RAW or RAWX with solved voltages, or a SQLite database of simulations that WEC-Grid wrote",
    )  # fmt: skip
    if st.button("Import", icon=":material/download_done:", disabled=not uploads):
        for upload in uploads:
            with explained():
                _import(upload)


def _import(upload: UploadedFile) -> None:
    from core.studies.simulation import import_results

    with TemporaryDirectory() as folder:  # a database is read from a file
        path = Path(folder) / Path(upload.name).name
        path.write_bytes(upload.getvalue())
        numbers, findings = import_results(store(), upload.getvalue(), path)
    st.success(f"{upload.name}: simulation {', '.join(map(str, numbers))}", icon=":material/check_circle:")
    if findings:
        show_findings(findings)
