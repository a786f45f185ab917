"""Errors in words: message, place and hint, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import GridproofError
from pages.parts.plain import plain


@contextmanager
def explained() -> Iterator[None]:
    """Show the error that the block ends with as message and hint, and go on after the block."""
    try:
        yield
    except GridproofError as error:
        show_error(error)


@contextmanager
def guarded() -> Iterator[None]:
    """Show in words what a page ends with; a fault that nobody foresaw goes to the server's log with its trace."""
    try:
        with explained():
            yield
    except Exception:
        logging.getLogger(__name__).exception("A page met a fault of the program")
        st.error(
            "This page met a fault of the program. What was saved is as it was; other pages work. The window in which "
            "Gridproof was started says what happened.",
            icon=":material/bug_report:",
        )


def show_error(error: GridproofError) -> None:
    """Show what is wrong, where, and what to do about it."""
    place = f"**{plain(error.where)}** — " if str(error.where) else ""
    hint = f"\n\n:material/lightbulb: {plain(error.hint)}" if error.hint else ""
    st.error(f"{place}{plain(error.message)}{hint}", icon=":material/error:")
