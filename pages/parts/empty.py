"""Empty states: what is missing, why it matters here, and the button that provides it."""

from __future__ import annotations

import streamlit as st


def empty_state(missing: str, why: str, *, button: str = "", icon: str = ":material/inbox:", key: str = "") -> bool:
    """Say what is missing; return whether the button that provides it was pressed."""
    with st.container(border=True):
        st.markdown(f"#### {icon} {missing}")
        st.markdown(why)
        return bool(button) and st.button(button, type="primary", key=key or f"empty-{button}")
