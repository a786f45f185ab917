"""Text files to grids: encoding, delimiter, fixed width."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.tables.cells import Cell
from core.formats.tables.grid import CountHeadings, Grid

DELIMITERS = (",", ";", "\t", "|")
#: As many rows as a workbook's sheet can hold.
MAX_ROWS = 1_048_576
MAX_CELL = 2_000_000  # a series block of 100 000 components in one cell

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE = 200
_TWO_NUMBERS = re.compile(r"(?:^| )[-+(]?[.,]?\d[\d.,]* [-+(]?[.,]?\d")


def decode(data: bytes, where: Where) -> tuple[str, str, list[Finding]]:
    """Return the text, the encoding and what had to be assumed about it."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), _utf16_without_bom(data) or "utf-8")
    findings: list[Finding] = []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "cp1252" and error.start >= len(data) - 4:
            text = data[: error.start].decode(encoding, "ignore")
            findings.append(_finding("table.encoding.cut", Severity.ERROR, "the file ends inside a character", where))
        elif encoding == "utf-8":
            text, encoding = data.decode("cp1252", "replace"), "cp1252"
            sign = "it is not UTF-8, so it was read as Windows-1252 (Western European)"
            findings.append(_finding("table.encoding.assumed", Severity.INFO, sign, where))
        else:
            raise BadInput(f"the file says {encoding} and isn't", hint="save it as UTF-8", where=where) from error
    text = text.replace("\x0c", "\n").rstrip("\x1a\x00")
    if len(_CONTROL.findall(text[:100_000])) > len(text[:100_000]) // 200 or "\x00" in text:
        raise BadInput("this is not a text file or workbook", hint="export the table as CSV or XLSX", where=where)
    if "�" in text:
        lost = f"{text.count('�')} characters could not be decoded"
        findings.append(_finding("table.encoding.lost", Severity.WARNING, lost, where))
    return text, encoding, findings


def _finding(code: str, severity: Severity, text: str, where: Where) -> Finding:
    return Finding(code, severity, text, "save the file as UTF-8 if names look wrong", where)


def _utf16_without_bom(data: bytes) -> str | None:
    """Return the UTF-16 flavour of text whose every other byte is zero."""
    head = data[:2000]
    if len(head) < 4:
        return None
    odd, even = head[1::2].count(0) / len(head[1::2]), head[::2].count(0) / len(head[::2])
    return "utf-16-le" if odd > 0.6 and even < 0.1 else "utf-16-be" if even > 0.6 and odd < 0.1 else None


def split(text: str, count: CountHeadings, where: Where) -> Grid:
    """Return the cells of a text: delimited in the way that shows most known headings, else in fixed-width columns."""
    hint, body, first = _separator_line(text)
    sample = "\n".join([line for line in body.splitlines()[:_SAMPLE] if line.strip()])
    scores = {delimiter: _score(_parse(sample, delimiter), count) for delimiter in DELIMITERS}
    best = hint or max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    hits, _ = scores.get(best, (0, 0.0))
    spaced = None if hint or hits >= 3 else _spaced(body, count)
    if spaced is not None and spaced[0] > hits:
        rows, numbers, delimiter = spaced[1], spaced[2], " "
    else:
        rows, numbers = _delimited(body, best, where)
        delimiter = best
    if len(rows) > MAX_ROWS:
        raise BadInput(f"more than {MAX_ROWS:,} rows", hint="split the file", where=where)
    cut = bool(rows) and not body.endswith(("\n", "\r")) and len(rows) > 2 and len(rows[-1]) < len(rows[-2])
    return Grid("", rows, [number + first for number in numbers] if first else numbers, delimiter, cut)


def _separator_line(text: str) -> tuple[str, str, int]:
    """Return the delimiter that a first line ``sep=;`` names, the text behind that line and its number of lines."""
    line, _, rest = text.partition("\n")
    word = line.strip().strip('"')
    if word.casefold().startswith("sep=") and len(word) == 5:
        return word[4], rest, 1
    return "", text, 0


