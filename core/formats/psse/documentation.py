"""The documentation of PSS/E's power-flow formats, generated from the schema: ``docs/formats-psse.md``."""

from __future__ import annotations

from collections.abc import Iterator

from core.formats.psse import schema

HEAD = """\
# PSS/E power-flow files

Generated from `core/formats/psse/sections.csv` and `fields.csv`; a test keeps it current.
RAW files of versions 29 to 35 and RAWX are read, versions 33, 34, 35 and RAWX are written. A field has one name in all
versions; where v34 and v35 head their columns otherwise the heading stands in brackets. An empty default means none;
`@bus.AREA` is the value of the record's bus, `@SBASE` the system base, `@WINDV` 1 pu or the bus base voltage in kV.
"""


def documentation() -> str:
    """Return the page's text."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for section in schema.sections().values():
        title = section.title or section.name
        yield f"## {title}\n"
        yield f"`{section.name}`, in RAWX `{section.rawx}`: {section.help}. {_versions(section.since, section.until)}\n"
        yield "| line | field | type | default | unit | versions | RAWX | meaning |\n|---|---|---|---|---|---|---|---|"
        for f in schema.fields()[section.name]:
            name = f"{f.name} ({f.title})" if f.title else f.name
            cells = (f.line, name, f.type, f.default, f.unit, _versions(f.since, f.until), f.rawx, f.help)
            yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
        yield ""


def _versions(since: int, until: int) -> str:
    """Return the versions in words."""
    if since == schema.RAWX:
        return "RAWX only"
    if until != schema.RAWX:
        return f"up to v{until}"
    return f"since v{since}" if since else "all versions"
