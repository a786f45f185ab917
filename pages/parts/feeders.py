"""Feeders on the pages: files kept in the workspace; whatever is asked about them is a run of the worker."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core import jobs
from core.errors import BadInput, NotFound
from core.feeder.storage import forget_feeder
from core.formats.decisions import Decisions, keep_decisions, load_decisions
from core.jobs import RunStatus
from core.settings import SAMPLES, load_settings
from pages.parts.empty import empty_state
from pages.parts.shell import store

SAMPLE_FEEDERS = {"village13": "like the IEEE 13-node feeder", "town123": "like the IEEE 123-node feeder"}
FOLDER, PROFILES, RESULTS = "feeders", "profiles", "results"
#: The key of the chosen feeder and of the chosen element, in the session and in the address.
FEEDER, ELEMENT = "feeder", "element"
#: The key of the feeder that is to be chosen on the next run of the page: this run has drawn the choice already.
NEXT = "next-feeder"
#: Answers to one question that are kept: files and options change to and fro.
ANSWERS = 4
#: Somebody looks at the page and waits: these runs go before the long ones.
AT_ONCE = 100
DOING = {
    "read": "Read",
    "solve": "Solve",
    "compare": "Compare",
    "reconcile": "Match with GIS",
    "export": "Write the files of",
}


def home() -> Path:
    """Return the folder of the workspace's feeders."""
    folder = load_settings().workspace / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def known() -> list[str]:
    """Return the names of the feeders in the workspace."""
    return sorted(path.name for path in home().iterdir() if path.is_dir())


def open_samples() -> None:
    """Copy the sample feeders with their profiles and results into the workspace and choose the smaller one."""
    for name in SAMPLE_FEEDERS:
        sample, folder = SAMPLES / "feeders" / name, home() / name
        shutil.copytree(sample, folder, dirs_exist_ok=True)
        (folder / PROFILES).mkdir(exist_ok=True)
        shutil.copyfile(SAMPLES / "feeders" / "profiles.csv", folder / PROFILES / "profiles.csv")
    choose(next(iter(SAMPLE_FEEDERS)))


def choose(name: str) -> None:
    """Choose a feeder from the next run of the page on."""
    st.session_state[NEXT] = name


def keep(name: str, uploads: Sequence[Any], subfolder: str = "") -> str:
    """Keep uploaded files under a feeder's name and return the name as it is kept.

    Of a file's own path only the folder of a geodatabase counts; nothing is written outside the feeder's folder.
    """
    safe = "".join(c if c.isalnum() or c in "-_ " else "_" for c in name).strip()
    if not safe:
        raise BadInput("The feeder needs a name", hint="Letters and digits")
    folder = home() / safe / subfolder
    folder.mkdir(parents=True, exist_ok=True)
    for upload in uploads:
        *parents, file = Path(upload.name.replace("\\", "/")).parts
        inside = [part for part in parents[-1:] if part.lower().endswith(".gdb")]
        target = folder.joinpath(*inside, file)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(upload.getvalue())
    return safe


def keep_beside(name: str, upload: Any, subfolder: str) -> bool:
    """Keep an uploaded file in one of a feeder's subfolders; return whether it is new there."""
    if upload is None:
        return False
    there = {path.name: path for path in files(name, subfolder)}
    known = there.get(Path(upload.name.replace("\\", "/")).name)
    if known is not None and known.read_bytes() == upload.getvalue():
        return False
    keep(name, [upload], subfolder)
    return True


def files(name: str, subfolder: str) -> list[Path]:
    """Return the files in one of a feeder's subfolders."""
    folder = home() / name / subfolder
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def remove(name: str) -> None:
    """Remove a feeder with its files, its model and the answers about it; its runs over time stay."""
    shutil.rmtree(home() / name)
    for doing in DOING.values():
        _tidy(f"{doing} {name}", 0)
    st.session_state.pop(FEEDER, None)


def decide(name: str, decisions: Decisions) -> None:
    """Keep what a person decided about a feeder's files."""
    keep_decisions(home() / name, decisions)


