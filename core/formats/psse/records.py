"""The lines of a RAW file by section, before their fields are read: header, terminators, titles, version."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.psse import schema
from core.formats.psse.fieldtext import comment, tokens

_TERMINATOR = re.compile(r"0[\s,]*(?:/.*|END\b.*)?$", re.IGNORECASE)
_BEGIN = re.compile(r"\bBEGIN\s+(.+?)\s*(?:DATA)?\s*$", re.IGNORECASE)
_END = re.compile(r"\bEND\s+OF\s+(.+?)\s*(?:DATA)?\s*(?:,|$)", re.IGNORECASE)
_TITLE = re.compile(r"/+\s*(?:BEGIN\s+)?(.+?)\s*(?:DATA)?\s*(?:BLOCK)?\s*$", re.IGNORECASE)
_VERSION = re.compile(r"PSS.{0,6}E\D{0,3}(\d\d)\b", re.IGNORECASE)
#: Records of each section that decide which version's layout it follows.
SAMPLE = 12


@dataclass(slots=True)
class Chunk:
    """The lines of one section: their text, and their place in the file counted from 0."""

    section: str
    lines: list[str]
    places: np.ndarray
    end: int  # the line of the terminator


@dataclass(slots=True)
class Records:
    """A RAW file taken apart into sections."""

    lines: list[str]  # with their line ends
    encoding: str
    header: dict[str, object] = field(default_factory=dict)
    titles: tuple[str, str] = ("", "")
    version: int = 33
    chunks: list[Chunk] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)  # lines behind Q


def split(data: bytes, findings: list[Finding]) -> Records:
    """Return the file's header and the lines of each section; ``findings`` gets what was assumed."""
    text, encoding = decode(data, findings)
    lines = io.StringIO(text, newline="").readlines()
    records = Records(lines, encoding)
    stripped = [line.strip() for line in lines]
    start = _header(records, stripped, findings)
    declared = _declared(records, findings)
    pieces, last = _pieces(stripped, start, findings)
    records.behind = stripped[last + 1 :]
    records.version = declared or _guess(records, pieces, stripped, findings)
    records.chunks = _named(pieces, stripped, records.version, findings)
    return records


