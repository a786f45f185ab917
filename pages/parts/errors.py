"""Errors in words: message, place and hint, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import GridproofError


@contextmanager
def explained() -> Iterator[None]:
    """Show the error that the block ends with as message and hint, and go on after the block."""
    try:
        yield
    except GridproofError as error:
        show_error(error)


def show_error(error: GridproofError) -> None:
    """Show what is wrong, where, and what to do about it."""
    place = f"**{error.where}** — " if str(error.where) else ""
    hint = f"\n\n:material/lightbulb: {error.hint}" if error.hint else ""
    st.error(f"{place}{error.message}{hint}", icon=":material/error:")
