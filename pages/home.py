from __future__ import annotations

import streamlit as st

from pages.parts.shell import guard

guard()

st.title("Gridproof")
st.markdown("The validation hub between a power-system design and the tools that prove it.")