def decode(data: bytes, findings: list[Finding]) -> tuple[str, str]:
    """Return the text and its encoding: UTF-8, else Windows-1252, else Latin-1."""
    if b"\x00" in data[:4096]:
        raise BadInput("This is not a text file.", hint="Choose a file that PSS/E wrote as text.", where=Where(line=1))
    unicode = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    for encoding in (unicode, "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    if encoding in ("cp1252", "latin-1"):
        hint = "Names with special characters may look wrong if the file has another encoding."
        findings.append(
            Finding("psse.raw.encoding", Severity.INFO, f"The file is not UTF-8; it is read as {encoding}.", hint)
        )
    return text, encoding


def _header(records: Records, stripped: list[str], findings: list[Finding]) -> int:
    """Read line 1 and the two titles; return the line behind them."""
    content = (i for i, line in enumerate(stripped) if line and not line.startswith("@!"))
    first = next(content, None)
    if first is None:
        raise BadInput("The file is empty.", hint="Choose a .raw file with records.", where=Where(line=1))
    parts = tokens(stripped[first])
    names = ("IC", "SBASE", "REV", "XFRRAT", "NXFRAT", "BASFRQ")
    header: dict[str, object] = {}
    for place, name in enumerate(names):
        text = parts[place] if place < len(parts) else None
        try:
            number = float(re.sub("[dD]", "E", text)) if text else None
        except ValueError:
            number = float("nan")
        header[name] = number if number is None or abs(number) < 1e9 else None
        if number is not None and header[name] is None:
            findings.append(_at("psse.raw.header", Severity.ERROR, f"{name} in line 1 is {text!r}.", first, "header"))
    header["comment"] = comment(stripped[first])
    if header["IC"] is None and header["SBASE"] is None and (any(parts) or len(parts) < 3):
        hint = "Line 1 of a RAW file is: 0, 100.0, 33, 0, 1, 60.0 / comment"
        raise BadInput("Line 1 is not the header of a RAW file.", hint=hint, where=Where(line=first + 1))
    base = header["SBASE"]
    if not isinstance(base, float) or not 0 < base < 1e9:
        header["SBASE"] = 100.0
        text = f"The system base is {base}; 100 MVA is taken."
        findings.append(_at("psse.raw.base", Severity.WARNING, text, first, "header"))
    frequency = header["BASFRQ"]
    if not isinstance(frequency, float) or not 0 < frequency < 1000:
        header["BASFRQ"] = 60.0
        text = "Line 1 gives no system frequency; 60 Hz is taken."
        findings.append(_at("psse.raw.frequency", Severity.INFO, text, first, "header"))
    records.header = header
    behind = [i for i in range(first + 1, len(stripped)) if not stripped[i].startswith("@!")][:2]
    raw = [records.lines[i].rstrip("\r\n") for i in behind]
    records.titles = (raw[0] if raw else "", raw[1] if len(raw) > 1 else "")
    return behind[-1] + 1 if behind else first + 1


def _declared(records: Records, findings: list[Finding]) -> int | None:
    """Return the version that line 1 declares, the nearest one that is known, or nothing."""
    revision = records.header.get("REV")
    if not isinstance(revision, float) or not revision:
        return None
    version = int(revision)
    known = min(max(version, 29), 35)
    if version != known:
        text = f"Line 1 says version {version}; the records are read as version {known}."
        severity = Severity.WARNING if 26 <= version < 40 else Severity.ERROR
        findings.append(_at("psse.raw.version", severity, text, 0, "header"))
    return known


@dataclass(slots=True)
class _Piece:
    """The lines between two terminators."""

    start: int
    stop: int  # the terminator's line or the end of the file
    before: str = ""  # the title that the terminator before it announces
    after: str = ""  # the title that its own terminator closes
    comment: str = ""  # the title that a comment line in front of its records gives
    closed: bool = True
    records: list[int] = field(default_factory=list)


def _pieces(stripped: list[str], start: int, findings: list[Finding]) -> tuple[list[_Piece], int]:
    """Split the body at its terminators, up to the Q; return its line, too."""
    found: list[_Piece] = []
    begin, announced, ended = start, "", False
    for i in range(start, len(stripped)):
        line = stripped[i]
        head = line[:1]
        if head == "0" and _TERMINATOR.match(line):
            words = (line.split("/", 2)[1:2] or [line])[0]
            closing, opening = _END.search(words), _BEGIN.search(words)
            found.append(_Piece(begin, i, announced, _section(closing)))
            begin, announced = i + 1, _section(opening)
        elif head in ("Q", "q") and (len(line) == 1 or not line[1].isalnum()):
            ended = True
            break
    else:
        i = len(stripped)
    if any(stripped[begin:i]) or announced:
        found.append(_Piece(begin, i, announced, closed=False))
    if not ended:
        text = "The file doesn't end with Q; it may be cut off."
        findings.append(_at("psse.raw.no_end", Severity.WARNING, text, max(len(stripped) - 1, 0), ""))
    elif any(line and not line.startswith("@!") for line in stripped[i + 1 :]):
        text = "There are lines behind Q; they are kept but not read."
        findings.append(_at("psse.raw.behind_end", Severity.INFO, text, i + 1, ""))
    for piece in found:
        _fill(piece, stripped)
    return found, i


def _fill(piece: _Piece, stripped: list[str]) -> None:
    """Note which lines are records, and the title that a comment line gives."""
    for i in range(piece.start, piece.stop):
        line = stripped[i]
        if not line or line.startswith("@!"):
            continue
        if line[0] == "/":
            title = _TITLE.match(line)
            if not piece.records and title:
                piece.comment = _section(title) or piece.comment
            continue
        piece.records.append(i)


def _section(match: re.Match[str] | None) -> str:
    """Return the section that a title names."""
    return schema.titles().get(re.sub(r"\s+", " ", match[1].upper().strip()), "") if match else ""


def _guess(records: Records, pieces: list[_Piece], stripped: list[str], findings: list[Finding]) -> int:
    """Return the version whose layouts fit the records best."""
    claimed = _VERSION.search(str(records.header["comment"])) or _VERSION.search(" ".join(records.titles))
    scores = {}
    for version in schema.READ_VERSIONS:
        chunks = _named(pieces, stripped, version, [])
        scores[version] = sum(misfit(chunk, version) for chunk in chunks)
    best = min(scores, key=lambda version: scores[version])
    text = f"Line 1 doesn't give the version (REV); the records fit version {best}."
    if claimed and int(claimed[1]) != best:
        text += f" The comment claims version {claimed[1]}."
    findings.append(_at("psse.raw.no_revision", Severity.WARNING, text, 0, "header"))
    return best


def _named(pieces: list[_Piece], stripped: list[str], version: int, findings: list[Finding]) -> list[Chunk]:
    """Give each piece its section: in the version's order, corrected where titles say otherwise."""
    expected = schema.order(version)
    if version >= 34:
        expected = ("system_wide", *expected)
    chunks: list[Chunk] = []
    place, told_of_comments = 0, False
    for number, piece in enumerate(pieces):
        told = piece.comment or piece.before or piece.after
        if version >= 34 and place == 0 and told != "system_wide" and _is_bus(piece, stripped):
            text = "The file has no system-wide block; PSS/E would take the first bus for it."
            findings.append(_at("psse.raw.no_system_wide", Severity.WARNING, text, piece.start, "bus"))
            place = 1
        name = expected[place] if place < len(expected) else ""
        if piece.comment and not told_of_comments:
            told_of_comments = True
            text = "Section titles stand in comment lines; PSS/E goes by the order of sections alone."
            findings.append(_at("psse.raw.title_comments", Severity.WARNING, text, piece.start, piece.comment))
        if told and told != name and told in expected:
            if piece.records:
                text = (
                    f"Where version {version} has {name or 'nothing'} the file announces {told}; it is read as {told}."
                )
                findings.append(_at("psse.raw.section_order", Severity.WARNING, text, piece.start, told))
            name, place = told, expected.index(told)
        if name == "substation":
            rest = pieces[number:]
            lines = [i for p in rest for i in (*p.records, *([p.stop] if p.closed else []))]
            chunks.append(_chunk(name, sorted(lines), stripped, rest[-1].stop))
            break
        if not name:
            if piece.records:
                text = f"{len(piece.records)} lines stand behind the last section of version {version}."
                findings.append(_at("psse.raw.unknown_section", Severity.ERROR, text, piece.start, ""))
            continue
        if not piece.closed and piece.records:
            text = f"Section {name} isn't closed by a line that begins with 0."
            findings.append(_at("psse.raw.not_closed", Severity.WARNING, text, piece.stop - 1, name))
        chunks.append(_chunk(name, piece.records, stripped, piece.stop))
        place += 1
    return chunks


def _is_bus(piece: _Piece, stripped: list[str]) -> bool:
    return bool(piece.records) and (tokens(stripped[piece.records[0]])[:1] or [""])[0].__str__().strip().isdigit()


def _chunk(name: str, places: list[int], stripped: list[str], end: int) -> Chunk:
    return Chunk(name, [stripped[i] for i in places], np.asarray(places, dtype=np.int64), end)


def misfit(chunk: Chunk, version: int) -> int:
    """Return how badly the first records of a section fit a version's layout; 0 is a perfect fit."""
    if chunk.section in schema.NESTED or not chunk.lines or chunk.section not in schema.order(version):
        return 0 if not chunk.lines or chunk.section in schema.NESTED else 5
    if chunk.section == "transformer":
        third = 2  # the first winding's line tells the versions apart
        layouts: Sequence[tuple[schema.Field, ...]] = [schema.layout("transformer", version, 1 + third)]
        sample = [chunk.lines[i] for i in range(third, min(len(chunk.lines), third + 1))]
    else:
        layouts = [schema.layout(chunk.section, version, 1)]
        step = 1 if len({f.line for f in schema.fields()[chunk.section]}) == 1 else 3
        sample = list(chunk.lines[: SAMPLE * step : step])
    points = [_misfit(tokens(line), layouts[0]) for line in sample]
    return sum(points) if 2 * sum(map(bool, points)) >= len(points) else 0  # a few odd records don't make a layout


def _misfit(parts: Sequence[str | None], layout: Sequence[schema.Field]) -> int:
    points = 3 * max(0, len(parts) - len(layout))
    for text, f in zip(parts, layout, strict=False):
        if not text or not text.strip():
            continue
        number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?", text.strip())
        if f.type == "text":
            points += 2 if number and f.name.endswith("NAME") and "." in text else 0
        elif not number:
            points += 3
        elif f.type == "int" and not text.strip().lstrip("+-").isdigit():
            points += 1
    return points


def _at(code: str, severity: Severity, text: str, line: int, section: str) -> Finding:
    return Finding(code, severity, text, "", Where(section=section or None, line=line + 1))
