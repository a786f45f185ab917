"""How a loop ends: by the verdicts of a round, or because turning on leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.criteria import State
from core.design.ledger import Applied, changes, constraints, meaning_of, takes
from core.design.requirement import Requirement
from core.documents import digest
from core.findings import listed

WARNED = 3  # warnings that the reason names


class End(StrEnum):
    """How a loop ends."""

    PASSED = "passed"
    WARNINGS = "warnings left"  # no stage fails, and a warning asks for no update
    INFEASIBLE = "infeasible"
    NO_UPDATE = "no update left"
    OSCILLATION = "oscillation"
    ROUND_LIMIT = "round limit"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a loop ended and why."""

    end: End
    reason: str


@dataclass(frozen=True, slots=True)
class Past:
    """What of a round tells whether the loop can go on."""

    number: int
    constraints: Sequence[Mapping[str, Any]]
    plant_sha256: str
    stages: Sequence[Mapping[str, Any]]
    applied: Sequence[Applied]


def ending_of(validation: Mapping[str, Any], updates: Sequence[Mapping[str, Any]]) -> Ending | None:
    """Return how a loop ends by its last round, ``None`` when something fails or a warning asks for an update."""
    if validation["overall"] == State.PASS:
        return Ending(End.PASSED, "every stage passes")
    asked = any(takes(change) for update in updates for change in changes(update))
    if validation["overall"] == State.WARN and not asked:
        warned = listed((_said(each) for each in validation["verdicts"] if each["verdict"] == State.WARN), WARNED)
        text = f"no stage fails, and a warning asks for no update; not PASS: {_not_passing(validation['stages'])}"
        return Ending(End.WARNINGS, f"{text}: {warned}" if warned else text)
    return None


def _said(verdict: Mapping[str, Any]) -> str:
    """Return a verdict in words, such as "voltage of BUS_1 0.96 pu"."""
    value = verdict["note"] if verdict["value"] is None else f"{verdict['value']:.4g} {verdict['unit']}"
    return f"{verdict['criterion']} of {verdict['element']} {value}"


def standstill(past: Sequence[Past], following: Requirement) -> Ending | None:
    """Return why turning on leads nowhere: nothing changes, or constraints come back. ``None`` when it goes on."""
    last, held = past[-1], constraints(following)
    before = next((each for each in reversed(past) if digest(each.constraints) == digest(held)), None)
    if before is last or not any(each.takes for each in last.applied):
        text = f"no update is left that changes the design; not PASS: {_not_passing(last.stages)}"
        return Ending(End.NO_UPDATE, text)
    if before is not None:
        text = (
            f"the loop swings between rounds {before.number} and {last.number}: "
            f"the constraints of round {before.number} come back after round {last.number}; {_swings(last.applied)}"
        )
        return Ending(End.OSCILLATION, text)
    if len(past) > 1 and past[-2].plant_sha256 == last.plant_sha256:
        names = ", ".join(sorted({each.change["name"] for each in past[-2].applied if each.takes}))
        text = f"the updates of round {past[-2].number} ({names}) no longer change the plant"
        return Ending(End.NO_UPDATE, text)
    return None


def limit_reason(rounds: int) -> str:
    """Return the reason of a loop that used up its rounds."""
    return f"{rounds} round{'s' if rounds > 1 else ''} did not bring every stage to PASS"


def _not_passing(stages: Sequence[Mapping[str, Any]]) -> str:
    bad = (f"{s['id']} {s['name']} {s['verdict']}" for s in stages if s["verdict"] != State.PASS)
    return ", ".join(bad)


def _swings(applied: Sequence[Applied]) -> str:
    """Return what the loop swings between."""
    moved = [each.change for each in applied if each.takes and each.change["old"] is not None]
    swings = (
        f"{meaning_of(c['name'])} of {c['element']}: {c['old']:g} ↔ {c['new']:g}" for c in moved if c["old"] != c["new"]
    )
    return "; ".join(swings)
