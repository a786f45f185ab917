"""The job panel of every page: what runs, how far it is, and what can be done about it.

It asks the store every second while something runs, and never otherwise.
"""

from __future__ import annotations

import streamlit as st

from core import jobs
from core.jobs import RunStatus, State
from core.store import Store
from pages.parts.errors import explained
from pages.parts.plain import plain

#: How a state looks: icon and the theme's name of a colour.
LOOKS = {
    State.QUEUED: (":material/schedule:", "gray"),
    State.RUNNING: (":material/play_circle:", "blue"),
    State.INTERRUPTED: (":material/power_off:", "orange"),
    State.CANCELLING: (":material/hourglass_top:", "gray"),
    State.CANCELLED: (":material/block:", "gray"),
    State.FINISHED: (":material/task_alt:", "gray"),
    State.FAILED: (":material/error:", "red"),
}
#: States that ask for a look; other runs wait behind their number.
OPEN = {State.QUEUED, State.RUNNING, State.CANCELLING, State.INTERRUPTED, State.FAILED}
SHOWN, ENDED = 6, 20
LOG_CHARACTERS = 20_000


def job_panel(store: Store, project: str | None = None, kind: str | None = None) -> None:
    """Draw the panel of a project's and the workspace's runs, or of one kind; nothing when there are none.

    What the feeder pages ask is there while it is under way, or when it went wrong; its answer is on the page.
    """

    def runs() -> list[RunStatus]:
        every = jobs.runs(store, results=False)
        if kind is not None:
            return [seen for seen in every if seen.kind == kind]
        mine = [seen for seen in every if seen.project in (project, None)]
        return [seen for seen in mine if seen.kind != "feeder" or seen.state is not State.FINISHED]

    active = any(seen.is_active for seen in runs())

    @st.fragment(run_every=1 if active else None)
    def panel() -> None:
        seen = runs()
        if active and not any(one.is_active for one in seen):
            st.rerun()  # the page shows the results, and the polling ends
        scope = f"{kind}-" if kind else ""
        ended = [one for one in seen if one.state not in OPEN]
        for one in [one for one in seen if one.state in OPEN][:SHOWN]:
            _run(store, one, scope)
        if ended:
            with st.expander(f"Ended runs ({len(ended)})"):
                for one in ended[:ENDED]:
                    _run(store, one, scope)

    panel()


def _run(store: Store, seen: RunStatus, scope: str) -> None:
    icon, colour = LOOKS[seen.state]
    with st.container(border=True, gap="xsmall"):
        stale = " :orange-badge[:material/update: out of date]" if seen.stale else ""
        st.markdown(f"**{plain(seen.title)}** &nbsp; :{colour}-badge[{icon} {seen.state}]{stale}")
        if seen.is_active:
            st.progress(seen.done / seen.total if seen.total else 0.0, text=_progress(seen))
        elif seen.message:
            st.caption(plain(seen.message))
        elif seen.state in (State.INTERRUPTED, State.CANCELLED) and seen.total:
            st.caption(f"{seen.done} of {seen.total} units are kept")
        elif seen.failed:
            st.caption(f"{seen.failed} of {seen.total} units failed")
        _actions(store, seen, scope)


def _actions(store: Store, seen: RunStatus, scope: str) -> None:
    """Offer what can be done with a run; the sidebar and a page may both show it."""
    with st.container(horizontal=True, gap="xsmall"), explained():
        if seen.is_active:
            if seen.state is not State.CANCELLING and st.button(
                "Cancel", key=f"{scope}cancel-{seen.id}", icon=":material/stop:", type="tertiary"
            ):
                jobs.cancel(store, seen.id)
                st.rerun()
        elif (seen.state is not State.FINISHED or seen.failed) and st.button(
            "Resume", key=f"{scope}resume-{seen.id}", icon=":material/play_arrow:", type="tertiary"
        ):
            jobs.resume(store, seen.id)
            st.rerun()
        with st.popover("Log", icon=":material/article:", type="tertiary"):
            st.caption(f"{seen.kind} · {seen.id} · by {plain(seen.who)}")
            st.code(jobs.log(store, seen.id)[-LOG_CHARACTERS:] or "nothing yet", language=None)
            if not seen.is_active and st.button("Remove", key=f"{scope}remove-{seen.id}", icon=":material/delete:"):
                jobs.remove(store, seen.id)
                st.rerun()


def _progress(seen: RunStatus) -> str:
    if seen.state is not State.RUNNING:
        return ""
    if seen.total is None:
        return "planning"
    parts = [f"{seen.done} of {seen.total}"]
    if seen.rate_per_s and seen.left_s is not None:
        parts += [f"{seen.rate_per_s:.3g}/s", f"{duration(seen.left_s)} left"]
    if seen.failed:
        parts.append(f"{seen.failed} failed")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Return a time span as a person says it: "45 s", "3 min", "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
