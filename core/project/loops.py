"""A project's closed loop as it is kept: its start, its rounds, where it stands, and the uploads that it waits for.

How it turns is in :mod:`core.project.loop_turn`, which loads the optimiser; this module loads nothing slow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.criteria import STAGES
from core.design.ending import End, Past
from core.design.ledger import Applied, with_updates
from core.design.requirement import Requirement
from core.design.requirement_file import requirement_document, restored_requirement
from core.documents import digest, plain
from core.errors import BadInput, Conflict, NotFound
from core.plant import Plant, split_ids
from core.project.ledger import Proposal
from core.project.project import Project
from core.project.records import Import, Round, new_id, user
from core.project.rows import add_round, note
from core.project.tables import loop_rounds, loops
from core.results.plausibility import check_against, known_in
from core.results.study_result import StudyResult
from core.store import now

#: The tables of a plant that a study looks at; of the others it is :data:`FLOWS`.
FLOWS = ("bus", "unit", "transformer", "cable", "load", "shunt", "scenario")
SEEN = {"availability": ("block", "reliability"), "short_circuit": (*FLOWS[:-1], "breaker")}

#: Of what a study looks at, the columns that need not show in its results: a rerun's file may be the same to the byte.
UNSHOWN = ("dc_pct",)

RATING_KA = 0.05  # printed ratings may be rounded so far

STOPPED, WAITING = "stopped", "waiting for an upload"

#: Studies that an outside tool may do in a loop → their stage.
STAGE_OF = {stage.study: stage for stage in STAGES if stage.tool != "Gridproof"}


@dataclass(frozen=True, slots=True)
class LoopRound:
    """One round as it is kept; ``judgement`` is the project's, ``None`` until the studies have spoken."""

    number: int
    at: datetime
    constraints: list[dict[str, Any]]
    design: Mapping[str, Any]
    revision: int | None
    plant_sha256: str
    judgement: Round | None
    proposals: Sequence[Proposal]

    @property
    def is_whole(self) -> bool:
        """Return whether nothing of the round is left to do."""
        return self.revision is None or self.judgement is not None

    @property
    def applied(self) -> list[Applied]:
        """Return what was taken of the round's updates, in the order of the ledger."""
        return [proposal.applied for proposal in self.proposals if proposal.is_taken]

    def past(self) -> Past:
        """Return what of the round tells whether the loop can go on."""
        stages = self.judgement.document["stages"] if self.judgement else []
        return Past(self.number, self.constraints, self.plant_sha256, stages, self.applied)

    def as_dict(self) -> dict[str, Any]:
        """Return the round as JSON documents carry it; the keys are a contract."""
        judged = self.judgement.document if self.judgement else {}
        return {
            "number": self.number,
            "constraints": self.constraints,
            "design": dict(self.design),
            "cost": self.design["cost"],
            "overall": judged.get("overall"),
            "stages": judged.get("stages", []),
            "updates": [_update(proposal) for proposal in self.proposals],
            "plant_sha256": self.plant_sha256 or None,
            "revision": self.revision,
        }


def _update(proposal: Proposal) -> dict[str, Any]:
    document = proposal.applied.as_dict() if proposal.is_taken else {**proposal.update, "taken": None}
    decided = {"decision": str(proposal.state), "decision_reason": proposal.reason, "decided_by": proposal.who}
    return {**document, "proposal": proposal.id, **decided}


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop and where it stands: ``stopped`` (it can go on), ``waiting for an upload``, or how it ended."""

    id: str
    project: str
    at: datetime
    who: str
    start: str
    document: Mapping[str, Any]  # the requirement
    uploaded: tuple[str, ...]  # studies whose results come from outside tools
    limit: int
    manual: bool
    state: str
    reason: str
    progress: str
    rounds: list[LoopRound] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Return whether the loop has come to an end by itself."""
        return self.state not in (STOPPED, WAITING)

    @property
    def converged(self) -> bool:
        """Return whether every stage of the last round passes."""
        return self.state == End.PASSED

    @property
    def requirement(self) -> Requirement:
        """Return the requirement that the loop started from."""
        return restored_requirement(self.document)

    def as_dict(self) -> dict[str, Any]:
        """Return the loop as JSON documents carry it; the keys are a contract."""
        judged = [each for each in self.rounds if each.is_whole]
        last = judged[-1].judgement if judged else None
        return {
            "converged": self.converged,
            "overall": last.overall if last else "FAIL" if self.state == End.INFEASIBLE else "NOT CHECKED",
            "ended": self.state if self.ended else None,
            "state": self.state,
            "reason": self.reason,
            "loop": self.id,
            "project": self.project,
            "uploaded": list(self.uploaded),
            "rounds": [each.as_dict() for each in self.rounds],
        }


