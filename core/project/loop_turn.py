"""How a project's loop turns: one step designs the next round, judges it, and lets the ledger decide.

Each half of a round is kept as soon as it is done, so that whoever comes after a stop or a crash goes on behind it.
"""

from __future__ import annotations

from core.design.choosing import chosen
from core.design.design import Design
from core.design.electrical import with_electrical
from core.design.ending import End, Ending, ending_of, limit_reason, standstill
from core.design.ledger import changes, constraints, takes
from core.design.loop import Report, designed, judged, silent
from core.design.placement import place
from core.documents import plain
from core.errors import Conflict
from core.project import ledger
from core.project.judgement import inputs_sha256
from core.project.ledger import Decision, Proposal
from core.project.loops import (
    STOPPED,
    WAITING,
    Loop,
    keep_round,
    plant_of,
    read,
    requirement_of,
    set_judged,
    set_state,
    uploads,
)
from core.project.project import Project
from core.project.rows import note


def turn(project: Project, loop: Loop, *, manual: bool = False, report: Report = silent) -> Loop:
    """Do the loop's next round, or what is left of it; return the loop as it stands then.

    Parameters
    ----------
    project, loop
        The loop as it was read last.
    manual
        Leave the round's updates open in the ledger for the engineer; the next turn takes the cheapest change of those
        that are still open.
    report
        Takes what is being done now.
    """
    if loop.ended:
        raise Conflict(f"the loop has ended: {loop.state}", hint="begin a new one")
    if loop.manual != manual:
        loop = set_state(project, loop, manual=manual)
    if not loop.rounds or loop.rounds[-1].is_whole:
        loop = _settled(project, loop)
        if loop.ended:
            return loop
        loop = _design(project, loop, report)
    loop = _judge(project, loop, report)
    return loop if manual or loop.state != STOPPED else _settled(project, loop)


def run(project: Project, loop: Loop, *, report: Report = silent) -> Loop:
    """Turn until the loop ends or waits for an upload."""
    loop = turn(project, loop, report=report)
    while loop.state == STOPPED:
        loop = turn(project, loop, report=report)
    return loop


def _settled(project: Project, loop: Loop) -> Loop:
    """Take the cheapest change of every update that is still open; end the loop where turning on leads nowhere."""
    if not loop.rounds:
        return loop
    _accept(project, loop)
    loop = read(project, loop.id)
    ending = standstill([each.past() for each in loop.rounds], requirement_of(loop))
    if ending is None and len(loop.rounds) >= loop.limit:
        ending = Ending(End.ROUND_LIMIT, limit_reason(loop.limit))
    return set_state(project, loop, state=str(ending.end), reason=ending.reason, progress="") if ending else loop


def _accept(project: Project, loop: Loop) -> None:
    """Decide what is open: as before where the engineer rejected the same update, else the cheapest change."""
    proposals = loop.rounds[-1].proposals
    rejected = {ledger.identity(p.update): p for r in loop.rounds for p in r.proposals if p.state is Decision.REJECTED}
    open_ones = [p for p in proposals if p.state is Decision.PROPOSED]
    asked = [p for p in open_ones if ledger.identity(p.update) not in rejected]
    applied = chosen(requirement_of(loop), [p.update for p in asked])
    choices = {p.id: each.choice for p, each in zip(asked, applied, strict=True)}
    with project.store.writing() as connection:
        for each in open_ones:
            before = rejected.get(ledger.identity(each.update))
            if before:
                text = f"as in round {before.round}: {before.reason}"
                ledger.decide(connection, project.id, each.id, Decision.REJECTED, reason=text)
            elif takes(changes(each.update)[choices[each.id]]):
                choice = choices[each.id]
                ledger.decide(
                    connection, project.id, each.id, Decision.ACCEPTED, reason=_why(each, choice), choice=choice
                )
        if open_ones:
            number = loop.rounds[-1].number
            note(connection, project.id, f"the loop decided {len(open_ones)} updates of its round {number}", "")


def _why(proposal: Proposal, choice: int) -> str:
    count = len(changes(proposal.update))
    if count == 1:
        return "taken by the loop"
    return f"taken by the loop: the cheapest of {count} changes" if choice else "taken by the loop: no cheaper change"


def _design(project: Project, loop: Loop, report: Report) -> Loop:
    """Size and place the next round and keep it, its plant as the project's next revision."""
    number, requirement = len(loop.rounds) + 1, requirement_of(loop)
    report(f"round {number}: sizing")
    last = loop.rounds[-1] if loop.rounds else None
    design = designed(requirement, (last.constraints, Design.from_dict(last.design)) if last else None)
    row = {"constraints": constraints(requirement), "plant_sha256": "", "revision": None}
    if not design.feasible:
        keep_round(project, loop, row | {"design": plain(design.as_dict())})
        reason = design.conflict_text
        return set_state(project, loop, state=str(End.INFEASIBLE), reason=reason, progress="")
    report(f"round {number}: placement")
    plant = place(design, requirement)
    row["design"] = plain(with_electrical(design, plant, requirement).as_dict())
    now = Project(project.store, project.id)
    now.save_plant(plant.to_document(), f"round {number} of the loop", now.revision)
    keep_round(project, loop, row | {"plant_sha256": now.plant_sha256, "revision": now.revision})
    return read(project, loop.id)


def _judge(project: Project, loop: Loop, report: Report) -> Loop:
    """Study the last round's plant, or wait for what outside tools have to say of it."""
    this = loop.rounds[-1]
    if this.is_whole:
        return loop
    brought = uploads(project, loop)
    if brought.due:
        return set_state(project, loop, state=WAITING, reason=f"round {this.number}: {brought.text}", progress="")
    results = {study: [project.result(each.id) for each in found] for study, found in brought.imports.items()}
    validation = judged(
        plant_of(project, this),
        requirement_of(loop),
        uploaded=results,
        criteria=project.criteria(),
        reasons=project.accepted_contradictions(),
        report=lambda study: report(f"round {this.number}: {study}"),
    )
    document = validation.as_dict() | {"inputs_sha256": inputs_sha256(Project(project.store, project.id))}
    ending = ending_of(document, document["constraint_updates"])
    state, reason = (ending.end, ending.reason) if ending else (STOPPED, f"round {this.number} is judged")
    used = [each.id for found in brought.imports.values() for each in found]
    set_judged(project, loop, document, used, {"state": str(state), "reason": reason, "progress": ""})
    return read(project, loop.id)
