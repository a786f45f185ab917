"""Sentences of the MATPOWER language: words become assignments, conditions and loops.

A recursive-descent parser for the part of the MATLAB language that case files use. It builds a tree and calculates
nothing. What it can't read becomes an ``Unread`` sentence with its line, never silence.
"""

from __future__ import annotations

from typing import Any

from core.errors import BadInput
from core.findings import Where
from core.formats.matpower import tree
from core.formats.matpower.expressions import DEEPEST, Expressions, NotUnderstood
from core.formats.matpower.tokens import Kind, Lexer

BLOCK_ENDS = frozenset({"end", "endif", "endfor", "endfunction", "else", "elseif"})
UNSUPPORTED_BLOCKS = frozenset({"while", "switch", "try", "parfor", "do", "unwind_protect"})


def parse(text: str, file: str = "") -> tree.Program:
    """Parse the text of a case file."""
    lexer = Lexer(text, file)
    words = lexer.words()
    program = _Parser(text, words, file).program()
    program.column_names = lexer.column_names
    return program


class _Parser(Expressions):
    """Reads sentences, and the expressions in them."""

    def program(self) -> tree.Program:
        """Read the whole file; sentences after a second ``function`` belong to another function and don't run."""
        program = tree.Program()
        self._skip_line_ends()
        while self._now.kind is not Kind.END_OF_FILE:
            if self._is_name("function"):
                if program.name:
                    break
                self._function_line(program)
            elif self._is_name("end", "endfunction"):
                self._at += 1
            else:
                program.sentences.append(self._sentence())
            self._skip_line_ends()
        return program

    def _function_line(self, program: tree.Program) -> None:
        start = self._now
        self._at += 1
        line = []
        while self._now.kind not in (Kind.END_OF_LINE, Kind.END_OF_FILE):
            line.append(self._now)
            self._at += 1
        values = [word.value for word in line]
        cut = values.index("=") if "=" in values else -1
        names = [word.value for word in line[cut + 1 :] if word.kind is Kind.NAME]
        if not names:
            hint = 'the first line reads "function mpc = NAME"'
            where = Where(file=self.file or None, line=start.line)
            raise BadInput("the function has no name", hint=hint, where=where)
        program.name = names[0]
        program.outputs = tuple(word.value for word in line[: max(cut, 0)] if word.kind is Kind.NAME)

    def _sentence(self) -> Any:
        """Read one sentence; one that isn't understood is skipped to the end of its line and told."""
        start, line = self._now.start, self._now.line
        first = self._at
        self._depth, self._inside = 0, []
        try:
            sentence = self._block(start, line)
        except NotUnderstood as error:
            self._at = max(self._at, first + 1)
            self._skip_rest()
            return tree.Unread(error.reason, error.line, self._source(start))
        return sentence

    def _block(self, start: int, line: int) -> Any:
        if self._is_name("if"):
            return self._condition(start, line)
        if self._is_name("for"):
            return self._loop(start, line)
        if self._now.kind is Kind.NAME and self._now.value in UNSUPPORTED_BLOCKS:
            word = self._now.value
            self._skip_block()
            return tree.Unread(f'"{word}" blocks are not calculated', line, self._source(start))
        if self._now.kind is Kind.NAME and self._now.value in BLOCK_ENDS:
            raise NotUnderstood(f'"{self._now.value}" stands without its beginning', line)
        sentence = self._simple(start, line)
        self._expect_line_end()
        return sentence

    def _simple(self, start: int, line: int) -> Any:
        """Read an assignment or an expression."""
        mark = self._at
        if self._is_sign("["):
            targets = self._targets()
            if targets is not None:
                value = self._expression()
                return tree.Assignment(targets, value, line, self._source(start))
            self._at = mark
        left = self._expression()
        if self._is_sign("="):
            self._at += 1
            return tree.Assignment((left,), self._expression(), line, self._source(start))
        return tree.Statement(left, line, self._source(start))

    def _targets(self) -> tuple[Any, ...] | None:
        """Read ``[a, b, ~] =``; ``None`` when the bracket is a matrix."""
        self._at += 1
        targets: list[Any] = []
        while not self._is_sign("]"):
            if self._is_sign(","):
                self._at += 1
            elif self._is_sign("~", "!"):
                self._at += 1
                targets.append(None)
            elif self._now.kind is Kind.NAME:
                targets.append(self._postfix())
            else:
                return None
        self._at += 1
        if not self._is_sign("=") or not targets:
            return None
        self._at += 1
        return tuple(targets)

    def _condition(self, start: int, line: int) -> tree.Condition:
        branches: list[tuple[Any, tuple[Any, ...]]] = []
        while True:
            word = self._now.value
            self._at += 1
            test = None if word == "else" else self._expression()
            branches.append((test, self._body()))
            if self._is_name("end", "endif"):
                self._at += 1
                return tree.Condition(tuple(branches), line, self._source(start))
            if not self._is_name("else", "elseif"):
                raise NotUnderstood('the "if" has no "end"', line)

    def _loop(self, start: int, line: int) -> tree.Loop:
        self._at += 1
        bracketed = self._is_sign("(")
        self._at += bracketed
        if self._now.kind is not Kind.NAME:
            raise NotUnderstood('the "for" has no variable', line)
        variable = str(self._now.value)
        self._at += 1
        self._expect("=")
        values = self._expression()
        if bracketed:
            self._expect(")")
        body = self._body()
        if not self._is_name("end", "endfor"):
            raise NotUnderstood('the "for" has no "end"', line)
        self._at += 1
        return tree.Loop(variable, values, body, line, self._source(start))

    def _body(self) -> tuple[Any, ...]:
        self._blocks += 1
        if self._blocks > DEEPEST:
            raise NotUnderstood("the blocks are nested too deeply", self._now.line)
        sentences = []
        self._skip_line_ends()
        while not (self._now.kind is Kind.NAME and self._now.value in BLOCK_ENDS):
            if self._now.kind is Kind.END_OF_FILE:
                raise NotUnderstood("the block has no end", self._now.line)
            sentences.append(self._sentence())
            self._skip_line_ends()
        self._blocks -= 1
        return tuple(sentences)

    # what lies between sentences

    def _expect_line_end(self) -> None:
        if self._is_sign(";", ",") or self._now.kind in (Kind.END_OF_LINE, Kind.END_OF_FILE):
            return
        raise NotUnderstood(f"{self._now.value!r} is not expected here", self._now.line)

    def _skip_line_ends(self) -> None:
        while self._now.kind is Kind.END_OF_LINE or self._is_sign(";", ","):
            self._at += 1

    def _skip_rest(self) -> None:
        """Leave the sentence that isn't understood: close the tables that are open, then go to the end of the line."""
        tables = sum(bracket in "[{" for bracket in self._inside)
        while self._now.kind is not Kind.END_OF_FILE:
            if self._now.kind is Kind.END_OF_LINE and tables <= 0:
                return
            tables += self._is_sign("[", "{") - self._is_sign("]", "}")
            self._at += 1

    def _skip_block(self) -> None:
        """Go behind the ``end`` that closes the block which begins here."""
        open_blocks = 0
        while self._now.kind is not Kind.END_OF_FILE:
            word = self._take()
            if self._words[self._at - 1].kind is not Kind.NAME:
                continue
            if word in UNSUPPORTED_BLOCKS or word in ("if", "for"):
                open_blocks += 1
            elif word in ("end", "endif", "endfor"):
                open_blocks -= 1
                if open_blocks == 0:
                    return

    def _source(self, start: int) -> str:
        """Return the sentence's text, shortened for a message."""
        end = self._words[self._at - 1].end if self._at else start
        return " ".join(self.text[start : min(max(end, start), start + 200)].split())