def begin(project: Project, requirement: Requirement, *, start: str, uploaded: Sequence[str] = (), limit: int) -> Loop:
    """Keep a new loop of a project, with nothing done yet."""
    unknown = sorted(set(uploaded) - set(STAGE_OF))
    if unknown:
        raise BadInput(f"there is no study {unknown[0]!r} in a loop", hint=f"studies are {', '.join(STAGE_OF)}")
    if limit < 1:
        raise BadInput("a loop has one round or more")
    id, document = new_id(), requirement_document(requirement)
    row = {"id": id, "project": project.id, "at": now(), "who": user(), "start": start, "requirement": document}
    rest = {"uploaded": list(dict.fromkeys(uploaded)), "round_limit": limit, "manual": False, "progress": ""}
    with project.store.writing() as connection:
        connection.execute(insert(loops).values({**row, **rest, "state": STOPPED, "reason": "nothing done yet"}))
        note(connection, project.id, f"begin a loop ({start} start)", digest(document))
    return read(project, id)


def read(project: Project, id: str) -> Loop:
    """Return a loop of the project."""
    found = next((loop for loop in _loops(project, loops.c.id == id)), None)
    if found is None:
        raise NotFound(f"the project has no loop {id!r}")
    return found


def latest(project: Project) -> Loop | None:
    """Return the project's last loop, ``None`` when there is none."""
    with project.store.reading() as connection:
        query = select(loops.c.id).where(loops.c.project == project.id).order_by(loops.c.at.desc()).limit(1)
        id = connection.execute(query).scalar()
    return read(project, id) if id else None


def _loops(project: Project, which: Any) -> list[Loop]:
    with project.store.reading() as connection:
        rows = connection.execute(select(loops).where(loops.c.project == project.id, which)).all()
        return [_loop(connection, row, project) for row in rows]


def _loop(connection: Connection, row: Row[Any], project: Project) -> Loop:
    query = select(loop_rounds).where(loop_rounds.c.loop == row.id).order_by(loop_rounds.c.number)
    rows = connection.execute(query).all()
    judgements, proposals = {each.number: each for each in project.rounds()}, project.ledger()
    ends = [*(each.judged for each in rows[1:]), None][: len(rows)]
    kept = [
        LoopRound(
            each.number,
            each.at,
            each.constraints,
            each.design,
            each.revision,
            each.plant_sha256,
            judgements.get(each.judged),
            [p for p in proposals if each.judged and each.judged <= p.round < (end or float("inf"))],
        )
        for each, end in zip(rows, ends, strict=True)
    ]
    uploaded = tuple(row.uploaded)
    ways = (row.start, row.requirement, uploaded, row.round_limit, row.manual, row.state, row.reason, row.progress)
    return Loop(row.id, row.project, row.at, row.who, *ways, kept)


def requirement_of(loop: Loop) -> Requirement:
    """Return the requirement with everything that the ledger took in the loop's rounds."""
    return with_updates(loop.requirement, [each for past in loop.rounds for each in past.applied])


def set_state(project: Project, loop: Loop, **values: Any) -> Loop:
    """Keep where the loop stands, and return it."""
    with project.store.writing() as connection:
        connection.execute(update(loops).where(loops.c.id == loop.id).values(**values))
    return read(project, loop.id)


def extended(project: Project, loop: Loop, limit: int) -> Loop:
    """Allow the loop so many rounds; one that used up fewer can go on."""
    if limit < max(1, len(loop.rounds)):
        raise BadInput(f"the loop has {len(loop.rounds)} rounds already", hint="allow it more")
    again = loop.state == End.ROUND_LIMIT and limit > len(loop.rounds)
    state = {"state": STOPPED, "reason": "more rounds are allowed"} if again else {}
    return set_state(project, loop, round_limit=limit, **state)


def keep_round(project: Project, loop: Loop, row: Mapping[str, Any]) -> None:
    """Keep a round that was designed; nobody else may have kept it meanwhile."""
    number = len(loop.rounds) + 1
    with project.store.writing() as connection:
        there = select(loop_rounds.c.number).where(loop_rounds.c.loop == loop.id, loop_rounds.c.number == number)
        if connection.execute(there).first():
            raise Conflict(f"somebody else turned round {number} of this loop", hint="look at the loop as it is now")
        connection.execute(insert(loop_rounds).values({"loop": loop.id, "number": number, "at": now(), **row}))


def set_judged(
    project: Project, loop: Loop, document: Mapping[str, Any], imports: Sequence[str], state: Mapping[str, Any]
) -> None:
    """Keep the judgement of the last round with its updates and the loop's state, all or nothing."""
    this = loop.rounds[-1]
    row = (loop_rounds.c.loop == loop.id, loop_rounds.c.number == this.number)
    with project.store.writing() as connection:
        if connection.execute(select(loop_rounds.c.judged).where(*row)).scalar() is not None:
            raise Conflict(f"somebody else judged round {this.number} of this loop", hint="look at it as it is now")
        number = add_round(
            connection,
            project.id,
            document,
            revision=this.revision or 0,
            imports=imports,
            updates=document["constraint_updates"],
        )
        connection.execute(update(loop_rounds).where(*row).values(judged=number))
        connection.execute(update(loops).where(loops.c.id == loop.id).values(**state))


