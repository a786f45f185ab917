"""Many steps of one feeder, every voltage and loading kept: the engine's yearly mode, one step at a time.

Reading all voltages and all loadings with one call each costs less than the engine saves by keeping the symbolic
factorisation between steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.engines.opendss.circuit import Circuit
from core.formats.opendss.names import PHASES

#: Steps before the first kept one: taps and switched capacitors settle from the model's state.
WARM_UP = 24


@dataclass(slots=True)
class Block:
    """The results of consecutive steps; arrays have a row a step."""

    nodes: list[str]  # "bus.phase"
    elements: list[str]  # ids of lines, switches and transformers
    regulators: list[str]
    v_pu: NDArray[np.float32]
    loading_pct: NDArray[np.float32]
    taps: NDArray[np.int16]
    system: NDArray[np.float64]  # source_kw, source_kvar, losses_kw, losses_kvar
    converged: NDArray[np.bool_]


def run_steps(
    circuit: Circuit,
    profiles: Mapping[str, NDArray[np.float64]],
    assigned: Mapping[str, Mapping[str, str]],
    first: int,
    count: int,
) -> Block:
    """Solve steps ``first`` to ``first + count - 1``.

    Parameters
    ----------
    circuit
        The feeder in the engine.
    profiles
        Multipliers by profile, a value a step of the whole year.
    assigned
        The profile of loads and generating units, by their table (``loads``, ``der``) and id.
    first, count
        The block; the steps before it that warm up come from the profiles too.
    """
    warm = min(first, WARM_UP)
    _give_profiles(circuit, profiles, assigned, slice(first - warm, first + count))
    solution = circuit.engine.ActiveCircuit.Solution
    circuit.command("set mode=yearly number=1 stepsize=1h hour=0 sec=0 controlmode=static")
    for _ in range(warm):
        _step(solution)
    block = _solved(circuit, count)
    solution.Mode = 0
    return block


def _solved(circuit: Circuit, count: int) -> Block:
    """Solve the next steps and keep what each leaves."""
    case = circuit.engine.ActiveCircuit
    solution, delivery, taps = case.Solution, case.PDElements, _Taps(circuit)
    nodes = _nodes(circuit)
    kept, elements = _rated_elements(circuit)
    volts = np.empty((count, len(nodes)), dtype=np.float32)
    loadings = np.empty((count, len(delivery.AllNames)), dtype=np.float32)
    positions = np.empty((count, len(taps.names)), dtype=np.int16)
    system = np.empty((count, 4))
    converged = np.zeros(count, dtype=bool)
    for k in range(count):
        converged[k] = _step(solution)
        volts[k] = case.AllBusVmagPu
        loadings[k] = delivery.AllPctNorm()
        system[k, :2] = case.TotalPower
        system[k, 2:] = case.Losses
        if k == 0 or solution.ControlIterations > 1:
            taps.read()
        positions[k] = taps.now
    system *= [-1.0, -1.0, 0.001, 0.001]  # what the source gives; losses come in watts
    loadings = np.where(np.isfinite(loadings), loadings, np.nan)[:, kept]
    by_column = np.asfortranarray  # as Parquet takes them
    return Block(nodes, elements, taps.names, by_column(volts), by_column(loadings), positions, system, converged)


def _nodes(circuit: Circuit) -> list[str]:
    names = [name.rsplit(".", 1) for name in circuit.engine.ActiveCircuit.AllNodeNames]
    return [f"{circuit.script.names.back('bus', bus)}.{PHASES.get(node, node)}" for bus, node in names]


def _rated_elements(circuit: Circuit) -> tuple[list[int], list[str]]:
    """Return which of the engine's delivery elements have a rating that counts, and their ids."""
    rated = [name.lower().split(".", 1) for name in circuit.engine.ActiveCircuit.PDElements.AllNames]
    kept = [k for k, (kind, _) in enumerate(rated) if kind in ("line", "transformer")]
    return kept, [circuit.script.names.back(*rated[k]) for k in kept]


def _step(solution: object) -> bool:
    try:
        solution.Solve()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - a step that can't be solved is a step that isn't converged
        return False
    return bool(solution.Converged)  # type: ignore[attr-defined]


def _give_profiles(
    circuit: Circuit,
    profiles: Mapping[str, NDArray[np.float64]],
    assigned: Mapping[str, Mapping[str, str]],
    part: slice,
) -> None:
    shapes = circuit.engine.ActiveCircuit.LoadShapes
    names = circuit.script.names
    used = sorted({profile for table in assigned.values() for profile in table.values()})
    for profile in used:
        values = np.ascontiguousarray(profiles[profile][part], dtype=float)
        shapes.New(names.give("loadshape", profile))
        shapes.Npts = len(values)
        shapes.HrInterval = 1.0
        shapes.Pmult = values
    for table, kind in (("loads", "load"), ("der", "generator")):
        for element, profile in assigned.get(table, {}).items():
            circuit.command(f"{kind}.{names.give(kind, element)}.yearly={names.give('loadshape', profile)}")


class _Taps:
    """Tap positions of the regulator units; read only when a control has acted."""

    def __init__(self, circuit: Circuit) -> None:
        self.transformers = circuit.engine.ActiveCircuit.Transformers
        self.names: list[str] = []
        self.places: list[tuple[int, float]] = []  # index and step; the winding stays chosen
        for row in circuit.feeder["regulators"].to_dict("records"):
            self.transformers.Name = circuit.script.names.give("transformer", row["transformer"])
            self.transformers.Wdg = int(row["winding"] if pd.isna(row["tap_winding"]) else row["tap_winding"])
            step = (self.transformers.MaxTap - self.transformers.MinTap) / max(self.transformers.NumTaps, 1)
            self.names.append(str(row["id"]))
            self.places.append((int(self.transformers.idx), step or 1.0))
        self.now = np.zeros(len(self.names), dtype=np.int16)

    def read(self) -> None:
        for k, (index, step) in enumerate(self.places):
            self.transformers.idx = index
            self.now[k] = round((self.transformers.Tap - 1) / step)
