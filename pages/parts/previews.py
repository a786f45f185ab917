"""Previews of exported files: what will be in the file, before it is downloaded."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import streamlit as st

from core.formats.etap import workbook as etap
from core.formats.gridproof import workbook as gridproof
from core.formats.windchill import workbook as windchill
from core.plant import Plant
from pages.parts.downloads import exported

ROWS, LINES = 200, 120


def preview(project: str, revision: int, plant: Plant, file: str, psse_version: int) -> None:
    """Show the beginning of a file; a workbook sheet by sheet."""
    ending = file.rpartition(".")[2]
    if ending == "xlsx":
        _workbook(plant, file)
        return
    data = exported(project, revision, file, psse_version)
    if ending == "csv":
        table = pd.read_csv(BytesIO(data), dtype=str, keep_default_na=False)
        st.dataframe(table.head(ROWS), hide_index=True, width="stretch")
        st.caption(f"{len(table)} rows, {len(data):,} bytes")
        return
    lines = data.decode("utf-8").splitlines()
    st.code("\n".join(lines[:LINES]), language=None, height=360)
    st.caption(f"{len(lines)} lines, {len(data):,} bytes" + (f"; the first {LINES} are shown" * (len(lines) > LINES)))


def _workbook(plant: Plant, file: str) -> None:
    sheets = {
        "ETAP/ETAP_Plant.xlsx": etap.workbook_sheets,
        "Windchill_RAM/RAM_Plant.xlsx": windchill.workbook_sheets,
        "Gridproof/plant.xlsx": gridproof.workbook_sheets,
    }[file](plant)
    shown = {name: sheet for name, sheet in sheets.items() if not sheet.hidden}
    name = st.segmented_control("Sheet", list(shown), default=next(iter(shown)), key=f"sheet-{file}", required=True)
    sheet = shown[name]
    if sheet.header:
        st.dataframe(sheet.table.head(ROWS), hide_index=True, width="stretch")
    else:
        st.markdown("\n\n".join(str(line) for line in sheet.table.iloc[:, 0]))
    hidden = [name for name, sheet in sheets.items() if sheet.hidden]
    st.caption(f"{len(shown)} sheets" + (f"; hidden in the file: {', '.join(hidden)}" if hidden else ""))
