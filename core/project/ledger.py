"""The constraint ledger: what each round proposed, and what the engineer decided about it, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.documents import digest
from core.errors import BadInput, Conflict, NotFound
from core.project.records import new_id, user
from core.project.tables import proposals
from core.store import now

#: What makes two proposals the same one, in whichever round they are made.
IDENTITY = ("name", "element", "old", "new", "unit")


class Decision(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    EDITED = "edited"  # accepted with another value
    REJECTED = "rejected"
    SUPERSEDED = "superseded"  # a later round no longer proposes it


@dataclass(frozen=True, slots=True)
class Proposal:
    """A constraint update in the ledger: the update as it was proposed, and ``value``, the new bound that counts."""

    id: str
    round: int
    state: Decision
    update: Mapping[str, Any]
    value: Any
    reason: str
    who: str
    at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the update as it is handed to an outside optimiser: with the decided value and who decided."""
        decided = {"decision": str(self.state), "decided_by": self.who, "decided_at": self.at.isoformat()}
        return {**self.update, "new": self.value, **decided, "decision_reason": self.reason, "round": self.round}


def read(connection: Connection, project: str) -> list[Proposal]:
    """Return the ledger, oldest first."""
    query = select(proposals).where(proposals.c.project == project).order_by(proposals.c.round, proposals.c.position)
    return [_proposal(row) for row in connection.execute(query)]


def propose(connection: Connection, project: str, number: int, updates: Sequence[Mapping[str, Any]]) -> None:
    """Enter a round's updates; what is still open of earlier rounds is taken up again or superseded."""
    open_before = {_identity(p.update): p for p in read(connection, project) if p.state is Decision.PROPOSED}
    for position, document in enumerate(updates):
        before = open_before.pop(_identity(document), None)
        values = {"round": number, "position": position, "proposal": document, "at": now(), "who": user()}
        if before:
            connection.execute(update(proposals).where(proposals.c.id == before.id).values(values))
        else:
            fresh = {"id": new_id(), "project": project, "state": Decision.PROPOSED, "value": document.get("new")}
            connection.execute(insert(proposals).values({**values, **fresh, "reason": ""}))
    for left in open_before.values():
        row = proposals.c.id == left.id
        connection.execute(update(proposals).where(row).values(state=Decision.SUPERSEDED, at=now(), who=user()))


def decide(
    connection: Connection, project: str, proposal: str, decision: Decision, *, value: Any = None, reason: str = ""
) -> Proposal:
    """Accept, edit or reject a proposal, once; a rejection and an edit need a reason."""
    row = connection.execute(
        select(proposals).where(proposals.c.project == project, proposals.c.id == proposal).with_for_update()
    ).first()
    if row is None:
        raise NotFound(f"the project has no constraint update {proposal!r}")
    before = _proposal(row)
    if before.state is Decision.SUPERSEDED:
        raise Conflict("a later round no longer proposes this constraint update", hint="look at the latest round")
    if decision not in (Decision.ACCEPTED, Decision.EDITED, Decision.REJECTED):
        raise BadInput(f"{decision} is not a decision", hint="accept, edit or reject")
    if decision is Decision.EDITED and value is None:
        raise BadInput("an edited constraint update needs its value")
    if decision is not Decision.ACCEPTED and not reason.strip():
        raise BadInput(f"a constraint update is {decision} with a reason", hint="say why in a few words")
    kept = value if decision is Decision.EDITED else before.update.get("new")
    signed = {"state": decision, "value": kept, "reason": reason.strip(), "at": now(), "who": user()}
    connection.execute(update(proposals).where(proposals.c.id == proposal).values(signed))
    return _proposal(connection.execute(select(proposals).where(proposals.c.id == proposal)).one())


def _identity(document: Mapping[str, Any]) -> str:
    return digest([document.get(key) for key in IDENTITY])


def _proposal(row: Row[Any]) -> Proposal:
    state = Decision(row.state)
    return Proposal(row.id, row.round, state, row.proposal, row.value, row.reason, row.who, row.at)