def _parse(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return []


def _score(rows: list[list[str]], count: CountHeadings) -> tuple[int, float]:
    """Return the most known headings in one row, and the share of rows that are as wide as most (0 for one column)."""
    widths = Counter(len(row) for row in rows if row)
    width, times = widths.most_common(1)[0] if widths else (1, 0)
    return max((count(row) for row in rows), default=0), times / len(rows) if width > 1 else 0.0


def _delimited(text: str, delimiter: str, where: Where) -> tuple[list[list[Cell]], list[int]]:
    """Return rows and line numbers; a quote that never closes doesn't swallow the rest of the file."""
    csv.field_size_limit(MAX_CELL)
    edge = rf"(?:{re.escape(delimiter)}|[\"\r\n]|^|$)"
    padded = re.search(rf"[ \t\v\xa0]{edge}|{edge}[\t\v\xa0]", text)
    quotings: tuple[Literal[0, 3], ...] = (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)
    for quoting in quotings:
        rows: list[list[Cell]] = []
        numbers: list[int] = []
        lines = io.StringIO(text, newline="")
        reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, skipinitialspace=True)
        line, swallowed = 1, False
        try:
            for row in reader:
                rows.append([cell.strip() for cell in row] if padded else list(row))
                numbers.append(line)
                swallowed = swallowed or reader.line_num - line > 3
                line = reader.line_num + 1
                if len(rows) > MAX_ROWS:
                    return rows, numbers
        except csv.Error as error:
            if quoting == csv.QUOTE_NONE:
                where = Where(where.file, where.sheet, row=line)
                raise BadInput(
                    f"the row can't be split: {error}", hint="export the table again", where=where
                ) from error
            swallowed = True
        if not swallowed:
            break
    return (_on_one_line(rows) if line - 1 > len(rows) else rows), numbers


def _on_one_line(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Return the rows with line breaks inside cells as spaces."""
    return [[" ".join(str(cell).split()) if {"\n", "\r"} & set(str(cell)) else cell for cell in row] for row in rows]


def _spaced(text: str, count: CountHeadings) -> tuple[int, list[list[Cell]], list[int]] | None:
    """Return hits, rows and line numbers of a text in columns of fixed width or separated by spaces."""
    lines = text.expandtabs().splitlines()
    ways = list(_ways_to_cut(lines, count))
    if not ways:
        return None
    hits, _, rows = max(ways, key=lambda way: (way[0] * way[1], way[1]))
    return hits, rows, list(range(1, len(lines) + 1))


def _ways_to_cut(lines: list[str], count: CountHeadings) -> Iterator[tuple[int, float, list[list[Cell]]]]:
    """Yield hits, evenness and rows for columns two spaces apart or one, and for words under their headings."""
    for apart in (r"\S+(?: \S+)*", r"\S+"):
        pattern = re.compile(apart)
        rows: list[list[Cell]] = [list(pattern.findall(line)) for line in lines]
        hits = [count([str(cell) for cell in row]) for row in rows[:_SAMPLE]]
        top = max(hits, default=0)
        if top < 2:
            continue
        start = hits.index(top)
        below = [len(row) == len(rows[start]) for row in rows[start:] if len(row) > 2]
        yield top, sum(below) / max(len(below), 1), rows
        spans = [found.span() for found in pattern.finditer(lines[start])]
        placed: list[list[Cell]] = [_under_headings(line, spans) for line in lines]
        crowded = [any(_TWO_NUMBERS.search(str(cell)) for cell in row) for row in placed[start + 1 :]]
        yield top, 0.999 - sum(crowded) / max(len(crowded), 1), placed


def _under_headings(line: str, spans: list[tuple[int, int]]) -> list[Cell]:
    """Return the words of a line, each in the column whose heading is nearest."""
    cells = [""] * len(spans)
    for word in re.finditer(r"\S+", line):
        a, b = word.span()
        gaps = [(max(start - b, a - end, 0), abs(start + end - a - b)) for start, end in spans]
        nearest = gaps.index(min(gaps))
        cells[nearest] = f"{cells[nearest]} {word[0]}".strip()
    return [*cells] if line.strip() else []
