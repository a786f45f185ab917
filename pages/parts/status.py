"""Verdicts as a person sees them: always an icon, a word and a colour together."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, slots=True)
class Look:
    """How one verdict looks: as a badge, as a table cell, and in a drawing."""

    icon: str  # in a badge
    mark: str  # in a table cell, where there are no icons
    badge: str  # the theme's name of the colour
    colour: str  # in drawings and charts


LOOKS = {
    "PASS": Look(":material/check_circle:", "✓", "blue", "#0072B2"),
    "WARN": Look(":material/warning:", "▲", "orange", "#E69F00"),
    "FAIL": Look(":material/cancel:", "✕", "red", "#CC3311"),
    "NOT CHECKED": Look(":material/help:", "?", "gray", "#7D7A75"),
}


def badge(verdict: str) -> None:
    """Show the verdict as a badge."""
    look = LOOKS[verdict]
    st.badge(verdict, icon=look.icon, color=look.badge)


def badge_text(verdict: str) -> str:
    """Return the verdict as a badge inside a line of Markdown."""
    look = LOOKS[verdict]
    return f":{look.badge}-badge[{look.icon} {verdict}]"


def cell(verdict: str) -> str:
    """Return the verdict as a table cell's text."""
    return f"{LOOKS[verdict].mark} {verdict}"


def cell_style(text: str) -> str:
    """Return the look of a table cell that :func:`cell` wrote, for ``Styler.map``."""
    look = LOOKS.get(text.partition(" ")[2])
    return f"border-left: 4px solid {look.colour}; {text_style(look)}" if look else ""


def text_style(look: Look) -> str:
    """Return the look of coloured text, in the theme's colour that can be read on its background."""
    theme = st.context.theme.type or "light"
    return f"color: {st.get_option(f'theme.{theme}.{look.badge}TextColor')}; font-weight: 600"
