"""Damaged files, and what reading one may end in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from random import Random
from typing import Any

from core.errors import BadInput

JUNK = (
    "'",
    '"',
    ",",
    "/",
    "[",
    "]",
    "{",
    "(",
    "=",
    "0",
    "-",
    "nan",
    "1e400",
    "\n",
    "Q",
    "@!",
    "%",
    "é",
    "\t",
    "9" * 30,
)
VALUES = (None, -1, 0, 2.5, "x", "", [], {}, True, 1e300, 10**30, float("nan"), [[1]], "1.0D+02")


@contextmanager
def located_at_worst(name: str) -> Iterator[None]:
    """Let an error pass that says which file it is about and what to do; every other one fails the test."""
    try:
        yield
    except BadInput as error:
        if error.where.file != name or not error.message or not error.hint:
            raise


def damaged_text(text: str, dice: Random) -> str:
    """Return a text that is cut, doubled and garbled at some places."""
    for _ in range(dice.randrange(1, 6)):
        start = dice.randrange(len(text) + 1)
        stop = start + dice.choice((0, 1, 3, 30))
        text = text[:start] + dice.choice((*JUNK, text[start:stop] * 2, "")) + text[stop:]
    return text


def damaged_document(document: Any, dice: Random) -> None:
    """Put something else in the place of some parts of a document, however deep, or take them away."""
    for _ in range(dice.randrange(1, 5)):
        at = document
        while True:
            key = dice.choice(list(at) if isinstance(at, dict) else range(len(at)))
            if not (isinstance(at[key], dict | list) and at[key]) or dice.random() < 0.15:
                break
            at = at[key]
        if dice.random() < 0.2:
            del at[key]
        else:
            at[key] = deepcopy(dice.choice(VALUES))
        if not document:
            return
