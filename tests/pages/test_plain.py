"""Names with marks of Markdown in them are shown as they are."""

from __future__ import annotations

from pages.parts.plain import plain


def test_marks_of_markdown_are_escaped_and_the_rest_stays() -> None:
    assert plain("Feeder 7 (new), 12:30 – 10 % #2") == "Feeder 7 (new), 12:30 – 10 % #2"
    assert plain("$a$ *b* [c] :material/home:") == r"\$a\$ \*b\* \[c\] \:material/home:"
