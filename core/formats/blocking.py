"""Readings that must not be used: a part of the file was not understood, and the values may be wrong."""

from __future__ import annotations

from typing import Any

from core.errors import BadInput
from core.findings import Reading

#: Findings after which a reading may be looked at, but not calculated with or converted.
BLOCKING = frozenset({"matpower.statement.unknown"})


def refuse_blocked(reading: Reading[Any]) -> None:
    """Refuse a reading with a blocking finding, with its place."""
    for finding in reading.findings:
        if finding.code in BLOCKING:
            raise BadInput(finding.text, hint=finding.hint, where=finding.where)
