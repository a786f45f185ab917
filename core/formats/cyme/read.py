"""Recognise CYME's three formats by content and read them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from core.errors import BadInput
from core.feeder import Feeder
from core.findings import Finding, Reading, Severity, Source, Where, listed
from core.formats.cyme.build import build_feeder
from core.formats.cyme.mdb import looks_like_mdb, read_mdb
from core.formats.cyme.raw import RawFile
from core.formats.cyme.records import Records, records_of, table_names
from core.formats.cyme.text import decode, looks_like_text, read_text
from core.formats.cyme.xml import looks_like_xml, read_xml

HEAD = 65536


def recognise(path: Path) -> str:
    """Return the file's kind by its content: ``mdb``, ``xml``, ``text`` or nothing."""
    with path.open("rb") as handle:
        head = handle.read(HEAD)
    if looks_like_mdb(head):
        return "mdb"
    text = decode(head)
    if looks_like_xml(text):
        return "xml"
    return "text" if looks_like_text(text) else ""


def read_cyme(paths: Sequence[Path], *, repair: bool = False) -> Reading[Feeder]:
    """Read one CYME export: a database, a study in XML, or text files that belong together.

    Parameters
    ----------
    paths
        The files.
    repair
        Estimate mutual resistances that the export overwrote with mutual reactances.

    Raises
    ------
    BadInput
        No file can be read at all.
    """
    digests = {path: sha256(path.read_bytes()).digest() for path in paths}
    again = [path for k, path in enumerate(paths) if digests[path] in [digests[before] for before in paths[:k]]]
    paths = [path for path in paths if path not in again]
    kinds = {path: recognise(path) for path in paths}
    strange = [path for path, kind in kinds.items() if not kind]
    broken: list[BadInput] = []
    raws = [
        raw for kind in ("mdb", "xml") for path in paths if kinds[path] == kind for raw in _read_one(path, kind, broken)
    ]
    texts = [path for path in paths if kinds[path] == "text"]
    if texts:
        raws.append(_read_texts(texts))
    if not raws and broken:
        raise broken[0]
    if not raws:
        name = paths[0].name if paths else ""
        raise BadInput(
            "No CYME export among the files",
            hint="Choose text exports, an .mdb or an XML study",
            where=Where(file=name),
        )
    records = _together(raws)
    records.findings += _left_out(broken, again, strange)
    feeder = build_feeder(records, _name(records, paths), repair=repair)
    digest = sha256(b"".join(digests[path] for path in paths)).hexdigest()
    source = Source(", ".join(path.name for path in paths), digest, f"cyme.{records.dialect}", records.version)
    return Reading(feeder, list(dict.fromkeys(records.findings)), source)


def _left_out(broken: list[BadInput], again: list[Path], strange: list[Path]) -> list[Finding]:
    """Return a finding for every file that isn't read: broken, the same as another, no CYME export."""
    found = [
        Finding("cyme.file_unreadable", Severity.ERROR, f"{error.message}: left out", error.hint, error.where)
        for error in broken
    ]
    for path in again:
        text = f"{path.name} is the same as another file: read once"
        found.append(Finding("cyme.file_twice", Severity.WARNING, text, "", Where(file=path.name)))
    for path in strange:
        text = "The file is no CYME export: left out"
        found.append(Finding("cyme.not_recognised", Severity.WARNING, text, "", Where(file=path.name)))
    return found


def _read_one(path: Path, kind: str, broken: list[BadInput]) -> list[RawFile]:
    """Return what a database or study holds; nothing of one that can't be read, others may be whole."""
    try:
        return [read_xml(path.read_bytes(), path.name) if kind == "xml" else read_mdb(path, list(table_names("mdb")))]
    except BadInput as error:
        broken.append(error)
        return []


def _read_texts(paths: list[Path]) -> RawFile:
    raw = RawFile("text")
    for path in paths:
        read_text(path.read_bytes(), path.name, raw)
    _settle_units(raw, [path.name for path in paths])
    for section, file in (("NODE", "network"), ("SECTION", "network")):
        if section not in raw.tables:
            raw.remark(
                "text.section_missing",
                Severity.ERROR,
                f"No [{section}] rows in the files",
                f"Add the {file} file of the export",
            )
    return raw


def _settle_units(raw: RawFile, files: list[str]) -> None:
    """Give files that name no units those of the others, and say so; each counts in its own where they differ."""
    silent = [file for file in files if file not in raw.imperial]
    systems = set(raw.imperial.values())
    if len(systems) > 1:
        imperial = [file for file, is_imperial in raw.imperial.items() if is_imperial]
        text = f"Only {listed(imperial)} is in imperial units, the other files are in SI units"
        hint = "Check that the files are of one export: each is taken in its own units"
        raw.remark("text.units_differ", Severity.WARNING, text, hint, Where(file=imperial[0]))
    if silent:
        taken = systems == {True}
        text = f"{listed(silent)} doesn't name its units: {'imperial' if taken else 'SI'} ones are taken"
        raw.remark("text.units_missing", Severity.WARNING, text, "Add [SI] or [IMPERIAL]", Where(file=silent[0]))
        raw.imperial |= dict.fromkeys(silent, taken)


def _together(raws: list[RawFile]) -> Records:
    """Join what several files say: the first kind leads, others add equipment and what it lacks."""
    first, *others = [records_of(raw) for raw in raws]
    for other in others:
        first.findings.extend(other.findings)
        for table, rows in other.tables.items():
            if table.endswith("_type") or table in ("conductor", "spacing") or table not in first.tables:
                first.tables.setdefault(table, []).extend(rows)
            else:
                text = f"{len(rows)} rows of {table.replace('_', ' ')} stand in more than one export: the first counts"
                first.findings.append(
                    Finding("cyme.exports_overlap", Severity.WARNING, text, "Read one export at a time", rows[0].where)
                )
    return first


def _name(records: Records, paths: Sequence[Path]) -> str:
    networks = [record.text("name") for record in records["network"] if record.has("name")]
    return networks[0] if len(networks) == 1 else paths[0].parent.name if len(paths) > 1 else paths[0].stem
