"""The constraint ledger: what each round proposed, and what the engineer decided about it, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.design.ledger import Applied, changes
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
    """A constraint update in the ledger: the update as it was proposed, and what of it counts.

    ``choice`` is the change that is taken (0 the update itself, n its n-th alternative), ``value`` its new bound.
    """

    id: str
    round: int
    state: Decision
    update: Mapping[str, Any]
    value: Any
    reason: str
    who: str
    at: datetime
    choice: int = 0

    @property
    def is_taken(self) -> bool:
        """Return whether the optimiser has to obey it."""
        return self.state in (Decision.ACCEPTED, Decision.EDITED)

    @property
    def applied(self) -> Applied:
        """Return the update with what is taken of it, the decided value in it."""
        chosen = {**changes(self.update)[self.choice], "new": self.value}
        others = list(self.update.get("alternatives", []))
        if self.choice == 0:
            return Applied({**self.update, **chosen})
        others[self.choice - 1] = chosen
        return Applied({**self.update, "alternatives": others}, self.choice)

    def as_dict(self) -> dict[str, Any]:
        """Return the update as it is handed to an outside optimiser: with the decided value and who decided."""
        decided = {"decision": str(self.state), "decided_by": self.who, "decided_at": self.at.isoformat()}
        chosen = dict(changes(self.update)[self.choice])
        instead = {"instead_of": self.update["name"]} if self.choice else {}
        document = {**self.update, **chosen, "new": self.value, **instead}
        return {**document, **decided, "decision_reason": self.reason, "round": self.round}


def read(connection: Connection, project: str) -> list[Proposal]:
    """Return the ledger, oldest first."""
    query = select(proposals).where(proposals.c.project == project).order_by(proposals.c.round, proposals.c.position)
    return [_proposal(row) for row in connection.execute(query)]


def propose(connection: Connection, project: str, number: int, updates: Sequence[Mapping[str, Any]]) -> None:
    """Enter a round's updates; what is still open of earlier rounds is taken up again or superseded."""
    open_before = {identity(p.update): p for p in read(connection, project) if p.state is Decision.PROPOSED}
    for position, document in enumerate(updates):
        before = open_before.pop(identity(document), None)
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
    connection: Connection,
    project: str,
    proposal: str,
    decision: Decision,
    *,
    value: Any = None,
    reason: str = "",
    choice: int = 0,
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
    known = changes(before.update)
    if not 0 <= choice < len(known):
        raise BadInput(f"the constraint update has no alternative {choice}", hint=f"it has {len(known) - 1}")
    kept = value if decision is Decision.EDITED else known[choice].get("new")
    signed = {"state": decision, "value": kept, "reason": reason.strip(), "at": now(), "who": user(), "choice": choice}
    connection.execute(update(proposals).where(proposals.c.id == proposal).values(signed))
    return _proposal(connection.execute(select(proposals).where(proposals.c.id == proposal)).one())


def identity(document: Mapping[str, Any]) -> str:
    """Return what makes two proposals the same one."""
    return digest([document.get(key) for key in IDENTITY])


def _proposal(row: Row[Any]) -> Proposal:
    state = Decision(row.state)
    return Proposal(row.id, row.round, state, row.proposal, row.value, row.reason, row.who, row.at, row.choice)
