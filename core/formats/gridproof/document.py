"""The plant as a JSON document."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from core.documents import dump
from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.plant import CATALOGUE, Plant, PlantSettings


def document_bytes(plant: Plant) -> bytes:
    """Return the plant as a JSON file that a person can read."""
    return (dump(plant.to_document(), indent=1) + "\n").encode("utf-8")


def read_document(data: bytes, name: str) -> tuple[Plant, list[Finding]]:
    """Return the plant of a JSON file, and what in it is no number, unknown or left to defaults."""
    document = _parse(data, name)
    where = Where(file=name)
    tables = document.get("tables")
    if not isinstance(tables, Mapping) or not all(_is_rows(rows) for rows in tables.values()):
        hint = '"tables" is an object with one list of rows a table'
        raise BadInput("this is not a plant document", hint=hint, where=where)
    settings = document.get("settings", {})
    if not isinstance(settings, Mapping):
        raise BadInput("the settings are not an object", hint='such as {"frequency_hz": 60}', where=where)
    findings = _settings(settings, name)
    for table, rows in tables.items():
        if table in CATALOGUE:
            findings += _cells(table, pd.DataFrame(rows), name)
    try:
        return Plant.from_document(document), findings
    except BadInput as error:
        raise BadInput(error.message, hint=error.hint, where=where) from error


def _parse(data: bytes, name: str) -> dict[str, Any]:
    where = Where(file=name)
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise BadInput("the document is not UTF-8 text", hint="save it as UTF-8", where=where) from error
    except json.JSONDecodeError as error:
        place = Where(file=name, line=error.lineno, column=str(error.colno))
        raise BadInput(f"the JSON is broken: {error.msg}", hint="export the plant again", where=place) from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the JSON can't be used: {error}", hint="export the plant again", where=where) from error
    if not isinstance(document, dict):
        raise BadInput("this is not a plant document", hint="a plant document is a JSON object", where=where)
    return document


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not a number that JSON knows")


def _is_rows(rows: Any) -> bool:
    return isinstance(rows, list) and all(
        isinstance(row, Mapping) and not any(isinstance(cell, (list, dict)) for cell in row.values()) for row in rows
    )


def _settings(settings: Mapping[str, Any], name: str) -> list[Finding]:
    """Check the settings; one that is no number can't be guessed."""
    known = {each.name for each in fields(PlantSettings)}
    for key, value in settings.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if key in known and not number:
            raise BadInput(
                f"the setting {key} is {value!r}", hint="enter a number", where=Where(file=name, section="settings")
            )
    unknown = sorted(set(settings) - known)
    place = Where(file=name, section="settings")
    text = f"settings that the hub doesn't know were left out: {', '.join(unknown)}"
    return [Finding("plant.setting.unknown", Severity.WARNING, text, where=place)] if unknown else []


def _cells(table: str, rows: pd.DataFrame, name: str) -> list[Finding]:
    """Return findings on cells of number columns that hold no number, and on columns without a meaning."""
    findings = []
    for column in CATALOGUE[table].values():
        if column.name not in rows or column.type not in ("int", "float"):
            continue
        cells = rows[column.name]
        texts = cells.notna() & (cells.map(str).str.strip() != "")
        numbers = pd.to_numeric(cells.map(lambda cell: None if isinstance(cell, bool) else cell), errors="coerce")
        broken = cells[texts & numbers.isna()]
        if len(broken):
            text = (
                f"{table}: {column.name} holds {len(broken)} cells that are no number, the first is {broken.iloc[0]!r}"
            )
            place = Where(file=name, section=table, row=int(broken.index[0]) + 1, column=column.name)
            findings.append(Finding("number.unreadable", Severity.ERROR, text, "enter numbers", place))
    strange = [str(column) for column in rows.columns if column not in CATALOGUE[table]]
    if strange:
        text = f"{table}: columns without a meaning for the hub are kept: {', '.join(strange)}"
        findings.append(Finding("column.unmatched", Severity.INFO, text, where=Where(file=name, section=table)))
    return findings
