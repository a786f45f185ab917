"""Sentences of the MATPOWER language: words become assignments, conditions and loops.

A recursive-descent parser for the part of the MATLAB language that case files use. It builds a tree and calculates
nothing. What it can't read becomes an ``Unread`` sentence with its line, never silence.
"""

from __future__ import annotations

from typing import Any

from core.errors import BadInput
from core.findings import Where
from core.formats.matpower import tree
from core.formats.matpower.tokens import Kind, Lexer, Word


class NotUnderstood(Exception):
    """The words don't form a sentence; carries the line where reading stopped."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


#: Operators from the weakest to the strongest binding.
LEVELS = (("||",), ("&&",), ("|",), ("&",), ("<", "<=", ">", ">=", "==", "~=", "!="))
SUMS, PRODUCTS, POWERS = ("+", "-"), ("*", "/", ".*", "./", "\\", ".\\"), ("^", ".^")
BLOCK_ENDS = frozenset({"end", "endif", "endfor", "endfunction", "else", "elseif"})
UNSUPPORTED_BLOCKS = frozenset({"while", "switch", "try", "parfor", "do", "unwind_protect"})
DEEPEST = 30
SEPARATORS = frozenset({";", ",", "]", "}"})


def parse(text: str, file: str = "") -> tree.Program:
    """Parse the text of a case file."""
    lexer = Lexer(text, file)
    words = lexer.words()
    program = _Parser(text, words, file).program()
    program.column_names = lexer.column_names
    return program


class _Parser:
    def __init__(self, text: str, words: list[Word], file: str) -> None:
        self.text = text
        self.file = file
        self._words = words
        self._at = 0
        self._depth = 0
        self._blocks = 0
        self._inside: list[str] = []  # the brackets around: inside "[" and "{" white space separates

    # sentences

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

    # expressions, weakest binding first

    def _expression(self, level: int = 0) -> Any:
        if level == len(LEVELS):
            return self._range()
        left = self._expression(level + 1)
        while self._is_sign(*LEVELS[level]) and not self._separates():
            operator = self._take()
            left = tree.Binary(operator, left, self._expression(level + 1))
        return left

    def _range(self) -> Any:
        start = self._sum()
        if not self._is_sign(":") or self._closes_index(1):
            return start
        self._at += 1
        second = self._sum()
        if not self._is_sign(":"):
            return tree.Span(start, None, second)
        self._at += 1
        return tree.Span(start, second, self._sum())

    def _sum(self) -> Any:
        left = self._product()
        while self._is_sign(*SUMS) and not self._separates():
            left = tree.Binary(self._take(), left, self._product())
        return left

    def _product(self) -> Any:
        left = self._signed()
        while self._is_sign(*PRODUCTS):
            left = tree.Binary(self._take(), left, self._signed())
        return left

    def _signed(self) -> Any:
        if self._is_sign("+", "-", "~", "!"):
            self._deeper()
            operand = tree.Unary(self._take(), self._signed())
            self._depth -= 1
            return operand
        return self._power()

    def _power(self) -> Any:
        left = self._postfix()
        while self._is_sign(*POWERS):
            operator = self._take()
            signs = []
            while self._is_sign("+", "-"):
                signs.append(self._take())
            right = self._postfix()
            for sign in reversed(signs):
                right = tree.Unary(sign, right)
            left = tree.Binary(operator, left, right)
        return left

    def _postfix(self) -> Any:
        base = self._primary()
        while True:
            word = self._now
            spaced = word.spaced and bool(self._inside) and self._inside[-1] in "[{"
            if word.kind is not Kind.SIGN or spaced:
                return base
            if word.value in "({":
                base = tree.Call(base, self._arguments(), cell=word.value == "{")
            elif word.value == ".":
                self._at += 1
                if self._now.kind is not Kind.NAME:
                    raise NotUnderstood("a field name is missing behind the dot", word.line)
                base = tree.Member(base, str(self._take()))
            elif word.value in ("'", ".'"):
                self._at += 1
                base = tree.Unary("'", base)
            else:
                return base

    def _arguments(self) -> tuple[Any, ...]:
        """Read what stands between the brackets of an index or a call."""
        closing = ")" if self._take() == "(" else "}"
        self._inside.append("(")
        self._deeper()
        arguments: list[Any] = []
        while not self._is_sign(closing):
            if self._is_sign(":") and self._closes_index(1):
                self._at += 1
                arguments.append(tree.Everything())
            else:
                arguments.append(self._expression())
            if self._is_sign(","):
                self._at += 1
            elif not self._is_sign(closing):
                raise NotUnderstood(f'"{closing}" is missing', self._now.line)
        self._at += 1
        self._inside.pop()
        self._depth -= 1
        return tuple(arguments)

    def _primary(self) -> Any:
        word = self._now
        if word.kind in (Kind.NUMBER, Kind.TEXT, Kind.TABLE):
            self._at += 1
            return tree.Literal(word.value)
        if word.kind is Kind.NAME:
            self._at += 1
            return tree.LastIndex() if word.value == "end" and self._inside else tree.Name(word.value)
        if word.kind is Kind.SIGN and word.value == "(":
            self._at += 1
            self._inside.append("(")
            self._deeper()
            inner = self._expression()
            self._expect(")")
            self._inside.pop()
            self._depth -= 1
            return inner
        if word.kind is Kind.SIGN and word.value in "[{":
            return self._table()
        shown = "the end of the file" if word.kind is Kind.END_OF_FILE else f"{word.value!r}"
        raise NotUnderstood(f"{shown} is not expected here", word.line)

    def _table(self) -> tree.Table:
        """Read a matrix or cell array element by element."""
        opening = self._take()
        closing = "]" if opening == "[" else "}"
        self._inside.append(opening)
        self._deeper()
        rows: list[tuple[Any, ...]] = []
        row: list[Any] = []
        lines: list[int] = []
        while not self._is_sign(closing):
            if self._now.kind is Kind.END_OF_FILE:
                raise NotUnderstood(f'"{closing}" is missing: the file ends inside a table', self._now.line)
            if self._now.kind is Kind.END_OF_LINE or self._is_sign(";"):
                self._at += 1
                rows += [tuple(row)] if row else []
                row = []
            elif self._is_sign(","):
                self._at += 1
            else:
                lines += [] if row else [self._now.line]
                row.append(self._bare() or self._expression())
        self._at += 1
        self._inside.pop()
        self._depth -= 1
        rows += [tuple(row)] if row else []
        return tree.Table(tuple(rows), opening == "{", tuple(lines))

    def _bare(self) -> tree.Literal | None:
        """Read a table's element that is a number or text and nothing else, the usual case, the short way."""
        word, behind = self._now, self._words[self._at + 1]
        if word.kind not in (Kind.NUMBER, Kind.TEXT):
            return None
        if behind.kind is Kind.SIGN and behind.value not in SEPARATORS:
            return None
        self._at += 1
        return tree.Literal(word.value)

    # words

    @property
    def _now(self) -> Word:
        return self._words[self._at]

    def _take(self) -> Any:
        word = self._now
        self._at += 1
        return word.value

    def _is_sign(self, *signs: str) -> bool:
        return self._now.kind is Kind.SIGN and self._now.value in signs

    def _is_name(self, *names: str) -> bool:
        return self._now.kind is Kind.NAME and self._now.value in names

    def _separates(self) -> bool:
        """Tell ``[1 -2]``, two elements, from ``[1 - 2]`` and ``[1-2]``, one."""
        if not self._inside or self._inside[-1] == "(" or self._now.value not in ("+", "-", "~", "!"):
            return False
        return self._now.spaced and not self._words[self._at + 1].spaced

    def _closes_index(self, ahead: int) -> bool:
        word = self._words[min(self._at + ahead, len(self._words) - 1)]
        return word.kind is Kind.SIGN and word.value in (",", ")", "}")

    def _expect(self, sign: str) -> None:
        if not self._is_sign(sign):
            raise NotUnderstood(f'"{sign}" is missing', self._now.line)
        self._at += 1

    def _expect_line_end(self) -> None:
        if self._is_sign(";", ",") or self._now.kind in (Kind.END_OF_LINE, Kind.END_OF_FILE):
            return
        raise NotUnderstood(f"{self._now.value!r} is not expected here", self._now.line)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotUnderstood("the expression is nested too deeply", self._now.line)

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
