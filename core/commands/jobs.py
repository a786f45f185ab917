"""List the runs of studies, look at one, cancel or resume it."""

from __future__ import annotations

import argparse
from typing import Any

from core import jobs
from core.commands import Answer
from core.documents import plain
from core.errors import BadInput
from core.jobs import RunStatus
from core.settings import load_settings
from core.store import Store, open_store

ACTIONS = ("list", "show", "cancel", "resume", "remove")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("action", choices=ACTIONS, nargs="?", default="list", help="what to do (default: list)")
    parser.add_argument("run", nargs="?", metavar="RUN", help="the run's id, for all but list")
    parser.add_argument("--wait", action="store_true", help="after resume, wait until the run has ended")


def run(arguments: argparse.Namespace) -> Answer:
    """Do what the action says and tell how the runs stand."""
    store = open_store(load_settings(arguments.workspace))
    if arguments.action == "list":
        every = jobs.runs(store, results=False)
        return Answer({"runs": [_line(seen) for seen in every]}, "\n".join(map(_words, every)) or "no runs")
    if not arguments.run:
        raise BadInput(f"jobs {arguments.action} needs a run's id", hint="see the ids with: jobs list")
    if arguments.action == "remove":
        jobs.remove(store, arguments.run)
        return Answer({"removed": arguments.run}, f"removed {arguments.run}")
    if arguments.action == "cancel":
        jobs.cancel(store, arguments.run)
    elif arguments.action == "resume":
        jobs.resume(store, arguments.run)
        if arguments.wait:
            jobs.wait(store, arguments.run)
    return _shown(store, arguments.run)


def _shown(store: Store, run: str) -> Answer:
    seen, log = jobs.status(store, run), jobs.log(store, run).splitlines()
    failures = [{"unit": number, "message": text} for number, text in jobs.failures(store, run)]
    document = {"run": {**_line(seen), "result": seen.result, "failures": failures, "log": log}}
    return Answer(document, "\n".join([_words(seen), *(f"  {line}" for line in log)]))


def _line(seen: RunStatus) -> dict[str, Any]:
    document: dict[str, Any] = plain(seen)
    document.pop("result")
    return document


def _words(seen: RunStatus) -> str:
    total = "?" if seen.total is None else seen.total
    failed = f", {seen.failed} failed" if seen.failed else ""
    stale = ", out of date" if seen.stale else ""
    return f"{seen.id}  {seen.state:<11}  {seen.done} of {total} units{failed}{stale}  {seen.title}"
