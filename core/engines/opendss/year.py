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
    engine, case = circuit.engine, circuit.engine.ActiveCircuit
    solution, delivery = case.Solution, case.PDElements
    circuit.command("set mode=yearly number=1 stepsize=1h hour=0 sec=0 controlmode=static")
    names = [name.rsplit(".", 1) for name in case.AllNodeNames]
    nodes = [f"{circuit.script.names.back('bus', bus)}.{PHASES.get(node, node)}" for bus, node in names]
    rated = [name.lower().split(".", 1) for name in delivery.AllNames]
    kept = [k for k, (kind, _) in enumerate(rated) if kind in ("line", "transformer")]
    elements = [circuit.script.names.back(rated[k][0], rated[k][1]) for k in kept]
    taps = _Taps(circuit)
    block = Block(
        nodes,
        elements,
        taps.names,
        np.empty((count, len(nodes)), dtype=np.float32, order="F"),
        np.empty((count, len(elements)), dtype=np.float32, order="F"),
        np.empty((count, len(taps.names)), dtype=np.int16),
        np.empty((count, 4)),
        np.zeros(count, dtype=bool),
    )
    all_loadings = np.empty((count, len(rated)), dtype=np.float32)
    volts = np.empty((count, len(nodes)), dtype=np.float32)
    for _ in range(warm):
        _step(solution)
    for k in range(count):
        block.converged[k] = _step(solution)
        volts[k] = case.AllBusVmagPu
        all_loadings[k] = delivery.AllPctNorm()
        block.system[k, :2] = case.TotalPower
        block.system[k, 2:] = case.Losses
        if k == 0 or solution.ControlIterations > 1:
            taps.read()
        block.taps[k] = taps.now
    block.v_pu[:] = volts
    block.loading_pct[:] = np.where(np.isfinite(all_loadings), all_loadings, np.nan)[:, kept]
    block.system[:, :2] *= -1
    block.system[:, 2:] /= 1000
    engine.ActiveCircuit.Solution.Mode = 0
    return block


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