def plant_of(project: Project, this: LoopRound) -> Plant:
    """Return the plant of a round."""
    return Plant.from_document(project.plant_at(this.revision or 0))


@dataclass(frozen=True, slots=True)
class Uploads:
    """The uploaded results of a round: those that count, what is still due, and what was refused and why."""

    imports: Mapping[str, Sequence[Import]]  # by study
    due: Sequence[str]
    refused: Sequence[str]

    @property
    def text(self) -> str:
        """Return what is due, and what was refused, in words."""
        names = ", ".join(f"{STAGE_OF[study].name} ({STAGE_OF[study].tool})" for study in self.due)
        return "; ".join([f"results of {names} are due", *self.refused])


def uploads(project: Project, loop: Loop) -> Uploads:
    """Return the uploads of the loop's last round: what was uploaded for its plant, or for one alike to the study."""
    this = loop.rounds[-1]
    every = [each for each in project.imports() if each.study in loop.uploaded]
    alike, shown = _alike(project, this, every), _alike(project, this, every, UNSHOWN)
    elsewhere = {each.sha256 for each in every if (each.plant_sha256, each.study) not in shown}
    counting: dict[str, list[Import]] = {study: [] for study in loop.uploaded}
    refused = []
    for each in every:
        if (each.plant_sha256, each.study) not in alike:
            why = _whose(loop, each)
        elif each.sha256 in elsewhere:
            why = "the same file was uploaded for another plant before"
        else:
            why = _misfit(project, loop, project.result(each.id))
        if why:
            refused.append(f"{each.name} ({each.study}) does not count: {why}")
        else:
            counting[each.study].append(each)
    return Uploads(counting, [study for study in loop.uploaded if not counting[study]], refused)


def _alike(project: Project, this: LoopRound, every: Sequence[Import], but: Sequence[str] = ()) -> set[tuple[str, str]]:
    """Return the plants, by SHA-256, and studies for which what the study looks at is as in the round's plant.

    Columns of ``but`` may differ.
    """
    revisions = {each.sha256: each.number for each in project.history()}
    asked = {(each.plant_sha256, each.study) for each in every if each.plant_sha256 in revisions}
    plants = {sha: Plant.from_document(project.plant_at(revisions[sha])) for sha, _ in asked}
    own = plant_of(project, this)
    return {(sha, study) for sha, study in asked if _seen_by(study, plants[sha], but) == _seen_by(study, own, but)}


def _seen_by(study: str, plant: Plant, but: Sequence[str]) -> str:
    """Return the digest of what a study looks at in a plant: of reliability data those that the block diagram names."""
    tables = {name: plant[name].drop(columns=list(but), errors="ignore") for name in SEEN.get(study, FLOWS)}
    if "reliability" in tables:
        named = {member for text in plant["block"]["members"] for member in split_ids(text)}
        tables["reliability"] = tables["reliability"][tables["reliability"]["id"].isin(named)]
    rows = {name: table.to_dict(orient="records") for name, table in tables.items()}
    return digest(plain([plant.settings.frequency_hz, plant.settings.base_mva, rows]))


def _whose(loop: Loop, each: Import) -> str:
    owner = next((r.number for r in loop.rounds if r.plant_sha256 == each.plant_sha256), None)
    return f"it was uploaded for {f'the plant of round {owner}' if owner else 'another plant'}"


def _misfit(project: Project, loop: Loop, result: StudyResult) -> str:
    """Return what in a result tells that it is of another plant than the last round's, "" when nothing does."""
    this, plant = loop.rounds[-1], plant_of(project, loop.rounds[-1])
    foreign, lacking = _strangers(result, plant)
    if foreign:
        return f"it speaks of {foreign}, which the plant of round {this.number} hasn't got"
    placed = (each for each in loop.rounds[:-1] if each.revision is not None)
    if lacking and (of := next((r for r in placed if not any(_strangers(result, plant_of(project, r)))), None)):
        return f"it is of the plant of round {of.number}: it says nothing of {lacking}"
    ratings = plant["breaker"].groupby("bus")["breaking_ka"].min()
    if result.study != "short_circuit" or "rating_ka" not in result.main:
        return ""
    rows = result.main[["bus", "rating_ka"]].assign(bus=result.main["bus"].map(known_in(plant, result.study).ids))
    own = rows["bus"].map(ratings)
    differ = (rows["rating_ka"] - own).abs() > RATING_KA
    if not differ.any():
        return ""
    bus, rated = rows[differ].iloc[0][["bus", "rating_ka"]]
    return f"it rates the breakers of {bus} at {rated:g} kA, the plant of round {this.number} at {ratings[bus]:g} kA"


def _strangers(result: StudyResult, plant: Plant) -> tuple[str, str]:
    """Return an element that only the result knows, and one that only the plant knows; "" where there is none."""
    found = {
        finding.code: str(finding.element) for finding in reversed(check_against(result, known_in(plant, result.study)))
    }
    return found.get("element.unknown", ""), found.get("element.without_result", "")
