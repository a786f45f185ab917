"""The runs of a study on its page: which result is shown, what it was calculated from, and what came after it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.jobs import RunStatus

NO_RESULT = "No result yet: run the study."


def newest_result(runs: Sequence[RunStatus], of: str) -> RunStatus | None:
    """Return the newest run with a result, and say what its reader must know.

    Parameters
    ----------
    runs
        The study's, the newest first.
    of
        What was studied, in words.
    """
    found = next((run for run in runs if run.result), None)
    latest = runs[0] if runs else None
    if latest is None:
        st.info(NO_RESULT)
    elif latest.is_active:
        before = " Below is the result before." if found else ""
        st.info(
            f"The study is running: the panel in the sidebar shows how far it is.{before}",
            icon=":material/hourglass_top:",
        )
    elif latest is not found:
        before = " Below is the result of the run before." if found else ""
        st.warning(f"The last run is {latest.state}. {latest.message}{before}", icon=":material/warning:")
    if found and found.result and found.ended_at:
        engine = f" by {found.result['engine']}" if found.result.get("engine") else ""
        order = found.result.get("options", {}).get("order")
        outages = f" with N-{order} outages" if order else ""
        when = f"{found.ended_at.astimezone():%Y-%m-%d %H:%M}"
        st.caption(f"Calculated {when}{engine} from {of}{outages} · run {found.id[:8]}")
    if found and found.stale:
        st.warning("The plant has changed since this run: run the study again.", icon=":material/update:")
    return found
