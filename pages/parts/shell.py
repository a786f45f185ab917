"""What stands around every page: the guard, the workspace, the chosen project with its runs."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from core.jobs import continue_runs
from core.project import Project, Workspace
from core.settings import load_settings
from core.store import Store
from pages.parts.errors import explained, show_error
from pages.parts.job_panel import job_panel

__all__ = [
    "current_id",
    "current_project",
    "explained",
    "frame",
    "guard",
    "open_project",
    "show_error",
    "store",
    "workspace",
]

#: The chosen project's id, in the address (a link can be shared) and in the session (it survives a change of page).
PROJECT = "project"
STYLE = Path(__file__).with_name("shell.css")


def guard() -> None:
    """Stand at the head of every page: let it run only inside the app.

    On a cold server Streamlit runs a deep-linked page of ``pages/`` before ``app.py`` has spoken; the guard ends that
    mode and starts over through ``app.py``. This is the one place where a sign-in will ask who is there.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def workspace() -> Workspace:
    """Return the workspace, opened once a server."""
    settings = load_settings()
    return _workspace(str(settings.workspace), settings.database_url)


def store() -> Store:
    """Return the workspace's store."""
    return workspace().store


@st.cache_resource(show_spinner=False)
def _workspace(folder: str, database_url: str) -> Workspace:
    opened = Workspace.open(load_settings(folder))
    continue_runs(opened.store)
    return opened


def current_id() -> str | None:
    """Return the chosen project's id, the last changed one's when none was chosen, ``None`` in an empty workspace."""
    known = [line.id for line in workspace().projects()]
    wanted = _wanted()
    return wanted if wanted in known else next(iter(known), None)


def current_project() -> Project | None:
    """Return the chosen project, ``None`` in an empty workspace."""
    chosen = current_id()
    return workspace().project(chosen) if chosen else None


def open_project(id: str) -> None:
    """Choose a project; the next run of the script shows it."""
    st.session_state[PROJECT] = id
    st.query_params[PROJECT] = id


def frame() -> None:
    """Draw what stands around the page: the project picker and the project's runs."""
    st.html(STYLE)
    names = {line.id: line.name for line in workspace().projects()}
    wanted = _wanted()
    if wanted and wanted not in names:
        st.warning("The project of this link is not in this workspace.", icon=":material/link_off:")
    chosen = current_id()
    with st.sidebar:
        if chosen is not None:
            open_project(chosen)
            ids = list(names)
            picked = st.selectbox(
                "Project",
                ids,
                index=ids.index(chosen),
                format_func=names.__getitem__,
                label_visibility="collapsed",
                help="The project that the pages show",
            )
            if picked != chosen:
                open_project(picked)
                st.rerun()
        job_panel(store(), chosen)


def _wanted() -> str | None:
    return st.query_params.get(PROJECT) or st.session_state.get(PROJECT)
