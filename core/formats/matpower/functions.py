"""Functions that a case file may call. The list is closed: no other function runs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.formats.matpower.values import (
    CantEvaluate,
    Cells,
    Matrix,
    check_size,
    matrix,
    number,
    scalar,
    shape_of,
    whole,
)

CONSTANTS: Mapping[str, float] = {
    "pi": np.pi, "Inf": np.inf, "inf": np.inf, "NaN": np.nan, "nan": np.nan, "NA": np.nan, "eps": np.finfo(float).eps,
    "e": np.e, "realmax": np.finfo(float).max, "realmin": np.finfo(float).tiny,
}  # fmt: skip

#: Functions of one matrix, element by element.
ELEMENTWISE: Mapping[str, Callable[..., Matrix]] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "atan": np.arctan,
    "exp": np.exp, "abs": np.abs, "floor": np.floor, "ceil": np.ceil, "fix": np.trunc, "sign": np.sign,
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "deg2rad": np.deg2rad, "rad2deg": np.rad2deg,
    "not": lambda x: x == 0, "double": lambda x: x.astype(float), "logical": lambda x: x != 0,
    "sind": lambda x: np.sin(np.deg2rad(x)), "cosd": lambda x: np.cos(np.deg2rad(x)), "real": np.real,
    "tand": lambda x: np.tan(np.deg2rad(x)), "round": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
}  # fmt: skip

#: Functions of one matrix whose real result ends where their argument leaves a range.
REAL_ONLY: Mapping[str, tuple[Callable[..., Matrix], float, float]] = {
    "sqrt": (np.sqrt, 0.0, np.inf),
    "asin": (np.arcsin, -1.0, 1.0),
    "acos": (np.arccos, -1.0, 1.0),
    "log": (np.log, 0.0, np.inf),
    "log10": (np.log10, 0.0, np.inf),
    "log2": (np.log2, 0.0, np.inf),
}

#: Functions of two matrices, element by element.
PAIRWISE: Mapping[str, Callable[..., Matrix]] = {
    "atan2": np.arctan2, "mod": lambda a, b: np.asarray(np.where(b == 0, a, np.mod(a, b))), "rem": np.fmod,
    "power": np.power, "plus": np.add, "minus": np.subtract,
    "times": np.multiply, "rdivide": np.divide, "hypot": np.hypot, "eq": np.equal, "ne": np.not_equal,
    "lt": np.less, "gt": np.greater, "le": np.less_equal, "ge": np.greater_equal,
    "and": lambda a, b: (a != 0) & (b != 0), "or": lambda a, b: (a != 0) | (b != 0),
}  # fmt: skip

#: Functions that fold a matrix along its columns, or a vector along itself.
FOLDS: Mapping[str, Callable[..., Any]] = {
    "sum": np.sum, "prod": np.prod, "mean": np.mean, "median": np.median,
    "any": lambda x, axis: np.any(x != 0, axis=axis), "all": lambda x, axis: np.all(x != 0, axis=axis),
}  # fmt: skip


def is_function(name: str) -> bool:
    """Return whether the name is a function that can be called."""
    return any(name in table for table in (ELEMENTWISE, REAL_ONLY, PAIRWISE, FOLDS, SPECIAL)) or name in _index_tables()


def call(name: str, arguments: list[Any], results: int) -> tuple[Any, ...]:
    """Call a function and return its results, at least one."""
    try:
        return _call(name, arguments, results)
    except (IndexError, TypeError, ValueError) as error:
        raise CantEvaluate(f"{name} can't be called with these arguments: {error}") from error


def constants() -> dict[str, Matrix]:
    """Return every name that ``define_constants`` defines: those of DC lines come as a struct only."""
    tables = {function: table for function, table in _index_tables().items() if function != "idx_dcline"}
    return {name: scalar(value) for table in tables.values() for name, value in table}


def index_struct(name: str) -> dict[str, Matrix]:
    """Return the column numbers of a table as a struct."""
    return {key: scalar(value) for key, value in _index_tables()[name]}


def _call(name: str, arguments: list[Any], results: int) -> tuple[Any, ...]:
    if name in _index_tables():
        if name == "idx_dcline":
            return (index_struct(name),)
        return tuple(scalar(value) for _, value in _index_tables()[name])
    most = SPECIAL[name][0] if name in SPECIAL else 2 if name in PAIRWISE or name in FOLDS else 1
    if len(arguments) > most:  # an option that isn't known changes the result
        raise CantEvaluate(f"{name} is calculated with {most} arguments at most, not {len(arguments)}")
    if name in ELEMENTWISE:
        return (ELEMENTWISE[name](matrix(arguments[0])),)
    if name in REAL_ONLY:
        return (_real_only(name, matrix(arguments[0])),)
    if name in PAIRWISE:
        return (PAIRWISE[name](matrix(arguments[0]), matrix(arguments[1])),)
    if name in FOLDS:
        return (_fold(FOLDS[name], arguments),)
    return SPECIAL[name][1](arguments, results)


@cache
def _index_tables() -> dict[str, list[tuple[str, float]]]:
    """Return the column numbers of the tables by the function that returns them, in its order."""
    tables: dict[str, list[tuple[str, float]]] = {}
    with Path(__file__).with_name("constants.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            tables.setdefault(row["function"], []).append((row["name"], float(row["value"])))
    return tables


def _real_only(name: str, array: Matrix) -> Matrix:
    function, low, high = REAL_ONLY[name]
    if np.iscomplexobj(array) or np.any((array < low) | (array > high)):
        raise CantEvaluate(f"{name} of this value is complex, which no case needs")
    return function(array)


def _axis(array: Matrix) -> int:
    return 1 if array.shape[0] == 1 else 0


def _fold(function: Callable[..., Any], arguments: list[Any]) -> Matrix:
    array = matrix(arguments[0])
    if array.shape == (0, 0) and len(arguments) == 1:  # of nothing at all, sum is 0 and prod 1
        array = array.reshape(0, 1)
    axis = whole(arguments[1]) - 1 if len(arguments) > 1 else _axis(array)
    if axis not in (0, 1):
        raise CantEvaluate("the dimension must be 1 or 2")
    folded = np.asarray(function(array, axis=axis))
    return folded.reshape(1, -1) if axis == 0 else folded.reshape(-1, 1)


def _extreme(pick: Callable[..., Matrix], where: Callable[..., Any]) -> Callable[[list[Any], int], tuple[Any, ...]]:
    def extreme(arguments: list[Any], results: int) -> tuple[Any, ...]:
        if len(arguments) >= 2 and matrix(arguments[1]).size:
            combine = np.fmax if pick is np.nanmax else np.fmin
            return (combine(matrix(arguments[0]), matrix(arguments[1])),)
        array = matrix(arguments[0])
        axis = whole(arguments[2]) - 1 if len(arguments) > 2 else _axis(array)
        if not array.size or np.isnan(array).any():
            raise CantEvaluate("the largest or smallest of nothing, or of NaN, is not defined")
        values = np.expand_dims(pick(array, axis=axis), axis)
        if results < 2:
            return (values,)
        return values, np.expand_dims(where(array, axis=axis), axis) + 1.0

    return extreme


def _filled(fill: float) -> Callable[[list[Any], int], tuple[Any, ...]]:
    def filled(arguments: list[Any], results: int) -> tuple[Any, ...]:
        rows, columns = _two_sizes(arguments)
        return (np.full((rows, columns), fill),)

    return filled


def _two_sizes(arguments: list[Any]) -> tuple[int, int]:
    """Return rows and columns of ``zeros(n)``, ``zeros(n, m)`` or ``zeros(size(x))``."""
    if not arguments:
        return 1, 1
    first = matrix(arguments[0]).reshape(-1)
    sizes = [whole(argument) for argument in arguments] if len(arguments) > 1 else [whole(scalar(n)) for n in first]
    rows, columns = (sizes[0], sizes[0]) if len(sizes) == 1 else (sizes[0], sizes[1])
    check_size(rows, columns)
    return rows, columns


def _size(arguments: list[Any], results: int) -> tuple[Any, ...]:
    rows, columns = shape_of(arguments[0])
    if len(arguments) > 1:
        return (scalar((rows, columns, 1)[min(whole(arguments[1]), 3) - 1]),)
    if results > 1:
        return scalar(rows), scalar(columns)
    return (np.array([[float(rows), float(columns)]]),)


def _length(arguments: list[Any], results: int) -> tuple[Any, ...]:
    shape = shape_of(arguments[0])
    return (scalar(max(shape) if min(shape) else 0),)


def _find(arguments: list[Any], results: int) -> tuple[Any, ...]:
    array = matrix(arguments[0])
    flat = np.flatnonzero(array.reshape(-1, order="F"))
    if len(arguments) > 1:
        flat = flat[: whole(arguments[1])]
    direction = (1, -1) if array.shape[0] == 1 else (-1, 1)
    if results < 2:
        return ((flat + 1.0).reshape(direction),)
    height = max(array.shape[0], 1)
    return ((flat % height + 1.0).reshape(direction), (flat // height + 1.0).reshape(direction))


def _repeat(arguments: list[Any], results: int) -> tuple[Any, ...]:
    array = matrix(arguments[0])
    rows, columns = _two_sizes(arguments[1:])
    check_size(array.shape[0] * rows, array.shape[1] * columns)
    return (np.tile(array, (rows, columns)),)


def _linspace(arguments: list[Any], results: int) -> tuple[Any, ...]:
    count = whole(arguments[2]) if len(arguments) > 2 else 100
    check_size(1, count)
    return (np.linspace(number(arguments[0]), number(arguments[1]), count).reshape(1, -1),)


def _cumulative(function: Callable[..., Matrix]) -> Callable[[list[Any], int], tuple[Any, ...]]:
    return lambda arguments, results: (function(matrix(arguments[0]), axis=_axis(matrix(arguments[0]))),)


def _diagonal(arguments: list[Any], results: int) -> tuple[Any, ...]:
    array = matrix(arguments[0])
    if 1 not in array.shape:
        return (np.diag(array).reshape(-1, 1),)
    check_size(array.size, array.size)
    return (np.diag(array.reshape(-1)),)


def _identity(arguments: list[Any], results: int) -> tuple[Any, ...]:
    rows, columns = _two_sizes(arguments)
    return (np.eye(rows, columns),)


def _struct(arguments: list[Any], results: int) -> tuple[Any, ...]:
    if len(arguments) % 2 or not all(isinstance(name, str) for name in arguments[::2]):
        raise CantEvaluate("struct needs pairs of a name and a value")
    return (dict(zip(arguments[::2], arguments[1::2], strict=True)),)


def _members(arguments: list[Any], results: int) -> tuple[Any, ...]:
    return (np.isin(matrix(arguments[0]), matrix(arguments[1])),)


def _unique(arguments: list[Any], results: int) -> tuple[Any, ...]:
    array = matrix(arguments[0])
    return (np.unique(array).reshape((1, -1) if array.shape[0] == 1 else (-1, 1)),)


def _sort(arguments: list[Any], results: int) -> tuple[Any, ...]:
    array = matrix(arguments[0])
    order = np.argsort(array, axis=_axis(array), kind="stable")
    return np.take_along_axis(array, order, axis=_axis(array)), order + 1.0


def _has_field(arguments: list[Any], results: int) -> tuple[Any, ...]:
    return (_logical(isinstance(arguments[0], dict) and arguments[1] in arguments[0]),)


def _logical(truth: bool) -> Matrix:
    return np.array([[truth]])


def _same_text(arguments: list[Any], results: int) -> tuple[Any, ...]:
    if not all(isinstance(argument, str) for argument in arguments):
        raise CantEvaluate("strcmp compares two texts")
    return (_logical(arguments[0] == arguments[1]),)


#: Further functions: how many arguments they take at most, and what they do with them.
SPECIAL: Mapping[str, tuple[int, Callable[[list[Any], int], tuple[Any, ...]]]] = {
    "max": (3, _extreme(np.nanmax, np.argmax)),
    "min": (3, _extreme(np.nanmin, np.argmin)),
    "zeros": (2, _filled(0.0)),
    "ones": (2, _filled(1.0)),
    "eye": (2, _identity),
    "repmat": (3, _repeat),
    "size": (2, _size),
    "length": (1, _length),
    "numel": (1, lambda arguments, results: (scalar(float(np.prod(shape_of(arguments[0])))),)),
    "isempty": (1, lambda arguments, results: (_logical(0 in shape_of(arguments[0])),)),
    "isfield": (2, _has_field),
    "isstruct": (1, lambda arguments, results: (_logical(isinstance(arguments[0], dict)),)),
    "iscell": (1, lambda arguments, results: (_logical(isinstance(arguments[0], Cells)),)),
    "ischar": (1, lambda arguments, results: (_logical(isinstance(arguments[0], str)),)),
    "strcmp": (2, _same_text),
    "true": (2, lambda arguments, results: (np.full(_two_sizes(arguments), True),)),
    "false": (2, lambda arguments, results: (np.full(_two_sizes(arguments), False),)),
    "find": (2, _find),
    "linspace": (3, _linspace),
    "cumsum": (1, _cumulative(np.cumsum)),
    "cumprod": (1, _cumulative(np.cumprod)),
    "diag": (1, _diagonal),
    "struct": (1000, _struct),
    "ismember": (2, _members),
    "unique": (1, _unique),
    "sort": (1, _sort),
}
