"""Findings: remarks on data quality that readers and checks collect instead of printing or repairing silently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 gap", "2 gaps", "3 buses"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return the first few names and how many more there are."""
    all_names = list(names)
    more = f" and {len(all_names) - most} more" if len(all_names) > most else ""
    return ", ".join(all_names[:most]) + more


class Severity(StrEnum):
    """How much a finding matters: an error means that the value can't be relied on."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file. Rows and lines count from 1 as an editor shows them."""

    file: str | None = None
    sheet: str | None = None
    section: str | None = None
    row: int | None = None
    line: int | None = None
    column: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return every key, ``None`` where unknown: the keys are a contract."""
        return asdict(self)

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        for name in ("sheet", "section", "row", "line", "column"):
            value = getattr(self, name)
            if value is not None:
                parts.append(f"{name} {value}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark on data: what was found, where, and what to do."""

    code: str  # dotted, stable: "plant.bus.unknown"
    severity: Severity
    text: str
    hint: str = ""
    where: Where = field(default_factory=Where)
    element: str | None = None  # the id of the element that it is about

    def as_dict(self) -> dict[str, object]:
        """Return the finding as JSON documents carry it."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "where": self.where.as_dict(),
            "element": self.element,
            "text": self.text,
            "hint": self.hint,
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Finding:
        """Return the finding of a document as :meth:`as_dict` makes it."""
        parts = {**document, "severity": Severity(document["severity"]), "where": Where(**document["where"])}
        return cls(**parts)


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a value came from."""

    file: str
    sha256: str = ""
    format: str = ""  # "psse.raw", "etap.load_flow", …
    version: str = ""


@dataclass(slots=True)
class Reading(Generic[T]):
    """What every reader returns: the value, the remarks on it, and its source."""

    value: T
    findings: list[Finding]
    source: Source


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with which a result can't be relied on."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def worst(findings: Iterable[Finding]) -> Severity | None:
    """Return the highest severity among the findings, ``None`` when there is none."""
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    present = {finding.severity for finding in findings}
    return next((severity for severity in order if severity in present), None)
