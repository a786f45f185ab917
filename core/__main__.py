"""``python -m core COMMAND …``: everything the hub does, from the command line."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from core.commands import COMMANDS, Answer
from core.documents import dump
from core.errors import GridproofError
from core.findings import Where

DONE, FAILS, BAD_INPUT = 0, 1, 2


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 the answer is "fails", 2 bad input."""
    words = list(sys.argv[1:] if words is None else words)
    name = next((word for word in words if not word.startswith("-")), None)
    parser = _parser(name)
    arguments = parser.parse_args(words)
    module = importlib.import_module(COMMANDS[arguments.command])
    try:
        with _quiet_stdout():
            answer: Answer = module.run(arguments)
    except GridproofError as error:
        print(f"gridproof: {error}", file=sys.stderr)
        if arguments.json:
            findings = {"findings": error.findings} if error.findings else {}
            print(dump({"error": error.as_dict(), **findings}))
        return BAD_INPUT
    except Exception as error:
        if os.environ.get("GRIDPROOF_DEBUG"):
            raise
        text = f"the hub itself failed on this input: {type(error).__name__}: {error}"
        hint = "set GRIDPROOF_DEBUG=1 to see where, and report it with the file"
        print(f"gridproof: {text} ({hint})", file=sys.stderr)
        if arguments.json:
            print(dump({"error": {"message": text, "hint": hint, "where": Where().as_dict()}}))
        return BAD_INPUT
    for note in answer.notes:
        print(note, file=sys.stderr)
    print(dump(answer.document) if arguments.json else answer.text or dump(answer.document, indent=2))
    return FAILS if answer.fails else DONE


def _parser(name: str | None) -> argparse.ArgumentParser:
    """Return the parser; only the named command's module is imported, the others are listed by name."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    shared.add_argument("--workspace", metavar="DIR", help="the workspace folder (default: the user's data folder)")
    parser = argparse.ArgumentParser(prog="gridproof", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command, path in COMMANDS.items():
        module: Any = importlib.import_module(path) if command == name or name is None else None
        summary = (module.__doc__ or "").strip().split("\n")[0] if module else None
        child = commands.add_parser(command, help=summary, description=summary, parents=[shared])
        if module:
            module.add_arguments(child)
    return parser


@contextlib.contextmanager
def _quiet_stdout() -> Iterator[None]:
    """Send what engines print, also from compiled code, to standard error: standard output is the answer's alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the answer, such as ``head``, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = DONE
    sys.exit(status)
