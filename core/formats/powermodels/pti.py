"""Records of a RAW case as PowerModels holds them: lists of dictionaries with the field names of version 33."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from core.formats.powermodels.components import Item
from core.formats.psse import schema
from core.formats.psse.case import RawCase

#: Section of a RAW case → its title in PowerModels.
with Path(__file__).with_name("pti_sections.csv").open(encoding="utf-8", newline="") as _handle:
    TITLES = {row["section"]: row["title"] for row in csv.DictReader(_handle)}

#: The version whose fields PowerModels knows.
VERSION = 33

#: What a two-winding transformer doesn't have: everything of the third winding and most of the second.
TWO_WINDING_ONLY = ("R2-3", "X2-3", "SBASE2-3", "R3-1", "X3-1", "SBASE3-1", "VMSTAR", "ANSTAR")


def parse_pti(case: RawCase, name: str = "") -> dict[str, list[Item]]:
    """Return the case's records by section title, with defaults where the file leaves a value out."""
    header: dict[str, Any] = {
        "IC": int(case.header.get("IC") or 0),
        "SBASE": case.base_mva,
        "REV": case.version,
        "XFRRAT": case.header.get("XFRRAT") or 0,
        "NXFRAT": case.header.get("NXFRAT") or 0,
        "BASFRQ": case.header.get("BASFRQ") or 60.0,
        "Comment_Line_1": case.titles[0],
        "Comment_Line_2": case.titles[1],
        "NAME": Path(name).stem.lower(),
    }
    found = {title: records(case, section) for section, title in TITLES.items()}
    return {"CASE IDENTIFICATION": [header], **{title: rows for title, rows in found.items() if rows}}


def records(case: RawCase, section: str) -> list[Item]:
    """Return the records of one section."""
    columns = {}
    for field in schema.layout(section, VERSION):
        read = case.integers if field.type == "int" else case.values
        columns[field.name] = read(section, field.name).tolist()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if section == "transformer":
        return [_two_winding(row) if row["K"] == 0 else row for row in rows]
    return rows


def _two_winding(row: Item) -> Item:
    """Return the fields of a two-winding record: two of winding 2 and none of winding 3."""
    second = ("WINDV2", "NOMV2")
    of_windings = tuple(field.name for field in schema.layout("transformer", VERSION) if field.line in (4, 5))
    left_out = {*TWO_WINDING_ONLY, *of_windings} - set(second)
    return {name: value for name, value in row.items() if name not in left_out}
