"""Opening a project: the sample one click away, on Home and on every page that needs a project."""

from __future__ import annotations

import streamlit as st

from core.plant import sample_plant
from core.project import Project
from pages.parts.empty import empty_state
from pages.parts.shell import current_project, open_project, workspace


def open_sample() -> None:
    """Open the sample plant's project, made when the workspace has none, and start the page over."""
    plant = sample_plant()
    line = next((line for line in workspace().projects() if line.name == plant.name), None)
    open_project(line.id if line else workspace().create(plant.name, plant.to_document()).id)
    st.rerun()


def needed_project(why: str) -> Project:
    """Return the chosen project; without one say why the page needs it, offer the sample, and end the page there."""
    project = current_project()
    if project is None:
        own = "pages/plant.py"
        if empty_state("No project yet", why, button="Open the sample plant", icon=":material/folder_open:", own=own):
            open_sample()
        st.stop()
    return project
