"""From the files' own names, numbers and codes to one vocabulary: ``tables.csv``, ``fields.csv`` and ``enums.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from core.findings import Finding, Severity, Where
from core.formats.cyme.raw import RawFile, RawRow

#: Factor from the file's unit to ours, by kind of unit: (SI, imperial).
UNITS = {
    "": (1.0, 1.0),
    "length": (1e-3, 3.048e-4),  # m, ft → km
    "per_length": (1.0, 1 / 1.609344),  # a km, a mile → a km
    "small": (1.0, 2.54),  # cm, inch → cm
    "height": (1.0, 0.3048),  # m, ft → m
}


@dataclass(slots=True)
class Record:
    """One row in our vocabulary; a field that is blank in the file is absent."""

    values: dict[str, Any]
    where: Where

    def text(self, name: str, default: str = "") -> str:
        """Return a text field."""
        return str(self.values.get(name, default))

    def number(self, name: str, default: float = 0.0) -> float:
        """Return a number field."""
        return float(self.values.get(name, default))

    def has(self, *names: str) -> bool:
        """Say whether any of the fields is filled."""
        return any(name in self.values for name in names)

    @property
    def provenance(self) -> dict[str, Any]:
        """Return the provenance columns of a model row."""
        return {
            "source_file": self.where.file or "",
            "source_section": self.where.section or "",
            "source_row": self.where.line or self.where.row,
        }


@dataclass(slots=True)
class Records:
    """All rows of an export by our table names."""

    dialect: str
    version: str
    tables: dict[str, list[Record]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def __getitem__(self, table: str) -> list[Record]:
        return self.tables.get(table, [])

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def by_id(self, table: str, key: str = "equipment") -> dict[str, Record]:
        """Return the rows of a table by one of their fields; the first of a name counts."""
        found: dict[str, Record] = {}
        for record in self[table]:
            found.setdefault(record.text(key), record)
        return found


def _rows(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def table_names(dialect: str) -> dict[str, str]:
    """Return our table name for each of a dialect's."""
    return {outside: row["table"] for row in _rows("tables.csv") for outside in row[dialect].split("|") if outside}


@cache
def tables_with_role(role: str) -> tuple[str, ...]:
    """Return our tables of a role: ``series`` or ``shunt`` devices of a section."""
    return tuple(row["table"] for row in _rows("tables.csv") if row["role"] == role)


