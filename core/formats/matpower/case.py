"""A MATPOWER case as tables: what a ``.m`` file says, with the columns' names and nothing interpreted yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.catalogue import Catalogue
from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.matpower import syntax, tree
from core.formats.matpower.evaluate import Machine
from core.formats.matpower.values import Cells

#: The columns of the standard tables.
CATALOGUE = Catalogue.read(Path(__file__).with_name("columns.csv"))

#: The columns of a cost table before its parameters.
COST_COLUMNS = ("model", "startup", "shutdown", "ncost")
COST_TABLES = ("gencost", "dclinecost")
NEEDED = ("bus", "gen", "branch")


@dataclass(slots=True)
class MatpowerCase:
    """A case: standard tables, tables under other names, and single values.

    ``tables`` holds the standard tables with named columns, cost tables, and every other matrix or cell array;
    columns without a name are ``col_1``, ``col_2``, …  ``values`` holds numbers, texts and nested structs.
    """

    name: str = "case"
    version: str = "2"
    base_mva: float = 100.0
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    bus_name: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def column(self, table: str, name: str) -> np.ndarray:
        """Return a standard column as numbers; its default where the table doesn't have it."""
        frame = self.tables.get(table)
        if frame is None:
            return np.zeros(0)
        if name in frame:
            return np.asarray(frame[name], dtype=float)
        return np.full(len(frame), CATALOGUE[table][name].default, dtype=float)

    def empty(self, table: str) -> bool:
        """Return whether the table is missing or has no rows."""
        return table not in self.tables or self.tables[table].empty


def read_case(data: bytes, name: str = "") -> Reading[MatpowerCase]:
    """Read a ``.m`` case file, its unit-conversion code included.

    Parameters
    ----------
    data
        The file's bytes.
    name
        The file's name for findings.

    Returns
    -------
    Reading
        The case. A statement that can't be calculated is an error finding ``matpower.statement.unknown`` with its line:
        the values that it would have changed can't be relied on.

    Raises
    ------
    BadInput
        If the file is not text, or has no bus, generator or branch table.
    """
    program = syntax.parse(_decode(data, name), name)
    machine = Machine(name)
    machine.run(program.sentences)
    struct = _struct(program, machine.variables)
    for table in NEEDED:
        if not isinstance(struct.get(table), np.ndarray):
            raise _without(table, machine.findings, name)
    builder = _Builder(name, _column_names(program, machine.assigned))
    case = builder.build(program.name or Path(name).stem or "case", struct)
    findings = [*machine.findings, *_conversions(machine, name), *builder.findings]
    return Reading(case, findings, Source(name, sha256(data).hexdigest(), "matpower", case.version))


def _without(table: str, findings: list[Finding], name: str) -> BadInput:
    """Return the error of a file without a table, with the statement that may have been meant to make it."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    errors = [finding for finding in errors if f".{table}" in finding.text] or errors
    where = errors[0].where if errors else Where(file=name or None)
    hint = errors[0].text if errors else f'a MATPOWER case has a line "mpc.{table} = ["'
    return BadInput(f"the file has no {table} table", hint=hint, where=where)


def _decode(data: bytes, name: str) -> str:
    where = Where(file=name or None)
    if b"\0" in data:
        raise BadInput(
            "the file is not text", hint="a binary .mat file has to be saved with savecase as .m", where=where
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _struct(program: tree.Program, variables: dict[str, Any]) -> dict[str, Any]:
    """Return the case's struct; cases of version 1 return their tables one by one."""
    for name in (*program.outputs, "mpc"):
        if isinstance(variables.get(name), dict):
            return dict(variables[name])
    names = program.outputs or tuple(variables)
    return {"version": "1", **{name: variables[name] for name in names if name in variables}}


def _column_names(program: tree.Program, assigned: list[tuple[str, int]]) -> dict[str, list[str]]:
    """Return the names that ``%column_names%`` remarks give to the table that follows each."""
    named = {}
    for line, names in program.column_names:
        following = [(at, path) for path, at in assigned if at > line]
        if following:
            named[min(following)[1].rpartition(".")[2]] = names
    return named


def _conversions(machine: Machine, file: str) -> list[Finding]:
    """Say which tables the file's own code changes after it has written them."""
    seen: set[str] = set()
    changed: dict[str, int] = {}
    for path, line in machine.assigned:
        if path in seen and "." in path:
            changed.setdefault(path, line)
        seen.add(path)
    return [
        Finding(
            "matpower.converted",
            Severity.INFO,
            f"the file's own code converts {path} (units or ratings); the converted values are used",
            where=Where(file=file or None, line=line),
        )
        for path, line in changed.items()
    ]


