"""A constraint update: what bound goes back to the optimiser, from which value to which, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.documents import digest


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another change that would cure the same failure."""

    name: str
    element: str
    old: float | None
    new: float | None
    unit: str
    reason: str
    cost: float | None = None  # USD

    def as_dict(self) -> dict[str, Any]:
        """Return the alternative as JSON documents carry it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ConstraintUpdate:
    """A bound that the optimiser must obey from now on."""

    name: str
    element: str
    old: float | None
    new: float | None
    unit: str
    reason: str
    evidence: Mapping[str, Any]  # the verdict that caused it and the numbers that it was computed from
    alternatives: tuple[Alternative, ...] = field(default=())

    @property
    def id(self) -> str:
        """Return what names this update in the ledger: the same failure gives the same id."""
        return digest([self.name, self.element, self.old, self.new, self.evidence])[:16]

    def as_dict(self) -> dict[str, Any]:
        """Return the update as JSON documents carry it; the keys are a contract."""
        return {
            "id": self.id,
            "name": self.name,
            "element": self.element,
            "old": self.old,
            "new": self.new,
            "unit": self.unit,
            "reason": self.reason,
            "evidence": dict(self.evidence),
            "alternatives": [alternative.as_dict() for alternative in self.alternatives],
        }
