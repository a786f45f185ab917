"""Names and messages as they are, where a page would read Markdown in them."""

from __future__ import annotations

import re

#: What Markdown reads within a line; a colon begins a colour, an icon or an emoji.
_READ = re.compile(r"[\\`*_{}\[\]$~<|]|:(?=[A-Za-z])")


def plain(text: object) -> str:
    """Return text that Markdown leaves as it is."""
    return _READ.sub(r"\\\g<0>", str(text))
