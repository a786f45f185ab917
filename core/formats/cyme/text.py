"""CYME's text export: sections in brackets, each with FORMAT lines that name the fields of the rows below them."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

from core.findings import Severity, Where
from core.formats.cyme.raw import RawFile, RawRow

SECTION = re.compile(r"^\[(?P<name>[^\]]+)\]\s*$")
FORMAT = re.compile(r"^FORMAT_(?P<key>[^=]+)=(?P<fields>.*)$", re.IGNORECASE)
KEYED = re.compile(r"^(?P<key>[A-Z_]+)=(?P<rest>.*)$")


def looks_like_text(head: str) -> bool:
    """Say whether the beginning of a text file is a CYME export."""
    return "CYME_VERSION" in head or bool(re.search(r"^FORMAT_[A-Z]+=", head, re.MULTILINE))


def decode(data: bytes) -> str:
    """Return the text: UTF-8 or UTF-16 where marked, else Windows-1252 as CYME writes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_text(data: bytes, name: str, raw: RawFile) -> None:
    """Add one text file's rows to ``raw``; network, equipment and load files go into the same."""
    scan = _Scan(raw, name)
    text = decode(data)
    for number, line in enumerate(text.splitlines(), start=1):
        scan.take(line.strip(), number)
    scan.close()
    if not text.endswith(("\n", "\r")):
        scan.report_end()


@dataclass(slots=True)
class _Scan:
    """The state of reading one file line by line."""

    raw: RawFile
    file: str
    section: str = ""
    formats: dict[str, list[str]] = field(default_factory=dict)
    first: str = ""
    network: str = ""
    longer: int = 0
    shorter: int = 0
    orphans: int = 0
    last: Where = field(default_factory=Where)
    is_whole: bool = True  # the last line was a row with all its fields

    def take(self, line: str, number: int) -> None:
        if not line or line.startswith(("//", ";", "!")):
            return
        self.last = Where(file=self.file, section=self.section or None, line=number)
        self.is_whole = False
        if match := SECTION.match(line):
            self.open(match["name"].strip().upper())
        elif match := FORMAT.match(line):
            key = match["key"].strip().upper()
            if not self.first or key == self.section.replace(" ", ""):
                self.first = key
            self.formats[key] = [name.strip().lower() for name in match["fields"].split(",")]
        elif self.section == "GENERAL":
            self.general(line)
        elif line.startswith("["):
            text = f"The line {line!r} is cut off: a heading without its end"
            self.raw.remark("text.cut_off", Severity.ERROR, text, "Export the file again, it is incomplete", self.last)
        else:
            self.row(line)

    def open(self, name: str) -> None:
        self.close()
        if name in ("SI", "IMPERIAL"):
            self.raw.imperial[self.file] = name == "IMPERIAL"
            return
        self.section, self.formats, self.first = name, {}, ""

    def close(self) -> None:
        """Report what stood out in the section that ends."""
        where = Where(file=self.file, section=self.section or None)
        if self.orphans:
            self.raw.remark(
                "text.no_format",
                Severity.WARNING,
                f"{self.orphans} rows stand before any FORMAT line and can't be read",
                "Export the section again; each section needs its FORMAT line",
                where,
            )
        if self.longer:
            self.raw.remark(
                "text.longer_rows",
                Severity.INFO,
                f"{self.longer} rows have more fields than their FORMAT names",
                "",
                where,
            )
        if self.shorter:
            self.raw.remark(
                "text.shorter_rows",
                Severity.INFO,
                f"{self.shorter} rows have fewer fields than their FORMAT names; the rest is default",
                "Check that the file isn't cut off",
                where,
            )
        self.longer = self.shorter = self.orphans = 0

    def report_end(self) -> None:
        """Report a file that ends without the end of its last line."""
        hint = "Export the file again, it is incomplete"
        if self.is_whole:
            text, hint = "The file ends without a line end", "Check that its last row isn't cut off"
            self.raw.remark("text.no_line_end", Severity.INFO, text, hint, self.last)
        else:
            text = "The file ends in the middle of a section"
            self.raw.remark("text.cut_off", Severity.ERROR, text, hint, self.last)

    def general(self, line: str) -> None:
        key, _, value = line.partition("=")
        if key.strip().upper() == "CYME_VERSION":
            self.raw.version = value.strip()

    def row(self, line: str) -> None:
        key, cells = self.first, line
        table = self.section
        keyed = KEYED.match(line)
        if keyed and keyed["key"].upper() in self.formats:
            key, cells = keyed["key"].upper(), keyed["rest"]
            table = key if key != self.first else self.section
        names = self.formats.get(key)
        if names is None:
            self.orphans += 1
            return
        values = [value.strip() for value in (next(csv.reader([cells])) if '"' in cells else cells.split(","))]
        self.longer += len(values) > len(names) and any(values[len(names) :])
        self.is_whole = len(values) >= len(names)
        self.shorter += not self.is_whole
        found = dict(zip(names, values, strict=False))
        if table != self.section:
            self.network = values[0]
        elif self.section == "SECTION":
            found.setdefault("networkid", self.network)
        self.raw.add(table, RawRow(found, self.last))
