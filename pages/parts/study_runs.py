"""The runs of a study or a sizing on its page: the result shown, what it was calculated from, what came after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.jobs import RunStatus, State
from pages.parts.plain import plain


def newest_result(
    runs: Sequence[RunStatus],
    of: str,
    overrides: Sequence[Mapping[str, Any]] = (),
    options: Mapping[str, object] | None = None,
) -> RunStatus | None:
    """Return the newest run with a result, and say what its reader must know.

    Parameters
    ----------
    runs
        The study's, the newest first.
    of
        What was studied, in words.
    overrides
        The project's own limits as they are now.
    options
        The choices on the page as they are now.
    """
    found = next((run for run in runs if run.result), None)
    latest = runs[0] if runs else None
    if latest is not found or latest is None:
        _say_latest(latest, " Below is the result of the run before." if found else "")
    if found and found.result:
        _say_source(found, of)
        if list(found.result.get("overrides") or []) != list(overrides):
            text = "The project's own limits have changed since this run: run the study again."
            st.warning(text, icon=":material/update:")
        calculated = found.result.get("options") or {}
        if any(calculated.get(name, choice) != choice for name, choice in (options or {}).items()):
            text = "The choices above have changed since this run: run the study for them."
            st.warning(text, icon=":material/update:")
    return found


def _say_latest(latest: RunStatus | None, shown: str) -> None:
    if latest is None:
        st.info("No result yet.")
    elif latest.is_active:
        text = f"Running: the panel in the sidebar shows how far it is.{shown}"
        st.info(text, icon=":material/hourglass_top:")
    else:
        ended = "failed" if latest.state is State.FAILED else f"was {latest.state}"
        text = f": {plain(latest.message)}" if latest.message else "."
        st.warning(f"The last run {ended}{text}{shown}", icon=":material/warning:")


def _say_source(run: RunStatus, of: str) -> None:
    """Say when, by what and from what the result was calculated, and whether that has changed."""
    result = run.result or {}
    when = f"{run.ended_at.astimezone():%Y-%m-%d %H:%M}" if run.ended_at else "just now"
    engine = f" by {result['engine']}" if result.get("engine") else ""
    order = result.get("options", {}).get("order")
    outages = f" with N-{order} outages" if order else ""
    st.caption(f"Calculated {when}{engine} from {plain(of)}{outages} · run {run.id[:8]}")
    if run.stale:
        st.warning("The plant has changed since this run: run the study again.", icon=":material/update:")
