"""Records of a RAW case as PowerModels holds them: lists of dictionaries with the field names of version 33."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
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

#: Names that PowerModels fills with blanks where a record leaves them out.
NAMES = frozenset({"NAME", "VECGRP", "ARNAME", "ZONAME", "OWNAME", "DCNAME"})
BLANK = " " * 12

#: What a two-winding transformer doesn't have: everything of the third winding and most of the second.
TWO_WINDING_ONLY = ("R2-3", "X2-3", "SBASE2-3", "R3-1", "X3-1", "SBASE3-1", "VMSTAR", "ANSTAR")


def parse_pti(case: RawCase, name: str = "") -> dict[str, list[Item]]:
    """Return the case's records by section title, with defaults where the file leaves a value out."""
    header: dict[str, Any] = {
        "IC": int(case.header.get("IC") or 0),
        "SBASE": case.base_mva,
        "REV": case.version,
        "XFRRAT": float(case.header.get("XFRRAT") or 0),
        "NXFRAT": float(case.header.get("NXFRAT") or 0),
        "BASFRQ": case.header.get("BASFRQ") or 60.0,
        "Comment_Line_1": case.titles[0],
        "Comment_Line_2": case.titles[1],
        "NAME": Path(name).stem.lower(),
    }
    found = {title: records(case, section) for section, title in TITLES.items()}
    return {"CASE IDENTIFICATION": [header], **{title: rows for title, rows in found.items() if rows}}


def records(case: RawCase, section: str) -> list[Item]:
    """Return the records of one section, records within records as lists."""
    columns = {}
    for field in schema.layout(section, VERSION):
        read = case.integers if field.type == "int" else case.values
        values = read(section, field.name).tolist()
        columns[field.name] = [value or BLANK for value in values] if field.name in NAMES else values
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return NESTING[section](case, rows) if section in NESTING else rows


def _transformers(case: RawCase, rows: list[Item]) -> list[Item]:
    """Leave out what two-winding transformers don't have: winding 3, and all but two fields of winding 2."""
    of_windings = {field.name for field in schema.layout("transformer", VERSION) if field.line in (4, 5)}
    left_out = {*TWO_WINDING_ONLY, *of_windings} - {"WINDV2", "NOMV2"}
    return [
        {name: value for name, value in row.items() if name not in left_out} if row["K"] == 0 else row for row in rows
    ]


def _converters(case: RawCase, rows: list[Item]) -> list[Item]:
    """Put the two converters of each line into a list of their own."""
    fields = schema.layout("vsc_dc", VERSION)
    ends = [[field.name for field in fields if field.line == line] for line in (2, 3)]
    for row in rows:
        row["CONVERTER BUSES"] = [{name[:-1]: row.pop(name) for name in names} for names in ends]
    return rows


def _tables(case: RawCase, rows: list[Item]) -> list[Item]:
    """Return one record for each correction table, with its points as T1, F1 to T11, F11."""
    tables: dict[int, Item] = {}
    points: Counter[int] = Counter()
    for row in rows:
        table = tables.setdefault(row["I"], {"I": row["I"], **{f"{x}{n}": 0.0 for n in range(1, 12) for x in "TF"}})
        points[row["I"]] += 1
        if points[row["I"]] <= 11:
            table |= {f"{x}{points[row['I']]}": row[x] for x in "TF"}
    return [*tables.values()]


def _grids(case: RawCase, rows: list[Item]) -> list[Item]:
    """Give multi-terminal DC lines the lists of their converters, buses and links."""
    for title, part in (("CONV", "converter"), ("DCBS", "bus"), ("DCLN", "link")):
        parts: dict[str, list[Item]] = {}
        section = f"multi_terminal_dc_{part}"
        for name, item in zip(case.values(section, "NAME"), records(case, section), strict=True):
            parts.setdefault(name, []).append(item)
        for row in rows:
            if row["NAME"] in parts:
                row[title] = parts[row["NAME"]]
    return rows


def _groups(case: RawCase, rows: list[Item]) -> list[Item]:
    """Leave the dummy buses empty that a multi-section line doesn't have."""
    return [{name: "" if name[:3] == "DUM" and value == 0 else value for name, value in row.items()} for row in rows]


#: How the records of sections look that are no plain rows.
NESTING: dict[str, Callable[[RawCase, list[Item]], list[Item]]] = {
    "transformer": _transformers,
    "vsc_dc": _converters,
    "impedance_correction": _tables,
    "multi_terminal_dc": _grids,
    "multi_section_line": _groups,
}
