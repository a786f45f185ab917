"""Words of the MATPOWER language: what a ``.m`` case file is made of, with the line that each word stands on."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np

from core.errors import BadInput
from core.findings import Where


class Kind(Enum):
    """What a word is."""

    NUMBER = auto()
    TEXT = auto()
    NAME = auto()
    SIGN = auto()  # an operator, a bracket, a comma
    END_OF_LINE = auto()
    TABLE = auto()  # a whole numeric matrix or column of texts, read at once
    END_OF_FILE = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the file."""

    kind: Kind
    value: Any
    line: int
    start: int
    end: int
    spaced: bool  # white space stands before it: inside a matrix that can separate two elements


PATTERN = re.compile(
    r"""(?P<space>[ \t\r\f\v\u00a0]+|\.\.\.[^\n]*(?:\n|\Z))
      | (?P<comment>[%\#][^\n]*)
      | (?P<newline>\n)
      | (?P<number>(?:\d+(?:\.(?![*/\\^'])\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?(?![A-Za-z_0-9]))
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>\.[*/\\^']|==|~=|!=|<=|>=|&&|\|\||[-+*/\\^<>&|~!=()\[\]{},;:.@'"])""",
    re.VERBOSE,
)
QUOTED = {"'": re.compile(r"'((?:[^'\n]|'')*)'"), '"': re.compile(r'"((?:[^"\n\\]|""|\\.)*)"')}
BLOCK_COMMENT = re.compile(r"[ \t]*[%#]\{[ \t\r]*\n")
BLOCK_COMMENT_END = re.compile(r"^[ \t]*[%#]\}[ \t\r]*$", re.MULTILINE)
COLUMN_NAMES = re.compile(r"%+\s*column_names%(.*)")
REMARK = re.compile(r"[%#][^\n]*")
TEXT_COLUMN = re.compile(r"(?:\s*'(?:[^'\n]|'')*'[ \t\r]*(?:;|(?=\n)|\Z))*\s*")
TEXT_CELL = re.compile(r"'((?:[^'\n]|'')*)'")
PLAIN_NUMBERS = re.compile(r"[\s\d.;,+\-eEInfNa]*")
SMALLEST_TABLE = 40  # characters: below this reading word by word costs nothing


