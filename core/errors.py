"""The error tree. Every error says what is wrong, where, and what to do about it.

GridproofError
├── BadInput             the user's file or argument can't be used (exit status 2)
│   └── UnsafeFile       a file that is refused before it is parsed
├── NotFound             an id that the store doesn't know
├── Conflict             somebody else changed it meanwhile
├── StoreError           the database or a stored file can't be used
└── EngineError          a calculation program failed or isn't there
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.findings import Finding, Where


class GridproofError(Exception):
    """What a page shows and a command prints: message, hint, place and findings, never a traceback."""

    def __init__(
        self, message: str, *, hint: str = "", where: Where | None = None, findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where or Where()
        self.findings = list(findings)  # everything that was found before it was given up

    def locate(self, file: str, hint: str) -> None:
        """Say which file the error is about, and what to do if that isn't said yet."""
        self.where = replace(self.where, file=file)
        self.hint = self.hint or hint

    def as_dict(self) -> dict[str, object]:
        """Return the error as the ``error`` object of a command's JSON document."""
        return {"message": self.message, "hint": self.hint, "where": self.where.as_dict()}

    def __str__(self) -> str:
        place = str(self.where)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.hint})" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.hint, self.where, self.findings))


def _rebuild(
    kind: type[GridproofError], message: str, hint: str, where: Where, findings: list[Finding]
) -> GridproofError:
    """Make the error again on the other side of a process boundary."""
    return kind(message, hint=hint, where=where, findings=findings)


class BadInput(GridproofError):
    """The user's file or argument can't be used."""


class UnsafeFile(BadInput):
    """The file is refused before it is parsed: too large, a bomb, encrypted, or with active content."""


class NotFound(GridproofError):
    """The store has nothing under this id."""


class Conflict(GridproofError):
    """The row was changed by somebody else since it was read."""


class StoreError(GridproofError):
    """The database or a stored file can't be used."""


class EngineError(GridproofError):
    """A calculation program failed or is not installed."""
