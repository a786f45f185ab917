"""What OpenDSS exports of elements: powers (``Export ElemPowers``) and loadings (``Export Capacity``).

The exports name elements without their buses: those are the circuit's, by the script that was solved. ``Export Powers``
has neither loads nor sources.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Where
from core.formats.opendss.context import new_context, scratch
from core.formats.opendss.script import Runner


def read_powers(data: bytes, name: str) -> pd.DataFrame:
    """Return ``element``, ``terminal``, ``p_kw`` and ``q_kvar``, what flows into each terminal by all its conductors.

    Raises
    ------
    BadInput
        A row with something else than numbers, or with other than those of its terminals and conductors.
    """
    found: list[tuple[str, int, float, float]] = []
    for element, (terminals, conductors, *powers), where in _rows(data, name):
        if not len(powers) == 2 * terminals * conductors > 0:
            raise BadInput(f"{element} has not the powers of its terminals", hint="export them again", where=where)
        flows = np.reshape(powers, (int(terminals), -1, 2)).sum(axis=1).tolist()
        found += [(element, terminal, *flow) for terminal, flow in enumerate(flows, start=1)]
    return pd.DataFrame(found, columns=["element", "terminal", "p_kw", "q_kvar"])


def read_loadings(data: bytes, name: str) -> dict[str, float]:
    """Return the loading in per cent of the normal rating by element."""
    return {element: float(values[1]) for element, values, _ in _rows(data, name)}


def element_buses(script: Path) -> tuple[dict[str, list[str]], list[Finding]]:
    """Return the buses of each element's terminals in the circuit that a script defines, all in small letters."""
    engine = new_context()
    runner = Runner(engine)
    with scratch() as folder:
        runner.run(script)
        engine.Text.Command = f'set datapath="{folder}"'
        if engine.NumCircuits == 0:
            hint = "give the main file, with 'New Circuit'"
            raise BadInput("the script defines no circuit", hint=hint, where=Where(file=script.name))
        circuit, found = engine.ActiveCircuit, {}
        for name in circuit.AllElementNames:
            circuit.SetActiveElement(name)
            found[name.lower()] = [bus.partition(".")[0].lower() for bus in circuit.ActiveCktElement.BusNames]
        engine.ClearAll()
    return found, runner.findings


def _rows(data: bytes, name: str) -> Iterator[tuple[str, np.ndarray, Where]]:
    """Yield the element of each row in small letters, and the numbers behind it."""
    text = data.decode("utf-8-sig", errors="replace")
    for number, (element, *cells) in enumerate(csv.reader(text.splitlines()[1:], skipinitialspace=True), start=2):
        where = Where(file=name, line=number)
        try:
            values = np.array([float(cell) for cell in cells if cell.strip()])
        except ValueError as error:
            raise BadInput(f"{element.strip()} has no number: {error}", hint="export it again", where=where) from error
        if len(values) < 3 or not np.isfinite(values).all():
            hint = "solve the circuit and export again"
            raise BadInput(f"the row of {element.strip()} is no result", hint=hint, where=where)
        yield element.strip().lower(), values, where
