"""Calculate the sentences of a case file over numpy values.

Only what :mod:`core.formats.matpower.functions` lists can be called, loops are limited, and nothing reaches the file
system: a case file is data. A sentence that can't be calculated becomes an error finding with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from core.findings import Finding, Severity, Where
from core.formats.matpower import functions, tree
from core.formats.matpower.values import (
    COLON,
    CantEvaluate,
    Cells,
    Matrix,
    check_size,
    get,
    is_true,
    matrix,
    number,
    put,
    scalar,
    shape_of,
)

#: The most sentences that a file may execute inside loops.
MOST_STEPS = 20_000

ARITHMETIC: Mapping[str, Callable[[Matrix, Matrix], Matrix]] = {
    "+": np.add, "-": np.subtract, ".*": np.multiply, "./": np.divide, ".\\": lambda a, b: b / a,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "~=": np.not_equal,
    "!=": np.not_equal, "&": lambda a, b: (a != 0) & (b != 0), "|": lambda a, b: (a != 0) | (b != 0),
}  # fmt: skip

#: Commands that only print, plot or tidy up: they can't change the case.
HARMLESS = frozenset({"disp", "fprintf", "printf", "display", "clear", "clc", "format", "more", "warning"})

BLOCKING_HINT = (
    "write the statement as plain assignments and arithmetic, or save the case from MATPOWER with savecase; "
    "don't use the network before that"
)


class Machine:
    """The variables of a case file while its sentences are executed."""

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.variables: dict[str, Any] = {}
        self.findings: list[Finding] = []
        self.assigned: list[tuple[str, int]] = []  # "mpc.bus" and the line where it was set
        self._steps = 0
        self._returned = False

    def run(self, sentences: Iterable[Any]) -> None:
        """Execute the sentences one after the other."""
        for sentence in sentences:
            if self._returned:
                return
            try:
                with np.errstate(all="ignore"):
                    self._execute(sentence)
            except (RecursionError, MemoryError, OverflowError):
                self._report(sentence, "it is too large")
            except (CantEvaluate, ValueError, TypeError, LookupError) as error:  # numpy's for values that don't fit
                self._report(sentence, str(error), getattr(error, "line", None))

    def _execute(self, sentence: Any) -> None:
        match sentence:
            case tree.Unread():
                self._report(sentence, sentence.reason)
            case tree.Assignment(targets, value, line):
                self._assign(targets, value, line)
            case tree.Statement():
                self._command(sentence)
            case tree.Condition(branches):
                for test, body in branches:
                    if test is None or is_true(self.value(test)):
                        self.run(body)
                        break
            case tree.Loop(variable, values, body):
                columns = matrix(self.value(values))
                for column in columns.T:
                    self._count_step()
                    self.variables[variable] = column.reshape(-1, 1)
                    self.run(body)

    def _command(self, sentence: tree.Statement) -> None:
        """Execute an expression that stands alone, which only matters when it defines names."""
        expression = sentence.value
        base = expression.base if isinstance(expression, tree.Call) else expression
        name = base.name if isinstance(base, tree.Name) else ""
        if name == "define_constants":
            self.variables.update(functions.constants())
        elif name == "return":
            self._returned = True
        elif name in HARMLESS:
            return
        elif isinstance(base, tree.Name) and name not in self.variables and not self._is_known(name):
            raise CantEvaluate(f'"{name}" is not known')
        else:
            self.value(expression)

    def _assign(self, targets: tuple[Any, ...], value: Any, line: int) -> None:
        if len(targets) == 1:
            results: tuple[Any, ...] = (self.value(value),)
        else:
            results = self._results(value, len(targets))
        if len(results) < len(targets):
            raise CantEvaluate(f"{len(targets)} results are taken, but there are {len(results)}")
        for target, result in zip(targets, results, strict=False):
            if target is not None:
                self._set(target, result)
                self.assigned.append((_path(target), line))

    def _results(self, expression: Any, count: int) -> tuple[Any, ...]:
        """Return several results of a function call."""
        base = expression.base if isinstance(expression, tree.Call) else expression
        if not isinstance(base, tree.Name) or not functions.is_function(base.name):
            raise CantEvaluate("only known functions return several results")
        arguments = expression.arguments if isinstance(expression, tree.Call) else ()
        return functions.call(base.name, [self.value(argument) for argument in arguments], count)

    def _set(self, target: Any, new: Any) -> None:
        """Put a value into a variable, a field, or a part of one."""
        match target:
            case tree.Name(name):
                self.variables[name] = new
            case tree.Member(base, name):
                holder = self._current(base)
                if holder is None:
                    holder = {}
                if not isinstance(holder, dict):
                    raise CantEvaluate(f'"{_path(base)}" is not a struct')
                self._set(base, {**holder, name: new})
            case tree.Call(base, arguments):
                current = self._current(base)
                subscripts = self._subscripts(arguments, current)
                if target.cell and current is None:
                    current = Cells([])
                if isinstance(current, (dict, str)) or isinstance(current, Cells) != target.cell:
                    raise CantEvaluate(f'parts of "{_path(base)}" can\'t be set')
                self._set(base, put(current, subscripts, new))
            case _:
                raise CantEvaluate("this can't be assigned to")

    def _current(self, target: Any) -> Any:
        """Return the value of an assignment's target, ``None`` when it doesn't exist yet."""
        match target:
            case tree.Name(name):
                return self.variables.get(name)
            case tree.Member(base, name):
                holder = self._current(base)
                return holder.get(name) if isinstance(holder, dict) else None
            case _:
                return self.value(target)

    def value(self, expression: Any) -> Any:
        """Return the value of an expression."""
        match expression:
            case tree.Literal(value):
                return scalar(value) if isinstance(value, float) else _as_value(value)
            case tree.Name(name):
                return self._named(name)
            case tree.Unary(operator, operand):
                return _unary(operator, self.value(operand))
            case tree.Binary(operator, left, right):
                return self._binary(operator, left, right)
            case tree.Span():
                return self._span(expression)
            case tree.Table():
                return self._table(expression)
            case tree.Member(base, name):
                return self._member(base, name)
            case tree.Call():
                return self._call(expression)
        raise CantEvaluate("this is only known inside an index")

    def _named(self, name: str) -> Any:
        if name in self.variables:
            return self.variables[name]
        if name in functions.CONSTANTS:
            return scalar(functions.CONSTANTS[name])
        if functions.is_function(name):
            return functions.call(name, [], 1)[0]
        raise CantEvaluate(f'"{name}" is not known')

    def _is_known(self, name: str) -> bool:
        return name in functions.CONSTANTS or functions.is_function(name)

    def _member(self, base: Any, name: str) -> Any:
        holder = self.value(base)
        if not isinstance(holder, dict) or name not in holder:
            raise CantEvaluate(f'"{_path(base)}.{name}" is not known')
        return holder[name]

    def _call(self, expression: tree.Call) -> Any:
        base = expression.base
        if isinstance(base, tree.Name) and base.name not in self.variables:
            if base.name in functions.CONSTANTS and not expression.arguments:
                return scalar(functions.CONSTANTS[base.name])
            if not functions.is_function(base.name):
                raise CantEvaluate(f'the function "{base.name}" is not known')
            return functions.call(base.name, [self.value(argument) for argument in expression.arguments], 1)[0]
        holder = self.value(base)
        return get(holder, self._subscripts(expression.arguments, holder), content=expression.cell)

    def _subscripts(self, arguments: tuple[Any, ...], holder: Any) -> tuple[Any, ...]:
        """Return the values between an index's brackets; ``end`` is the size of the dimension where it stands."""
        shape = (0, 0) if holder is None else shape_of(holder)
        if not arguments:
            raise CantEvaluate("an index is missing")
        found = []
        for place, argument in enumerate(arguments):
            if isinstance(argument, tree.Everything):
                found.append(COLON)
                continue
            last = shape[0] * shape[1] if len(arguments) == 1 else shape[min(place, 1)]
            found.append(self.value(_with_end(argument, last)))
        return tuple(found)

    def _binary(self, operator: str, left: Any, right: Any) -> Any:
        if operator in ("&&", "||"):
            first = is_true(self.value(left))
            decided = first if operator == "||" else not first
            return np.array([[first if decided else is_true(self.value(right))]])
        return _binary(operator, matrix(self.value(left)), matrix(self.value(right)))

    def _span(self, span: tree.Span) -> Matrix:
        start, stop = number(self.value(span.start)), number(self.value(span.stop))
        step = 1.0 if span.step is None else number(self.value(span.step))
        if not (np.isfinite(start) and np.isfinite(stop) and np.isfinite(step)):
            raise CantEvaluate("a range needs finite ends")
        count = int(min(np.floor((stop - start) / step * (1 + 1e-15) + 1e-10) + 1, 1e12)) if step else 0
        check_size(1, max(count, 0))
        return (start + step * np.arange(max(count, 0))).reshape(1, -1)

    def _table(self, table: tree.Table) -> Any:
        if table.cell:
            return Cells([[self.value(item) for item in row] for row in table.rows])
        if all(isinstance(item, tree.Literal) and isinstance(item.value, float) for row in table.rows for item in row):
            rows = [np.array([[item.value for item in row]]) for row in table.rows]
        else:
            values = [[self.value(item) for item in row] for row in table.rows]
            if len(values) == 1 and values[0] and all(isinstance(item, str) for item in values[0]):
                return "".join(values[0])
            if len(values) == 1 and len(values[0]) == 1 and isinstance(values[0][0], Cells):
                return values[0][0]
            rows = [_beside([matrix(item) for item in row]) for row in values]
        return _below(rows, table.lines)

    def _count_step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise CantEvaluate(f"the file's loops take more than {MOST_STEPS} steps")

    def _report(self, sentence: Any, reason: str, line: int | None = None) -> None:
        text = sentence.text if len(sentence.text) < 80 else sentence.text[:77] + "…"
        self.findings.append(
            Finding(
                "matpower.statement.unknown",
                Severity.ERROR,
                f"the statement “{text}” is not calculated: {reason}",
                BLOCKING_HINT,
                Where(file=self.file or None, line=line or sentence.line),
            )
        )


