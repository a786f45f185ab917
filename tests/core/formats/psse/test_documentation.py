"""The format documentation is the schema's."""

from __future__ import annotations

from pathlib import Path

from core.formats.psse import schema
from core.formats.psse.documentation import documentation


def test_the_page_is_current() -> None:
    assert Path("docs/formats-psse.md").read_text(encoding="utf-8") == documentation()


def test_every_field_belongs_to_a_section_and_every_key_is_a_field() -> None:
    assert set(schema.fields()) == set(schema.sections())
    for name, section in schema.sections().items():
        assert set(section.keys) <= {f.name for f in schema.fields()[name]}
