"""The state of a grid at one time stamp: what engines return and importers produce."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.results.database.software import KEYS, columns


@dataclass(slots=True)
class GridState:
    """Buses, generators, loads and lines (links where the software has them) in the columns of ``columns.csv``.

    Powers are in per unit of the system base, voltages in per unit of the nominal voltage, angles in degrees.
    """

    timestamp: str
    bus: pd.DataFrame
    gen: pd.DataFrame = field(default_factory=pd.DataFrame)
    load: pd.DataFrame = field(default_factory=pd.DataFrame)
    line: pd.DataFrame = field(default_factory=pd.DataFrame)
    link: pd.DataFrame = field(default_factory=pd.DataFrame)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the frames by component with their time stamp, empty ones left out."""
        frames = {"bus": self.bus, "generator": self.gen, "load": self.load, "line": self.line, "link": self.link}
        return {
            component: _numbered(frame, KEYS[component]).assign(timestamp=self.timestamp)
            for component, frame in frames.items()
            if len(frame)
        }


def stacked(states: list[GridState]) -> dict[str, pd.DataFrame]:
    """Return the frames of several states on top of one another."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for state in states:
        for component, frame in state.tables().items():
            parts.setdefault(component, []).append(frame)
    return {component: pd.concat(frames, ignore_index=True) for component, frames in parts.items()}


def conformed(frame: pd.DataFrame, software: str, component: str) -> pd.DataFrame:
    """Return ``timestamp`` and the columns of a software's table, typed; refuse what would lose or invent a value."""
    declared = columns(software, component)
    if not declared:
        raise BadInput(f"{software} has no table for {component} results")
    frame = frame.rename(columns=lambda name: str(name).lower())  # WEC-Grid writes Vbase and Mbase
    unknown = sorted(set(frame.columns) - {column.name for column in declared} - {"timestamp"})
    if unknown:
        raise BadInput(f"{software}'s {component} results have no column {', '.join(unknown)}")
    made = {"timestamp": _texts(frame["timestamp"], str)}
    for column in declared:
        if column.name not in frame:
            if column.required:
                raise BadInput(f"the {component} results lack the column {column.name}")
            made[column.name] = pd.Series(np.full(len(frame), None), index=frame.index, dtype=object)
        elif column.type == "text":
            made[column.name] = _texts(frame[column.name], object)
        else:
            made[column.name] = _numbers(frame[column.name], component, column.type, column.required)
    return pd.DataFrame(made, copy=False)


def _texts(values: pd.Series, kind: type) -> pd.Series:
    """Return the texts; categories stay categories, of which a year's million rows hold each once."""
    return values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype(kind)


def _numbers(values: pd.Series, component: str, kind: str, required: bool) -> pd.Series:
    if values.dtype.kind == "i":  # whole, finite and all there
        return values
    numbers = pd.to_numeric(values, errors="coerce").astype(float, copy=False)
    if (numbers.isna() & values.notna()).any() or np.isinf(numbers).any():
        raise BadInput(f"the {component} results hold something else than numbers in {values.name}")
    if required and numbers.isna().any():
        raise BadInput(f"a row of the {component} results has no {values.name}")
    if kind == "int" and (numbers.dropna() % 1 != 0).any():
        raise BadInput(f"the {component} results hold fractions in {values.name}")
    if kind != "int":
        return numbers
    missing = numbers.isna()
    whole = numbers.fillna(0).astype("int64")
    return whole.astype(object).mask(missing, None) if missing.any() else whole


def _numbered(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the frame with its key as a column: WEC-Grid keeps it as the index."""
    return frame if key in frame.columns else frame.rename_axis(key).reset_index()