@cache
def _fields(table: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return (field, type, unit, names in lower case) of a table, its own before the general ones."""
    shared = {
        "switch": SWITCHES,
        "regulator": ("regulator_byphase",),
        "transformer": ("transformer_ltc", "transformer_byphase"),
        "transformer_type": ("transformer_type_ltc",),
        "line_type": ("cable_type",),
        "switch_type": SWITCH_TYPES,
        "spacing": ("spacing_average",),
        "generation": SHUNT_DER,
    }
    own, general = [], []
    for row in _rows("fields.csv"):
        entry = (row["field"], row["type"], row["unit"], tuple(name.lower() for name in row["names"].split("|")))
        if row["table"] == table or table in shared.get(row["table"], ()):
            own.append(entry)
        elif row["table"] == "*":
            general.append(entry)
    named = {entry[0] for entry in own}
    return own + [entry for entry in general if entry[0] not in named]


SWITCHES = ("breaker", "lvcb", "fuse", "recloser", "sectionaliser", "network_protector", "miscellaneous")
SWITCH_TYPES = (
    "breaker_type",
    "lvcb_type",
    "fuse_type",
    "recloser_type",
    "sectionaliser_type",
    "network_protector_type",
)
SHUNT_DER = ("converter_generator", "synchronous_generator", "induction_generator", "bess")


@cache
def _enums() -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in _rows("enums.csv"):
        found.setdefault((row["enum"], row["dialect"]), {})[row["raw"]] = row["value"]
    return found


def records_of(raw: RawFile) -> Records:
    """Return the rows in our vocabulary; what isn't understood becomes findings."""
    names = table_names(raw.dialect)
    records = Records(raw.dialect, raw.version, findings=list(raw.findings))
    ignored = set(tables_with_role("ignored"))
    for outside, rows in raw.tables.items():
        table = names.get(outside)
        if table is not None and table not in ignored:
            translate = _Translator(table, raw, records.findings)
            records.tables.setdefault(table, []).extend(translate(row) for row in rows)
    _remark_unused(records, {outside: rows for outside, rows in raw.tables.items() if outside not in names})
    return records


def _remark_unused(records: Records, unused: dict[str, list[RawRow]]) -> None:
    """Report what the model has no place for: devices one by one, everything else in one line."""
    others = []
    for outside, rows in unused.items():
        xml_device = records.dialect == "xml" and not outside.endswith(("DB", "Point"))
        if outside.upper().endswith(("SETTING", "SETTINGS")) or xml_device:
            text = f"{len(rows)} rows of {outside} are not used: these devices are missing in the model"
            where = Where(file=rows[0].where.file, section=outside, line=rows[0].where.line)
            hint = "Check whether they matter for the study"
            records.findings.append(Finding("cyme.devices_not_used", Severity.WARNING, text, hint, where))
        else:
            others.append(f"{outside} ({len(rows)})")
    if others:
        file = next(iter(unused.values()))[0].where.file
        text = f"Not needed for the model and not used: {', '.join(others)}"
        records.findings.append(Finding("cyme.sections_not_used", Severity.INFO, text, "", Where(file=file)))


class _Translator:
    """Turns rows of one table into records; each kind of trouble is reported once a field with its count."""

    def __init__(self, table: str, raw: RawFile, findings: list[Finding]) -> None:
        self.fields = _fields(table)
        self.raw = raw
        self.findings = findings
        self.reported: set[tuple[str, str]] = set()

    def __call__(self, row: RawRow) -> Record:
        values: dict[str, Any] = {}
        for name, kind, unit, outside in self.fields:
            cell = next((row.cells[key] for key in outside if row.cells.get(key, "") not in ("", "NULL")), "")
            if cell == "":
                continue
            value = self.value(cell, kind, unit, name, row.where)
            if value is not None:
                values[name] = value
        return Record(values, row.where)

    def value(self, cell: str, kind: str, unit: str, name: str, where: Where) -> Any:
        if kind == "text":
            return cell
        if kind == "number":
            try:
                number = float(cell) * UNITS[unit][self.raw.imperial.get(where.file or "", False)]
            except ValueError:
                self.remark("number", name, f"{cell!r} is not a number", where)
                return None
            if number != number or abs(number) == float("inf"):
                self.remark("number", name, f"{cell!r} is not a finite number", where)
                return None
            return number
        return self.choice(cell, kind.removeprefix("enum:"), name, where)

    def choice(self, cell: str, enum: str, name: str, where: Where) -> str | None:
        key = cell.strip().upper()
        if key.endswith(".0"):
            key = key[:-2]
        for dialect in (self.raw.dialect, "*"):
            table = _enums().get((enum, dialect), {})
            if key in table:
                return table[key]
        if enum in ("phases", "closed_phases", "position") and key and set(key) <= set("ABC"):
            return key if enum == "position" else "".join(sorted(set(key)))
        fallback = _enums().get((enum, "*"), {}).get("*")
        if fallback is not None:
            return fallback
        letters = "".join(sorted(set(key) & set("ABC")))
        if enum == "phases" and letters:
            self.remark("phase", name, f"Phase {cell!r} has letters that don't exist; {letters} is used", where)
            return letters
        what = "names no phase" if enum.endswith("phases") else f"is not a known {enum.replace('_', ' ')}"
        self.remark("choice", name, f"{cell!r} {what}", where)
        return None

    def remark(self, code: str, name: str, text: str, where: Where) -> None:
        place = Where(file=where.file, section=where.section, row=where.row, line=where.line, column=name)
        severity = Severity.ERROR if code == "phase" else Severity.WARNING
        self.findings.append(
            Finding(f"cyme.bad_{code}", severity, text, "Correct the cell; the default is used meanwhile", place)
        )
