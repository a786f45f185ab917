"""Expressions of the MATPOWER language: words become a tree by the strength with which operators bind."""

from __future__ import annotations

from typing import Any

from core.formats.matpower import tree
from core.formats.matpower.tokens import Kind, Word


class NotUnderstood(Exception):
    """The words don't form a sentence; carries the line where reading stopped."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


#: Operators from the weakest to the strongest binding.
LEVELS = (("||",), ("&&",), ("|",), ("&",), ("<", "<=", ">", ">=", "==", "~=", "!="))
SUMS, PRODUCTS, POWERS = ("+", "-"), ("*", "/", ".*", "./", "\\", ".\\"), ("^", ".^")
DEEPEST = 30
SEPARATORS = frozenset({";", ",", "]", "}"})


class Expressions:
    """Goes through the words of a case file and reads the expression at which it stands."""

    def __init__(self, text: str, words: list[Word], file: str) -> None:
        self.text = text
        self.file = file
        self._words = words
        self._at = 0
        self._depth = 0
        self._blocks = 0
        self._inside: list[str] = []  # the brackets around: inside "[" and "{" white space separates

    # weakest binding first

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

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotUnderstood("the expression is nested too deeply", self._now.line)
