"""Files of statements (``.con``, ``.sub``, ``.mon``): what isn't changed is written as it was, and nothing is dropped.

A line that is not understood is a finding with its number.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import PurePath
from typing import TypeVar

from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.psse.dynamics import before_slash
from core.formats.psse.records import decode

#: Pieces of patterns: a number of a bus, a number, a word or a text in quotes.
BUS = r"\d{1,9}"
NUMBER = r"(?:\d{1,20}(?:\.\d*)?|\.\d+)(?:E(?:\+?\d{1,2}|-\d{1,3}))?"
NAME = r"(?>'.*?'(?!\S)|\".*?\"(?!\S)|\S+)"
_COMMENT = re.compile(r"^\s*(?:COM\b|/|!)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(ABC):
    """Where a statement stands and how the file spells it; a new or changed one has no text."""

    before: str = field(default="", compare=False)  # comments and lines that weren't understood in front
    text: str = field(default="", compare=False)
    where: Where = field(default_factory=Where, compare=False)

    @abstractmethod
    def spelled(self) -> str:
        """Return the statement in PSS/E's first spelling."""


S = TypeVar("S", bound=Statement)
#: A statement with its first and last line.
Placed = Iterator[tuple[S, int, int]]


class Statements(list[S]):
    """A file's statements, and the lines behind the last one."""

    tail: str = ""
    encoding: str = "utf-8"


@dataclass(slots=True)
class Lines:
    """The lines that say something, with their numbers, and what was found on the way."""

    file: str
    lines: list[tuple[int, str]]
    findings: list[Finding]

    def unknown(self, number: int, text: str, severity: Severity = Severity.WARNING) -> None:
        """Say that a line was not understood."""
        said = f"this line was not understood: {text[:80]}"
        hint = "the hub reads outages of branches, machines, loads, shunts and buses, subsystems and monitored sets"
        self.findings.append(Finding("psse.statement.unknown", severity, said, hint, self.place(number)))

    def place(self, number: int) -> Where:
        """Return where a line is."""
        return Where(file=PurePath(self.file).name, line=number)


def read_statements(data: bytes, name: str, kind: str, read: Callable[[Lines], Placed[S]]) -> Reading[Statements[S]]:
    """Read a file's statements; each takes the lines in front of it that belong to none."""
    findings: list[Finding] = []
    text, encoding = decode(data, findings)
    raw = text.splitlines(keepends=True)
    numbered = ((number, before_slash(line)[0].strip()) for number, line in enumerate(raw, 1))
    lines = Lines(name, [(number, line) for number, line in numbered if line and not _COMMENT.match(line)], findings)
    value: Statements[S] = Statements()
    end = 0
    for statement, first, last in read(lines):
        front, own = "".join(raw[end : first - 1]), "".join(raw[first - 1 : last])
        value.append(replace(statement, before=front, text=own, where=lines.place(first)))
        end = last
    value.tail, value.encoding = "".join(raw[end:]), encoding
    if not value:
        place = Where(file=PurePath(name).name)
        findings.append(Finding("psse.statements.none", Severity.ERROR, "the file says nothing", "", place))
    return Reading(value, findings, Source(name, sha256(data).hexdigest(), kind))


def write_statements(statements: Statements[S]) -> str:
    """Return the file's text: statements that have their lines as they were, others in PSS/E's first spelling."""
    newline = "\r\n" if any(each.text.endswith("\r\n") for each in statements) else "\n"
    texts = (each.before + (each.text or each.spelled().replace("\n", newline)) for each in statements)
    return "".join(texts) + statements.tail


def named(text: str) -> str:
    """Return a name without the quotes and blanks around it."""
    text = text.strip()
    if text[:1] in ("'", '"') and text[:1]:
        text = text[1:].removesuffix(text[0])
    return text.strip()


def quoted(name: str) -> str:
    """Return a name in the quotes that it doesn't hold."""
    if "'" in name and '"' in name:
        raise BadInput(f"{name} can't be written: it holds both sorts of quotes", hint="name it without one of them")
    return f'"{name}"' if "'" in name else f"'{name}'"


def spelled_number(value: float) -> str:
    """Return a number with all its digits, whole ones without a point."""
    return f"{value:.0f}" if value.is_integer() else repr(value)
