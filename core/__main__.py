"""``python -m core COMMAND …``: everything the hub does, from the command line."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from core.commands import COMMANDS, Answer
from core.commands.progress import progress
from core.documents import dump
from core.errors import BadInput, GridproofError
from core.steps import heard_by

DONE, FAILS, BAD_INPUT = 0, 1, 2


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 the answer is "fails", 2 bad input."""
    words = list(sys.argv[1:] if words is None else words)
    name = next((word for word in words if not word.startswith("-")), None)
    parser = _parser(name)
    try:
        arguments = parser.parse_args(words)
    except BadInput as error:
        return _refuse(error, as_json="--json" in words)
    module = importlib.import_module(COMMANDS[arguments.command])
    try:
        with _quiet_stdout(), heard_by(progress()):
            answer: Answer = module.run(arguments)
    except GridproofError as error:
        return _refuse(error, as_json=arguments.json)
    except Exception as error:
        if os.environ.get("GRIDPROOF_DEBUG"):
            raise
        text = f"the hub itself failed on this input: {type(error).__name__}: {error}"
        hint = "set GRIDPROOF_DEBUG=1 to see where, and report it with the file"
        return _refuse(GridproofError(text, hint=hint), as_json=arguments.json)
    for note in answer.notes:
        print(note, file=sys.stderr)
    print(dump(answer.document) if arguments.json else answer.text or dump(answer.document, indent=2))
    return FAILS if answer.fails else DONE


def _refuse(error: GridproofError, *, as_json: bool) -> int:
    """Say what is wrong on standard error, and as the answer's document when that was asked for."""
    print(f"gridproof: {error}", file=sys.stderr)
    if as_json:
        findings = {"findings": error.findings} if error.findings else {}
        print(dump({"error": error.as_dict(), **findings}))
    return BAD_INPUT


class _Parser(argparse.ArgumentParser):
    """Refuses words that it doesn't know as every other bad input is refused."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(message, hint=f"{self.prog} --help lists what there is")


def _parser(name: str | None) -> _Parser:
    """Return the parser; only the named command's module is imported, the others are listed by name."""
    shared = _Parser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    shared.add_argument("--workspace", metavar="DIR", help="the workspace folder (default: the user's data folder)")
    parser = _Parser(prog="gridproof", description=__doc__)
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