def _as_value(value: Any) -> Any:
    return Cells(value) if isinstance(value, list) else value


def _path(target: Any) -> str:
    """Return the dotted name of an assignment's target without its indices."""
    match target:
        case tree.Name(name):
            return name
        case tree.Member(base, name):
            return f"{_path(base)}.{name}"
        case tree.Call(base):
            return _path(base)
    return ""


def _with_end(expression: Any, last: int) -> Any:
    """Return the expression in which ``end`` is replaced by the size that it stands for."""
    match expression:
        case tree.LastIndex():
            return tree.Literal(float(last))
        case tree.Unary(operator, operand):
            return tree.Unary(operator, _with_end(operand, last))
        case tree.Binary(operator, left, right):
            return tree.Binary(operator, _with_end(left, last), _with_end(right, last))
        case tree.Span(start, step, stop):
            return tree.Span(_with_end(start, last), _with_end(step, last), _with_end(stop, last))
        case tree.Table(rows, cell, lines):
            return tree.Table(tuple(tuple(_with_end(item, last) for item in row) for row in rows), cell, lines)
    return expression


def _unary(operator: str, value: Any) -> Any:
    if operator == "'":
        if isinstance(value, Cells):
            return Cells([list(column) for column in zip(*value.rows, strict=True)])
        return matrix(value).T.conj() if np.iscomplexobj(value) else matrix(value).T
    array = matrix(value)
    if operator == "-":
        return -(array.astype(float) if array.dtype == bool else array)
    return array == 0 if operator in ("~", "!") else array + 0.0


