"""A drawing of the core on a page: it follows the theme, and a click or Enter on an element tells which one."""

from __future__ import annotations

import streamlit as st

_HTML = '<div class="drawing" tabindex="-1"></div>'
_CSS = """
.drawing { overflow: auto; border: 1px solid var(--st-border-color, #d0d4d9); border-radius: 6px; }
.drawing svg { display: block; height: auto; width: 100%; }
"""
_JS = """
const SMALLEST = 0.75;  // the share of its drawn size under which text is no longer readable: wider drawings scroll
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const box = parentElement.querySelector(".drawing");
  if (box.dataset.shown !== data.svg) {
    box.innerHTML = data.svg;
    box.dataset.shown = data.svg;
  }
  const svg = box.querySelector("svg");
  svg.style.minWidth = Math.round(svg.viewBox.baseVal.width * SMALLEST) + "px";
  const element = (event) => event.target.closest && event.target.closest("[data-id]");
  const choose = (event) => {
    const found = element(event);
    if (found) setTriggerValue("chosen", found.dataset.id);
  };
  box.onclick = choose;
  box.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(event); }
  };
  for (const each of box.querySelectorAll("[data-id]")) {
    const chosen = each.dataset.id === data.chosen;
    each.classList.toggle("chosen", chosen);
    if (chosen && data.chosen !== box.dataset.chosen) each.scrollIntoView({ block: "nearest", inline: "center" });
  }
  box.dataset.chosen = data.chosen || "";
}
"""

_component = st.components.v2.component("gridproof_drawing", html=_HTML, css=_CSS, js=_JS)


def drawing(svg: str, *, key: str, chosen: str | None = None) -> str | None:
    """Show an SVG of ``core.reports``; return the element that was clicked just now, if one was.

    Parameters
    ----------
    svg
        The picture; its elements carry their id in ``data-id``, and every name in it is escaped.
    key
        Tells several drawings of a page apart.
    chosen
        The element that is marked and brought into view.
    """
    result = _component(data={"svg": svg, "chosen": chosen or ""}, key=key, on_chosen_change=_nothing)
    return result.chosen or None


def _nothing() -> None:
    """Stand where a callback is required: the answer is returned."""
