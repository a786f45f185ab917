"""Feeders on the pages: files kept in the workspace, models read once, the engine always in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import BadInput, EngineError
from core.feeder import Feeder
from core.findings import Reading
from core.settings import SAMPLES, load_settings
from pages.parts.empty import empty_state

SAMPLE_FEEDERS = {"village13": "like the IEEE 13-node feeder", "town123": "like the IEEE 123-node feeder"}
FOLDER = "feeders"
SECONDS = 300


def home() -> Path:
    """Return the folder of the workspace's feeders."""
    folder = load_settings().workspace / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def known() -> list[str]:
    """Return the names of the feeders in the workspace."""
    return sorted(path.name for path in home().iterdir() if path.is_dir())


def open_sample(name: str) -> None:
    """Copy a sample feeder with its profiles into the workspace."""
    shutil.copytree(SAMPLES / "feeders" / name, home() / name, dirs_exist_ok=True)
    shutil.copyfile(SAMPLES / "feeders" / "profiles.csv", home() / name / "profiles.csv")
    st.session_state["feeder"] = name


def keep(name: str, uploads: list[Any]) -> None:
    """Keep uploaded files under a name; only the last part of a file's name counts."""
    safe = "".join(c if c.isalnum() or c in "-_ " else "_" for c in name).strip()
    if not safe:
        raise BadInput("The feeder needs a name", hint="Letters and digits")
    folder = home() / safe
    folder.mkdir(exist_ok=True)
    for upload in uploads:
        (folder / Path(upload.name.replace("\\", "/")).name).write_bytes(upload.getvalue())
    st.session_state["feeder"] = safe


def chosen() -> str | None:
    """Return the feeder that the person works on; an empty state with the samples when there is none."""
    names = known()
    if not names:
        why = "Bring a CYME export, an OpenDSS circuit or GIS layers on the page *Feeder import*, or look at a sample."
        if empty_state("No feeder", why, button="Open the sample feeders", icon=":material/account_tree:"):
            for name in SAMPLE_FEEDERS:
                open_sample(name)
            st.rerun()
        return None
    wanted = st.session_state.get("feeder")
    index = names.index(wanted) if wanted in names else 0
    name = str(st.selectbox("Feeder", names, index=index))
    st.session_state["feeder"] = name
    return name


def stamp(name: str) -> str:
    """Return what changes when a feeder's files change."""
    return ",".join(f"{path.name}:{path.stat().st_mtime_ns}" for path in sorted((home() / name).iterdir()))


@st.cache_resource(max_entries=8, show_spinner="Reading the feeder …")
def reading(name: str, stamp: str, repair: bool = False) -> Reading[Feeder]:
    """Return a feeder's model and findings."""
    from core.formats.feeders import read_feeder

    return read_feeder([home() / name], repair=repair)


@st.cache_data(max_entries=16, show_spinner="Solving the feeder …")
def answer(action: str, name: str, stamp: str, *words: str) -> dict[str, Any]:
    """Return a command's document; the engine runs in a process of its own."""
    command = [sys.executable, "-m", "core", "feeder", action, str(home() / name), *words, "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        document: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise EngineError(
            "The feeder's calculation ended without an answer", hint="Look at the import's findings"
        ) from error
    if "error" in document:
        raise BadInput(document["error"]["message"], hint=document["error"]["hint"])
    return document
