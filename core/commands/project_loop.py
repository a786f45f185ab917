"""The loop of a project, as the ``loop`` command begins, turns, feeds and shows it; start and words of every loop."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from core.commands import Answer
from core.commands.design import catalogue_of, requirement_of
from core.commands.export import write_bundle
from core.commands.files import read_bytes
from core.design.amounts import amount_of
from core.design.design import Design
from core.design.ledger import with_updates
from core.design.loop import ROUNDS, weak_start
from core.design.requirement import Requirement
from core.design.requirement_costs import requirement_costs
from core.design.sensitivity import SizedPlant
from core.errors import BadInput, Conflict
from core.findings import Reading
from core.formats.recognise import read_result
from core.jobs import loop as background
from core.plant import Plant
from core.project import Decision, Project, Workspace, loops
from core.project.catalogue import keep_catalogue, with_catalogue
from core.project.loop_turn import run as run_loop
from core.project.loop_turn import turn
from core.project.loops import Loop
from core.settings import load_settings


def answer(arguments: argparse.Namespace) -> Answer:
    """Do what the arguments say with the project's loop and tell how it stands."""
    workspace = Workspace.open(load_settings(arguments.workspace))
    goes_on = arguments.resume or arguments.status or arguments.upload or arguments.export
    project = _project(workspace, arguments.project, make=not (goes_on or arguments.choose or arguments.reject))
    loop = loops.latest(project)
    if not (arguments.status or arguments.export):
        loop = _turned(project, loop, arguments)
    if loop is None:
        raise BadInput("the project has no loop yet", hint="begin one without --status, --resume or --export")
    if arguments.export:
        _export(project, loop, arguments.export)
    return _told(project, loop, arguments)


def _project(workspace: Workspace, name: str, *, make: bool) -> Project:
    """Return the project of an id or name; made where a loop may begin."""
    found = [line.id for line in workspace.projects() if name in (line.id, line.name)]
    if len(found) > 1:
        raise BadInput(f"{len(found)} projects are called {name!r}", hint=f"name one by id: {', '.join(found)}")
    if found:
        return workspace.project(found[0])
    if not make:
        raise BadInput(f"the workspace has no project {name!r}", hint="begin a loop in it first")
    return workspace.create(name, Plant.of(name, {}).to_document())


def _turned(project: Project, loop: Loop | None, arguments: argparse.Namespace) -> Loop | None:
    """Return the loop after what was asked for: fed, decided, and turned."""
    if background.is_turning(project):
        raise Conflict(
            "the project's loop is turning in the background", hint="see it with --status, or cancel its job"
        )
    goes_on = arguments.resume or arguments.upload or arguments.choose or arguments.reject
    if loop is None and goes_on:
        return None
    if loop is None or not (goes_on or (arguments.step and not loop.ended)) or arguments.restart:
        loop = _begun(project, loop, arguments)
    elif arguments.rounds is not None:
        loop = loops.extended(project, loop, arguments.rounds)
    if arguments.upload:
        _upload(project, loop, arguments.upload)
    if arguments.choose or arguments.reject:
        _decide(project, loop, arguments)
        if not (arguments.step or arguments.resume or arguments.background):
            return loops.read(project, loop.id)
    if arguments.background:
        background.start(project, loop)
        return loop
    manual = arguments.step or (loop.manual and not arguments.resume)
    return turn(project, loop, manual=True) if manual else run_loop(project, loop)


def _begun(project: Project, before: Loop | None, arguments: argparse.Namespace) -> Loop:
    if before is not None and not before.ended and not arguments.restart:
        hint = "go on with --resume, or begin anew with --restart"
        raise Conflict(f"the project has a loop that has not ended: {before.state}", hint=hint)
    if arguments.catalogue is not None:
        keep_catalogue(project, {"technologies": [asdict(t) for t in catalogue_of(arguments.catalogue)]})
    requirement = with_catalogue(project, started(arguments).value)
    if arguments.start == "ledger":
        requirement = with_updates(requirement, [p.applied for p in project.ledger() if p.is_taken])
    limit = arguments.rounds or ROUNDS
    return loops.begin(project, requirement, start=arguments.start, uploaded=arguments.uploaded, limit=limit)


