"""How far a piece of work in a process of its own is: the part that it does, of the parts that it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from core.steps import heard_by


@contextmanager
def shown_parts(parts: Sequence[str]) -> Iterator[None]:
    """Show a bar with the part that the work inside says it begins; what is none of the parts is a detail of one."""
    place = st.empty()
    begun = 0

    def heard(part: str) -> None:
        nonlocal begun
        detail = "" if part in parts else f": {part[:1].lower()}{part[1:]}"
        begun = parts.index(part) if part in parts else begun
        text = f"{parts[begun]}{detail} (part {begun + 1} of {len(parts)})"
        place.progress(begun / len(parts), text=text)

    heard(parts[0])
    try:
        with heard_by(heard):
            yield
    finally:
        place.empty()
