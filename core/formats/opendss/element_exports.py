"""What OpenDSS exports of elements: powers (``Export ElemPowers``) and loadings (``Export Capacity``, ``Currents``).

The exports name elements without their buses and ratings: those are the circuit's, by the script that was solved.
``Export Powers`` and ``P_ByPhase`` have no sources.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Where
from core.formats.opendss.circuit import Circuit


def read_powers(data: bytes, name: str, title: str) -> pd.DataFrame:
    """Return ``element``, ``terminal``, ``p_kw`` and ``q_kvar``, what flows into each terminal by all its conductors.

    ``title`` is the export's: ``ElemPowers``, ``P_ByPhase`` (with the phases beside the conductors) or ``Powers``.

    Raises
    ------
    BadInput
        A row with something else than numbers, or with other than those of its terminals and conductors.
    """
    found: list[tuple[str, int, float, float]] = []
    for element, values, where in _rows(data, name):
        if title == "Powers":
            found.append((element, int(values[0]), values[1], values[2]))
            continue
        terminals, conductors = values[:2]
        powers = values[3 if title == "P_ByPhase" else 2 :]
        if not len(powers) == 2 * terminals * conductors > 0:
            raise BadInput(f"{element} has not the powers of its terminals", hint="export them again", where=where)
        flows = np.reshape(powers, (int(terminals), -1, 2)).sum(axis=1).tolist()
        found += [(element, terminal, *flow) for terminal, flow in enumerate(flows, start=1)]
    return pd.DataFrame(found, columns=["element", "terminal", "p_kw", "q_kvar"])


def read_loadings(data: bytes, name: str, title: str, circuit: Circuit) -> dict[str, float]:
    """Return the loading in per cent of the normal rating by element; missing where the circuit has no rating.

    ``Capacity`` has it; of currents it is the largest of the first terminal's phases, as the engine counts it.
    """
    if title == "Capacity":
        return {element: float(values[1]) for element, values, _ in _rows(data, name)}
    found, before = {}, 2 if title == "ElemCurrents" else 0
    for element, values, where in _rows(data, name):
        of = circuit.elements.get(element)
        sizes = values[before : before + 2 * of.phases : 2] if of else values[:0]
        if of and len(sizes) < of.phases:
            raise BadInput(f"{element} has not the currents of its phases", hint="export them again", where=where)
        found[element] = loading_pct(sizes, of.normal_amps) if of else np.nan
    return found


def loading_pct(amps: np.ndarray, normal_amps: float) -> Any:
    """Return the largest current over the last axis in per cent of a rating, missing where there is none."""
    return amps.max(axis=-1) / normal_amps * 100 if normal_amps > 0 else np.full(amps.shape[:-1], np.nan)[()]


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
