"""What OpenDSS's monitors recorded over time (``Export Monitors``): voltages and currents (mode 0) or powers (mode 1).

A file tells its monitor by its name, ``CIRCUIT_Mon_NAME_1.csv``, and its times as hours and seconds from the start.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Where
from core.formats.opendss.circuit import Circuit, Element, Monitor
from core.formats.ragged import refuse_ragged

VOLTAGES_AND_CURRENTS, POWERS = 0, 1
#: The columns of a conductor's quantity, as size and angle [degrees] and as parts (VIPolar=No, PPolar=No).
FORMS = {
    "v": (("v{}", "vangle{}"), ("v{}.re", "v{}.im")),
    "i": (("i{}", "iangle{}"), ("i{}.re", "i{}.im")),
    "s": (("s{}(kva)", "ang{}"), ("p{}(kw)", "q{}(kvar)")),
}


@dataclass(frozen=True, slots=True)
class Record:
    """What one monitor saw: its element, the seconds from the start, and complex values, times × conductors.

    ``values`` are ``v`` [V] and ``i`` [A] in mode 0, ``s`` [kVA] in mode 1; currents and powers flow into the terminal.
    """

    monitor: Monitor
    element: Element
    seconds: np.ndarray
    values: dict[str, np.ndarray]
    where: Where


def read_monitor(data: bytes, name: str, circuit: Circuit) -> Record:
    """Return what a file says that its monitor saw.

    Raises
    ------
    BadInput
        A monitor that the circuit doesn't have or of another mode, other columns, something else than numbers, or a
        time twice.
    """
    where = Where(file=name)
    title, monitor = _monitor(name, circuit)
    if monitor.mode not in (VOLTAGES_AND_CURRENTS, POWERS):
        text = f"no table has columns for what monitor {title} records in mode {monitor.mode}"
        hint = "export monitors of mode 0 (voltages and currents) and 1 (powers)"
        raise BadInput(text, hint=hint, where=where)
    element = circuit.elements.get(monitor.element)
    if element is None:
        hint = "give the script that was solved"
        raise BadInput(f"{monitor.element} of monitor {title} is not in the circuit", hint=hint, where=where)
    table = _table(data, where)
    seconds = table["hour"].to_numpy() * 3600 + table["t(sec)"].to_numpy()
    later = np.diff(seconds) > 0
    if not later.all():
        hint = "reset the monitors before the solution, and export them after it"
        place = replace(where, line=int(later.argmin()) + 3, column="hour")
        raise BadInput("the time is not later than the row's before", hint=hint, where=place)
    quantities, count = "s" if monitor.mode == POWERS else "vi", len(element.nodes[monitor.terminal - 1])
    values = {quantity: _conductors(table, quantity, count, where) for quantity in quantities}
    return Record(monitor, element, seconds, values, where)


def _monitor(name: str, circuit: Circuit) -> tuple[str, Monitor]:
    """Return the monitor that a file's name tells."""
    stem = Path(name).stem.lower()  # the number of the actor at the end is left out by older versions
    titles = [
        title for title in circuit.monitors if stem == title or re.search(rf"(^|_)mon_{re.escape(title)}(_\d+)?$", stem)
    ]
    if len(titles) != 1:
        text = f"the file's name tells {'two' if titles else 'none'} of the circuit's monitors"
        hint = f"call it CIRCUIT_Mon_NAME_1.csv; monitors are {', '.join(circuit.monitors) or 'none'}"
        raise BadInput(text, hint=hint, where=Where(file=name))
    return titles[0], circuit.monitors[titles[0]]


def _table(data: bytes, where: Where) -> pd.DataFrame:
    """Return the numbers of the file, its columns in small letters without spaces."""
    try:
        text = data.decode("utf-8-sig")
        refuse_ragged(text, ",", where)
        table = pd.read_csv(io.StringIO(text), dtype=str, index_col=False, skip_blank_lines=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise BadInput(f"the monitor can't be read: {error}", hint="export it again", where=where) from error
    table.columns = table.columns.str.replace(r'[\s"]', "", regex=True).str.lower()
    if table.empty or table.columns.has_duplicates:
        raise BadInput("the monitor has no rows", hint="solve over time and export it again", where=where)
    numbers: pd.DataFrame = table.apply(pd.to_numeric, errors="coerce")
    bad = ~np.isfinite(numbers.to_numpy(dtype=float))
    if bad.any():
        row, column = (int(place[0]) for place in np.nonzero(bad))
        place = replace(where, line=row + 2, column=str(table.columns[column]))
        raise BadInput("the monitor has no number here", hint="solve over time and export it again", where=place)
    return numbers


def _conductors(table: pd.DataFrame, quantity: str, count: int, where: Where) -> np.ndarray:
    """Return a quantity's complex values, times × conductors."""
    polar, parts = ([tuple(name.format(n) for name in form) for n in range(1, count + 2)] for form in FORMS[quantity])
    if _has(table, polar):
        values = [table[size] * np.exp(1j * np.deg2rad(table[angle])) for size, angle in polar[:-1]]
    elif _has(table, parts):
        values = [table[real] + 1j * table[imaginary] for real, imaginary in parts[:-1]]
    else:
        hint = f"the one in the script has {polar[0][0]} to {polar[-2][1]}: was another circuit solved?"
        raise BadInput("the columns are not those of the circuit's monitor", hint=hint, where=where)
    return np.column_stack(values)


def _has(table: pd.DataFrame, pairs: list[tuple[str, ...]]) -> bool:
    """Say whether the table has the columns of these conductors, and not those of the last one, which is too many."""
    return all(name in table for pair in pairs[:-1] for name in pair) and pairs[-1][0] not in table
