"""What kind of file the bytes are, and whether it is safe to open."""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum
from pathlib import PurePosixPath

from core.errors import BadInput, UnsafeFile
from core.findings import Finding, Severity, Where
from core.formats.archive import DAMAGE

MAX_BYTES = 200 * 1024 * 1024
MAX_UNPACKED = 800 * 1024 * 1024
MAX_RATIO = 200  # unpacked to packed, judged above SMALL bytes
SMALL = 20 * 1024 * 1024
MAX_PARTS = 5_000
#: Cells that a sheet's corners may span: the workbook reader lays out the whole rectangle.
MAX_CELLS = 30_000_000

_CHUNK = 1 << 20
_OVERLAP = 64
_DTD = re.compile(rb"<!(DOCTYPE|ENTITY)|<\x00!\x00[DE]\x00|\x00<\x00!\x00[DE]", re.IGNORECASE)
_PLACE = re.compile(rb"""\br=["']([A-Za-z]{0,7})(\d{1,12})["']""")


class Container(StrEnum):
    """The kinds of files that hold tables."""

    TEXT = "text"
    WORKBOOK = "workbook"
    SQLITE = "sqlite"


#: First bytes → what the file is, for files that hold no table the hub can read.
_OTHERS = (
    (b"%PDF", "a PDF", "export the table as CSV or XLSX"),
    (b"\x89PNG", "a picture", "export the table as CSV or XLSX"),
    (b"\xff\xd8\xff", "a picture", "export the table as CSV or XLSX"),
    (b"GIF8", "a picture", "export the table as CSV or XLSX"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-zip archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"BZh", "a bzip2 archive", "unpack it first"),
    (b"MZ", "a program", "drop the exported result file"),
    (b"\x7fELF", "a program", "drop the exported result file"),
    (b"\x00\x01\x00\x00Standard ", "an Access database", "export its tables as CSV or XLSX"),
    (b"{\\rtf", "a rich-text document", "export the table as CSV or XLSX"),
    (b"PAR1", "a Parquet file", "export the table as CSV or XLSX"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def recognise_container(data: bytes, where: Where) -> Container:
    """Return what kind of file it is by its first bytes; refuse what holds no table."""
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise BadInput("the file is empty", hint="export it again", where=where)
    if len(data) > MAX_BYTES:
        megabytes = f"{len(data) / 1024**2:,.0f} MB"
        raise UnsafeFile(f"the file has {megabytes}, more than 200 MB", hint="export fewer columns", where=where)
    if data.startswith(b"SQLite format 3\x00"):
        return Container.SQLITE
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Container.WORKBOOK
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UnsafeFile("the workbook is protected by a password", hint="save it without one", where=where)
        raise BadInput("this is an old Excel (.xls) or Word file", hint="save it as .xlsx or .csv", where=where)
    for magic, what, hint in _OTHERS:
        if data.startswith(magic):
            raise BadInput(f"this is {what}, not a table", hint=hint, where=where)
    return Container.TEXT


def inspect_workbook(data: bytes, where: Where) -> list[Finding]:
    """Refuse a workbook that is broken, encrypted, a bomb, or carries a document type; report macros.

    Every part is unpacked once in small pieces, so that nothing is taken from what the archive says about itself.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _check_directory(parts, len(data), where)
            for part in parts:
                if not part.filename.casefold().startswith("xl/media/"):
                    _check_part(archive, part, where)
    except (*DAMAGE, OSError) as error:
        raise BadInput("the workbook is damaged or cut off", hint="export it again", where=where) from error
    except RuntimeError as error:  # zipfile's word for an encrypted part
        raise UnsafeFile("the workbook is protected by a password", hint="save it without one", where=where) from error
    names = {part.filename.casefold() for part in parts}
    if "xl/workbook.xml" not in names:
        what = "a binary workbook (.xlsb)" if "xl/workbook.bin" in names else "a zip archive, not a workbook"
        raise BadInput(f"this is {what}", hint="save the table as .xlsx or .csv", where=where)
    if any(name.endswith("vbaproject.bin") for name in names):
        text = "the workbook carries macros; they were not run, only its cells were read"
        return [Finding("workbook.macros", Severity.WARNING, text, "save it as .xlsx without macros", where)]
    return []


def _check_directory(parts: list[zipfile.ZipInfo], packed: int, where: Where) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > MAX_RATIO * packed):
        text = f"the workbook unpacks to {unpacked / 1024**2:,.0f} MB in {len(parts):,} parts"
        raise UnsafeFile(text, hint="export the results as CSV", where=where)
    for part in parts:
        path = PurePosixPath(part.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in part.filename:
            raise UnsafeFile("the workbook has a part that leads outside it", hint="export it again", where=where)
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadInput("the workbook is packed in an unusual way", hint="save it again", where=where)
        if part.flag_bits & 0x1:
            raise UnsafeFile("the workbook is protected by a password", hint="save it without one", where=where)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, where: Where) -> None:
    """Unpack one XML part in pieces: no document type, and no cell so far out that the sheet can't be laid out."""
    columns: set[bytes] = set()
    last_row, tail = 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            piece = tail + chunk
            if _DTD.search(piece):
                raise UnsafeFile("the workbook holds XML entities", hint="export it again", where=where)
            for letters, number in _PLACE.findall(piece):
                columns.add(letters)
                last_row = max(last_row, int(number))
            tail = piece[-_OVERLAP:]
    width = max((_column_number(letters) for letters in columns), default=1)
    if last_row * width > MAX_CELLS:
        text = f"a sheet of the workbook spans {last_row:,} rows and {width:,} columns"
        raise UnsafeFile(text, hint="delete the cells outside the table, or export it as CSV", where=where)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
