"""What stands around every page: the guard, the workspace's store, and errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from core.errors import GridproofError
from core.settings import load_settings
from core.store import Store, open_store


def guard() -> None:
    """Stand at the head of every page: let it run only inside the app.

    On a cold server Streamlit runs a deep-linked page of ``pages/`` before ``app.py`` has spoken; the guard ends that
    mode and starts over through ``app.py``. This is the one place where a sign-in will ask who is there.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def store() -> Store:
    """Return the workspace's store, opened once a server."""
    return _store(str(load_settings().workspace))


@st.cache_resource(show_spinner=False)
def _store(workspace: str) -> Store:
    return open_store(load_settings(workspace))


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
