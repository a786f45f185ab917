"""Text that came from a file, made safe to stand inside Markdown: no links, no pictures, no layout of its own."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~$:])")


def escaped(text: str) -> str:
    """Return the text so that Markdown shows it letter by letter.

    Examples
    --------
    >>> escaped("![x](http://a)")
    '\\\\!\\\\[x\\\\]\\\\(http\\\\://a\\\\)'
    """
    return _SIGNS.sub(r"\\\1", text)


def code(text: str) -> str:
    """Return the text as a code span."""
    return f"`{text.replace('`', chr(39))}`" if text.strip() else "` `"