def _upload(project: Project, loop: Loop, files: Sequence[str]) -> None:
    if not loop.rounds or loop.rounds[-1].is_whole:
        raise BadInput("no round of the loop waits for an upload", hint="see how it stands with --status")
    given = [read_bytes(path) for path in files]
    project.add_imports([(data, name, [each.value for each in read_result(data, name)], {}) for data, name in given])


def _decide(project: Project, loop: Loop, arguments: argparse.Namespace) -> None:
    """Decide open updates of the last round, named by their id or the ledger's."""
    proposals = loop.rounds[-1].proposals if loop.rounds else []
    ids = {name: p.id for p in proposals for name in (p.id, p.update["id"])}
    for given, decision in ((arguments.choose, Decision.ACCEPTED), (arguments.reject, Decision.REJECTED)):
        for word in given:
            name, _, value = word.partition("=")
            if name not in ids:
                raise BadInput(f"the last round has no update {name!r}", hint="see the ids with --status")
            if decision is Decision.REJECTED:
                project.decide(ids[name], decision, reason=value)
            elif value.isdigit():
                project.decide(ids[name], decision, reason="chosen by hand", choice=int(value))
            else:
                raise BadInput(f"--choose {word} names no alternative", hint="for example --choose 3fa9=1")


def _export(project: Project, loop: Loop, folder: str) -> None:
    placed = [each for each in loop.rounds if each.revision is not None]
    if not placed:
        raise BadInput("the loop has no plant to export yet", hint="turn it first")
    write_bundle(loops.plant_of(project, placed[-1]), folder, revision=placed[-1].revision)


def _told(project: Project, loop: Loop, arguments: argparse.Namespace) -> Answer:
    document = loop.as_dict()
    if background.is_turning(project):
        document |= {"state": "running", "reason": loop.progress or "begins"}
    elif loop.state == loops.WAITING:
        brought = loops.uploads(project, loop)
        document |= {"due": list(brought.due), "refused": list(brought.refused), "reason": brought.text}
    text = in_words(document)
    last = loop.rounds[-1] if loop.rounds else None
    if arguments.requirement_costs and last and last.revision is not None:
        requirement = loops.requirement_of(loop)
        base = SizedPlant(requirement, Design.from_dict(last.design))
        document["requirement_costs"] = costs = requirement_costs(requirement, base)
        text = "\n".join([text, *(row["text"] for row in costs)])
    quiet = arguments.background or arguments.status or arguments.export or arguments.choose or arguments.reject
    return Answer(document, text, fails=loop.ended and not loop.converged if quiet else not loop.converged)


def started(arguments: argparse.Namespace) -> Reading[Requirement]:
    """Return the requirement that the loop starts from."""
    reading = requirement_of(arguments.requirement)
    return replace(reading, value=weak_start(reading.value)) if arguments.start == "weak" else reading


def in_words(document: Mapping[str, Any]) -> str:
    """Return a loop's document in words."""
    lines = [f"{document['ended'] or document['state']}: {document['reason']}"]
    for each in document["rounds"]:
        units = "; ".join(f"{row['technology']}: {amount_of(row)}" for row in each["design"]["units"])
        cost = each["cost"]["usd_per_year"]
        lines.append(f"round {each['number']}: {units or 'no design'}" + (f" – {cost:,.0f} USD a year" if cost else ""))
        lines.append("  " + (", ".join(f"{s['id']} {s['verdict']}" for s in each["stages"]) or "not judged"))
        for update in each["updates"]:
            taken = update["taken"] or update
            decision = update.get("decision", "")
            lines.append(f"  {update['id']} {decision} {taken['name']} of {taken['element']}: {update['reason']}")
    return "\n".join(lines)
