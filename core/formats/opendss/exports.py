"""What OpenDSS exports, by its first columns, and its solved voltages: ``Export Voltages``, one row a bus.

The other exports name elements without their buses: :mod:`core.formats.opendss.element_exports` and
:mod:`core.formats.opendss.monitors` read what the tables of results have columns for.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where, counted
from core.formats.ragged import refuse_ragged

#: What a node has in the export of voltages, with the node's place behind it.
PARTS = ("node", "magnitude", "angle", "pu")
#: Node → the angle that turns it onto phase A [degrees]; further nodes are neutrals.
TURN = {1: 0.0, 2: 120.0, 3: -120.0}
#: Phases are closer to their mean, once turned [degrees]; the halves of a split phase are 30 degrees off it.
LARGEST_TURN = 20.0
#: A voltage beyond this is no per unit.
LARGEST_PU = 2.0


@dataclass(frozen=True, slots=True)
class Export:
    """One of OpenDSS's exports: its first columns, what it ``fills``, or the reason why nothing and what to take."""

    title: str
    first_columns: tuple[str, ...]
    fills: str
    reason: str
    instead: str


def opendss_export(data: bytes) -> Export | None:
    """Return which export of OpenDSS the bytes are, if any."""
    first = data[:4096].partition(b"\n")[0].decode("utf-8-sig", errors="replace")
    names = tuple(name.strip().strip('"').lower() for name in first.split(","))
    return next((one for one in _exports() if names[: len(one.first_columns)] == one.first_columns), None)


@cache
def _exports() -> tuple[Export, ...]:
    with Path(__file__).with_name("exports.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(
            Export(**row | {"first_columns": tuple(row["first_columns"].split("|"))}) for row in csv.DictReader(handle)
        )


def read_voltages(data: bytes, name: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Return ``bus_name``, ``v_mag`` [pu], ``angle_deg`` and ``vbase`` [kV line to line] of the buses.

    A bus has the mean of its phases' voltages, B and C turned onto A: the positive sequence where it has all three.

    Raises
    ------
    BadInput
        No bus, one twice, something else than numbers, or voltages that are not in per unit.
    """
    where = Where(file=name)
    table = _table(data, where)
    places = range(1, (len(table.columns) - 2) // len(PARTS) + 1)
    node, _, angle, pu = (
        np.column_stack([_numbers(table[f"{part}{place}"], where) for place in places]) for part in PARTS
    )
    base_kv, phase = _numbers(table["basekv"], where), np.isin(node, list(TURN))
    if (base_kv <= 0).any() or (pu[phase] > LARGEST_PU).any():
        hint = "set VoltageBases and CalcVoltageBases in OpenDSS, solve and export again"
        raise BadInput("the voltages are not in per unit of a nominal voltage", hint=hint, where=where)
    mean, size, split = of_phases(node, pu * np.exp(1j * np.deg2rad(angle)))
    findings = _remarks(table["bus"], split, np.isnan(size), where)
    turned = np.where(split, np.nan, np.angle(mean, deg=True))
    made = {"bus_name": table["bus"], "v_mag": size, "angle_deg": turned, "vbase": base_kv}
    return pd.DataFrame(made), findings


def of_phases(node: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each bus's mean voltage, its size (missing without a phase), and whether its nodes are no phases."""
    phase = np.isin(node, list(TURN))
    count = np.where(phase.any(axis=1), phase.sum(axis=1), np.nan)
    turn = np.select([node == number for number in TURN], list(TURN.values()), 0.0)
    turned = np.where(phase, v * np.exp(1j * np.deg2rad(turn)), 0)
    mean = turned.sum(axis=1) / count
    apart = np.where(turned != 0, np.abs(np.angle(turned * np.conj(mean)[:, None], deg=True)), 0).max(axis=1)
    split = apart > LARGEST_TURN
    return mean, np.where(split, np.abs(turned).sum(axis=1) / count, np.abs(mean)), split


def _remarks(names: pd.Series, split: np.ndarray, bare: np.ndarray, where: Where) -> list[Finding]:
    text = "buses have the mean of their phases, B and C turned onto A"
    hint = "ElemPowers and Capacity fill the other tables, with the circuit's script beside them"
    findings = [Finding("opendss.phases", Severity.INFO, text, hint, where)]
    for chosen, words in (
        (split, "whose nodes are no phases A, B, C: the mean of their sizes, no angle"),
        (bare, "without a phase: no voltage"),
    ):
        if chosen.any():
            first, buses = names[chosen].iloc[0], counted(int(chosen.sum()), "bus", "buses")
            findings.append(Finding("opendss.nodes", Severity.WARNING, f"{buses} {words}, first {first}", "", where))
    return findings


def _table(data: bytes, where: Where) -> pd.DataFrame:
    try:
        text = data.decode("utf-8-sig")
        refuse_ragged(text, ",", where)
        table = pd.read_csv(io.StringIO(text), skipinitialspace=True, index_col=False, dtype={0: str})
    except (ValueError, pd.errors.ParserError) as error:
        raise BadInput(f"the voltages can't be read: {error}", hint="export them again", where=where) from error
    table.columns = table.columns.str.strip().str.lower()
    expected = ["bus", "basekv", *(f"{part}{n}" for n in range(1, len(table.columns)) for part in PARTS)]
    if list(table.columns) != expected[: len(table.columns)] or len(table.columns) % len(PARTS) != 2:
        raise BadInput("the columns are not those of Export Voltages", hint="export them again", where=where)
    if table.empty:
        raise BadInput("the export has no bus", hint="solve the circuit and export again", where=where)
    table["bus"] = table["bus"].astype(str).str.strip()
    twice = table["bus"].str.lower().duplicated()
    if twice.any():
        hint = "export one solution at a time"
        raise BadInput(f"bus {table['bus'][twice].iloc[0]} is there twice", hint=hint, where=where)
    return table


def _numbers(values: pd.Series, where: Where) -> np.ndarray:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    bad = ~np.isfinite(numbers)
    if bad.any():
        text = f"row {int(bad.argmax()) + 2} has no number in {values.name}"
        raise BadInput(text, hint="solve the circuit and export again", where=where)
    return numbers