class Lexer:
    """Cut a file into words. Large plain matrices become one word, read by numpy."""

    def __init__(self, text: str, file: str = "") -> None:
        self.text = text
        self.file = file
        self.column_names: list[tuple[int, list[str]]] = []  # the line of each %column_names% remark, and the names
        self._position = 0
        self._line = 1
        self._open: list[str] = []
        self._words: list[Word] = []

    def words(self) -> list[Word]:
        """Return all words, the last one marks the end of the file."""
        spaced = False
        while self._position < len(self.text):
            if self._at_line_start() and (block := BLOCK_COMMENT.match(self.text, self._position)):
                self._skip_block_comment(block)
                continue
            match = PATTERN.match(self.text, self._position)
            if match is None:
                raise self._error(f"the character {self.text[self._position]!r} has no meaning here")
            spaced = self._take(match, spaced)
        self._add(Kind.END_OF_FILE, None, self._position, self._position, spaced)
        return self._words

    def _take(self, match: re.Match[str], spaced: bool) -> bool:
        """Add the word that the match found; return whether white space now stands before the next one."""
        kind, word = match.lastgroup, match.group()
        self._position = match.end()
        if kind == "space":
            self._line += word.count("\n")
            return True
        if kind == "comment":
            self._note_column_names(word)
            return True
        if kind == "newline":
            self._add(Kind.END_OF_LINE, "\n", match.start(), match.end(), spaced)
            self._line += 1
            return True
        if kind == "number":
            self._add(Kind.NUMBER, float(word.replace("d", "e").replace("D", "e")), match.start(), match.end(), spaced)
        elif kind == "name":
            self._add(Kind.NAME, word, match.start(), match.end(), spaced)
        elif word in QUOTED and self._starts_text(word, spaced):
            self._take_text(match.start(), word, spaced)
        else:
            self._take_sign(match, spaced)
        return False

    def _take_sign(self, match: re.Match[str], spaced: bool) -> None:
        word = match.group()
        if word in "[{" and self._take_table(match.start(), word, spaced):
            return
        if word in "([{":
            self._open.append(word)
        elif word in ")]}" and self._open:
            self._open.pop()
        self._add(Kind.SIGN, word, match.start(), match.end(), spaced)

    def _starts_text(self, quote: str, spaced: bool) -> bool:
        """Tell a text's opening quote from the transpose sign."""
        if quote == '"' or not self._words:
            return True
        before = self._words[-1]
        if spaced and self._open and self._open[-1] in "[{":
            return True
        if before.kind in (Kind.NUMBER, Kind.NAME, Kind.TABLE, Kind.TEXT):
            return False
        return not (before.kind is Kind.SIGN and before.value in (")", "]", "}", "'", ".'"))

    def _take_text(self, start: int, quote: str, spaced: bool) -> None:
        match = QUOTED[quote].match(self.text, start)
        if match is None:
            raise self._error("a text is opened but not closed on its line")
        self._position = match.end()
        self._add(Kind.TEXT, match.group(1).replace(quote * 2, quote), start, match.end(), spaced)

    def _take_table(self, start: int, bracket: str, spaced: bool) -> bool:
        """Read a whole plain table at once; ``False`` when it holds anything that needs the language."""
        end = _closing(self.text, start, "]" if bracket == "[" else "}")
        if end - start < SMALLEST_TABLE:
            return False
        inside = self.text[start + 1 : end]
        value = _plain_numbers(inside) if bracket == "[" else _plain_texts(inside)
        if value is None:
            return False
        self._add(Kind.TABLE, value, start, end + 1, spaced)
        self._line += inside.count("\n")
        self._position = end + 1
        return True

    def _at_line_start(self) -> bool:
        return not self._words or self._words[-1].kind is Kind.END_OF_LINE

    def _skip_block_comment(self, block: re.Match[str]) -> None:
        closing = BLOCK_COMMENT_END.search(self.text, block.end())
        end = closing.end() if closing else len(self.text)
        self._line += self.text.count("\n", self._position, end)
        self._position = end

    def _note_column_names(self, remark: str) -> None:
        if match := COLUMN_NAMES.match(remark):
            self.column_names.append((self._line, match.group(1).split()))

    def _add(self, kind: Kind, value: Any, start: int, end: int, spaced: bool) -> None:
        self._words.append(Word(kind, value, self._line, start, end, spaced))

    def _error(self, message: str) -> BadInput:
        hint = "is this a MATPOWER case file in text form?"
        return BadInput(message, hint=hint, where=Where(file=self.file or None, line=self._line))


def _closing(text: str, start: int, bracket: str) -> int:
    """Return where the bracket closes, remarks left out; ``-1`` when it doesn't."""
    end = text.find(bracket, start)
    while end >= 0:
        line_start = max(text.rfind("\n", start, end), start)
        if not REMARK.search(text, line_start, end):
            return end
        line_end = text.find("\n", end)
        end = text.find(bracket, line_end) if line_end >= 0 else -1
    return -1


def _plain_numbers(inside: str) -> np.ndarray | None:
    """Return the matrix when every element is a bare number and all rows are equally long."""
    plain = REMARK.sub("", inside) if "%" in inside or "#" in inside else inside
    if not PLAIN_NUMBERS.fullmatch(plain) or not plain.strip():
        return None
    rows = plain.replace(",", " ").replace(";", "\n")
    try:
        return np.loadtxt(io.StringIO(rows), ndmin=2, comments=None)
    except ValueError:  # a formula, a continuation or a ragged row: the parser says which
        return None


def _plain_texts(inside: str) -> list[list[str]] | None:
    """Return the cells when they are one column of quoted texts."""
    plain = REMARK.sub("", inside) if "%" in inside or "#" in inside else inside
    if not TEXT_COLUMN.fullmatch(plain):
        return None
    return [[cell.replace("''", "'")] for cell in TEXT_CELL.findall(plain)]
