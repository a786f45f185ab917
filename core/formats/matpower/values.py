"""Values of the MATPOWER language: matrices, texts, cell arrays and structs, and how they are indexed.

Numbers are two-dimensional arrays, as in MATLAB: a scalar is 1×1. Texts are ``str``, structs are ``dict``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

#: The most elements that one value may have: a mistyped size must not eat the machine's memory.
MOST_ELEMENTS = 50_000_000

Matrix: TypeAlias = np.ndarray


class CantEvaluate(Exception):
    """A sentence that is well formed but can't be calculated; says why, and on which line if not on its first one."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


class _Colon:
    """Everything along one dimension."""


COLON = _Colon()


@dataclass(slots=True)
class Cells:
    """A cell array: rows of any values."""

    rows: list[list[Any]]

    @property
    def shape(self) -> tuple[int, int]:
        """Return the number of rows and columns."""
        return len(self.rows), max((len(row) for row in self.rows), default=0)


def scalar(number: float) -> Matrix:
    """Return the number as a 1×1 matrix."""
    return np.array([[float(number)]])


def matrix(value: Any) -> Matrix:
    """Return the value as a matrix; texts become their characters' codes, as MATLAB has it."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, str):
        return np.array([[float(ord(character)) for character in value]]).reshape(1, len(value))
    raise CantEvaluate("a number or matrix is needed here")


def number(value: Any) -> float:
    """Return the value as one real number."""
    array = matrix(value)
    if array.size != 1:
        raise CantEvaluate("one number is needed here, not a matrix")
    item = array.reshape(-1)[0]
    if isinstance(item, complex) and item.imag:
        raise CantEvaluate("a real number is needed here")
    return float(item.real)


def whole(value: Any) -> int:
    """Return the value as a whole number that is not negative."""
    size = number(value)
    if not (size >= 0 and size == int(min(size, MOST_ELEMENTS + 1))):
        raise CantEvaluate("a whole number is needed here")
    return int(size)


def is_true(value: Any) -> bool:
    """Return whether a condition holds: all elements differ from zero, and there are some."""
    array = matrix(value)
    return bool(array.size and np.all(array != 0))


def check_size(rows: int, columns: int) -> None:
    """Refuse a value that is too large."""
    if rows * columns > MOST_ELEMENTS:
        raise CantEvaluate(f"a {rows}×{columns} matrix is larger than any case needs")


def shape_of(value: Any) -> tuple[int, int]:
    """Return rows and columns of any value."""
    if isinstance(value, Cells):
        return value.shape
    if isinstance(value, dict):
        return 1, 1
    rows, columns = matrix(value).shape
    return int(rows), int(columns)


def get(value: Any, subscripts: tuple[Any, ...], *, content: bool = False) -> Any:
    """Return ``value(subscripts)``, or ``value{subscripts}`` when ``content``."""
    if isinstance(value, Cells):
        return _get_cells(value, subscripts, content)
    if isinstance(value, dict):
        raise CantEvaluate("arrays of structs are not calculated")
    array = matrix(value)
    if len(subscripts) == 1:
        return _get_linear(array, subscripts[0])
    rows, columns = _positions(array.shape, subscripts)
    _check_range(rows, array.shape[0])
    _check_range(columns, array.shape[1])
    return array[np.ix_(rows, columns)]


def put(value: Any, subscripts: tuple[Any, ...], new: Any) -> Any:
    """Return a copy of the matrix in which ``value(subscripts) = new``; it grows when needed, as in MATLAB."""
    if isinstance(value, Cells):
        return _put_cells(value, subscripts, new)
    array = np.zeros((0, 0)) if value is None else matrix(value)
    if len(subscripts) == 1 and subscripts[0] is COLON and array.size:
        return _fill(array, matrix(new))
    if len(subscripts) == 1 and min(array.shape) > 1:
        return _put_linear(array, subscripts[0], matrix(new))
    if len(subscripts) == 1:
        subscripts = _as_pair(array.shape, subscripts[0])
    incoming = matrix(new)
    shape = array.shape
    if value is None or array.size == 0:  # "x(:, 2) = column" on nothing takes the column's length
        shape = (shape[0] or incoming.shape[0], shape[1] or incoming.shape[1])
    rows, columns = _positions(shape, subscripts)
    if incoming.size == 0 and incoming.shape == (0, 0):
        return _delete(array, subscripts, rows, columns)
    height = max(array.shape[0], int(rows.max(initial=-1)) + 1)
    width = max(array.shape[1], int(columns.max(initial=-1)) + 1)
    check_size(height, width)
    grown = np.zeros((height, width), dtype=np.result_type(array.dtype, incoming.dtype, np.float64))
    grown[: array.shape[0], : array.shape[1]] = array
    target = (len(rows), len(columns))
    if incoming.size != 1 and incoming.shape != target:
        if incoming.size != target[0] * target[1] or 1 not in target:
            raise CantEvaluate(f"a {_size(incoming.shape)} matrix doesn't fit into {_size(target)} places")
        incoming = incoming.reshape(target)
    grown[np.ix_(rows, columns)] = incoming
    return grown


def _fill(array: Matrix, incoming: Matrix) -> Matrix:
    """Return ``array(:) = incoming``: the same shape with other elements, column after column."""
    if incoming.size not in (1, array.size):
        raise CantEvaluate(f"{incoming.size} elements don't fit into {array.size} places")
    return np.broadcast_to(incoming.reshape(-1, order="F"), array.size).reshape(array.shape, order="F").copy()


def _put_linear(array: Matrix, subscript: Any, incoming: Matrix) -> Matrix:
    """Return ``array(subscript) = incoming`` with one subscript, which counts down the columns."""
    positions = _position(subscript, array.size)
    _check_range(positions, array.size)
    if incoming.size not in (1, len(positions)) or (incoming.size == 0 and len(positions)):
        raise CantEvaluate(f"{incoming.size} elements don't fit into {len(positions)} places")
    flat = array.astype(np.result_type(array.dtype, incoming.dtype, np.float64)).reshape(-1, order="F")
    flat[positions] = incoming.reshape(-1, order="F")
    return np.asarray(flat.reshape(array.shape, order="F"))


def _get_linear(array: Matrix, subscript: Any) -> Matrix:
    flat = array.reshape(-1, order="F")
    if subscript is COLON:
        return flat.reshape(-1, 1)
    positions = _position(subscript, array.size)
    _check_range(positions, array.size)
    found = np.asarray(flat[positions])
    pattern = matrix(subscript)
    vectors = 1 in array.shape and 1 in pattern.shape and array.size != 1
    if vectors or pattern.dtype == bool:  # a vector indexed by a vector keeps its own direction
        return found.reshape(1, -1) if array.shape[0] == 1 else found.reshape(-1, 1)
    return found.reshape(pattern.shape)


def _positions(shape: tuple[int, ...], subscripts: tuple[Any, ...]) -> tuple[Matrix, Matrix]:
    if len(subscripts) != 2:
        raise CantEvaluate("only one or two subscripts are calculated")
    return _position(subscripts[0], shape[0]), _position(subscripts[1], shape[1])


def _position(subscript: Any, size: int) -> Matrix:
    """Return positions that count from zero."""
    if subscript is COLON:
        return np.arange(size)
    chosen = matrix(subscript)
    if chosen.dtype == bool:
        return np.asarray(np.flatnonzero(chosen.reshape(-1, order="F")))
    flat = np.asarray(np.real(chosen)).reshape(-1, order="F")
    if flat.size and not (np.all(np.isfinite(flat)) and np.all(flat >= 1) and np.all(flat == np.floor(flat))):
        raise CantEvaluate("a subscript must be a whole number from 1")
    if flat.size and flat.max() > MOST_ELEMENTS:
        raise CantEvaluate("a subscript is larger than any case needs")
    return np.asarray(flat, dtype=np.int64) - 1


def _check_range(positions: Matrix, size: int) -> None:
    if positions.size and positions.max() >= size:
        raise CantEvaluate(f"subscript {int(positions.max()) + 1} is outside: there are {size}")


def _as_pair(shape: tuple[int, ...], subscript: Any) -> tuple[Any, Any]:
    """Return row and column subscripts for a single one into a vector."""
    return (subscript, scalar(1)) if shape[1] == 1 and shape[0] != 1 else (scalar(1), subscript)


def _delete(array: Matrix, subscripts: tuple[Any, ...], rows: Matrix, columns: Matrix) -> Matrix:
    if subscripts[1] is COLON or len(columns) == array.shape[1]:
        _check_range(rows, array.shape[0])
        return np.delete(array, rows, axis=0)
    if subscripts[0] is COLON or len(rows) == array.shape[0]:
        _check_range(columns, array.shape[1])
        return np.delete(array, columns, axis=1)
    raise CantEvaluate("only whole rows or columns can be deleted")


def _get_cells(cells: Cells, subscripts: tuple[Any, ...], content: bool) -> Any:
    height, width = cells.shape
    if len(subscripts) == 1:
        subscripts = (subscripts[0], scalar(1)) if width <= 1 else (scalar(1), subscripts[0])
        if width > 1 and height > 1:
            raise CantEvaluate("a cell array needs a row and a column")
    rows, columns = _positions((height, width), subscripts)
    _check_range(rows, height)
    _check_range(columns, width)
    picked = [[cells.rows[row][column] for column in columns] for row in rows]
    if not content:
        return Cells(picked)
    if len(picked) != 1 or len(picked[0]) != 1:
        raise CantEvaluate("one cell is needed here")
    return picked[0][0]


def _put_cells(cells: Cells, subscripts: tuple[Any, ...], new: Any) -> Cells:
    height, width = cells.shape
    if len(subscripts) == 1:
        subscripts = (scalar(1), subscripts[0]) if height == 1 and width > 1 else (subscripts[0], scalar(1))
    rows, columns = _positions((height, width), subscripts)
    if len(rows) != 1 or len(columns) != 1:
        raise CantEvaluate("one cell at a time can be set")
    row, column = int(rows[0]), int(columns[0])
    check_size(max(height, row + 1), max(width, column + 1))
    grown = [[*line, *[np.zeros((0, 0))] * (max(width, column + 1) - len(line))] for line in cells.rows]
    grown += [[np.zeros((0, 0))] * max(width, column + 1) for _ in range(row + 1 - height)]
    grown[row][column] = new
    return Cells(grown)


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(str(length) for length in shape)
