"""Dynamics files (``.dyr``): one record a model, typed where the model is known, verbatim everywhere else."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.psse.fieldtext import tokens
from core.formats.psse.raw_writer import quoted
from core.formats.psse.records import decode

_BUS = re.compile(r"\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")


#: A record that calls a model as a user's has its name and six numbers in front of the parameters.
USER_MODEL = "USRMDL"
USER_HEAD = ("name", "IC", "IT", "NI", "NC", "NS", "NV")
#: What a parameter's name ends with that holds text.
TEXT = "$"


@dataclass(frozen=True, slots=True)
class DynamicRecord:
    """A model at a machine. ``parameters`` is empty where the model is unknown or its values don't fit."""

    bus: int
    model: str  # as the file names it: USRMDL for the models of users, whose own name is the first value
    ckt: str
    values: tuple[str, ...]
    parameters: dict[str, float | str] = field(default_factory=dict)
    line: int = 0
    before: str = ""  # comments and blanks in front, as in the file
    text: str = ""  # the record's lines, as in the file; empty for a new or changed record
    behind: str = "\n"  # what stands on the record's last line behind its slash

    @property
    def kind(self) -> str:
        """Return the model's own name, also where it is called as a user's model."""
        return self.values[0].strip().upper() if self.model == USER_MODEL and self.values else self.model

    def changed(self, **parameters: float | str) -> DynamicRecord:
        """Return the record with some parameters changed; a parameter that the model lacks is refused."""
        unknown = sorted(set(parameters) - set(self.parameters))
        if unknown:
            raise ValueError(f"{self.kind} has no parameter {', '.join(unknown)}")
        merged = {**self.parameters, **parameters}
        first = len(self.values) - len(merged)
        words = tuple(
            old if merged[name] == self.parameters[name] else str(merged[name])
            for old, name in zip(self.values[first:], merged, strict=True)
        )
        return replace(self, parameters=merged, values=(*self.values[:first], *words), text="")


@dataclass(frozen=True, slots=True)
class Dynamics:
    """The records of a file and what stands behind the last one."""

    records: tuple[DynamicRecord, ...]
    tail: str = ""
    encoding: str = "utf-8"


@cache
def models() -> dict[str, tuple[str, ...]]:
    """Return the parameters of the known models in the order of their records; a name with $ holds text."""
    with Path(__file__).with_name("dynamic_models.csv").open(encoding="utf-8", newline="") as handle:
        return {row["model"]: tuple(row["parameters"].split()) for row in csv.DictReader(handle)}


def read_dynamics(data: bytes, name: str = "") -> Reading[Dynamics]:
    """Read a ``.dyr`` file: records end at a slash and may take several lines."""
    findings: list[Finding] = []
    text, encoding = decode(data, findings)
    records: list[DynamicRecord] = []
    before, raw, content, begin = "", "", "", 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if not raw and (not line.strip() or line.lstrip().startswith(("/", "@!"))):
            before += line  # a comment or a blank line between records
            continue
        begin = begin if raw else number
        raw += line
        body, ended = before_slash(line)
        content += " " + body.strip()
        if ended:
            record = _record(content, begin, findings)
            if record is None:
                before += raw
            else:
                records.append(replace(record, before=before, text=raw, behind=line[len(body) + 1 :]))
                before = ""
            raw, content = "", ""
    if raw:
        where = Where(file=name, line=begin)
        text = "The last record isn't closed by a slash; it is kept but not read."
        findings.append(Finding("psse.dyr.not_closed", Severity.ERROR, text, "Add a slash.", where))
    findings += _unknown_models(records)
    if not records:
        text = "The file has no record of a model."
        findings.append(Finding("psse.dyr.none", Severity.ERROR, text, "Is it a .dyr file?", Where(file=name)))
    source = Source(name, sha256(data).hexdigest(), "psse.dyr", "")
    return Reading(Dynamics(tuple(records), before + raw, encoding), findings, source)


def _unknown_models(records: list[DynamicRecord]) -> Iterator[Finding]:
    """Say once of each model that is not known how many records it has, and where the first one is."""
    for kind, count in Counter(record.kind for record in records if record.kind not in models()).items():
        first = next(record.line for record in records if record.kind == kind)
        many = f"the values of its {count} records are" if count > 1 else "its values are"
        text = f"Model {kind} is not known; {many} kept as they are."
        yield Finding("psse.dyr.unknown_model", Severity.INFO, text, "", Where(line=first))


def before_slash(line: str) -> tuple[str, bool]:
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


def _record(content: str, line: int, findings: list[Finding]) -> DynamicRecord | None:
    words = [word or "" for word in tokens(content)]
    if len(words) < 3 or not _BUS.fullmatch(words[0].strip()) or len(words[0].strip()) > 9:
        text = f"{content.strip()[:40]!r} is no record of a model; it is kept but not read."
        findings.append(Finding("psse.dyr.record", Severity.ERROR, text, "", Where(line=line)))
        return None
    record = DynamicRecord(int(words[0]), words[1].strip().upper(), words[2].strip(), tuple(words[3:]), line=line)
    return replace(record, parameters=_parameters(record, findings))


def _parameters(record: DynamicRecord, findings: list[Finding]) -> dict[str, float | str]:
    """Return the values by name where the model is known and every value fits."""
    known = models().get(record.kind)
    where = Where(line=record.line)
    if known is None:
        return {}
    values = record.values[len(USER_HEAD) :] if record.model == USER_MODEL else record.values
    if len(values) != len(known) or not all(
        name.endswith(TEXT) or _NUMBER.fullmatch(value) for name, value in zip(known, values, strict=True)
    ):
        many = f"has {len(values)} values, not the {len(known)} of its kind"
        text = f"{record.kind} {many if len(values) != len(known) else 'has a value that is no number'}; they are kept."
        findings.append(Finding("psse.dyr.values", Severity.ERROR, text, "Complete the record.", where))
        return {}
    return {
        name.removesuffix(TEXT): value.strip() if name.endswith(TEXT) else float(re.sub("[dD]", "E", value))
        for name, value in zip(known, values, strict=True)
    }


def write_dynamics(dynamics: Dynamics) -> str:
    """Return the file's text: untouched records as they were, others on one line."""
    return "".join(record.before + (record.text or _line(record)) for record in dynamics.records) + dynamics.tail


def _line(record: DynamicRecord) -> str:
    values = (word if _NUMBER.fullmatch(word) else quoted(word) for word in record.values)
    ckt = record.ckt if record.ckt.isalnum() else quoted(record.ckt or "1")
    return f"{record.bus} {quoted(record.model)} {ckt} {' '.join(values)} /{record.behind}"