class _Builder:
    def __init__(self, file: str, column_names: dict[str, list[str]]) -> None:
        self.file = file
        self.column_names = column_names
        self.findings: list[Finding] = []

    def build(self, name: str, struct: dict[str, Any]) -> MatpowerCase:
        case = MatpowerCase(name=name, version=self._version(struct), base_mva=self._base(struct))
        for key, value in struct.items():
            if key in ("version", "baseMVA"):
                continue
            if key == "bus_name" and isinstance(value, Cells):
                case.bus_name = [str(row[0]) if row else "" for row in value.rows]
            elif isinstance(value, Cells) or (isinstance(value, np.ndarray) and (value.size != 1 or key in CATALOGUE)):
                case.tables[key] = self._table(key, value)
            else:
                case.values[key] = plain_value(value)
        self._check(case)
        return case

    def _version(self, struct: dict[str, Any]) -> str:
        version = struct.get("version")
        if version is None:
            self._note("matpower.version", Severity.WARNING, "the file says no version; version 2 is assumed")
            return "2"
        return version if isinstance(version, str) else str(plain_value(version))

    def _base(self, struct: dict[str, Any]) -> float:
        base = plain_value(struct.get("baseMVA"))
        if isinstance(base, (int, float)) and base > 0 and np.isfinite(base):
            return float(base)
        self._note(
            "matpower.base", Severity.ERROR, "the file has no positive baseMVA; 100 MVA is assumed", "add mpc.baseMVA"
        )
        return 100.0

    def _table(self, key: str, value: np.ndarray | Cells) -> pd.DataFrame:
        width = value.shape[1]
        names = self.column_names.get(key) or _standard_names(key, width)
        if key in CATALOGUE and value.shape[0]:
            needed = sum(column.required for column in CATALOGUE[key].values())
            if width < needed and key not in self.column_names:
                where = Where(file=self.file or None, section=key)
                raise BadInput(f"mpc.{key} has {width} columns, but it needs {needed}", where=where)
        columns = [names[place] if place < len(names) else f"col_{place + 1}" for place in range(width)]
        if len(set(columns)) < width:
            self._note(
                "matpower.column.twice", Severity.WARNING, f"mpc.{key} has two columns of one name; numbered instead"
            )
            columns = [f"col_{place + 1}" for place in range(width)]
        if isinstance(value, Cells):
            rows = [[*map(plain_value, row), *[""] * (width - len(row))] for row in value.rows]
            frame = pd.DataFrame(rows, columns=columns).infer_objects()
            return frame.astype({name: float for name in columns if frame[name].dtype.kind in "iub"})
        return pd.DataFrame(value.real.astype(float), columns=columns)

    def _check(self, case: MatpowerCase) -> None:
        """Note what the tables can't be: fractions of a bus, cost rows that fit no generator."""
        for table, columns in CATALOGUE.items():
            for column in columns.values():
                if column.type == "int" and not case.empty(table) and column.name in case.tables[table]:
                    self._check_whole(case, table, column.name)
        for table, of in (("gencost", "gen"), ("dclinecost", "dcline")):
            if case.empty(table):
                continue
            rows, expected = len(case.tables[table]), 0 if case.empty(of) else len(case.tables[of])
            if rows not in (expected, 2 * expected):
                text = f"mpc.{table} has {rows} rows for {expected} of mpc.{of}"
                self._note("matpower.cost.rows", Severity.ERROR, text, "give one row each, or two with reactive costs")
        if case.bus_name and len(case.bus_name) != len(case.tables["bus"]):
            text = f"there are {len(case.bus_name)} bus names for {len(case.tables['bus'])} buses"
            self._note("matpower.bus_name.rows", Severity.ERROR, text)

    def _check_whole(self, case: MatpowerCase, table: str, column: str) -> None:
        values = case.column(table, column)
        wrong = ~(np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 2**53))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            text = (
                f"{int(wrong.sum())} values of mpc.{table} {column} are not whole numbers, the first is {values[row]}"
            )
            where = Where(file=self.file or None, section=table, row=row + 1, column=column)
            self.findings.append(Finding("matpower.not_whole", Severity.ERROR, f"{text}; 0 is read instead", "", where))
            case.tables[table][column] = np.where(wrong, 0.0, values)

    def _note(self, code: str, severity: Severity, text: str, hint: str = "") -> None:
        self.findings.append(Finding(code, severity, text, hint, Where(file=self.file or None)))


def _standard_names(key: str, width: int) -> list[str]:
    if key in COST_TABLES:
        return [*COST_COLUMNS, *(f"cost_{place + 1}" for place in range(width - len(COST_COLUMNS)))]
    return list(CATALOGUE[key]) if key in CATALOGUE else []


def plain_value(value: Any) -> Any:
    """Return a value of the language in Python's own types."""
    if isinstance(value, np.ndarray):
        if value.size == 1:
            single = float(value.reshape(-1)[0].real)
            return int(single) if single.is_integer() and abs(single) < 2**53 else single
        return value.real.tolist()
    if isinstance(value, Cells):
        return [[plain_value(item) for item in row] for row in value.rows]
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    return value
