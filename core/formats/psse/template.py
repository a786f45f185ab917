"""Empty files to fill in: every section of a version with the names of its columns, from the schema."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import BadInput
from core.formats.psse import schema
from core.formats.psse.case import RawCase
from core.formats.psse.raw_writer import whole_lines
from core.formats.psse.rawx import write_rawx_template

#: The versions by the name that a user gives them.
VERSIONS = {**{str(version): version for version in schema.WRITE_VERSIONS}, "rawx": schema.RAWX}


def template(version: int, names: Sequence[str] = ()) -> str:
    """Return an empty file, with the names of the columns over the named sections (all without names)."""
    sections = template_sections(version, names)
    if version == schema.RAWX:
        return write_rawx_template(sections)
    return "".join(f"{line}\n" for line in whole_lines(RawCase(version), version, sections))


def template_sections(version: int, names: Sequence[str] = ()) -> list[str]:
    """Return the sections of a version that go by the names: ours, those of RAWX or PSS/E's titles."""
    own = [name for name in schema.sections() if schema.layout(name, version)]
    present = own if version == schema.RAWX else list(schema.order(version))
    known = {name.upper().replace("_", " "): name for name in present}
    known |= {title: name for title, name in schema.titles().items() if name in present}
    known |= {schema.sections()[name].rawx.upper(): name for name in present}
    chosen = []
    for name in names:
        section = known.get(name.strip().upper().replace("_", " "))
        if section is None:
            raise BadInput(f"There is no section {name!r}.", hint=f"Sections are {', '.join(present)}.")
        chosen.append(section)
    return [name for name in present if name in chosen] if chosen else present