def _binary(operator: str, left: Matrix, right: Matrix) -> Matrix:
    """Apply an operator; ``*``, ``/``, ``\\`` and ``^`` between matrices are those of linear algebra."""
    single = left.size == 1 or right.size == 1
    try:
        if operator == "*":
            return _numbers(left) * _numbers(right) if single else np.asarray(left @ right)
        if operator == "/":
            return left / right if right.size == 1 else _solve(right.T, left.T).T
        if operator == "\\":
            return right / left if left.size == 1 else _solve(left, right)
        if operator in ("^", ".^"):
            return _power(operator, _numbers(left), _numbers(right))
        if operator in ("+", "-", ".*"):
            left, right = _numbers(left), _numbers(right)
        return ARITHMETIC[operator](left, right)
    except ValueError as error:
        raise CantEvaluate(f"“{operator}” between {left.shape} and {right.shape}: the sizes don't fit") from error


def _numbers(array: Matrix) -> Matrix:
    return array.astype(float) if array.dtype == bool else array


def _power(operator: str, left: Matrix, right: Matrix) -> Matrix:
    if operator == "^" and (left.size != 1 or right.size != 1):
        raise CantEvaluate("powers of matrices are not calculated; “.^” goes element by element")
    raised = np.asarray(np.power(left, right))
    if np.isnan(raised).any() and not (np.isnan(left).any() or np.isnan(right).any()):
        raise CantEvaluate("the power of a negative number is complex, which no case needs")
    return raised


def _solve(left: Matrix, right: Matrix) -> Matrix:
    try:
        return np.linalg.solve(left, right)
    except np.linalg.LinAlgError as error:
        raise CantEvaluate("the matrix can't be inverted") from error


def _beside(parts: list[Matrix]) -> Matrix:
    parts = [part for part in parts if part.shape != (0, 0)]
    if len({part.shape[0] for part in parts}) > 1:
        raise CantEvaluate("matrices of different heights stand side by side")
    check_size(parts[0].shape[0] if parts else 0, sum(part.shape[1] for part in parts))
    return np.hstack(parts) if parts else np.zeros((0, 0))


def _below(rows: list[Matrix], lines: tuple[int, ...]) -> Matrix:
    filled = [row for row in rows if row.size]
    expected = filled[0].shape[1] if filled else 0
    if any(row.shape[1] != expected for row in filled):
        place = next(k for k, row in enumerate(rows) if row.size and row.shape[1] != expected)
        found = rows[place].shape[1]
        raise CantEvaluate(f"row {place + 1} has {found} columns, the rows above have {expected}", lines[place])
    return np.vstack(filled) if filled else np.zeros((0, 0))