def decided(name: str) -> Decisions:
    """Return what was decided about a feeder's files."""
    return load_decisions([home() / name])


def stamp(name: str) -> list[str]:
    """Return what changes when a feeder's files do."""
    from core.formats.feeders import fingerprint

    return fingerprint([home() / name])


def stamp_of(paths: Sequence[str]) -> list[str]:
    """Return what changes when one of the files does."""
    from core.formats.feeders import fingerprint

    return fingerprint([Path(path) for path in paths])


def chosen() -> str | None:
    """Return the feeder that the person works on; an empty state with the samples when there is none."""
    names = known()
    if not names:
        why = "Bring a CYME export, an OpenDSS circuit or GIS layers on the page *Feeder import*, or look at a sample."
        if empty_state("No feeder", why, button="Open the sample feeders", icon=":material/account_tree:"):
            open_samples()
            st.rerun()
        return None
    if NEXT in st.session_state:
        st.session_state[FEEDER] = st.session_state.pop(NEXT)
    if st.session_state.get(FEEDER) not in names:
        st.session_state.pop(FEEDER, None)
    name: str = st.selectbox("Feeder", names, key=FEEDER, bind="query-params", persist_state="session")
    return name


def asked(task: str, name: str, **options: Any) -> RunStatus:
    """Return the run that answers a question about a feeder, queued when nobody has asked before."""
    from core.jobs.feeders import feeder_inputs

    inputs = feeder_inputs(task, [home() / name], **options)
    run = jobs.find(store(), "feeder", inputs)
    if run is None:
        title = f"{DOING[task]} {name}"
        run = jobs.status(store(), jobs.submit(store(), "feeder", inputs, title=title, priority=AT_ONCE))
        _tidy(title, ANSWERS)
    return run


def _tidy(title: str, kept: int) -> None:
    """Remove old answers to a question, the newest but so many, and the models that nobody asks about any more."""
    from core.formats.models import model_of

    answers = [run for run in jobs.runs(store(), results=False) if run.kind == "feeder" and run.title == title]
    for run in (run for run in answers[kept:] if not run.is_active):
        if title.startswith(DOING["read"]):
            inputs = jobs.inputs(store(), run.id)
            with contextlib.suppress(NotFound):
                forget_feeder(store(), model_of(inputs["paths"], inputs["files"]))
        jobs.remove(store(), run.id)


def names_of(cases: Sequence[str]) -> dict[str, list[str]]:
    """Return the feeders in each set of files, where they have been read already."""
    read = {name: asked("read", name).result for name in cases}
    return {name: found["summary"]["feeders"] for name, found in read.items() if found}


def answer(task: str, name: str, **options: Any) -> RunStatus:
    """Return the run with the answer; while there is none, say why and end the page here."""
    run = asked(task, name, **options)
    if run.is_active:
        wait_for([run.id], run.title)
        st.stop()
    if run.result is None:
        st.error(f"**{run.title}**: {run.message or run.state}", icon=":material/error:")
        if st.button("Try again", icon=":material/refresh:"):
            jobs.resume(store(), run.id)
            st.rerun()
        if decided(name) != Decisions() and st.button("Forget what was decided by hand", icon=":material/undo:"):
            decide(name, Decisions())
            st.rerun()
        st.stop()
    return run


@st.fragment(run_every=0.4)
def wait_for(runs: list[str], title: str) -> None:
    """Say what is being done, and show the page anew as soon as one of the runs has ended."""
    if not all(jobs.status(store(), run).is_active for run in runs):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/hourglass_top: {title} …")
        if st.button("Cancel", type="tertiary", icon=":material/stop:"):
            for run in runs:
                jobs.cancel(store(), run)


@st.cache_data(show_spinner=False, max_entries=64)
def table(run: str, name: str) -> pd.DataFrame:
    """Return a table of a run's folder, empty when it isn't there."""
    path = jobs.folder(store(), run) / f"{name}.parquet"
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame()
