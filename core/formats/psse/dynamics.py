"""Dynamics files (``.dyr``): one record a model, typed where the model is known, verbatim everywhere else."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.psse.fieldtext import tokens
from core.formats.psse.records import decode

_BUS = re.compile(r"\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class DynamicRecord:
    """A model at a machine. ``parameters`` is empty where the model is unknown or its values don't fit."""

    bus: int
    model: str
    ckt: str
    values: tuple[str, ...]
    parameters: dict[str, float] = field(default_factory=dict)
    text: str = ""  # as in the file, with the comments and blanks in front; empty for a new or changed record
    line: int = 0

    def changed(self, **parameters: float) -> DynamicRecord:
        """Return the record with some parameters changed; a parameter that the model lacks is refused."""
        unknown = sorted(set(parameters) - set(self.parameters))
        if unknown:
            raise ValueError(f"{self.model} has no parameter {', '.join(unknown)}")
        merged = {**self.parameters, **parameters}
        words = tuple(
            old if merged[name] == self.parameters[name] else repr(merged[name])
            for old, name in zip(self.values, merged, strict=True)
        )
        return replace(self, parameters=merged, values=words, text="")


@dataclass(frozen=True, slots=True)
class Dynamics:
    """The records of a file and what stands behind the last one."""

    records: tuple[DynamicRecord, ...]
    tail: str = ""


@cache
def models() -> dict[str, tuple[str, ...]]:
    """Return the parameters of the known models in the order of their records."""
    with Path(__file__).with_name("dynamic_models.csv").open(encoding="utf-8", newline="") as handle:
        return {row["model"]: tuple(row["parameters"].split()) for row in csv.DictReader(handle)}


def read_dynamics(data: bytes, name: str = "") -> Reading[Dynamics]:
    """Read a ``.dyr`` file: records end at a slash and may take several lines."""
    findings: list[Finding] = []
    text, _ = decode(data, findings)
    records: list[DynamicRecord] = []
    raw, content, begin = "", "", 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        raw += line
        if not content.strip() and line.lstrip().startswith(("/", "@!")):
            continue  # a comment between records
        begin = begin or (number if line.strip() else 0)
        body, ended = _before_slash(line)
        content += " " + body.strip()
        if ended:
            record = _record(content, raw, begin, findings)
            if record is not None:
                records.append(record)
                raw = ""
            content, begin = "", 0
    if content.strip():
        where = Where(file=name, line=begin)
        text = "The last record isn't closed by a slash; it is kept but not read."
        findings.append(Finding("psse.dyr.not_closed", Severity.ERROR, text, "Add a slash.", where))
    return Reading(Dynamics(tuple(records), raw), findings, Source(name, sha256(data).hexdigest(), "psse.dyr", ""))


def _before_slash(line: str) -> tuple[str, bool]:
    """Return what stands in front of the slash that ends a record, and whether there is one outside quotes."""
    quote = ""
    for place, sign in enumerate(line):
        if sign == quote:
            quote = ""
        elif not quote and sign in "'\"":
            quote = sign
        elif not quote and sign == "/":
            return line[:place], True
    return line, False


def _record(content: str, raw: str, line: int, findings: list[Finding]) -> DynamicRecord | None:
    words = [word or "" for word in tokens(content)]
    if len(words) < 3 or not _BUS.fullmatch(words[0].strip()) or len(words[0].strip()) > 9:
        text = f"{content.strip()[:40]!r} is no record of a model; it is kept but not read."
        findings.append(Finding("psse.dyr.record", Severity.ERROR, text, "", Where(line=line or None)))
        return None
    model, values = words[1].strip().upper(), tuple(words[3:])
    return DynamicRecord(
        int(words[0]), model, words[2].strip(), values, _parameters(model, values, line, findings), raw, line
    )


def _parameters(model: str, values: tuple[str, ...], line: int, findings: list[Finding]) -> dict[str, float]:
    """Return the values by name where the model is known and every value is a number."""
    known = models().get(model)
    where = Where(line=line)
    if known is None:
        text = f"Model {model} is not known; its values are kept as they are."
        findings.append(Finding("psse.dyr.unknown_model", Severity.INFO, text, "", where))
        return {}
    if len(values) != len(known) or not all(_NUMBER.fullmatch(value) for value in values):
        text = f"{model} has {len(values)} values where {len(known)} numbers are expected; they are kept as they are."
        findings.append(Finding("psse.dyr.values", Severity.ERROR, text, "Complete the record.", where))
        return {}
    return {name: float(re.sub("[dD]", "E", value)) for name, value in zip(known, values, strict=True)}


def write_dynamics(dynamics: Dynamics) -> str:
    """Return the file's text: untouched records as they were, others on one line."""
    parts = [
        record.text or f"{record.bus} '{record.model}' {record.ckt or '1'} {' '.join(record.values)} /\n"
        for record in dynamics.records
    ]
    return "".join(parts) + dynamics.tail
