"""FMEA tables as Windchill exchanges them, back into rows."""

from __future__ import annotations

from hashlib import sha256

import pandas as pd

from core.errors import BadInput
from core.findings import Reading, Source, Where
from core.formats.plant_sheets import fitting, read_sheet
from core.formats.tables import read_tables
from core.formats.windchill.workbook import LAYOUT

SHEET = LAYOUT["FMEA"]
RANKS = ("severity", "occurrence", "detection", "rpn")


def read_fmea(data: bytes, name: str) -> Reading[pd.DataFrame]:
    """Return the failure modes in a file, with where each was printed.

    Raises
    ------
    BadInput
        When the file holds no FMEA table.
    """
    dialect = SHEET.dialect()
    tables, findings = read_tables(data, name, lambda cells: len({dialect.means(cell) for cell in cells} - {None}))
    for printed in tables:
        sheet, _ = fitting(printed, LAYOUT)
        if sheet is SHEET:
            rows, said = read_sheet(printed, sheet)
            ranks = {c: pd.to_numeric(rows[c], errors="coerce").astype("Int64") for c in RANKS if c in rows}
            source = Source(name, sha256(data).hexdigest(), "windchill.fmea")
            return Reading(rows.assign(**ranks), [*findings, *said], source)
    hint = "it needs at least Component_ID and Failure_Mode"
    raise BadInput("no FMEA table was found", hint=hint, where=Where(file=name))
