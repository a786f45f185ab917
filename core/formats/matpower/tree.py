"""The tree of a MATPOWER file: what its sentences and expressions are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, or a table that was read at once."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, a constant or a function without arguments."""

    name: str


@dataclass(frozen=True, slots=True)
class Everything:
    """The bare colon of an index."""


@dataclass(frozen=True, slots=True)
class LastIndex:
    """The word ``end`` inside an index."""


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before, or a transpose behind, an expression."""

    operator: str
    operand: Any


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions and the operator between them."""

    operator: str
    left: Any
    right: Any


@dataclass(frozen=True, slots=True)
class Span:
    """A range ``start:step:stop``."""

    start: Any
    step: Any
    stop: Any


@dataclass(frozen=True, slots=True)
class Call:
    """Round or curly brackets behind an expression: an index or a function call."""

    base: Any
    arguments: tuple[Any, ...]
    cell: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a struct."""

    base: Any
    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """A matrix or a cell array written element by element."""

    rows: tuple[tuple[Any, ...], ...]
    cell: bool
    lines: tuple[int, ...]  # the line on which each row begins


@dataclass(frozen=True, slots=True)
class Assignment:
    """``targets = value``; several targets take several results."""

    targets: tuple[Any, ...]
    value: Any
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """An expression that stands alone."""

    value: Any
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """``if``: pairs of a test and its sentences; the test of ``else`` is ``None``."""

    branches: tuple[tuple[Any, tuple[Any, ...]], ...]
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Loop:
    """``for``."""

    variable: str
    values: Any
    body: tuple[Any, ...]
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A sentence that is not understood."""

    reason: str
    line: int
    text: str


@dataclass(slots=True)
class Program:
    """The main function of a file: its name, the names of what it returns, and its sentences."""

    name: str = ""
    outputs: tuple[str, ...] = ()
    sentences: list[Any] = field(default_factory=list)
    column_names: list[tuple[int, list[str]]] = field(default_factory=list)
