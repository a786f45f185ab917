"""Empty states: what is missing, why it matters here, and the button that provides it."""

from __future__ import annotations

import streamlit as st


def empty_state(
    missing: str, why: str, *, button: str = "", icon: str = ":material/inbox:", key: str = "", own: str = ""
) -> bool:
    """Say what is missing; return whether the button that provides it was pressed; ``own`` is a page for own files."""
    with st.container(border=True):
        st.markdown(f"#### {icon} {missing}")
        st.markdown(why)
        with st.container(horizontal=True):
            pressed = bool(button) and st.button(button, type="primary", key=key or f"empty-{button}")
            if own and st.button("My own files", icon=":material/arrow_forward:"):
                st.switch_page(own)
        return pressed
